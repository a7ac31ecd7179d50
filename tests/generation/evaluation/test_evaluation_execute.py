"""Measuring versions with a real, tiny model: the same questions for all, gates that fail closed, nothing measured twice."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db.models import F

from copystudio.db import JobStatus
from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Event, Notification, Outbox
from copystudio.services.jobs import job_cancel, job_resume
from generation.engine.evaluation.metrics import MetricName
from generation.engine.evaluation.result import Evaluation as Measured
from generation.engine.training.dataset import is_held_out
from generation.models import Evaluation, ModelVersion
from generation.services import evaluation as worker
from generation.services.evaluation import (
    evaluation_execute,
    evaluation_queue,
    evaluation_start,
    held_out_of,
)
from generation.services.measuring import ACTIVE, BASE, NEW, eval_items, gates_for
from generation.services.registry import model_version_promote
from tests.generation.learning import QUICK, Learned, active_of, base_of, delete, evaluate, pairs, train, used
from tests.people import Cast

Watch = Callable[[Callable[[str], None]], None]


@pytest.fixture
def version(adapted: Callable[..., ModelVersion]) -> ModelVersion:
    return adapted()


@pytest.fixture
def before_measuring(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Have something happen before a subject is measured: ``before_measuring(lambda name: …)``."""
    inner = worker.measure

    def install(hook: Callable[[str], None]) -> None:
        def measure(subject: Any, *args: Any, **values: Any) -> Measured:
            hook(subject.name)
            return inner(subject, *args, **values)

        monkeypatch.setattr(worker, "measure", measure)

    return install


def execute(evaluation: Evaluation) -> Evaluation:
    evaluation_execute(evaluation_id=evaluation.pk)
    evaluation.refresh_from_db()
    return evaluation


def queued(version: ModelVersion) -> Evaluation:
    """The evaluation that a training queues for its version."""
    return evaluation_queue(version=version, actor=version.created_by)


