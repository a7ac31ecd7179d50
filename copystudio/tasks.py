"""The default worker's tasks of the ground: the sweeper, mail, and what is forgotten."""

from copystudio.celery import app


@app.task(name="copystudio.sweep")
def sweep() -> int:
    from copystudio.services.jobs import jobs_sweep

    return jobs_sweep()


@app.task(name="copystudio.notifications_prune")
def notifications_prune() -> int:
    from copystudio.services.notification import notifications_prune as prune

    return prune()


# A mail server that is away (OSError) is asked again after 1, 2, 4, 8, 10 and 10 minutes, then the bell has to do.
@app.task(
    name="copystudio.notification_email",
    autoretry_for=(OSError,),
    max_retries=6,
    retry_backoff=60,
    retry_backoff_max=600,
    retry_jitter=False,
)
def notification_email(notification_id: int) -> bool:
    from copystudio.services.notification import notification_email as send

    return send(notification_id=notification_id)
