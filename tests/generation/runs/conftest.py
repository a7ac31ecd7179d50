"""Runs of many items over the tiny model, and a backend that is the tiny model with something added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from generation.engine.backends.base import Backend, OnStep, Request
from generation.engine.config import Output, SamplingConfig
from generation.models import GenerationRun
from generation.services import block_work, blocks
from generation.services.blocks import block_next
from generation.services.run import ItemRequest, run_create
from generation.services.writers import Writer, writer_of
from tests.people import Cast

MakeRun = Callable[..., GenerationRun]
Before = Callable[[SamplingConfig, int], None]
TEXTS = 64  # of a block, here: the tiny model writes as many in a second


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "TEXTS", TEXTS)


@pytest.fixture
def checks(settings: Any) -> None:
    settings.GENERATION_CHECK = "tests.generation.runs.checks.checker"


@pytest.fixture
def make_run(shop: Cast, checks: None) -> MakeRun:
    """Queue a run of so many items; ``payload`` changes what is in each."""

    def make(items: int = 3, count: int = 1, *, actor: Any = None, **payload: Any) -> GenerationRun:
        number = GenerationRun.objects.count()
        brief = {
            "channel": {"key": "blurb", "name": "Product blurb", "unit": "characters", "limit": None},
            "language": "en",
            "facts": [{"attribute": "Weight", "value": "320", "unit": "g"}],
            **payload,
        }
        asked = [
            ItemRequest(payload={"product_title": f"Lamp {number}/{n}", **brief}, count=count) for n in range(items)
        ]
        run, is_new = run_create(
            actor=actor or shop.copywriter, workspace=shop.workspace, label=f"Run {number}", items=asked
        )
        assert is_new
        run.seed = number + 1  # always the same draws: what a tiny model makes of others may fall to the checks
        run.save(update_fields=["seed"])
        return run

    return make


def taken() -> list[int]:
    """The runs whose blocks are handed out, one after the other, until there is none."""
    found = []
    while (block := block_next()) is not None:
        found.append(block.run_id)
    return found


class Watched:
    """The real backend; ``before`` is called with the settings and the number of texts so far, at each text."""

    def __init__(self, inner: Backend, before: Before) -> None:
        self.inner, self.before = inner, before

    def stream(
        self, requests: Iterable[Request], config: SamplingConfig, on_step: OnStep | None = None
    ) -> Iterator[tuple[int, Output]]:
        for number, found in enumerate(self.inner.stream(requests, config, on_step)):
            self.before(config, number)
            yield found


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[[Before], None]:
    def install(before: Before) -> None:
        def watched(version: Any) -> Writer:
            real = writer_of(version)
            return Writer(Watched(real.backend, before), real.about)  # type: ignore[arg-type]

        monkeypatch.setattr(block_work, "writer_of", watched)

    return install
