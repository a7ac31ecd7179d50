"""The Celery application. Messages only say "look": the work stands in job rows."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copystudio.settings")
app = Celery("copystudio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["copystudio", "generation", "campaigns"])
