"""The Celery application. Messages only say "look": the work stands in job rows."""

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from copystudio.embedded.process import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copystudio.settings")
app = Celery("copystudio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["copystudio", "generation", "campaigns"])


@worker_process_init.connect
def die_with_worker(**kwargs: Any) -> None:
    """A task must not compute on when its worker was killed: the row's lease has it done again elsewhere."""
    die_with_parent(signal.SIGKILL, os.getppid())
