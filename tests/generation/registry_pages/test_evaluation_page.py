"""The page of an evaluation: polled while it is open, then figures, gates, flags and figures by language."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from copystudio.db import JobStatus
from copystudio.models import Event
from copystudio.services.jobs import job_claim, job_end, job_progress
from generation.models import Evaluation, ModelExport, ModelVersion, TrainingRun
from generation.selectors.evaluation import language_figures
from generation.services.evaluation import evaluation_start
from tests.generation.registry_pages.makers import make_evaluation, make_version
from tests.generation.training_pages.makers import make_training
from tests.people import Cast, make_cast

HTMX = {"HX-Request": "true"}


def url(evaluation: Evaluation, rest: str = "") -> str:
    return f"/w/{evaluation.workspace.slug}/evaluations/{evaluation.pk}/{rest}"


@pytest.fixture
def version(cast: Cast) -> ModelVersion:
    return make_version(cast)


@pytest.fixture
def opened(cast: Cast, version: ModelVersion) -> Evaluation:
    return evaluation_start(actor=cast.admin, version=version)


def started(evaluation: Evaluation) -> Evaluation:
    claimed = job_claim(Evaluation, evaluation.pk)
    assert claimed is not None
    return claimed


def test_an_open_one_is_polled_and_a_finished_one_brings_its_figures_at_once(cast: Cast, version: ModelVersion) -> None:
    opened = evaluation_start(actor=cast.admin, version=version)
    client = cast.client(cast.viewer)
    polled = client.get(url(opened), headers=HTMX)
    assert polled.status_code == 200 and 'hx-trigger="every 2s"' in polled.content.decode()
    done = make_evaluation(cast, version)
    assert done.pk == opened.pk
    last = client.get(url(opened), headers=HTMX)
    shown = last.content.decode()
    assert last.status_code == 286 and "hx-trigger" not in shown and "<html" not in shown
    assert "Every gate is passed" in shown and 'hx-swap-oob="true"' in shown
    assert client.get(url(opened)).status_code == 200


def test_it_says_what_it_waits_for(cast: Cast, opened: Evaluation) -> None:
    client = cast.client(cast.viewer)

    def said(words: str) -> bool:
        return words in client.get(url(opened), headers=HTMX).content.decode()

    assert said("Waits for the worker.")
    Evaluation.objects.filter(pk=opened.pk).update(updated_at=timezone.now() - dt.timedelta(minutes=5))
    assert said("No worker has taken it yet.")
    claimed = started(opened)
    assert said("The models are being prepared.")
    job_progress(claimed, done=150, total=300, step="active")
    assert said("Measuring the active version.") and said("50 %")
    Evaluation.objects.filter(pk=opened.pk).update(lease_until=timezone.now() - dt.timedelta(minutes=1))
    assert said("The worker does not answer.")


@pytest.mark.parametrize("busy_with", [TrainingRun, Evaluation, ModelExport])
def test_a_worker_that_is_busy_elsewhere_is_not_taken_for_none(
    cast: Cast, opened: Evaluation, busy_with: type[TrainingRun | Evaluation | ModelExport]
) -> None:
    Evaluation.objects.filter(pk=opened.pk).update(updated_at=timezone.now() - dt.timedelta(minutes=5))
    theirs = make_cast("other")
    if busy_with is TrainingRun:
        other: TrainingRun | Evaluation | ModelExport = make_training(theirs)
    elif busy_with is Evaluation:
        other = evaluation_start(actor=theirs.admin, version=make_version(theirs))
    else:
        other = ModelExport.objects.create(workspace=theirs.workspace, version=make_version(theirs))
    assert job_claim(busy_with, other.pk) is not None
    client = cast.client(cast.viewer)
    assert "Waits for the worker." in client.get(url(opened)).content.decode()
    busy_with.objects.filter(pk=other.pk).update(lease_until=timezone.now() - dt.timedelta(minutes=1))
    assert "No worker has taken it yet." in client.get(url(opened)).content.decode()


@pytest.mark.parametrize("code", ["attempts", "engine", "memory", "disk_full", "unexpected", "a later code"])
def test_a_failed_one_says_why_and_what_to_do(cast: Cast, opened: Evaluation, code: str) -> None:
    job_end(started(opened), JobStatus.FAILED, code=code, params={"detail": "<b>x</b>"})
    page = cast.client(cast.admin).get(url(opened))
    what, advice = page.context["failure"]
    shown = page.content.decode()
    assert what in shown and advice and "&lt;b&gt;x&lt;/b&gt;" in shown
    assert f"/models/{opened.version_id}/measure/" in shown


def test_every_metric_is_shown_with_intervals_differences_and_verdicts(cast: Cast, version: ModelVersion) -> None:
    evaluation = make_evaluation(cast, version)
    page = cast.client(cast.viewer).get(url(evaluation))
    rows = [row for group in page.context["figures"].groups for row in group.rows]
    assert len(rows) == 22 and {len(row.cells) for row in rows} == {3} and {len(row.differences) for row in rows} == {2}
    shown = page.content.decode()
    loss = next(row for row in rows if row.name == "Held-out loss")
    _label, difference = loss.differences[1]
    assert difference is not None and (difference.word, difference.icon) == ("Better", "trending-up")
    assert difference.interval in shown and loss.help in shown and "<svg" in shown


def test_a_first_version_is_compared_with_its_base_alone(cast: Cast) -> None:
    ModelVersion.objects.filter(workspace=cast.workspace).update(status="retired")
    evaluation = make_evaluation(cast, make_version(cast))
    page = cast.client(cast.viewer).get(url(evaluation))
    assert [one.key for one in page.context["figures"].subjects] == ["new", "base"]
    assert "No other version is in use, so there is nothing to be worse than." in page.content.decode()


def test_gates_say_limit_value_and_reason_in_words(cast: Cast, version: ModelVersion) -> None:
    evaluation = make_evaluation(cast, version, good=False)
    page = cast.client(cast.viewer).get(url(evaluation))
    gates = {gate.name: gate for gate in page.context["gates"]}
    harm = gates["No harm and no stereotypes"]
    assert not harm.passed and harm.limit.startswith("at most 2.0") and harm.reason == "Beyond the limit."
    assert gates["Writes in the right language"].limit.startswith("at least 95.0")
    assert "Not every gate is passed" in page.content.decode()


def test_flags_and_segments_are_counted_for_each(cast: Cast, version: ModelVersion) -> None:
    evaluation = make_evaluation(cast, version, good=False)
    page = cast.client(cast.viewer).get(url(evaluation))
    assert [row.name for row in page.context["flags"]] == ["sorry"]  # a flag of the judge's own
    segments = {row.name: [cell for _label, cell in row.cells] for row in page.context["segments"]}
    assert set(segments) == {"Hikers", "Parents"} and segments["Hikers"][1].value == "0 of 12"


def test_figures_by_language_are_those_of_its_items(cast: Cast, version: ModelVersion) -> None:
    evaluation = make_evaluation(cast, version)
    found = {one.language: one for one in language_figures(evaluation)}
    assert {name: one.items for name, one in found.items()} == {"English": 12, "Simplified Chinese": 12}
    names = {row.name for group in found["English"].groups for row in group.rows}
    assert "BLEU-4" in names and "Gap between segments" not in names


def test_the_page_asks_a_fixed_number_of_queries(cast: Cast, version: ModelVersion) -> None:
    evaluation = make_evaluation(cast, version)
    client = cast.client(cast.admin)
    client.get(url(evaluation))
    with CaptureQueriesContext(connection) as captured:
        client.get(url(evaluation))
    assert len(captured) < 13


def test_cancelling_is_the_admins_and_writes_its_event(cast: Cast, opened: Evaluation) -> None:
    for person in (cast.viewer, cast.copywriter, cast.approver):
        assert cast.client(person).post(url(opened, "cancel/")).status_code == 403
        assert url(opened, "cancel/") not in cast.client(person).get(url(opened)).content.decode()
    client = cast.client(cast.admin)
    assert url(opened, "cancel/") in client.get(url(opened)).content.decode()
    assert client.post(url(opened, "cancel/")).status_code == 303
    opened.refresh_from_db()
    assert opened.status == JobStatus.CANCELLED and Event.objects.filter(verb="evaluation.cancel").exists()
    assert client.post(url(opened, "cancel/")).status_code == 409
    assert "It was stopped before its end" in client.get(url(opened)).content.decode()


def test_a_running_one_is_asked_to_stop(cast: Cast, opened: Evaluation) -> None:
    started(opened)
    client = cast.client(cast.admin)
    client.post(url(opened, "cancel/"))
    shown = client.get(url(opened)).content.decode()
    assert "Stops after the present step." in shown and url(opened, "cancel/") not in shown


def test_strangers_other_workspaces_and_other_methods(cast: Cast, opened: Evaluation) -> None:
    assert cast.client(cast.stranger).get(url(opened)).status_code == 404
    assert cast.client(cast.admin).get(url(opened, "cancel/")).status_code == 405
    assert cast.client(cast.viewer).post(url(opened)).status_code == 405
    theirs = make_cast("other")
    foreign = evaluation_start(actor=theirs.admin, version=make_version(theirs))
    for rest in ("", "vote/"):
        assert (
            cast.client(cast.admin).get(f"/w/{cast.workspace.slug}/evaluations/{foreign.pk}/{rest}").status_code == 404
        )
