"""Fixtures of every test. The servers come from ``tests.settings``."""

from __future__ import annotations

import pytest

from tests.people import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    """A workspace with one person for each role."""
    return make_cast()
