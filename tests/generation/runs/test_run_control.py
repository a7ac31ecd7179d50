"""What pausing, cancelling, going on and trying again do to a run and its blocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from copystudio.db import JobStatus
from copystudio.errors import BusyError, InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event, Outbox
from copystudio.services.jobs import JobCancelledError, job_later
from generation.engine.errors import RemoteConnectionError
from generation.models import GenerationBlock, GenerationRun, ModelVersion
from generation.services.blocks import (
    BlockKeeper,
    block_end,
    block_next,
    block_release,
)
from generation.services.execute import _later
from generation.services.run import ItemRequest, run_create
from generation.services.run_control import run_cancel, run_pause, run_resume, run_retry
from tests.generation.runs.conftest import TEXTS, MakeRun, taken
from tests.people import Cast


def test_a_paused_run_is_taken_by_nobody_until_it_goes_on(shop: Cast, make_run: MakeRun) -> None:
    run = make_run(2 * TEXTS)
    block = block_next()
    assert block is not None
    run_pause(actor=shop.copywriter, run=run)
    keeper = BlockKeeper(block)
    keeper.beat()
    with pytest.raises(JobCancelledError):
        keeper.check()
    block_release(block)
    assert block_next() is None
    run.refresh_from_db()
    assert run.is_paused and run.is_open
    run = run_resume(actor=shop.copywriter, run=run)
    assert not run.is_paused
    assert taken() == [run.pk, run.pk]
    assert list(Event.objects.filter(object_id=run.pk, verb__startswith="generationrun.").order_by("pk").values_list("verb", flat=True)) == [
        "generationrun.pause", "generationrun.resume",
    ]  # fmt: skip


def test_cancelling_ends_what_waits_at_once_and_the_run_with_its_last_block(shop: Cast, make_run: MakeRun) -> None:
    run = make_run(3 * TEXTS)
    block = block_next()
    assert block is not None
    run = run_cancel(actor=shop.copywriter, run=run)
    assert run.status == JobStatus.RUNNING
    assert sorted(run.blocks.values_list("status", flat=True)) == ["cancelled", "cancelled", "running"]
    keeper = BlockKeeper(block)
    keeper.beat()
    assert keeper.should_stop()
    block_end(block, JobStatus.CANCELLED)
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED and run.lease_until is None
    run = run_resume(actor=shop.copywriter, run=run)
    assert taken() == [run.pk] * 3


def test_a_block_put_back_by_a_worker_that_has_not_seen_the_cancelling_ends_and_so_does_the_run(
    shop: Cast, make_run: MakeRun
) -> None:
    run = make_run(2 * TEXTS)
    block = block_next()
    assert block is not None
    run_cancel(actor=shop.copywriter, run=run)
    Outbox.objects.all().delete()
    block_release(block)
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED and not Outbox.objects.exists()
    assert set(run.blocks.values_list("status", flat=True)) == {"cancelled"}


@pytest.mark.parametrize("attempt", [1, 3])
def test_a_block_that_would_wait_for_the_model_server_ends_with_its_cancelled_run(
    shop: Cast, make_run: MakeRun, attempt: int
) -> None:
    run = make_run(1)
    block = block_next()
    assert block is not None
    block.attempt = attempt
    run_cancel(actor=shop.copywriter, run=run)
    _later(block, RemoteConnectionError("no route to it"))
    run.refresh_from_db()
    assert (run.status, run.error_code) == (JobStatus.CANCELLED, "")


def test_a_block_that_an_earlier_release_put_back_into_a_cancelled_run_ends_when_it_is_taken(
    shop: Cast, make_run: MakeRun
) -> None:
    run = make_run(1)
    block = block_next()
    assert block is not None
    run_cancel(actor=shop.copywriter, run=run)
    job_later(block, attempt=F("attempt") - 1, cancel_requested_at=None)
    other = make_run(1, actor=shop.approver)
    assert taken() == [other.pk]
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED and run.blocks.get().status == JobStatus.CANCELLED


def lose_worker() -> None:
    GenerationBlock.objects.filter(status=JobStatus.RUNNING).update(lease_until=Now() - timedelta(seconds=1))


def test_a_run_whose_worker_is_gone_is_cancelled_all_the_same(shop: Cast, make_run: MakeRun) -> None:
    run = make_run(2 * TEXTS)
    block_next()
    run_cancel(actor=shop.copywriter, run=run)
    assert block_next() is None, "its worker may still be there"
    lose_worker()
    assert block_next() is None
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED
    assert set(run.blocks.values_list("status", flat=True)) == {"cancelled"}


def test_a_paused_run_whose_worker_is_gone_goes_on_whole(shop: Cast, make_run: MakeRun) -> None:
    run = make_run(2 * TEXTS)
    block_next()
    run_pause(actor=shop.copywriter, run=run)
    lose_worker()
    assert block_next() is None
    run_resume(actor=shop.copywriter, run=run)
    assert taken() == [run.pk, run.pk]


def test_cancelling_a_run_that_nobody_took_ends_it(shop: Cast, make_run: MakeRun) -> None:
    run = run_cancel(actor=shop.copywriter, run=make_run(1))
    assert run.status == JobStatus.CANCELLED
    assert block_next() is None


@pytest.mark.parametrize("verb", [run_cancel, run_pause])
def test_a_run_that_ended_is_neither_cancelled_nor_paused(shop: Cast, make_run: MakeRun, verb: object) -> None:
    run = make_run(1)
    GenerationRun.objects.filter(pk=run.pk).update(status=JobStatus.SUCCEEDED)
    with pytest.raises(TransitionError):
        verb(actor=shop.copywriter, run=run)  # type: ignore[operator]


@pytest.mark.parametrize("verb", [run_resume, run_retry])
def test_a_run_in_work_is_neither_resumed_nor_tried_again(shop: Cast, make_run: MakeRun, verb: object) -> None:
    run = make_run(1)
    block_next()
    with pytest.raises(TransitionError):
        verb(actor=shop.copywriter, run=run)  # type: ignore[operator]


@pytest.mark.parametrize("verb", [run_cancel, run_pause, run_resume, run_retry])
def test_a_viewer_does_none_of_it(shop: Cast, make_run: MakeRun, verb: object) -> None:
    run = make_run(1)
    with pytest.raises(NotPermittedError):
        verb(actor=shop.viewer, run=run)  # type: ignore[operator]
    assert Event.objects.filter(verb__startswith="generationrun.").count() == 0


def test_nothing_is_tried_again_where_nothing_is_missing(shop: Cast, make_run: MakeRun) -> None:
    run = make_run(1)
    run.items.update(produced=1, finished=True)
    GenerationRun.objects.filter(pk=run.pk).update(status=JobStatus.SUCCEEDED)
    with pytest.raises(InvalidInputError):
        run_retry(actor=shop.copywriter, run=run)


@pytest.mark.parametrize("verb", [run_resume, run_retry])
def test_a_run_whose_version_was_deleted_is_not_taken_up_again(
    shop: Cast, make_run: MakeRun, verb: Callable[..., GenerationRun]
) -> None:
    run = run_cancel(actor=shop.copywriter, run=make_run(1))
    ModelVersion.objects.filter(pk=run.model_version_id).update(status=ModelVersion.Status.DELETED)
    with pytest.raises(BusyError, match="were deleted"):
        verb(actor=shop.copywriter, run=run)
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED


def test_an_equal_run_that_is_being_cancelled_is_not_given_as_the_one_that_was_asked_for(
    shop: Cast, make_run: MakeRun
) -> None:
    run = make_run(1)
    block = block_next()
    items = [ItemRequest(payload=item.payload, count=item.requested) for item in run.items.all()]
    asked = {"actor": shop.copywriter, "workspace": shop.workspace, "label": run.label, "items": items}
    assert run_create(**asked) == (run, False)
    run_cancel(actor=shop.copywriter, run=run)
    with pytest.raises(BusyError, match="being cancelled"):
        run_create(**asked)
    assert block is not None
    block_release(block)
    assert run_create(**asked)[1]


def test_a_run_fails_with_what_its_last_try_met(shop: Cast, make_run: MakeRun) -> None:
    run = make_run(1)
    block = block_next()
    assert block is not None
    run.items.update(finished=True)
    block_end(block, JobStatus.FAILED, code="engine", detail="refused")
    run.refresh_from_db()
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine")
    run_retry(actor=shop.copywriter, run=run)
    block = block_next()
    assert block is not None
    block_end(block, JobStatus.SUCCEEDED)
    run.refresh_from_db()
    assert (run.status, run.error_code) == (JobStatus.FAILED, "nothing_passed")
