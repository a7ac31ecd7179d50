"""Which version writes: every verb in every state, gates that need a reason, broken files, and who may."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from copystudio.db import JobStatus
from copystudio.errors import ConflictError, InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event
from generation.engine import starter_adapter
from generation.models import Evaluation, ModelVersion, TrainingRun
from generation.models.model_version import TRANSITIONS
from generation.selectors.registry import version_events
from generation.services.registry import (
    language_model_add,
    model_version_delete,
    model_version_promote,
    model_version_retire,
    model_version_roll_back,
)
from generation.services.run import ItemRequest, run_create
from generation.services.run_folder import run_folder
from tests.generation.learning import active_of, base_of, other_weights, start
from tests.people import Cast

Make = Callable[..., ModelVersion]
Status = ModelVersion.Status
VERBS: dict[str, Callable[..., ModelVersion]] = {
    "promote": lambda actor, version: model_version_promote(actor=actor, version=version, reason="it is good"),
    "retire": lambda actor, version: model_version_retire(actor=actor, version=version),
    "delete": lambda actor, version: model_version_delete(actor=actor, version=version),
}
# what each verb makes of each state; what is not here is refused
OUTCOMES = {
    ("promote", Status.STAGED): Status.ACTIVE,
    ("promote", Status.RETIRED): Status.ACTIVE,
    ("retire", Status.STAGED): Status.RETIRED,
    ("delete", Status.STAGED): Status.DELETED,
    ("delete", Status.RETIRED): Status.DELETED,
}


def measured(version: ModelVersion, passed: bool | None, **values: Any) -> Evaluation:
    """An evaluation against the version that writes now."""
    active = ModelVersion.objects.exclude(pk=version.pk).filter(workspace=version.workspace, status="active").first()
    data = {"workspace": version.workspace, "version": version, "status": JobStatus.SUCCEEDED, "passed": passed}
    data["against"] = active
    return Evaluation.objects.create(**{**data, **values})


def in_state(make: Make, cast: Cast, status: str) -> ModelVersion:
    if status == Status.ACTIVE:
        ModelVersion.objects.filter(pk=active_of(cast).pk).update(status=Status.RETIRED)
    return make(status=status)


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_in_every_state(shop: Cast, adapted: Make, verb: str, status: str) -> None:
    version = in_state(adapted, shop, status)
    outcome = OUTCOMES.get((verb, Status(status)))
    if outcome is None:
        with pytest.raises(TransitionError):
            VERBS[verb](shop.admin, version)
        version.refresh_from_db()
        assert version.status == status
        assert not Event.objects.filter(verb__startswith="modelversion.").exists()
    else:
        changed = VERBS[verb](shop.admin, version)
        assert changed.status == outcome
        event = Event.objects.get(verb=f"modelversion.{verb}")
        assert (event.actor, event.object_id) == (shop.admin, version.pk)


def test_the_table_beside_the_model_says_the_same() -> None:
    """But for the active version, which only another one's promotion retires."""
    table = {(verb, state): to for verb, (states, to) in TRANSITIONS.items() for state in states}
    assert {**table} == {**OUTCOMES, ("retire", Status.ACTIVE): Status.RETIRED}


@pytest.mark.parametrize("verb", [*VERBS, "roll back"])
@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver", "stranger"])
def test_only_an_admin_of_the_workspace_may(shop: Cast, adapted: Make, verb: str, person: str) -> None:
    version = adapted()
    (version.adapter_path / "training.json").write_text("{}")  # nobody else learns that the files are broken
    with pytest.raises(NotPermittedError):
        if verb == "roll back":
            model_version_roll_back(actor=getattr(shop, person), workspace=shop.workspace)
        else:
            VERBS[verb](getattr(shop, person), version)
    version.refresh_from_db()
    assert version.status == Status.STAGED


