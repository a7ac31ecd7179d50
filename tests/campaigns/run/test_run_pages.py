"""The pages of a generation run: progress, candidates as they come, and why some were dropped."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from campaigns.selectors.run_progress import RunProgress, run_progress
from campaigns.selectors.sentences import SERVER_TROUBLES
from copystudio.db import JobStatus
from copystudio.services.jobs import job_later
from generation.engine.errors import RemotePassingError
from generation.engine.filling import Filled
from generation.models import GenerationBlock, GenerationRun
from generation.services import blocks
from generation.services.block_work import BlockWork
from generation.services.blocks import BlockKeeper, block_end, block_next, block_release
from generation.services.execute import AWAY
from generation.services.run_control import run_pause, run_resume
from tests import factories
from tests.campaigns.copy_makers import finish, make_brief, make_run, write_candidates
from tests.people import Cast, make_cast

HTMX = {"HX-Request": "true"}


def url(run: GenerationRun, rest: str = "") -> str:
    return f"/w/{run.workspace.slug}/runs/{run.pk}/{rest}"


def take(run: GenerationRun) -> GenerationBlock:
    """What a worker does first: take the next block, which is this run's."""
    block = block_next()
    assert block is not None and block.run_id == run.pk
    return block


@pytest.fixture
def run(cast: Cast) -> GenerationRun:
    return make_run(cast)


def test_an_open_run_is_polled_every_two_seconds_and_a_closed_one_is_not(cast: Cast, run: GenerationRun) -> None:
    client = cast.client(cast.viewer)
    polled = client.get(url(run), headers=HTMX)
    assert polled.status_code == 200 and 'hx-trigger="every 2s"' in polled.content.decode()
    write_candidates(run, ["Stay dry", "Keep dry", "Be dry"])
    finish(run)
    last = client.get(url(run), headers=HTMX)
    assert last.status_code == 286 and "hx-trigger" not in last.content.decode()
    assert client.get(url(run)).status_code == 200


def test_it_says_what_it_waits_for(cast: Cast, run: GenerationRun) -> None:
    client = cast.client(cast.viewer)

    def said(words: str) -> bool:
        return words in client.get(url(run), headers=HTMX).content.decode()

    assert said("Waits for the worker.")
    GenerationRun.objects.filter(pk=run.pk).update(updated_at=timezone.now() - dt.timedelta(minutes=5))
    assert said("No worker has taken it yet.")
    block = take(run)
    GenerationRun.objects.filter(pk=run.pk).update(step="loading")
    assert said("The language model is being prepared.")
    GenerationRun.objects.filter(pk=run.pk).update(step="writing")
    assert said("Writing") and said("1 worker")
    GenerationBlock.objects.filter(pk=block.pk).update(lease_until=timezone.now() - dt.timedelta(minutes=1))
    assert said("The worker does not answer.")


def test_a_run_between_two_turns_waits_and_is_not_stalled(cast: Cast, run: GenerationRun) -> None:
    block_release(take(run))
    GenerationRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - dt.timedelta(minutes=1))
    page = cast.client(cast.viewer).get(url(run)).content.decode()
    assert "Waits for its next turn" in page and "The worker does not answer" not in page


def wait_for_the_server(block: GenerationBlock, code: str = "server_unreachable", *, minutes: int = 2) -> dt.datetime:
    """Put the block back as a worker does to which the model server does not answer. Returns when it is due."""
    until = timezone.now() + dt.timedelta(minutes=minutes, seconds=30)
    job_later(block, lease_until=until, error_code=code, error_params={"detail": "No route to <host>."})
    return until


@pytest.mark.parametrize(
    ("language", "waits", "trouble"),
    [
        ("en", "Waits for the model server, which is asked again in 2 minutes.", "The model server cannot be reached."),
        ("zh-hans", "正在等待模型服务器，2 分钟后再次请求。", "无法连接到模型服务器。"),
    ],
)
def test_a_run_that_waits_for_the_model_server_says_why_and_how_long(
    cast: Cast, run: GenerationRun, language: str, waits: str, trouble: str
) -> None:
    client = cast.client(cast.viewer)
    wait_for_the_server(take(run))
    for headers in ({}, HTMX):
        page = client.get(url(run), headers={**headers, "Accept-Language": language}).content.decode()
        assert waits in page and trouble in page
        assert "No route to &lt;host&gt;." in page


