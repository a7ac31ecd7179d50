"""A tiny real model for the engine's tests, loaded once, and briefs to write from."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generation.engine.config import ChannelView, CopyBrief, Language
from tests.tiny_model import make_tiny_model

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def model_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    make_tiny_model(root / "tiny")
    make_tiny_model(root / "tiny-zh", language="zh-hans")
    return root


@pytest.fixture(scope="session")
def loaded(model_root: Path) -> Any:
    from generation.engine.loader import load

    return load(model_root / "tiny", model_root=model_root, threads=1)


@pytest.fixture
def backend(loaded: Any) -> Any:
    from generation.engine.backends.torch import TorchBackend

    return TorchBackend(loaded)


@pytest.fixture
def make_brief() -> Callable[..., CopyBrief]:
    def make(
        channel: str = "product_blurb", limit: int | None = 1000, unit: str = "characters", **values: Any
    ) -> CopyBrief:
        values.setdefault("product_title", "Trail Jacket")
        values.setdefault("language", Language.EN)
        return CopyBrief(channel=ChannelView(channel, channel, unit, limit), **values)

    return make
