"""Debian's Chromium, and a whole studio with a tiny model behind it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.running import RunningStudio, running_studio
from tests.tiny_model import make_tiny_model

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium the browser tests are skipped, saying how to get it; where CI=true they fail instead."""
    if CHROMIUM is None and os.environ.get("CI") != "true":
        skip = pytest.mark.skip(reason="Chromium is not installed: apt-get install chromium fonts-noto-cjk")
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert CHROMIUM is not None, "CI needs Chromium: apt-get install chromium fonts-noto-cjk"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="session", params=["en", "zh-hans"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def studio(language: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio that writes in the language of the interface."""
    models = tmp_path_factory.mktemp("models")
    make_tiny_model(models / "tiny", language)
    folder = tmp_path_factory.mktemp("studio")
    with running_studio(folder, model_root=models, model="tiny", GENERATION_THREADS="1") as found:
        found.start_web()
        found.start_worker()
        found.start_beat()
        yield found
