"""The sweeper's task."""

from copystudio.celery import app


@app.task(name="copystudio.sweep")
def sweep() -> int:
    from copystudio.services.jobs import jobs_sweep

    return jobs_sweep()
