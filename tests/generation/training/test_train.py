"""Working on a training run with a real, tiny model: frozen data, a curve, samples, one version, and nothing half done."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from copystudio.db import JobStatus
from copystudio.models import Event, Notification
from generation.engine.adapters import check_adapter
from generation.engine.manifest import content_hash, sha256_of
from generation.engine.training.adapter_folder import WEIGHTS, read_lineage
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import is_held_out
from generation.models import (
    Evaluation,
    LanguageModel,
    ModelVersion,
    TrainingLine,
    TrainingPoint,
    TrainingRun,
    TrainingSample,
)
from generation.selectors.registry import best_loss
from generation.selectors.training_estimate import tokens_per_second
from generation.services import train as worker
from generation.services.lineage import code_revision
from generation.services.run_folder import run_folder
from generation.services.snapshot import snapshot_read
from generation.services.train import training_execute
from generation.services.training import training_cancel, training_resume, training_start
from tests.generation.learning import QUICK, STEPS, Learned, active_of, base_of, pairs, start, train, used
from tests.generation.training.cancelling import cancelled_at_the_first_batch, cancelled_while_measuring
from tests.people import Cast

Hook = Callable[[int], None]


def execute(run: TrainingRun) -> TrainingRun:
    training_execute(run_id=run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[Hook], None]:
    """Have something happen when a step has been noted: ``at_step(lambda step: …)``."""

    inner = worker._on_step

    def install(hook: Hook) -> None:
        def on_step(run: TrainingRun, progress: Any, *rest: Any) -> bool:
            hook(progress.step)
            return inner(run, progress, *rest)

        monkeypatch.setattr(worker, "_on_step", on_step)

    return install


def uninterrupted(cast: Cast, config: TrainConfig = QUICK) -> ModelVersion:
    """What the same training makes in another workspace, from its beginning to its end."""
    base = LanguageModel.objects.get(workspace=cast.elsewhere)
    run, _ = training_start(
        actor=cast.stranger, workspace=cast.elsewhere, label="Whole", language_model=base, config=config
    )
    version = execute(run).version
    assert version is not None
    return version


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_ends_with_one_staged_version_and_where_it_came_from(shop: Cast) -> None:
    run = execute(start(shop))
    assert (run.status, run.error_code, run.attempt) == (JobStatus.SUCCEEDED, "", 1)
    assert (run.done, run.total, run.seconds_left) == (STEPS, STEPS, 0)
    version = run.version
    assert version is not None
    assert (version.status, version.number, version.name) == ("staged", 2, "Spring")
    assert (version.language_model, version.prompt_template, version.parent) == (base_of(shop), "brief-1", None)
    assert version.created_by == shop.admin and version.promoted_at is None
    assert active_of(shop).number == 1, "training promotes nothing"
    folder = version.adapter_path
    assert folder is not None
    check_adapter(folder, base_of(shop).path.parent, sha256=version.adapter_sha256)
    lineage = version.lineage
    assert lineage["data_sha256"] == snapshot_read(run_folder(run) / "snapshot").split.sha256
    assert lineage["base_sha256"] == version.base_sha256 == run.base_sha256 == content_hash(base_of(shop).path)
    assert lineage["config"]["seed"] == QUICK.seed
    assert lineage["code_revision"] == code_revision() and len(code_revision()) >= 20
    assert lineage["data_counts"] == {"starter": 24}
    assert 0 < lineage["seconds"] < 600
    assert lineage["history"][-1]["held_out"] < lineage["history"][0]["held_out"]
    assert {**read_lineage(folder), "state": None}.items() >= {
        key: value for key, value in lineage.items() if key not in ("history", "steps", "held_out", "seconds")
    }.items()
    assert left_in(base_of(shop).path.parent) == [folder.name, "tiny"]
    assert left_in(run_folder(run)) == ["events", "snapshot"], "checkpoints are removed"


def test_every_step_is_on_the_curve_and_samples_are_written_where_the_loss_was_measured(shop: Cast) -> None:
    run = execute(start(shop))
    points = list(TrainingPoint.objects.filter(run=run))
    assert [point.step for point in points] == list(range(STEPS + 1))
    measured = {point.step: point.held_out for point in points if point.held_out is not None}
    assert list(measured) == [0, 5, 10]
    assert run.best_loss == min(measured[5], measured[10])
    assert points.pop(0).loss is None, "nothing was learned from before the first step"
    assert all(point.loss and point.loss > 0 and point.tokens_per_second > 0 for point in points)
    speeds = [point.tokens_per_second for point in points]
    assert tokens_per_second(shop.workspace, base_of(shop))[0] == pytest.approx(sum(speeds) / STEPS)
    assert points[0].learning_rate > points[-1].learning_rate > 0
    samples = TrainingSample.objects.filter(run=run)
    assert set(samples.values_list("step", "position")) == {(step, place) for step in (5, 10) for place in range(3)}
    assert {sample.brief["product_title"] for sample in samples} <= {"warm mug", "warm watch"}, "held-out products"
    assert list(TrainingLine.objects.filter(run=run).values_list("code", flat=True)) == [
        "frozen",
        "started",
        "finished",
    ]


def test_after_patience_and_pairs_all_that_is_told_is_of_the_steps_made_and_the_weights_that_ship(
    shop: Cast, learned: Learned
) -> None:
    odd = "dry rope dry path rope rope dry dry path"
    learned.corpus = [replace(one, text=odd) if is_held_out(one.product) else one for one in learned.corpus]
    learned.pairs = pairs(range(0, 12, 2))
    config = replace(QUICK, epochs=20, patience=2, preference_epochs=2, preference_rate=1.0, replay=0.0)
    run = execute(start(shop, config=config))
    version = run.version
    assert version is not None and run.status == JobStatus.SUCCEEDED
    history, steps = version.lineage["history"], version.lineage["steps"]
    assert [point.step for point in run.points.all()] == list(range(steps + 1)) and steps < 20 * 5
    assert run.done == run.total == steps == history[-1]["step"]
    assert set(run.samples.values_list("step", flat=True)) == {one["step"] for one in history[1:]}
    shipped, lowest = history[-1]["held_out"], min(one["held_out"] for one in history)
    assert shipped > lowest
    assert run.best_loss == version.lineage["held_out"] == best_loss(version) == shipped
    assert run.lines.get(code="finished").params == {"loss": shipped, "stopped": "patience"}
    del version.lineage["held_out"]  # as before it was written down
    assert best_loss(version) == shipped
    version.lineage["config"]["preference_epochs"] = 0
    assert best_loss(version) == lowest


def test_the_loss_at_the_start_is_known_before_the_first_step(shop: Cast, at_step: Any) -> None:
    run, known = start(shop), []

    def look(step: int) -> None:
        run.refresh_from_db()
        points = [(point.step, point.held_out) for point in run.points.all()]
        known.append((run.done, run.best_loss, points, run.step))

    at_step(look)
    version = execute(run).version
    assert version is not None
    first = version.lineage["history"][0]["held_out"]
    assert known[0] == (0, first, [(0, first)], "first"), "it is not measured any more, the first step is made"


def test_the_run_says_where_it_stands_while_it_measures_after_it_was_resumed_too(shop: Cast, at_step: Any) -> None:
    run, known = start(shop), list[tuple[int, int, str]]()
    at_step(lambda step: training_cancel(actor=shop.admin, run=run) if step == 1 else None)
    execute(run)

    def look(step: int) -> None:
        run.refresh_from_db()
        known.append((step, run.done, run.step))

    at_step(look)
    training_resume(actor=shop.admin, run=run)
    execute(run)
    assert known[:5] == [
        (2, 1, "loading"), (3, 2, "examples"), (4, 3, "examples"), (5, 4, "measuring"), (6, 5, "examples"),
    ]  # fmt: skip


def test_the_end_is_told_and_the_measuring_is_queued(shop: Cast) -> None:
    run = execute(start(shop))
    evaluation = Evaluation.objects.get()
    assert (evaluation.version, evaluation.status) == (run.version, JobStatus.QUEUED)
    assert (evaluation.against, evaluation.created_by) == (active_of(shop), shop.admin)
    verbs = Event.objects.filter(verb__in=["modelversion.create", "evaluation.create", "trainingrun.succeeded"])
    assert sorted(verbs.values_list("verb", flat=True)) == [
        "evaluation.create", "modelversion.create", "trainingrun.succeeded"
    ]  # fmt: skip
    told = Notification.objects.get()
    assert (told.person, told.code, told.params) == (shop.admin, "training.succeeded", {"label": "Spring"})
    assert told.url.endswith(f"/training/{run.pk}/")


def test_a_second_call_does_nothing(shop: Cast) -> None:
    run = execute(start(shop))
    counts = [model.objects.count() for model in (ModelVersion, TrainingPoint, TrainingLine, Event, Evaluation)]
    again = execute(run)
    assert (again.attempt, again.fence) == (1, 1)
    assert counts == [model.objects.count() for model in (ModelVersion, TrainingPoint, TrainingLine, Event, Evaluation)]


def test_what_is_learned_from_is_frozen_and_scrubbed(shop: Cast, learned: Learned) -> None:
    mail, phone = "anna@example.com", "+49 170 1234567"
    asked = replace(used(2), brief=replace(used(2).brief, instructions=f"Call {phone}", brand_voice=f"like {mail}"))
    told = replace(used(4), text=f"write to {mail} today")
    [pair] = pairs([0])
    pair = replace(pair, brief=replace(pair.brief, instructions=f"Call {phone}"))
    same = replace(pairs([2])[0], chosen="ask anna@example.com", rejected="ask bert@example.com")
    learned.examples, learned.pairs = [asked, told], [pair, same]
    run = start(shop, config=replace(QUICK, preference_epochs=1))
    run = execute(run)
    folder = run_folder(run) / "snapshot"
    for path in folder.iterdir():
        for secret in (mail, phone, "1234567", "anna", "bert"):
            assert secret not in path.read_text(encoding="utf-8"), path.name
    frozen = snapshot_read(folder)
    assert run.excluded == frozen.excluded == {"personal_data_masked": 2, "personal_data": 2}
    assert len(frozen.split.pairs) == 1, "a mask in a text would be learned as words to write"
    assert run.data_counts == frozen.split.counts == {"approved": 1, "edit_over_draft": 1, "starter": 24}
    assert {point.step for point in run.points.all() if point.pair_accuracy is not None} == set(), "none is held out"


def test_nearly_the_same_text_is_learned_once(shop: Cast, learned: Learned) -> None:
    first = used(0, text="A soft warm blanket of merino wool for every quiet winter evening at home")
    learned.examples = [first, used(2, text=f"{first.text}."), used(4, text="Sturdy boots for long walks in the rain")]
    run = execute(start(shop))
    assert run.excluded == {"near_duplicate": 1}
    assert run.data_counts == {"approved": 2, "starter": 24}


def test_what_is_too_long_to_learn_from_is_counted_and_told_once(shop: Cast, learned: Learned, at_step: Any) -> None:
    long = " ".join(["warm lamp"] * 100)
    learned.examples, learned.pairs = [used(0, text=long)], [replace(pairs([0])[0], rejected=long)]
    learned.excluded = {"no_product": 1}
    run = start(shop, config=replace(QUICK, longest=128))
    at_step(lambda step: training_cancel(actor=shop.admin, run=run) if step == 4 else None)
    execute(run)
    training_resume(actor=shop.admin, run=run)
    run = execute(run)
    assert (run.status, run.excluded) == (JobStatus.SUCCEEDED, {"no_product": 1, "too_long": 2})
    assert [line.params for line in run.lines.filter(code="too_long")] == [{"count": 2, "longest": 128}]


def test_data_that_change_after_the_freeze_change_nothing(shop: Cast, learned: Learned, at_step: Any) -> None:
    def dies(step: int) -> None:
        raise KeyboardInterrupt

    at_step(dies)
    run = start(shop)
    with pytest.raises(KeyboardInterrupt):
        execute(run)
    before = snapshot_read(run_folder(run) / "snapshot").split.sha256
    learned.corpus = learned.corpus[:-4]
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=F("created_at"))
    TrainingLine.objects.filter(code="frozen").delete()  # killed between file and row
    TrainingRun.objects.filter(pk=run.pk).update(data_counts={})
    at_step(lambda step: None)
    run = execute(run)
    assert run.status == JobStatus.SUCCEEDED
    assert run.version is not None and run.version.lineage["data_sha256"] == before
    assert run.data_counts == {"starter": 24}


def test_a_lost_lease_writes_nothing_more(shop: Cast, at_step: Any) -> None:
    run = start(shop)

    def taken_over(step: int) -> None:
        if step == 4:
            TrainingRun.objects.filter(pk=run.pk).update(fence=F("fence") + 1)

    at_step(taken_over)
    run = execute(run)
    assert run.status == JobStatus.RUNNING, "it is the other worker's now"
    assert [point.step for point in run.points.all()] == [0, 1, 2, 3]
    assert ModelVersion.objects.filter(workspace=shop.workspace).count() == 1
    assert not Evaluation.objects.exists() and not Notification.objects.exists()
    assert left_in(base_of(shop).path.parent) == ["tiny"]


def test_a_lease_that_is_lost_while_the_adapter_is_written_makes_no_version(
    shop: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(shop)
    register = worker._register

    def late(*args: Any, **values: Any) -> Any:
        TrainingRun.objects.filter(pk=run.pk).update(fence=F("fence") + 1)
        return register(*args, **values)

    monkeypatch.setattr(worker, "_register", late)
    execute(run)
    assert ModelVersion.objects.filter(workspace=shop.workspace).count() == 1
    monkeypatch.setattr(worker, "_register", register)
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=F("created_at"))
    run = execute(run)  # the other worker finds the same adapter there
    assert run.status == JobStatus.SUCCEEDED and run.attempt == 2
    assert ModelVersion.objects.filter(workspace=shop.workspace).count() == 2


def test_cancelling_stops_within_a_step_and_resuming_ends_with_the_same_adapter(shop: Cast, at_step: Any) -> None:
    run = start(shop)

    def cancel(step: int) -> None:
        if step == 4:
            training_cancel(actor=shop.admin, run=run)

    at_step(cancel)
    execute(run)
    assert run.status == JobStatus.CANCELLED
    assert run.done == 4 and [point.step for point in run.points.all()] == [0, 1, 2, 3, 4]
    assert "step-00000004" in left_in(run_folder(run) / "checkpoints")
    assert ModelVersion.objects.filter(workspace=shop.workspace).count() == 1
    assert not Notification.objects.exists()

    heard: list[int] = []
    at_step(heard.append)
    training_resume(actor=shop.admin, run=run)
    execute(run)
    assert run.status == JobStatus.SUCCEEDED and heard[0] == 5
    assert [point.step for point in run.points.all()] == list(range(STEPS + 1))
    at_step(lambda step: None)
    assert run.version is not None
    assert run.version.adapter_sha256 == uninterrupted(shop).adapter_sha256


def test_cancelling_stops_within_a_batch_of_a_measurement(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one comes before the first step, and takes minutes."""
    run = start(shop)
    cancelled_at_the_first_batch(run, shop, monkeypatch)
    execute(run)
    assert (run.status, run.step, run.done) == (JobStatus.CANCELLED, "", 0)
    assert not run.points.exists() and not (run_folder(run) / "checkpoints").exists()


