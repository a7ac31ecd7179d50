"""Each test of the ground begins with nobody locked out."""

from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def nobody_locked_out() -> None:
    cache.clear()
