"""Whether a job waits in vain for the worker that trains, measures and makes quantised copies."""

from __future__ import annotations

from datetime import datetime, timedelta

from copystudio.db import Job, JobStatus
from generation.models import Evaluation, ModelExport, TrainingRun

# A queued job that no worker took for this long, while none works on another: probably none is running.
LONG_WAIT = timedelta(seconds=60)


def waits_long(job: Job, now: datetime) -> bool:
    return job.status == JobStatus.QUEUED and now - job.updated_at > LONG_WAIT and not somebody_works(now)


def somebody_works(now: datetime) -> bool:
    """On a job of any workspace: all of them share the worker."""
    return any(
        model._default_manager.filter(status=JobStatus.RUNNING, lease_until__gte=now).exists()
        for model in (TrainingRun, Evaluation, ModelExport)
    )
