"""What wrote is kept with each block, so that a candidate knows its own although another engine took the run up later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db.models.functions import Now

from copystudio.db import JobStatus
from generation.models import Candidate, GenerationBlock, GenerationRun
from generation.services.execute import run_execute
from generation.services.reproduce import candidate_reproduce
from generation.services.run_control import run_retry
from tests.generation.runs.conftest import Before, MakeRun
from tests.people import Cast

migration = import_module("generation.migrations.0013_block_engine")
Work = Callable[[GenerationRun, str], None]


@pytest.fixture
def work(settings: Any) -> Work:
    """Work on one block in these numbers."""

    def write(run: GenerationRun, numbers: str) -> None:
        settings.GENERATION_NUMBERS = numbers
        run_execute(run_id=run.pk)
        run.refresh_from_db()

    return write


@pytest.fixture
def one_text_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.services.blocks.TEXTS", 1)


def numbers(run: GenerationRun, *, kept: bool = True) -> list[str]:
    """Of each candidate, in order; ``kept`` as now, or as one from before its engine was kept with it."""
    rows = Candidate.objects.filter(item__run=run).select_related("item__run__model_version__language_model")
    found = list(rows.order_by("position", "slot"))
    for one in found if not kept else ():
        one.engine = {}
    return [candidate_reproduce(candidate=one).numbers for one in found]


def test_each_candidate_knows_the_engine_of_its_block(one_text_a_block: None, make_run: MakeRun, work: Work) -> None:
    run = make_run(3)
    for one in ("float32", "bfloat16", "float32"):
        work(run, one)
    assert run.status == JobStatus.SUCCEEDED
    assert [block.engine["numbers"] for block in run.blocks.all()] == ["float32", "bfloat16", "float32"]
    assert numbers(run) == ["float32", "bfloat16", "float32"]
    assert [one["numbers"] for one in run.engines] == ["bfloat16", "float32"] and run.engines[-1] == run.engine


def test_a_text_from_before_its_item_was_tried_again_keeps_its_engine(
    shop: Cast, make_run: MakeRun, work: Work
) -> None:
    run = make_run(1)
    work(run, "float32")
    run.items.update(requested=2)
    run_retry(actor=shop.copywriter, run=run)
    work(run, "bfloat16")
    assert numbers(run) == ["float32", "bfloat16"]


def test_no_clock_is_asked_which_engine_wrote_a_text(shop: Cast, make_run: MakeRun, work: Work) -> None:
    """A worker's clock may be before or behind that of who made the block."""
    run = make_run(1)
    work(run, "float32")
    run.items.update(requested=2)
    run_retry(actor=shop.copywriter, run=run)
    work(run, "bfloat16")
    for days in (-1, 1):
        run.blocks.update(created_at=Now() + timedelta(days=days))
        assert numbers(run) == ["float32", "bfloat16"]
        assert numbers(run, kept=False) == ["bfloat16 or float32"] * 2, "it may have been either"


def test_texts_of_a_block_that_two_engines_wrote_know_their_own(
    make_run: MakeRun, work: Work, watch: Callable[[Before], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(config: Any, number: int) -> None:
        if Candidate.objects.exists():
            raise Killed

    monkeypatch.setattr("generation.services.block_work.WRITE_SECONDS", 0.0)
    run = make_run(20)
    watch(die)
    with pytest.raises(Killed):
        work(run, "float32")
    GenerationBlock.objects.update(lease_until=Now() - timedelta(seconds=1))
    watch(lambda config, number: None)
    work(run, "bfloat16")
    assert run.status == JobStatus.SUCCEEDED
    engine = run.blocks.get().engine
    assert engine["numbers"] == "bfloat16" and [one["numbers"] for one in engine["before"]] == ["float32"]
    assert len(run.engines) == 2
    found = Candidate.objects.values_list("attempt", "engine__numbers").order_by("attempt").distinct()
    assert list(found) == [(1, "float32"), (2, "bfloat16")]
    for attempt, name in found:
        candidate = Candidate.objects.filter(attempt=attempt)[0]
        assert candidate_reproduce(candidate=candidate).numbers == name
        candidate.engine = {}
        assert candidate_reproduce(candidate=candidate).numbers == "bfloat16 or float32", "from before it was kept"


def test_another_engine_that_took_a_block_up_and_wrote_nothing_is_forgotten(
    make_run: MakeRun, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **values: Any) -> None:
        raise Killed

    run = make_run(1)
    with monkeypatch.context() as broken, pytest.raises(Killed):
        broken.setattr("generation.services.block_work.Filler", die)
        work(run, "float32")
    GenerationBlock.objects.update(lease_until=Now() - timedelta(seconds=1))
    work(run, "bfloat16")
    assert [one["numbers"] for one in run.engines] == numbers(run) == ["bfloat16"]


def test_blocks_from_before_have_the_engine_of_their_run(one_text_a_block: None, make_run: MakeRun, work: Work) -> None:
    run = make_run(2)
    work(run, "float32")
    GenerationBlock.objects.update(engine={})
    assert numbers(run, kept=False) == ["float32"], "without it the run's is taken"
    migration.fill(apps, None)
    begun, waiting = run.blocks.all()
    assert begun.engine == run.engine and waiting.engine == {}
