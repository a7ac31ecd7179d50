"""Pausing a run from its page, letting it go on, and trying again what is missing."""

from __future__ import annotations

from html import unescape

import pytest
from django.utils.translation import override

from campaigns.selectors.run_progress import item_counts
from campaigns.selectors.sentences import run_error
from campaigns.services.brief import brief_generate
from campaigns.services.campaign import campaign_move
from copystudio.db import JobStatus
from copystudio.models import Event
from generation.models import GenerationItem, GenerationRun
from generation.services import blocks
from generation.services.blocks import block_end, block_next
from tests import factories
from tests.campaigns.copy_makers import make_brief, make_run, write_candidates
from tests.people import Cast

STEPS = ("pause", "resume", "retry")


def url(run: GenerationRun, step: str = "") -> str:
    return f"/w/{run.workspace.slug}/runs/{run.pk}/{step}{'/' if step else ''}"


def short_run(cast: Cast, *, error: str = "") -> GenerationRun:
    """A run that ended with one text of three; the worker dropped one that was too long."""
    run = make_run(cast)
    block = block_next()
    assert block is not None
    write_candidates(run, ["Stay dry", "x" * 151])
    run.items.update(finished=True, error=error)
    block_end(block, JobStatus.SUCCEEDED)
    run.refresh_from_db()
    return run


def test_it_is_paused_and_goes_on(cast: Cast) -> None:
    run, client = make_run(cast), cast.client(cast.copywriter)
    assert url(run, "pause") in client.get(url(run)).content.decode()
    assert client.post(url(run, "pause")).status_code == 303
    run.refresh_from_db()
    assert run.is_paused and block_next() is None
    page = client.get(url(run)).content.decode()
    assert url(run, "resume") in page and url(run, "pause") not in page and "Paused" in page
    assert client.post(url(run, "resume")).status_code == 303
    run.refresh_from_db()
    assert not run.is_paused and block_next() is not None


def test_a_paused_run_is_called_so_wherever_it_is_listed(cast: Cast) -> None:
    run, client = make_run(cast), cast.client(cast.copywriter)
    home = f"/w/{cast.workspace.slug}/"
    places = (f"{home}runs/", f"{home}briefs/{run.brief_run.brief_id}/", url(run, "candidates"))
    for place in places:
        assert "Queued</span>" in client.get(place).content.decode()
    client.post(url(run, "pause"))
    for place in places:
        page = client.get(place).content.decode()
        assert "Paused</span>" in page and "Queued</span>" not in page and "badge-warning" in page
    client.post(url(run, "cancel"))
    for place in places:
        assert "Paused</span>" not in client.get(place).content.decode()


def test_the_list_tells_paused_runs_from_those_that_wait_or_are_worked_on(cast: Cast) -> None:
    client, brief = cast.client(cast.copywriter), make_brief(cast)
    running, halted = make_run(cast, brief=brief), make_run(cast, brief=make_brief(cast, name="Halted"))
    assert block_next() is not None and block_next() is not None
    paused, queued = (make_run(cast, brief=make_brief(cast, name=name)) for name in ("Paused", "Queued"))
    stopped = make_run(cast, brief=make_brief(cast, name="Stopped"))
    for run in (paused, halted, stopped):
        client.post(url(run, "pause"))
    client.post(url(stopped, "cancel"))

    def listed(status: str) -> list[int]:
        page = client.get(f"/w/{cast.workspace.slug}/runs/", {"status": status})
        return [row.pk for row in page.context["page"]]

    assert listed("paused") == [paused.pk, halted.pk]
    assert listed("queued") == [queued.pk] and listed("running") == [running.pk]
    assert listed("cancelled") == [stopped.pk] and len(listed("")) == 5
    assert '<option value="paused">Paused</option>' in client.get(f"/w/{cast.workspace.slug}/runs/").content.decode()


def test_a_stopped_run_can_go_on_with_what_is_not_done(cast: Cast) -> None:
    run, client = make_run(cast), cast.client(cast.copywriter)
    client.post(url(run, "cancel"))
    assert url(run, "resume") in client.get(url(run)).content.decode()
    client.post(url(run, "resume"))
    run.refresh_from_db()
    assert run.status == JobStatus.QUEUED


def test_what_is_missing_is_tried_again_and_what_came_stays(cast: Cast) -> None:
    run, client = short_run(cast), cast.client(cast.copywriter)
    assert url(run, "retry") in client.get(url(run)).content.decode()
    assert client.post(url(run, "retry"), {"all": "1"}).status_code == 303
    run.refresh_from_db()
    item = run.items.get()
    assert run.status == JobStatus.QUEUED and not item.finished and item.produced == 1


