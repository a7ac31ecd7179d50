"""Fixtures of every test. The servers come from ``tests.settings``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from generation.engine import starter, starter_adapter
from tests.people import Cast, make_cast
from tests.structure.source import ROOT


def pytest_xdist_auto_num_workers() -> int:
    """Servers that are given serve one process: a broker and a cache are not kept apart as databases are."""
    given = any(os.environ.get(f"TEST_{name}") for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL"))
    return 1 if given else min(4, os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A test that asks for a page in another language leaves the thread as it found it."""
    yield
    translation.deactivate()


@pytest.fixture
def cast(db: None) -> Cast:
    """A workspace with one person for each role."""
    return make_cast()


@pytest.fixture(scope="session")
def starter_root() -> Path:
    """The folder with the starter model and its adapter, made ready where they are not yet: `make run` uses the same."""
    root = Path(os.environ.get("MODEL_ROOT") or ROOT / "var" / "models")
    starter.prepare(root)
    starter_adapter.install(root)
    return root
