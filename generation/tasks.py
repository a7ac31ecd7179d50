"""The generation worker's task. Torch is imported in the child that runs it, never in the parent that forks."""

from copystudio.celery import app


@app.task(name="generation.run")
def run(run_id: int) -> None:
    from generation.services.execute import run_execute

    run_execute(run_id=run_id)
