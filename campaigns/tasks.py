"""The default worker's tasks."""

from copystudio.celery import app


@app.task(name="campaigns.product_import")
def product_import(job_id: int) -> None:
    from campaigns.services.product_import_work import import_execute

    import_execute(job_id=job_id)


@app.task(name="campaigns.webhook")
def webhook(delivery_id: int) -> None:
    from campaigns.services.webhook_send import webhook_deliver

    webhook_deliver(delivery_id=delivery_id)


@app.task(name="campaigns.webhooks_prune")
def webhooks_prune() -> int:
    from campaigns.services.webhook_prune import webhooks_prune as prune

    return prune()
