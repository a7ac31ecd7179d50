"""Who gets which block next, and what becomes of a block whose worker is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from copystudio.db import ATTEMPTS, JobStatus
from copystudio.models import Outbox
from copystudio.services.jobs import job_claim
from generation.models import GenerationBlock, GenerationRun
from generation.services.blocks import (
    LATELY,
    BlockKeeper,
    another_run_waits,
    block_end,
    block_next,
    block_release,
    somebody_waits_for_a_first_turn,
    tries,
)
from generation.services.run_control import run_pause, run_retry
from tests.generation.runs.conftest import TEXTS, MakeRun, taken
from tests.people import Cast

CATALOGUE = 3 * TEXTS


def test_a_run_is_divided_into_blocks_of_some_texts_each_and_no_item_is_in_two(make_run: MakeRun) -> None:
    run = make_run(TEXTS, 3)
    sizes = [(block.total, block.items.count()) for block in run.blocks.all()]
    assert sum(texts for texts, _ in sizes) == run.total == 3 * TEXTS
    assert all(TEXTS <= texts < TEXTS + 3 for texts, _ in sizes[:-1])
    assert sum(items for _, items in sizes) == TEXTS


def test_runs_take_turns_and_a_small_one_does_not_wait_behind_a_catalogue(make_run: MakeRun) -> None:
    catalogue = make_run(CATALOGUE)
    assert block_next() is not None
    small = make_run(1)
    assert taken() == [small.pk, catalogue.pk, catalogue.pk]


def test_people_take_turns_however_many_runs_one_of_them_has(shop: Cast, make_run: MakeRun) -> None:
    mine = [make_run(2 * TEXTS).pk for _ in range(3)]
    theirs = make_run(2 * TEXTS, actor=shop.approver).pk
    assert [run == theirs for run in taken()] == [False, True, False, True, False, False, False, False]
    assert sorted(mine * 2 + [theirs] * 2) == sorted(
        GenerationBlock.objects.filter(status=JobStatus.RUNNING).values_list("run_id", flat=True)
    )


def end_next() -> GenerationBlock:
    """Take the next block and end it, as a worker does that wrote it."""
    block = block_next()
    assert block is not None
    block_end(block, JobStatus.SUCCEEDED)
    return block


def test_small_runs_of_one_person_that_ended_do_not_keep_the_catalogue_of_another_waiting(
    shop: Cast, make_run: MakeRun
) -> None:
    small = {make_run(1).pk for _ in range(6)}
    catalogue = make_run(CATALOGUE, actor=shop.approver).pk
    assert [end_next().run_id == catalogue for _ in range(6)] == [False, True, False, True, False, True]
    assert GenerationRun.objects.filter(pk__in=small, status=JobStatus.QUEUED).count() == 3


def test_who_tries_again_waits_for_the_others_turn(shop: Cast, make_run: MakeRun) -> None:
    mine = make_run(1)
    end_next()
    make_run(CATALOGUE, actor=shop.approver)
    end_next()
    mine.items.update(produced=0, finished=True)
    run_retry(actor=shop.copywriter, run=mine)
    block = end_next()
    assert block.run_id == mine.pk, "served longest ago"
    mine.items.update(produced=0, finished=True)
    run_retry(actor=shop.copywriter, run=mine)
    assert end_next().run_id != mine.pk


def test_whose_turn_it_is_takes_the_same_queries_however_many_runs_there_are(
    shop: Cast, make_run: MakeRun, django_assert_max_num_queries: Any
) -> None:
    for actor in (shop.copywriter, shop.approver, shop.admin):
        for _ in range(4):
            make_run(1, actor=actor)
    end_next()
    with django_assert_max_num_queries(12):
        block = block_next()
    assert block is not None
    with django_assert_max_num_queries(1):
        somebody_waits_for_a_first_turn(block)


def test_a_block_steps_aside_for_a_first_turn_but_not_for_one_who_was_served_lately(
    shop: Cast, make_run: MakeRun
) -> None:
    make_run(1)
    end_next()
    make_run(CATALOGUE, actor=shop.approver)
    block = block_next()
    assert block is not None and not somebody_waits_for_a_first_turn(block)
    make_run(1)
    assert not somebody_waits_for_a_first_turn(block)
    GenerationRun.objects.filter(created_by=shop.copywriter).update(served_at=F("served_at") - LATELY)
    assert somebody_waits_for_a_first_turn(block)


def test_a_block_steps_aside_for_another_run_of_the_same_person(make_run: MakeRun) -> None:
    make_run(CATALOGUE)
    block = block_next()
    assert block is not None and not somebody_waits_for_a_first_turn(block)
    make_run(1)
    assert somebody_waits_for_a_first_turn(block)


def test_another_persons_run_waits_until_somebody_works_for_them(shop: Cast, make_run: MakeRun) -> None:
    make_run(CATALOGUE)
    block = block_next()
    assert block is not None
    make_run(1)
    assert not another_run_waits(block), "a first turn of the same person is told by itself"
    make_run(1, actor=shop.approver)
    make_run(CATALOGUE, actor=shop.approver)
    assert another_run_waits(block)
    assert block_next() is not None
    assert not another_run_waits(block), "they have a worker"


def test_a_run_of_the_same_person_waits_that_was_served_longer_ago(shop: Cast, make_run: MakeRun) -> None:
    make_run(CATALOGUE)
    block = block_next()
    assert block is not None
    block_release(block)
    make_run(CATALOGUE)
    later = block_next()
    assert later is not None and later.run_id != block.run_id
    assert another_run_waits(later)
    again = block_next()
    assert again is not None and again.run_id == block.run_id and not another_run_waits(again)


def test_taking_a_block_shows_at_the_run_and_rings_for_the_next(make_run: MakeRun) -> None:
    run = make_run(2 * TEXTS)
    Outbox.objects.all().delete()
    block_next()
    run.refresh_from_db()
    assert run.status == JobStatus.RUNNING and run.lease_until is not None and run.attempt == 1
    assert list(Outbox.objects.values_list("task", "object_id")) == [("generation.run", run.pk)]
    Outbox.objects.all().delete()
    block_next()
    assert not Outbox.objects.exists(), "nothing is left to ring for"
    assert block_next() is None


def test_a_block_whose_worker_is_gone_is_taken_again_and_after_too_often_its_run_fails(make_run: MakeRun) -> None:
    run = make_run(1)
    for attempt in (1, 2, 3):
        block = block_next()
        assert block is not None and block.attempt == attempt
        GenerationBlock.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert block_next() is None
    run.refresh_from_db()
    assert (run.status, run.attempt, run.error_code) == (JobStatus.FAILED, 3, "attempts")


def test_a_worker_that_got_on_leaves_all_attempts_to_those_after_it(make_run: MakeRun) -> None:
    run = make_run(1)
    for attempt in range(1, 8):
        block = block_next()
        assert block is not None and (block.attempt, tries(block)) == (attempt, 1)
        GenerationBlock.objects.update(lease_until=Now() - timedelta(seconds=1), max_attempts=attempt + ATTEMPTS)
    for lost in (1, 2, 3):
        block = block_next()
        assert block is not None and tries(block) == lost
        GenerationBlock.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert block_next() is None
    run.refresh_from_db()
    assert (run.status, run.error_code) == (JobStatus.FAILED, "attempts")


def test_a_run_that_was_paused_while_a_worker_looked_for_work_is_not_begun(
    shop: Cast, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(1)

    def claim(model: Any, pk: int) -> Any:
        run_pause(actor=shop.copywriter, run=run)
        return job_claim(model, pk)

    monkeypatch.setattr("generation.services.blocks.job_claim", claim)
    assert block_next() is None
    assert run.blocks.get().status == JobStatus.QUEUED


def test_who_works_on_a_run_rings_for_a_block_that_another_worker_left(make_run: MakeRun) -> None:
    run = make_run(2 * TEXTS)
    lost, mine = block_next(), block_next()
    assert lost is not None and mine is not None
    Outbox.objects.all().delete()
    BlockKeeper(mine).beat()
    assert not Outbox.objects.exists()
    GenerationBlock.objects.filter(pk=lost.pk).update(lease_until=Now() - timedelta(seconds=1))
    keeper = BlockKeeper(mine)
    for _ in range(3):
        keeper.beat()
    assert Outbox.objects.filter(object_id=run.pk).count() == 1, "once"


def test_a_block_put_back_keeps_its_attempts(make_run: MakeRun) -> None:
    make_run(1)
    for _ in range(10):
        block = block_next()
        assert block is not None and block.attempt == 1
        block_release(block)
