"""What the clock rings for: a task's name and how many seconds lie between two rings."""

from __future__ import annotations

from typing import Any

HOUR, DAY = 3600, 86_400


def schedule(*, sweep_seconds: int) -> dict[str, dict[str, Any]]:
    """Celery's schedule. A ring that nobody has heard until the next one is not worth hearing."""
    rings = {
        "sweep": ("copystudio.sweep", sweep_seconds),
        "training": ("generation.schedule", 600),
        "notifications": ("copystudio.notifications_prune", HOUR),
        "exports": ("generation.exports_prune", DAY),
        "webhooks": ("campaigns.webhooks_prune", HOUR),
    }
    return {
        name: {"task": task, "schedule": every, "options": {"expires": every}} for name, (task, every) in rings.items()
    }