def test_only_the_ticked_items_are_tried_again(cast: Cast) -> None:
    run = short_run(cast)
    done = GenerationItem.objects.create(
        workspace=cast.workspace, run=run, position=7, payload={}, requested=2, finished=True
    )
    item = run.items.get(position=0)
    cast.client(cast.copywriter).post(url(run, "retry"), {"item": [item.pk]})
    item.refresh_from_db()
    done.refresh_from_db()
    assert not item.finished and done.finished


def test_nothing_ticked_is_not_everything(cast: Cast) -> None:
    run = short_run(cast)
    response = cast.client(cast.copywriter).post(url(run, "retry"), follow=True)
    run.refresh_from_db()
    assert run.status == JobStatus.SUCCEEDED
    assert "Tick the items first" in response.content.decode()


@pytest.mark.parametrize("nonsense", ["x", "-1", "9" * 30])
def test_a_number_that_is_none_is_a_422(cast: Cast, nonsense: str) -> None:
    run = short_run(cast)
    assert cast.client(cast.copywriter).post(url(run, "retry"), {"item": [nonsense]}).status_code == 422


def test_each_step_writes_its_event(cast: Cast) -> None:
    run, client = make_run(cast), cast.client(cast.copywriter)
    client.post(url(run, "pause"))
    client.post(url(run, "resume"))
    client.post(url(run, "cancel"))
    client.post(url(short_run(cast), "retry"), {"all": "1"})
    for verb in STEPS:
        assert Event.objects.get(verb=f"generationrun.{verb}").actor == cast.copywriter


@pytest.mark.parametrize(("step", "ended"), [("pause", True), ("resume", False), ("retry", False)])
def test_in_another_state_it_is_a_409(cast: Cast, step: str, ended: bool) -> None:
    run = short_run(cast) if ended else make_run(cast)
    assert cast.client(cast.copywriter).post(url(run, step), {"all": "1"}).status_code == 409


@pytest.mark.parametrize("step", ["resume", "retry"])
def test_a_run_is_not_taken_up_while_an_equal_one_is_open(cast: Cast, step: str) -> None:
    run, client = short_run(cast), cast.client(cast.copywriter)
    if step == "resume":
        run.items.update(finished=False)
        GenerationRun.objects.filter(pk=run.pk).update(status=JobStatus.CANCELLED)
    equal, is_new = brief_generate(actor=cast.copywriter, brief=run.brief_run.brief)
    assert is_new
    page = client.post(url(run, step), {"all": "1"})
    assert page.status_code == 409 and "An equal run is already open" in page.content.decode()
    fragment = client.post(url(run, step), {"all": "1"}, headers={"HX-Request": "true"})
    assert fragment.status_code == 409 and "data-error-fragment" in fragment.content.decode()
    run.refresh_from_db()
    assert not run.is_open and not run.blocks.exclude(status=JobStatus.SUCCEEDED).exists()
    assert not Event.objects.filter(verb=f"generationrun.{step}").exists()
    client.post(url(equal, "cancel"))
    assert client.post(url(run, step), {"all": "1"}).status_code == 303


@pytest.mark.parametrize("step", STEPS)
def test_a_viewer_may_not_a_stranger_gets_404_and_another_method_405(cast: Cast, step: str) -> None:
    run = make_run(cast)
    assert cast.client(cast.viewer).post(url(run, step)).status_code == 403
    assert cast.client(cast.stranger).post(url(run, step)).status_code == 404
    assert cast.client(cast.copywriter).get(url(run, step)).status_code == 405
    assert url(run, step) not in cast.client(cast.viewer).get(url(run)).content.decode()


