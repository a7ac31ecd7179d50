"""Forgetting webhook messages that ended long ago."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from campaigns.models import WebhookDelivery
from copystudio.db import OPEN_STATUSES

KEPT = timedelta(days=30)
BATCH = 1000


def webhooks_prune(*, most: int = 20_000) -> int:
    """Delete messages that were taken or given up more than ``KEPT`` ago. Those that are still tried stay, however old.

    Goes in batches of ``BATCH``, each a transaction of its own, up to ``most`` rows: what is left waits for the next call. Rows
    that others hold (somebody sends one again) are passed over. Returns how many.
    """
    old = WebhookDelivery.objects.exclude(status__in=OPEN_STATUSES).filter(finished_at__lt=Now() - KEPT)
    gone = 0
    while gone < most:
        with transaction.atomic():
            rows = old.select_for_update(skip_locked=True).order_by("id")
            batch = list(rows.values_list("pk", flat=True)[: min(BATCH, most - gone)])
            WebhookDelivery.objects.filter(pk__in=batch).delete()
        gone += len(batch)
        if len(batch) < BATCH:
            break
    return gone