@pytest.mark.parametrize(
    ("language", "asks", "trouble"),
    [
        ("en", "The model server was away, and is being asked again.", "The model server cannot be reached."),
        ("zh-hans", "模型服务器曾无响应，正在再次请求。", "无法连接到模型服务器。"),
    ],
)
def test_a_run_that_asks_the_model_server_again_says_so_until_it_gives_a_text(
    cast: Cast, run: GenerationRun, language: str, asks: str, trouble: str
) -> None:
    client = cast.client(cast.viewer)
    wait_for_the_server(take(run))
    GenerationBlock.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    block = take(run)
    GenerationRun.objects.filter(pk=run.pk).update(step="writing")
    page = client.get(url(run), headers={"Accept-Language": language}).content.decode()
    assert asks in page and trouble in page and "No route to &lt;host&gt;." in page and "Writing" not in page
    work = BlockWork(block, BlockKeeper(block))
    [[one]] = work._items()
    work.ready = [Filled(one.item, (), 0, {"too_long": 4}, 4, 40)]
    work._write()
    page = client.get(url(run)).content.decode()
    assert "Writing." in page and "model server" not in page and "No route" not in page


def test_a_run_of_which_a_part_can_be_taken_does_not_wait_for_the_model_server(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "TEXTS", 1)  # each item is a block
    factories.make_product(cast, title="Almond hat")
    factories.make_product(cast, title="Beige hat")
    run = make_run(cast)
    first = take(run)
    wait_for_the_server(first)

    def away() -> object:
        return run_progress(GenerationRun.objects.get(pk=run.pk)).away

    assert away() is None
    second = take(run)
    assert away() is None, "somebody writes"
    until = wait_for_the_server(second, minutes=1)
    assert away() is not None and away().until == until
    run_pause(actor=cast.copywriter, run=run)
    assert away() is None
    run_resume(actor=cast.copywriter, run=run)
    assert away() is not None
    GenerationBlock.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    asking = take(run)
    assert away() is not None and away().until is None
    GenerationBlock.objects.filter(run=run).exclude(pk=asking.pk).update(error_code="")
    take(run)
    assert away() is None, "another one writes"


def test_every_reason_of_a_model_server_has_its_words() -> None:
    assert set(AWAY.values()) == set(SERVER_TROUBLES)
    assert set(AWAY) == set(RemotePassingError.__subclasses__())


def test_a_busy_worker_is_not_taken_for_none(cast: Cast, run: GenerationRun) -> None:
    take(run)
    second = make_run(cast, brief=make_brief(cast, name="Second"))
    GenerationRun.objects.filter(pk=second.pk).update(updated_at=timezone.now() - dt.timedelta(minutes=5))
    page = cast.client(cast.viewer).get(url(second)).content.decode()
    assert "Waits for the worker." in page and "No worker has taken it yet." not in page


def test_what_wrote_is_shown_and_a_note_of_it_is_not_hidden(cast: Cast, run: GenerationRun) -> None:
    GenerationRun.objects.filter(pk=run.pk).update(
        engine={"backend": "torch", "numbers": "bfloat16", "batch": 32, "note": "export_pending"},
        outputs=1234,
        tokens=56789,
        seconds=600,
        done=20,
    )
    page = cast.client(cast.viewer).get(url(run)).content.decode()
    for words in (
        "bfloat16",
        "32 at once",
        "The quantised copy of this model version is still being made.",
        "1,234 outputs, 56,789 tokens",
        "10 minutes, 2 texts",
    ):
        assert words in page