def test_admins_hear_of_the_end_and_what_the_gates_say(
    shop: Cast, version: ModelVersion, before_measuring: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Notification.objects.filter(code__startswith="evaluation.").order_by("-id")
    for passes, code in ((True, "evaluation.succeeded"), (False, "evaluation.missed")):
        monkeypatch.setattr(worker, "all_passed", lambda gates, passes=passes: passes)
        evaluation = execute(queued(version))
        assert (told[0].person, told[0].code, told[0].params) == (shop.admin, code, {"version": str(version)})
        assert told[0].url.endswith(f"/evaluations/{evaluation.pk}/")

    def fail(name: str) -> None:
        raise ValueError("broken")

    before_measuring(fail)
    execute(queued(version))
    assert told[0].code == "evaluation.failed"
    waiting = queued(version)
    job_cancel(actor=shop.admin, job=waiting)
    assert told.count() == 3, "an admin who cancels needs no telling"


def test_new_active_and_base_are_asked_the_same_and_compared(
    shop: Cast, version: ModelVersion, adapted: Callable[..., ModelVersion]
) -> None:
    model_version_promote(actor=shop.admin, version=version, reason="first")
    evaluation = execute(queued(adapted()))
    assert (evaluation.status, evaluation.error_code, evaluation.percent) == (JobStatus.SUCCEEDED, "", 100)
    assert evaluation.against == version
    assert set(evaluation.results) == {NEW, ACTIVE, BASE, "differences", "gates"}
    measured = {name: Measured.from_dict(evaluation.results[name]) for name in (NEW, ACTIVE, BASE)}
    assert len({one.fingerprint for one in measured.values()}) == 1
    assert {one.items for one in measured.values()} == {("e11", "e14", "e2", "e23")}
    assert evaluation.items == 4 and evaluation.results[NEW]["seed"] == evaluation.seed
    for name in (NEW, ACTIVE):
        assert measured[name].metrics[MetricName.LOSS].value < measured[BASE].metrics[MetricName.LOSS].value  # type: ignore[operator]
    assert [one["metric"] for one in evaluation.results["differences"][BASE]] == [name.value for name in MetricName]
    loss = next(one for one in evaluation.results["differences"][ACTIVE] if one["metric"] == "loss")
    assert loss["difference"] == 0, "both are the same adapter"
    assert [one["name"] for one in evaluation.results["gates"]] == [gate.name for gate in gates_for(measured[NEW])]
    assert "NaN" not in json.dumps(evaluation.results)


def test_a_trained_version_is_better_than_its_base_and_still_fails_gates(shop: Cast, version: ModelVersion) -> None:
    """The tiny model writes random words, so not every gate can be passed: the evaluation says so."""
    evaluation = execute(queued(version))
    failed = [one["name"] for one in evaluation.results["gates"] if not one["passed"]]
    assert failed and evaluation.passed is False


def test_gates_are_over_what_was_asked(shop: Cast, version: ModelVersion) -> None:
    """No brief has must-words, and people preferred nothing yet; facts and claims are in every one."""
    found = {one["name"] for one in execute(queued(version)).results["gates"]}
    assert not found & {"must words", "preferences"} and found >= {"claims kept", "coverage"}


def test_every_version_of_a_workspace_gets_the_same_questions(shop: Cast, version: ModelVersion) -> None:
    held_out = held_out_of(version).held_out
    assert {one.product for one in held_out} == {"mug", "watch"} and len(held_out) == 4
    chosen = [one.id for one in eval_items(held_out, most=2)]
    assert chosen == [one.id for one in eval_items(list(reversed(held_out)), most=2)]
    assert set(chosen) <= {one.id for one in eval_items(held_out, most=3)}
    channels = {one.id: one.brief.channel for one in held_out}
    assert all(item.channel == channels[item.id] for item in eval_items(held_out, most=4)), "what texts are held to"
    first, second = evaluate(shop, active_of(shop)), execute(queued(version))
    assert first.seed == second.seed


def test_the_base_alone_is_measured_on_the_starter_corpus(shop: Cast) -> None:
    evaluation = evaluate(shop, active_of(shop))
    assert evaluation.against is None and evaluation.status == JobStatus.SUCCEEDED
    assert set(evaluation.results) == {NEW, BASE, "differences", "gates"}
    for one in evaluation.results["differences"][BASE]:
        assert one["difference"] in (None, 0.0), "the base differs from itself in nothing"
    assert evaluation.samples == [], "and texts that are equal are no choice"


def test_pairs_are_measured_where_there_are_any(shop: Cast, learned: Learned) -> None:
    learned.pairs = pairs([0, 1, 2, 11])  # mug and watch are held out
    version = train(shop, config=replace(QUICK, preference_epochs=1))
    evaluation = execute(queued(version))
    accuracy = evaluation.results[NEW]["metrics"]["preference_accuracy"]
    assert accuracy["value"] is not None and 0 <= accuracy["value"] <= 1
    assert "preferences" in [one["name"] for one in evaluation.results["gates"]]


def test_who_learned_pairs_and_kept_none_to_be_asked_about_does_not_pass(shop: Cast, learned: Learned) -> None:
    learned.pairs = pairs([0, 1, 3])  # none is held out
    evaluation = execute(queued(train(shop, config=replace(QUICK, preference_epochs=1))))
    [gate] = [one for one in evaluation.results["gates"] if one["name"] == "preferences"]
    assert (gate["passed"], gate["reason"]) == (False, "no_value") and evaluation.passed is False


def test_a_worker_that_was_killed_measured_nothing_in_vain(
    shop: Cast, version: ModelVersion, before_measuring: Watch
) -> None:
    asked: list[str] = []

    def dies(name: str) -> None:
        asked.append(name)
        if name == BASE:
            raise KeyboardInterrupt

    before_measuring(dies)
    evaluation = queued(version)
    with pytest.raises(KeyboardInterrupt):
        execute(evaluation)
    evaluation.refresh_from_db()
    kept = evaluation.results
    assert set(kept) == {NEW, ACTIVE} and evaluation.status == JobStatus.RUNNING
    Evaluation.objects.filter(pk=evaluation.pk).update(lease_until=F("created_at"))
    before_measuring(asked.append)
    execute(evaluation)
    assert evaluation.status == JobStatus.SUCCEEDED and evaluation.attempt == 2
    assert asked == [NEW, ACTIVE, BASE, BASE]
    assert all(evaluation.results[name] == kept[name] for name in kept)


def told_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every number that the row of the evaluation gets, from now on."""
    inner, written = worker.job_progress, list[int]()

    def job_progress(job: Evaluation, *, done: int, **values: Any) -> None:
        written.append(done)
        inner(job, done=done, **values)

    monkeypatch.setattr(worker, "job_progress", job_progress)
    return written


def test_progress_never_runs_backwards(
    shop: Cast, learned: Learned, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = told_of(monkeypatch)
    execute(queued(version))
    new, active, base = ([one for one in written[:-1] if one // 100 == place] for place in range(3))
    assert written[-1] == 100 and [*new, *active, *base] == written[:-1] == sorted(written[:-1])
    for place, found in enumerate((new, active, base)):
        assert found[0] == place * 100 and found[-1] >= place * 100 + 80, "its texts are four fifths of it"


def test_each_phase_has_its_share() -> None:
    reached = 0
    for phase in worker.Phase:
        begin, share = worker.SHARES[phase]
        assert begin == reached and share > 0
        reached += share
    assert reached == 100


def test_what_is_measured_again_writes_no_lower_number(
    shop: Cast, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = queued(version)
    Evaluation.objects.filter(pk=evaluation.pk).update(done=93, total=300)  # a worker that was killed came so far
    written = told_of(monkeypatch)
    execute(evaluation)
    assert written[0] == 93 and written[1] > 93


def test_a_second_call_measures_nothing(shop: Cast, version: ModelVersion, before_measuring: Watch) -> None:
    evaluation = execute(queued(version))
    asked: list[str] = []
    before_measuring(asked.append)
    assert execute(evaluation).attempt == 1 and not asked


def test_a_lost_lease_writes_nothing(shop: Cast, version: ModelVersion, before_measuring: Watch) -> None:
    evaluation = queued(version)

    def taken_over(name: str) -> None:
        if name == ACTIVE:
            Evaluation.objects.filter(pk=evaluation.pk).update(fence=F("fence") + 1)

    before_measuring(taken_over)
    execute(evaluation)
    assert evaluation.status == JobStatus.RUNNING and set(evaluation.results) == {NEW}
    assert evaluation.passed is None


def test_cancelling_stops_in_the_middle_and_resuming_goes_on(
    shop: Cast, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    from copystudio.services.jobs import JobKeeper

    evaluation = queued(version)
    heard = [0]

    def should_stop(keeper: JobKeeper) -> bool:
        heard[0] += 1
        return heard[0] > 5

    with monkeypatch.context() as patched:
        patched.setattr(JobKeeper, "should_stop", should_stop)
        job_cancel(actor=shop.admin, job=evaluation)
        assert evaluation_execute(evaluation_id=evaluation.pk) is None
        evaluation.refresh_from_db()
        assert evaluation.status == JobStatus.CANCELLED and heard == [0], "it was only queued"
        job_resume(actor=shop.admin, job=evaluation)
        execute(evaluation)
        assert evaluation.status == JobStatus.CANCELLED and heard == [6] and not evaluation.results
    job_resume(actor=shop.admin, job=evaluation)
    assert execute(evaluation).status == JobStatus.SUCCEEDED


def test_broken_files_end_with_a_reason(shop: Cast, version: ModelVersion) -> None:
    assert version.adapter_path is not None
    (version.adapter_path / "adapter_model.safetensors").write_bytes(b"no tensors")
    evaluation = execute(queued(version))
    assert (evaluation.status, evaluation.error_code) == (JobStatus.FAILED, "engine")
    assert "adapter_model.safetensors" in evaluation.error_params["detail"]
    assert evaluation.passed is None and "gates" not in evaluation.results


def test_a_model_whose_numbers_are_none_is_measured_in_nothing(shop: Cast, version: ModelVersion) -> None:
    from safetensors.torch import load_file, save_file

    assert version.adapter_path is not None
    weights = version.adapter_path / "adapter_model.safetensors"
    tensors = load_file(weights)
    for name in tensors:
        if ".lora_B." in name:
            tensors[name].fill_(math.nan)
    save_file(tensors, weights, metadata={"format": "pt"})
    evaluation = execute(queued(version))
    assert (evaluation.status, evaluation.error_code) == (JobStatus.FAILED, "engine")
    assert "no number" in evaluation.error_params["detail"]
    assert evaluation.passed is None and not evaluation.results


def test_a_loss_that_is_no_number_passes_no_gate(
    shop: Cast, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generation.engine.backends.torch import TorchBackend

    monkeypatch.setattr(TorchBackend, "score", lambda self, texts, prompt=None: [math.nan] * len(texts))
    evaluation = execute(queued(version))
    gates = {one["name"]: one for one in evaluation.results["gates"]}
    assert evaluation.passed is False
    for name in ("held-out loss", "forgetting"):
        assert (gates[name]["passed"], gates[name]["value"], gates[name]["reason"]) == (False, None, "not_a_number")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_version_that_learned_nonsense_is_held_back(
    shop: Cast, learned: Learned, version: ModelVersion, seed: int
) -> None:
    """Its held-out loss is that of a worse writer than the active one's, and the gate says so (M9)."""
    model_version_promote(actor=shop.admin, version=version, reason="good")
    words = ["rope", "path", "boots", "stove", "wind", "shelf", "sleeve", "glass"]
    learned.corpus = [
        one if is_held_out(one.product) else replace(one, text=" ".join(random.Random(seed + n).sample(words, 6)))
        for n, one in enumerate(learned.corpus)
    ]
    evaluation = execute(queued(train(shop, config=replace(QUICK, seed=seed))))
    gates = {one["name"]: one for one in evaluation.results["gates"]}
    assert not gates["held-out loss"]["passed"] and gates["held-out loss"]["reason"] == "missed"
    assert evaluation.passed is False and evaluation.version.status == ModelVersion.Status.STAGED


# -- starting --------------------------------------------------------------------------------------------------------


def test_measuring_again_is_a_new_evaluation_and_pressing_twice_is_one(shop: Cast, version: ModelVersion) -> None:
    first = execute(queued(version))
    second = evaluation_start(actor=shop.admin, version=version)
    assert second != first and evaluation_start(actor=shop.admin, version=version) == second
    assert Event.objects.filter(verb="evaluation.create").count() == 2
    assert Outbox.objects.filter(task="generation.evaluate").count() == 2


def test_only_an_admin_measures_and_only_what_is_there(shop: Cast, version: ModelVersion) -> None:
    for person in (shop.viewer, shop.copywriter, shop.approver, shop.stranger):
        with pytest.raises(NotPermittedError):
            evaluation_start(actor=person, version=version)
    delete(shop, version)
    with pytest.raises(TransitionError):
        evaluation_start(actor=shop.admin, version=version)


def test_what_is_held_out_is_the_versions_own(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(26, text="A watch for the bright summer rain", product="watch")]
    version = train(shop)
    assert "revision/26" in {one.id for one in held_out_of(version).held_out}
    assert "revision/26" not in {one.id for one in held_out_of(active_of(shop)).held_out}
    assert base_of(shop).path.is_dir()