@pytest.mark.parametrize("call", [1, 5])
def test_cancelling_while_it_measures_or_writes_samples_loses_no_step(
    shop: Cast, monkeypatch: pytest.MonkeyPatch, at_step: Any, call: int
) -> None:
    """The first call is before the one batch of held-out examples, the others are between the tokens of samples."""
    config = replace(QUICK, checkpoint_every=1000)
    run, heard = start(shop, config=config), list[int]()
    with monkeypatch.context() as patch:
        cancelled_while_measuring(run, shop, patch, call=call)
        execute(run)
    assert (run.status, run.step, run.done) == (JobStatus.CANCELLED, "", 4)
    assert left_in(run_folder(run) / "checkpoints") == ["step-00000005"]
    assert not TrainingSample.objects.exists()
    at_step(heard.append)
    training_resume(actor=shop.admin, run=run)
    execute(run)
    assert run.status == JobStatus.SUCCEEDED and heard == [5, 6, 7, 8, 9, 10]
    assert [point.step for point in run.points.all() if point.step == 0 or point.loss] == list(range(STEPS + 1))
    assert run.version is not None
    assert run.version.adapter_sha256 == uninterrupted(shop, config).adapter_sha256


def test_a_run_that_was_cancelled_before_it_began_is_never_worked_on(shop: Cast) -> None:
    run = start(shop)
    training_cancel(actor=shop.admin, run=run)
    assert execute(run).attempt == 0
    assert not run_folder(run).exists()