def test_the_items_say_why_there_are_not_more(cast: Cast) -> None:
    client = cast.client(cast.copywriter)
    run = short_run(cast)
    page = client.get(url(run, "items") + "?state=short").content.decode()
    assert "too long for the channel" in page and "1 / 3" in page and "Try again" in page
    failed = short_run(cast, error="ValueError: no facts")
    page = client.get(url(failed, "items") + "?state=failed").content.decode()
    assert "This could not be written." in page and "Details: ValueError: no facts" in page
    assert client.get(url(failed, "items") + "?state=short").context["rows"] == []
    assert len(client.get(url(failed, "items") + "?state=nonsense").context["rows"]) == 1


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_items_of_a_block_that_failed_are_among_the_failed_and_say_why(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(blocks, "TEXTS", 1)  # each item is a block
    for title in ("Almond hat", "Beige hat", "Coral hat"):
        factories.make_product(cast, title=title)
    run, client = make_run(cast), cast.client(cast.copywriter)
    written, *failed = [block_next() for _ in range(3)]
    assert written is not None
    write_candidates(run, ["Stay dry", "Keep dry", "Be dry"], item=written.items.get())
    written.items.update(finished=True)
    block_end(written, JobStatus.SUCCEEDED)
    for block, (code, detail) in zip(failed, [("memory", "12 GiB wanted"), ("attempts", "")], strict=True):
        assert block is not None
        block_end(block, JobStatus.FAILED, code=code, detail=detail)
    page = client.get(url(run, "items") + "?state=failed", headers={"Accept-Language": language})
    counts, rows = page.context["counts"], page.context["rows"]
    assert (counts.complete, counts.short, counts.failed, counts.waiting, len(rows)) == (1, 0, 2, 0, 2)
    assert counts.unfinished == 2, "somebody may still write them"
    shown = unescape(page.content.decode())
    with override(language):
        assert all(shown.count(f"{what} {advice}") == 1 for what, advice in map(run_error, ("memory", "attempts")))
    assert shown.count("12 GiB wanted") == 1 and "not written yet" not in shown
    assert client.post(url(run, "retry"), {"item": rows[0][0].pk}).status_code == 303
    counts = item_counts(run)
    assert (counts.failed, counts.waiting) == (1, 1), "one of them waits again"


def run_of_campaign(cast: Cast) -> GenerationRun:
    return make_run(cast, brief=make_brief(cast, campaign=factories.make_campaign(cast, running=True)))


def test_what_a_finished_campaign_would_refuse_is_not_offered(cast: Cast) -> None:
    run, client = run_of_campaign(cast), cast.client(cast.copywriter)
    block = block_next()
    assert block is not None
    write_candidates(run, ["Stay dry in any weather", "Keep dry in any weather"])
    run.items.update(finished=True)
    block_end(block, JobStatus.SUCCEEDED)
    pages = {
        "": ("adopt", "tweak", "retry"),
        "live/0": ("adopt", "tweak"),
        "items": ("retry",),
        "candidates": ("adopt", "tweak"),
        "grid": ("adopt",),
        f"grid/{run.items.get().pk}": ("adopt",),
    }
    for page, steps in pages.items():
        shown = client.get(url(run, page)).content.decode()
        assert all(f"/{step}/" in shown for step in steps), page
    campaign_move(actor=cast.approver, campaign=run.brief_run.brief.campaign, verb="finish")
    for page, steps in pages.items():
        shown = client.get(url(run, page)).content.decode()
        assert not any(f"/{step}/" in shown for step in steps), page
    refused = client.post(url(run, "retry"), {"all": "1"})
    run.refresh_from_db()
    assert refused.status_code == 409 and not run.is_open


def test_a_run_of_a_finished_campaign_can_still_be_stopped(cast: Cast) -> None:
    run, client = run_of_campaign(cast), cast.client(cast.copywriter)
    campaign_move(actor=cast.approver, campaign=run.brief_run.brief.campaign, verb="finish")
    page = client.get(url(run)).content.decode()
    assert url(run, "pause") not in page and url(run, "cancel") in page
    client.post(url(run, "pause"))
    page = client.get(url(run)).content.decode()
    assert url(run, "resume") not in page and url(run, "cancel") in page
    assert client.post(url(run, "resume")).status_code == 409


def test_the_states_of_the_items_add_up(cast: Cast) -> None:
    run = short_run(cast)
    for position, values in enumerate(
        [
            {"produced": 2, "finished": True},
            {"produced": 1, "finished": True, "error": "ValueError: no facts"},
            {"error": "ValueError: no facts"},
            {},
        ],
        start=1,
    ):
        GenerationItem.objects.create(
            workspace=cast.workspace, run=run, position=position, payload={}, requested=2, **values
        )
    page = cast.client(cast.viewer).get(url(run, "items"))
    counts = page.context["counts"]
    assert (counts.total, counts.complete, counts.short, counts.failed, counts.waiting) == (5, 1, 1, 2, 1)
    for state in ("complete", "short", "failed", "waiting"):
        rows = cast.client(cast.viewer).get(url(run, "items") + f"?state={state}").context["rows"]
        assert len(rows) == counts.of(state), state