def test_rolling_back_is_told_of_both_versions(shop: Cast, adapted: Make) -> None:
    before, version = active_of(shop), adapted()
    model_version_promote(actor=shop.admin, version=version, reason="A trial")
    model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    told = [(event["text"], event["detail"]) for event in version_events(version)]
    assert told == [
        ("went back from it to the version before.", ""),
        ("promoted it: it wrote from then on.", "A trial"),
    ]
    assert version_events(before)[0]["text"] == "went back to it: it wrote again."


def test_promoting_retires_the_one_that_wrote(shop: Cast, adapted: Make) -> None:
    before, version = active_of(shop), adapted()
    measured(version, True)
    promoted = model_version_promote(actor=shop.admin, version=version)
    assert active_of(shop) == promoted == version
    before.refresh_from_db()
    assert before.status == Status.RETIRED
    assert promoted.promoted_at is not None and (timezone.now() - promoted.promoted_at).total_seconds() < 60
    assert Event.objects.get(verb="modelversion.promote").data == {"passed": True, "reason": ""}


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([], "never measured"),
        ([False], "not pass every gate"),
        ([None], "not pass every gate"),
        ([True, False], "not pass"),
    ],
)
def test_without_passed_gates_a_reason_is_needed_and_kept(
    shop: Cast, adapted: Make, results: list[bool | None], said: str
) -> None:
    version = adapted()
    for passed in results:
        measured(version, passed)
    for nothing in ("", "   "):
        with pytest.raises(InvalidInputError) as caught:
            model_version_promote(actor=shop.admin, version=version, reason=nothing)
        assert caught.value.code == "gates" and said in str(caught.value.fields["reason"][0])
    model_version_promote(actor=shop.admin, version=version, reason=" the parity gate is noise ")
    kept = Event.objects.get(verb="modelversion.promote").data
    assert kept == {"passed": results[-1] is True if results else None, "reason": "the parity gate is noise"}


def test_the_newest_finished_evaluation_counts(shop: Cast, adapted: Make) -> None:
    version = adapted()
    measured(version, False)
    measured(version, True)
    measured(version, None, status=JobStatus.FAILED)
    measured(version, None, status=JobStatus.QUEUED)
    assert model_version_promote(actor=shop.admin, version=version).status == Status.ACTIVE


def test_gates_against_another_version_than_the_one_that_writes_now_count_for_nothing(
    shop: Cast, adapted: Make
) -> None:
    better, version, lonely = adapted(), adapted(), adapted()
    for one in (better, version):
        measured(one, True)
    measured(lonely, True, against=None)
    model_version_promote(actor=shop.admin, version=better)
    for one in (version, lonely):
        with pytest.raises(InvalidInputError) as caught:
            model_version_promote(actor=shop.admin, version=one)
        assert caught.value.code == "gates"
        assert "against the version that writes now" in str(caught.value.fields["reason"][0])
    measured(version, True)
    assert model_version_promote(actor=shop.admin, version=version).status == Status.ACTIVE
    model_version_promote(actor=shop.admin, version=lonely, reason="read by hand")
    assert Event.objects.filter(verb="modelversion.promote").latest("pk").data["passed"] is None


def test_where_none_writes_there_is_nothing_to_be_measured_against(shop: Cast, adapted: Make) -> None:
    version = adapted()
    ModelVersion.objects.filter(pk=active_of(shop).pk).update(status=Status.RETIRED)
    measured(version, True)
    assert model_version_promote(actor=shop.admin, version=version).status == Status.ACTIVE


