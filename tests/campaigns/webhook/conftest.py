"""Fixtures of the webhook tests."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def inside(settings: Any) -> None:
    """As on one machine on its own: a receiver may stand on it."""
    settings.WEBHOOKS_INSIDE = True