def test_a_run_behind_another_says_how_many_are_before_it(cast: Cast, run: GenerationRun) -> None:
    second = make_run(cast, brief=make_brief(cast, name="Second"))
    assert "Waits for 1 run before it." in cast.client(cast.viewer).get(url(second)).content.decode()


def test_progress_counts_texts_and_reasons(cast: Cast, run: GenerationRun) -> None:
    write_candidates(run, ["Stay dry", "x" * 151, "y" * 151])
    progress = run_progress(run)
    assert (progress.produced, progress.requested, progress.percent) == (1, 3, 33)
    assert progress.dropped == (("too_long", 2),)
    shown = cast.client(cast.viewer).get(url(run)).content.decode()
    assert "1 of 3 texts" in shown and "too long for the channel" in shown


def test_the_rate_is_that_of_the_time_that_was_written_times_the_workers(run: GenerationRun) -> None:
    block = take(run)

    def progress() -> RunProgress:
        return run_progress(GenerationRun.objects.get(pk=run.pk))

    GenerationRun.objects.filter(pk=run.pk).update(seconds=120)
    assert progress().per_minute is None, "no text came yet"
    write_candidates(run, ["Stay dry", "Keep dry"])
    assert progress().per_minute == pytest.approx(1) and progress().remaining == dt.timedelta(minutes=1)
    second = GenerationBlock.objects.get(pk=block.pk)
    second.pk, second.number = None, 2
    second.save()
    assert progress().per_minute == pytest.approx(2) and progress().remaining == dt.timedelta(seconds=30)


def test_a_paused_run_promises_no_time_and_keeps_its_rate(cast: Cast, run: GenerationRun) -> None:
    block = take(run)
    write_candidates(run, ["Stay dry", "Keep dry"])
    GenerationRun.objects.filter(pk=run.pk).update(seconds=120, started_at=timezone.now() - dt.timedelta(days=1))
    run_pause(actor=cast.copywriter, run=run)
    page = cast.client(cast.viewer).get(url(run)).content.decode()
    assert "Pauses after the present step." in page
    block_release(block)
    page = cast.client(cast.viewer).get(url(run)).content.decode()
    assert "Nobody writes on it until somebody lets it go on." in page and "to go." not in page
    run_resume(actor=cast.copywriter, run=run)
    take(run)
    progress = run_progress(GenerationRun.objects.get(pk=run.pk))
    assert progress.per_minute == pytest.approx(1), "the day that it stood still does not count"


@pytest.mark.parametrize(
    ("code", "params", "words"),
    [
        ("nothing_passed", {}, "none of them passed the checks"),
        ("attempts", {"attempts": 3}, "stopped in the middle of this run several times"),
        ("memory", {}, "ran out of memory"),
        ("engine", {"detail": "config.json is missing"}, "config.json is missing"),
        ("unexpected", {"detail": "ValueError: <b>x</b>"}, "ValueError: &lt;b&gt;x&lt;/b&gt;"),
        ("a code of a later release", {}, "Something went wrong"),
    ],
)
def test_a_failed_run_says_why_and_what_to_do(
    cast: Cast, run: GenerationRun, code: str, params: dict[str, Any], words: str
) -> None:
    finish(run, JobStatus.FAILED, code=code, params=params)
    page = cast.client(cast.viewer).get(url(run))
    assert words in page.content.decode() and page.context["failure"][1]


def test_a_run_of_which_a_part_failed_says_why_that_part_did(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "TEXTS", 1)  # each item is a block
    factories.make_product(cast, title="Almond hat")
    factories.make_product(cast, title="Beige hat")
    run = make_run(cast)
    written, failed = take(run), take(run)
    write_candidates(run, ["Stay dry", "Keep dry", "Be dry"], item=written.items.get())
    written.items.update(finished=True)
    block_end(written, JobStatus.SUCCEEDED)
    block_end(failed, JobStatus.FAILED, code="memory", detail="12 GiB wanted")
    page = cast.client(cast.viewer).get(url(run))
    assert page.context["run"].status == JobStatus.SUCCEEDED
    shown = page.content.decode()
    assert "The machine ran out of memory." in shown and "12 GiB wanted" in shown
    assert "dropped by the checks" not in shown