def test_another_number_of_cores_goes_on_from_the_same_checkpoint(shop: Cast, settings: Any, at_step: Any) -> None:
    run = start(shop)
    at_step(lambda step: training_cancel(actor=shop.admin, run=run) if step == 4 else None)
    execute(run)
    settings.TRAINING_THREADS = 2
    training_resume(actor=shop.admin, run=run)
    heard: list[int] = []
    at_step(heard.append)
    assert execute(run).status == JobStatus.SUCCEEDED
    assert heard[0] == 5


def test_a_parent_is_gone_on_from_and_named_by_its_weights(shop: Cast) -> None:
    parent = train(shop)
    run = execute(start(shop, parent=parent, config=replace(QUICK, epochs=1)))
    version = run.version
    assert version is not None and version.parent == parent
    assert version.lineage["parent"] == parent.adapter_sha256
    first = version.lineage["history"][0]["held_out"]
    assert first == pytest.approx(parent.lineage["history"][-1]["held_out"], rel=0.05)


def test_the_adapter_file_is_what_the_version_says(shop: Cast) -> None:
    version = train(shop)
    folder = version.adapter_path
    assert folder is not None and sha256_of(folder / WEIGHTS) == version.adapter_sha256
    assert json.loads((folder / "adapter_config.json").read_text())["r"] == QUICK.rank