@pytest.mark.parametrize("file", ["adapter_model.safetensors", "adapter_config.json", "training.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["missing", "changed", "cut"])
def test_broken_files_are_not_promoted_nor_rolled_back_to(shop: Cast, adapted: Make, file: str, damage: str) -> None:
    before, version = active_of(shop), adapted()
    former = adapted(status=Status.RETIRED, promoted_at=timezone.now())
    for one in (version, former):
        path = one.adapter_path / file
        content = path.read_bytes()
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes(content[:-7] if damage == "cut" else content[:-3] + b"\x01" + content[-2:])
    with pytest.raises(InvalidInputError, match="not as they were written"):
        model_version_promote(actor=shop.admin, version=version, reason="try")
    with pytest.raises(InvalidInputError, match="not as they were written"):
        model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    assert active_of(shop) == before


def test_other_weights_under_an_honest_manifest_are_not_promoted(shop: Cast, adapted: Make) -> None:
    version = adapted(adapter_sha256="f" * 64)
    with pytest.raises(InvalidInputError, match="other weights"):
        model_version_promote(actor=shop.admin, version=version, reason="try")


def test_an_adapter_over_a_base_that_is_gone_is_not_promoted(shop: Cast, adapted: Make) -> None:
    version = adapted()
    (base_of(shop).path / "model.safetensors").unlink()
    with pytest.raises(InvalidInputError, match="no safetensors"):
        model_version_promote(actor=shop.admin, version=version, reason="try")


def test_an_adapter_over_a_base_that_was_replaced_is_not_promoted_nor_rolled_back_to(shop: Cast, adapted: Make) -> None:
    before, version = active_of(shop), adapted()
    adapted(status=Status.RETIRED, promoted_at=timezone.now())
    other_weights(base_of(shop).path)
    with pytest.raises(InvalidInputError, match="was replaced"):
        model_version_promote(actor=shop.admin, version=version, reason="try")
    with pytest.raises(InvalidInputError, match="was replaced"):
        model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    assert active_of(shop) == before


def test_a_version_that_is_its_base_alone_knows_the_base_that_it_was_made_of(
    shop: Cast, adapted: Make, tiny_model: Path
) -> None:
    version, root = adapted(), base_of(shop).path.parent
    shutil.copytree(tiny_model, root / "second")
    alone = language_model_add(
        actor=shop.admin, workspace=shop.workspace, name="Second", folder="second"
    ).versions.get()
    model_version_promote(actor=shop.admin, version=alone, reason="try")
    model_version_promote(actor=shop.admin, version=version, reason="try")
    other_weights(root / "second")
    with pytest.raises(InvalidInputError, match="was replaced"):
        model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    (root / "second" / "model.safetensors").unlink()
    with pytest.raises(InvalidInputError, match="no safetensors"):
        model_version_promote(actor=shop.admin, version=alone, reason="try")


# -- rolling back ----------------------------------------------------------------------------------------------------


def test_rolling_back_goes_one_version_back_each_time_and_never_forward(shop: Cast, adapted: Make) -> None:
    base, second, third = active_of(shop), adapted(), adapted()
    for version in (second, third):
        model_version_promote(actor=shop.admin, version=version, reason="try")
    assert model_version_roll_back(actor=shop.admin, workspace=shop.workspace) == second
    assert model_version_roll_back(actor=shop.admin, workspace=shop.workspace) == base
    with pytest.raises(TransitionError):
        model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    assert active_of(shop) == base
    assert Event.objects.filter(verb="modelversion.roll_back").count() == 2
    model_version_promote(actor=shop.admin, version=ModelVersion.objects.get(pk=third.pk), reason="mended")
    assert model_version_roll_back(actor=shop.admin, workspace=shop.workspace) == base


def test_a_version_that_never_wrote_is_not_rolled_back_to(shop: Cast, adapted: Make) -> None:
    model_version_retire(actor=shop.admin, version=adapted())
    with pytest.raises(TransitionError):
        model_version_roll_back(actor=shop.admin, workspace=shop.workspace)


def test_a_deleted_version_is_not_rolled_back_to(shop: Cast, adapted: Make) -> None:
    second = adapted()
    base = active_of(shop)
    model_version_promote(actor=shop.admin, version=second, reason="try")
    model_version_delete(actor=shop.admin, version=ModelVersion.objects.get(pk=base.pk))
    with pytest.raises(TransitionError):
        model_version_roll_back(actor=shop.admin, workspace=shop.workspace)


def test_rolling_back_takes_no_five_seconds(shop: Cast, adapted: Make) -> None:
    for _ in range(2):
        model_version_promote(actor=shop.admin, version=adapted(), reason="try")
    began = time.monotonic()
    model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    assert time.monotonic() - began < 5


# -- deleting --------------------------------------------------------------------------------------------------------


def test_deleting_removes_the_files_and_keeps_the_row(
    shop: Cast, adapted: Make, django_capture_on_commit_callbacks: Any
) -> None:
    version = adapted()
    with django_capture_on_commit_callbacks(execute=True):
        model_version_delete(actor=shop.admin, version=version)
    assert version.adapter_path is not None and not version.adapter_path.exists()
    assert ModelVersion.objects.filter(pk=version.pk, status=Status.DELETED).exists()
    assert base_of(shop).path.is_dir()


def test_what_its_training_learned_from_goes_with_it(
    shop: Cast, adapted: Make, django_capture_on_commit_callbacks: Any
) -> None:
    version, run = adapted(), start(shop)
    TrainingRun.objects.filter(pk=run.pk).update(version=version, status=JobStatus.SUCCEEDED)
    (run_folder(run) / "snapshot").mkdir(parents=True)
    with django_capture_on_commit_callbacks(execute=True):
        model_version_delete(actor=shop.admin, version=version)
    assert not run_folder(run).exists()


def test_a_folder_that_another_version_has_too_stays(
    shop: Cast, adapted: Make, django_capture_on_commit_callbacks: Any
) -> None:
    version = adapted()
    twin = adapted(folder=version.folder)
    with django_capture_on_commit_callbacks(execute=True):
        model_version_delete(actor=shop.admin, version=version)
    assert version.adapter_path is not None and version.adapter_path.is_dir()
    with django_capture_on_commit_callbacks(execute=True):
        model_version_delete(actor=shop.admin, version=twin)
    assert not version.adapter_path.exists(), "the last one takes it along"


def test_the_folder_of_the_shipped_adapter_stays_for_the_next_workspace(
    shop: Cast, adapted: Make, django_capture_on_commit_callbacks: Any
) -> None:
    version = adapted()
    assert version.adapter_path is not None
    version.adapter_path.rename(version.adapter_path.with_name(starter_adapter.NAME))
    ModelVersion.objects.filter(pk=version.pk).update(folder=starter_adapter.NAME)
    version.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        model_version_delete(actor=shop.admin, version=version)
    assert ModelVersion.objects.filter(pk=version.pk, status=Status.DELETED).exists()
    assert version.adapter_path.is_dir()


def test_a_version_that_is_in_use_is_not_deleted(shop: Cast, adapted: Make) -> None:
    for use in (written_with, trained_on, measured_now, measured_against):
        version = adapted()
        use(shop, version)
        with pytest.raises(ConflictError):
            model_version_delete(actor=shop.admin, version=version)
        assert version.adapter_path is not None and version.adapter_path.is_dir()


def written_with(cast: Cast, version: ModelVersion) -> None:
    item = ItemRequest(payload={"product_title": f"Mug {version.number}"}, count=1)
    run, _ = run_create(actor=cast.copywriter, workspace=cast.workspace, label="x", items=[item])
    type(run).objects.filter(pk=run.pk).update(model_version=version)


def trained_on(cast: Cast, version: ModelVersion) -> None:
    assert start(cast, parent=version).parent == version
    assert TrainingRun.objects.get(parent=version).status == JobStatus.QUEUED


def measured_now(cast: Cast, version: ModelVersion) -> None:
    measured(version, None, status=JobStatus.QUEUED)


def measured_against(cast: Cast, version: ModelVersion) -> None:
    measured(active_of(cast), None, status=JobStatus.QUEUED, against=version)