def test_a_run_with_items_that_failed_by_themselves_blames_no_check(cast: Cast, run: GenerationRun) -> None:
    block = take(run)
    write_candidates(run, ["Stay dry"])
    run.items.update(finished=True)
    block_end(block, JobStatus.SUCCEEDED)
    client = cast.client(cast.viewer)
    assert "2 texts are missing: every try was dropped by the checks." in client.get(url(run)).content.decode()
    run.items.update(error="KeyError: 'check'")
    shown = client.get(url(run)).content.decode()
    assert "2 texts are missing: not everything could be written." in shown and "dropped by the checks" not in shown


def test_candidates_come_as_they_are_written(cast: Cast, run: GenerationRun) -> None:
    client = cast.client(cast.copywriter)
    first = write_candidates(run, ["Stay dry"])[0]
    start = client.get(url(run)).content.decode()
    assert "Stay dry" in start and url(run, f"live/{first.pk}/") in start
    assert f'hx-get="{url(run, f"live/{first.pk}/")}?shown=1"' in start
    assert 'hx-trigger="every 1s"' in start, "one failed answer must not be the last"
    assert "copy-text" not in client.get(url(run, f"live/{first.pk}/")).content.decode()
    second = write_candidates(run, ["Keep dry"])[1]
    more = client.get(url(run, f"live/{first.pk}/")).content.decode()
    assert "Keep dry" in more and "Stay dry" not in more and url(run, f"live/{second.pk}/") in more
    finish(run)
    end = client.get(url(run, f"live/{second.pk}/")).content.decode()
    assert "hx-get" not in end and "hx-trigger" not in end


def test_the_live_list_ends_and_sends_to_the_pages(cast: Cast) -> None:
    run = make_run(cast, count=30)
    write_candidates(run, [f"Text number {chr(97 + n)}" for n in range(26)])
    page = cast.client(cast.viewer).get(url(run))
    assert len(page.context["cards"]) == 24
    assert "hx-get" not in page.content.decode().split('id="live-candidates"')[1].split("</section>")[0]
    assert len(cast.client(cast.viewer).get(url(run, "candidates/?page=2")).context["cards"]) == 2


def test_a_card_shows_length_fluency_and_numbers_without_support(cast: Cast, run: GenerationRun) -> None:
    write_candidates(run, ["Only $49 at 320 g"], marked_only=True)
    shown = cast.client(cast.copywriter).get(url(run)).content.decode()
    assert '<mark class="mark-blocking">$49</mark>' in shown
    assert "The price “$49” stands in no record of the product." in shown
    assert ">320 g<" not in shown  # a fact supports it
    assert "17 / 150 characters" in shown and "\N{MINUS SIGN}1.50" in shown
    assert 'lang="en"' in shown


def test_the_candidates_of_one_item_can_be_seen_alone(cast: Cast, run: GenerationRun) -> None:
    write_candidates(run, ["Stay dry"])
    client = cast.client(cast.viewer)
    item = run.items.get()
    assert "Stay dry" in client.get(url(run, f"candidates/?item={item.pk}")).content.decode()
    assert client.get(url(run, "candidates/?sort=fluency")).status_code == 200
    for nonsense in ("0", "x", "9" * 30):
        assert client.get(url(run, f"candidates/?item={nonsense}")).status_code == 404


def test_the_list_shows_runs_of_this_workspace_only(cast: Cast, run: GenerationRun) -> None:
    foreign = make_run(make_cast("other"))
    page = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/runs/")
    assert [row.pk for row in page.context["page"]] == [run.pk]
    assert cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/runs/{foreign.pk}/").status_code == 404
    for rest in ("live/0/", "candidates/"):
        assert cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/runs/{foreign.pk}/{rest}").status_code == 404


def test_a_stranger_gets_404(cast: Cast, run: GenerationRun) -> None:
    assert cast.client(cast.stranger).get(url(run)).status_code == 404
