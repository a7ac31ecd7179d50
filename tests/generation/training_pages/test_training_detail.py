"""Watching a training: what it does, its curve, its samples, its log, and why it failed."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from django.utils.html import escape

from copystudio.db import JobStatus
from copystudio.services.jobs import job_close
from generation.models import Evaluation, TrainingRun
from generation.selectors.training import loss_chart, training_samples
from generation.services.training import training_cancel, training_resume
from generation.services.training_log import note
from tests.generation.training_pages.makers import (
    HTMX,
    ended,
    make_training,
    running,
    trained,
    write_log,
    write_points,
    write_samples,
)
from tests.people import Cast, make_cast


def url(run: TrainingRun) -> str:
    return f"/w/{run.workspace.slug}/training/{run.pk}/"


def shown(cast: Cast, run: TrainingRun, query: str = "", **headers: str) -> str:
    return cast.client(cast.approver).get(url(run) + query, headers=headers).content.decode()


def test_an_open_run_is_polled_every_three_seconds_and_a_closed_one_is_not(cast: Cast) -> None:
    run, client = running(make_training(cast)), cast.client(cast.approver)
    polled = client.get(url(run), headers=HTMX)
    assert polled.status_code == 200 and 'hx-trigger="every 3s"' in polled.content.decode()
    ended(run)
    last = client.get(url(run), headers=HTMX)
    assert last.status_code == 286 and "hx-trigger" not in last.content.decode()
    assert client.get(url(run)).status_code == 200


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("", "Waits until the machine is free."),
        ("collecting", "The data are being collected and frozen."),
        ("loading", "The base model is being loaded."),
        ("measuring", "The held-out loss is measured before the first step: 40 % done."),
        ("first", "The first step is under way."),
        ("searching", "Tries settings on part of the data before it trains."),
        ("examples", "Learns from examples."),
        ("pairs", "Learns from preference pairs."),
    ],
)
def test_it_says_what_it_does(cast: Cast, step: str, words: str) -> None:
    run = running(make_training(cast), step=step, seconds_left=754.0, tokens_per_second=321.4, measured=40)
    page = shown(cast, run)
    assert words in page and "step 20 of 100" in page and 'value="20"' in page
    assert "13 minutes" in page and "321" in page


def test_what_is_measured_later_is_not_called_before_the_first_step(cast: Cast) -> None:
    run = running(make_training(cast), step="measuring", measured=60)
    write_points(run, 20)
    page = shown(cast, run)
    assert (
        "The held-out loss is measured (60 % done), then samples are written." in page
        and "before the first step" not in page
    )


def test_it_says_what_it_waits_for(cast: Cast) -> None:
    run = make_training(cast)
    assert "Waits for the worker." in shown(cast, run)
    TrainingRun.objects.filter(pk=run.pk).update(updated_at=timezone.now() - dt.timedelta(minutes=5))
    assert "No worker has taken it yet." in shown(cast, run)
    running(run, lease_until=timezone.now() - dt.timedelta(minutes=1))
    assert "The worker does not answer." in shown(cast, run)


def test_a_training_behind_another_workspaces_waits_for_the_worker(cast: Cast) -> None:
    run = make_training(cast)
    TrainingRun.objects.filter(pk=run.pk).update(updated_at=timezone.now() - dt.timedelta(minutes=5))
    running(make_training(make_cast("other")))
    assert "Waits for the worker." in shown(cast, run)


def test_an_old_training_that_is_resumed_waits_from_then_on(cast: Cast) -> None:
    run, long_ago = ended(make_training(cast), JobStatus.FAILED, "memory"), timezone.now() - dt.timedelta(days=1)
    TrainingRun.objects.filter(pk=run.pk).update(created_at=long_ago, updated_at=long_ago)
    training_resume(actor=cast.admin, run=run)
    assert "Waits for the worker." in shown(cast, run)


@pytest.mark.parametrize(
    ("code", "params", "words"),
    [
        ("engine", {"detail": "The loss is no number any more"}, "The loss is no number any more"),
        ("memory", {}, "The machine ran out of memory."),
        ("disk_full", {}, "The disk is full."),
        ("attempts", {"attempts": 20}, "stopped in the middle of this training many times"),
        ("unexpected", {"detail": "ValueError: <b>x</b>"}, "ValueError: &lt;b&gt;x&lt;/b&gt;"),
        ("a code of a later release", {}, "did not expect"),
    ],
)
def test_a_failed_run_says_why_and_what_to_do(cast: Cast, code: str, params: dict[str, Any], words: str) -> None:
    run = ended(make_training(cast), JobStatus.FAILED, code, **params)
    page = cast.client(cast.approver).get(url(run))
    assert words in page.content.decode() and escape(page.context["failure"][1]) in page.content.decode()


# -- the curve -------------------------------------------------------------------------------------------------------


def test_the_curve_is_thinned_and_keeps_every_measured_point(cast: Cast) -> None:
    run = running(make_training(cast), done=1000, total=1000)
    write_points(run, 1000, every=37)
    chart = loss_chart(run)
    assert chart is not None
    steps = [int(label) for label in chart["labels"]]
    measured = set(range(37, 1001, 37))
    assert measured <= set(steps) and len(set(steps) - measured) <= 300 and steps == sorted(steps)
    held_out = dict(zip(steps, chart["series"][1]["data"], strict=True))
    assert held_out[74] == pytest.approx(3.1 - 0.074) and held_out[76] is None and held_out[4] is None


def test_what_is_drawn_stays_as_the_run_goes_on(cast: Cast) -> None:
    run = running(make_training(cast), total=900)
    write_points(run, 90, every=1000)
    chart = loss_chart(run)
    assert chart is not None and chart["labels"] == [str(step) for step in range(3, 91, 3)]
    assert [series["name"] for series in chart["series"]] == ["Loss"]


def test_the_page_shows_the_curve_with_its_table(cast: Cast) -> None:
    run = running(make_training(cast))
    assert "The first point comes before the first step" in shown(cast, run)
    write_points(run, 20)
    page = shown(cast, run)
    assert 'id="training-chart"' in page and "data-chart=" in page and "The figures as a table" in page


def test_the_curve_begins_before_the_first_step(cast: Cast) -> None:
    run = running(make_training(cast), step="measuring", done=0, total=0, best_loss=3.21987)
    assert "?point=&amp;" in shown(cast, run)
    run.points.create(workspace=cast.workspace, step=0, held_out=3.21987)
    first = cast.client(cast.approver).get(url(run), headers=HTMX)
    chart = first.context["chart"]
    assert chart["labels"] == ["0"] and [series["data"] for series in chart["series"]] == [[None], [3.2199]]
    assert first.content.decode().count("3.220") == 2, "the number, and the curve's table"
    assert 'id="training-chart"' in first.content.decode() and "?point=0&amp;" in first.content.decode()
    assert 'id="training-chart"' not in shown(cast, run, "?point=0", **HTMX)
    write_points(run, 10)
    assert loss_chart(run)["labels"] == [str(step) for step in range(11)]


def test_a_poll_brings_only_what_is_newer(cast: Cast) -> None:
    run = running(make_training(cast))
    write_log(run)
    line = run.lines.last().pk
    write_points(run, 10)
    write_samples(run, 10)
    same = shown(cast, run, f"?point=10&sample=10&line={line}", **HTMX)
    assert "step 20 of 100" in same and "hx-swap-oob" not in same
    points = shown(cast, run, f"?point=9&sample=10&line={line}", **HTMX)
    assert 'hx-swap-oob="outerHTML:#training-chart .chart"' in points and "<summary>" not in points
    assert points.count("hx-swap-oob") == 2
    assert 'id="training-chart"' in shown(cast, run, f"?point=&sample=10&line={line}", **HTMX)
    assert "Dry after 10" in shown(cast, run, f"?point=10&sample=0&line={line}", **HTMX)
    lines = shown(cast, run, "?point=10&sample=10&line=0", **HTMX)
    assert 'id="training-log"' in lines and 'id="training-data"' in lines and "Dry after" not in lines


def test_the_next_poll_says_what_the_page_shows(cast: Cast) -> None:
    run = running(make_training(cast))
    write_points(run, 10)
    write_samples(run, 10)
    write_log(run)
    page = shown(cast, run)
    assert f"?point=10&amp;sample=10&amp;line={run.lines.last().pk}" in page


def test_the_last_poll_brings_the_buttons_of_what_came_out(cast: Cast) -> None:
    run = trained(cast)
    last = shown(cast, run, "?point=&sample=0&line=0", **HTMX)
    assert 'id="training-actions" hx-swap-oob="true"' in last and f"Version {run.version.number}" in last


def test_a_script_in_a_brief_or_a_text_is_only_text(cast: Cast) -> None:
    run = running(make_training(cast, label="<script>1</script>"))
    write_samples(run, 10)
    run.samples.update(text="<script>2</script>")
    page = shown(cast, run)
    assert "<script>1" not in page and "<script>2" not in page and "&lt;script&gt;2" in page


# -- samples and log -------------------------------------------------------------------------------------------------


def test_samples_stand_newest_first_with_their_brief_and_the_loss(cast: Cast) -> None:
    run = running(make_training(cast))
    write_points(run, 20)
    write_samples(run, 10, 20)
    page = shown(cast, run)
    assert page.index("Dry after 20") < page.index("Dry after 10")
    assert "Rain jacket" in page and "Push notice" in page and "Hikers" in page and "held-out loss 2.100" in page


def test_of_many_steps_the_newest_and_the_first_are_shown_until_all_are_asked_for(cast: Cast) -> None:
    run = running(make_training(cast))
    write_samples(run, *range(10, 90, 10))
    steps, hidden = training_samples(run)
    assert ([one.step for one in steps], hidden) == ([80, 70, 60, 50, 10], 3)
    page = shown(cast, run)
    assert "?samples=all" in page and "3 steps in between are not shown." in page
    assert "Dry after 40" in shown(cast, run, "?samples=all")


def test_the_log_says_what_happened_newest_first(cast: Cast) -> None:
    run = running(make_training(cast))
    write_log(run)
    note(run, "taken_up", attempt=2)
    note(run, "started", attempt=1)
    note(run, "paraphrased", kept=30, tried=41)
    note(run, "tried", learning_rate="0.0004", rank=16, epochs=1, examples=256, loss=None)
    note(run, "searched", learning_rate="0.0002", rank=8, epochs=2)
    note(run, "finished", loss=1.83211, stopped="patience")
    texts = [item.text for item in cast.client(cast.approver).get(url(run)).context["log"]]
    assert texts == [
        "finished with a held-out loss of 1.832. It stopped early: the held-out loss no longer fell.",
        "chose learning rate 0.0002 with rank 8, epochs: 2.",
        "tried learning rate 0.0004 with rank 16 on 256 examples, epochs: 1. Held-out loss: –.",
        "added 30 paraphrases to learn from, of 41 that a model wrote.",
        "was resumed and goes on from the last checkpoint.",
        "took the training up again from the last checkpoint (attempt 2).",
        "began to train.",
        "froze the data: 1,800 examples to learn from, 220 kept for measuring.",
    ]


@pytest.mark.parametrize("done", [0, 20])
def test_the_log_keeps_how_it_ended_and_how_it_went_on(cast: Cast, done: int) -> None:
    run = make_training(cast)
    note(run, "started", attempt=1, step=0)
    TrainingRun.objects.filter(pk=run.pk).update(done=done)
    training_cancel(actor=cast.admin, run=run)
    training_resume(actor=cast.admin, run=run)
    note(run, "started", attempt=1, step=done)
    texts = [item.text for item in cast.client(cast.approver).get(url(run)).context["log"]]
    begun, kept = "was resumed and begins again: it had made no step.", "It had made no step."
    if done:
        begun, kept = "was resumed and goes on from the last checkpoint.", "The last checkpoint is kept."
    assert texts == [begun, f"stopped the training, as was asked. {kept}", "began to train."]


def test_what_ended_under_an_earlier_release_says_so_without_a_line_of_its_own(cast: Cast) -> None:
    run = ended(make_training(cast), JobStatus.FAILED, "memory")
    assert shown(cast, run).count("stopped the training: it failed.") == 1


def test_a_failed_one_says_so_in_its_log(cast: Cast) -> None:
    run = make_training(cast)
    with transaction.atomic():
        job_close(run, JobStatus.FAILED, code="memory")
    assert run.lines.get().code == "failed"
    assert shown(cast, run).count("stopped the training: it failed.") == 1


def test_how_long_it_computed_is_told_whatever_it_waited(cast: Cast) -> None:
    run = trained(cast)
    assert run.version is not None and "Computed for" not in shown(cast, run), "of one from before that was kept"
    run.version.lineage = {**run.version.lineage, "seconds": 5400.0}
    run.version.save()
    assert "Computed for 90 minutes." in shown(cast, run)


def test_data_settings_and_origin_are_told_in_words(cast: Cast) -> None:
    run = trained(cast)
    page = shown(cast, run)
    for words in (
        "Starter corpus",
        "Edited text over the model",
        "nearly the same as another text",
        "In the brief of 1 text, personal data was masked.",
        "0.0004",
        "nothing: a fresh adapter",
        "brief-1",
        "0123abc",
        "a" * 64,
    ):
        assert words in page, words


def test_it_leads_to_the_version_and_its_evaluation(cast: Cast) -> None:
    run = trained(cast)
    evaluation = Evaluation.objects.create(workspace=cast.workspace, version=run.version)
    page = shown(cast, run)
    home = f"/w/{cast.workspace.slug}/"
    assert f"{home}models/{run.version_id}/" in page and f"{home}evaluations/{evaluation.pk}/" in page


def test_only_admins_see_where_the_event_files_lie(cast: Cast) -> None:
    run = running(make_training(cast))
    asked = cast.client(cast.admin).get(url(run)).content.decode()
    assert "tensorboard --logdir" in asked and f"training/{run.pk}/events" in asked
    assert "tensorboard" not in shown(cast, run)


def test_the_chart_is_json_that_a_browser_reads(cast: Cast) -> None:
    run = running(make_training(cast))
    write_points(run, 10)
    chart = cast.client(cast.approver).get(url(run)).context["chart"]
    assert json.loads(json.dumps(chart))["labels"] == [str(step) for step in range(1, 11)]


def test_others_are_refused(cast: Cast) -> None:
    run, foreign = make_training(cast), make_training(make_cast("other"))
    assert cast.client(cast.copywriter).get(url(run)).status_code == 403
    assert cast.client(cast.stranger).get(url(run)).status_code == 404
    assert cast.client(cast.approver).get(f"/w/{cast.workspace.slug}/training/{foreign.pk}/").status_code == 404
    assert cast.client(cast.admin).post(url(run)).status_code == 405
