"""Starting a training: who may, with what, and never twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from copystudio.db import JobStatus
from copystudio.errors import ConflictError, InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event, Outbox
from generation.engine.training.config import PROJECTIONS, TrainConfig
from generation.models import LanguageModel, ModelVersion, TrainingRun
from generation.services.train import training_execute
from generation.services.training import training_cancel, training_resume, training_start
from tests.generation.learning import (
    CORPUS,
    QUICK,
    Learned,
    base_of,
    delete,
    other_weights,
    pairs,
    start,
    train,
    used,
)
from tests.people import Cast


def test_a_run_is_queued_with_everything_that_it_will_learn_from(shop: Cast, learned: Learned) -> None:
    learned.examples, learned.pairs = [used(1)], pairs([0, 2])
    learned.excluded = {"demonstration": 3}
    since = timezone.now() - timedelta(days=30)
    run, is_new = training_start(
        actor=shop.admin,
        workspace=shop.workspace,
        label=" Spring ",
        language_model=base_of(shop),
        config=QUICK,
        since=since,
    )
    assert is_new
    assert (run.label, run.status, run.created_by, run.since) == ("Spring", JobStatus.QUEUED, shop.admin, since)
    assert run.data_counts == {"approved": 1, "edit_over_draft": 2, "starter": CORPUS}
    assert run.excluded == {"demonstration": 3}
    assert len(run.data_sha256) == 64
    assert TrainConfig.from_dict(run.config) == QUICK
    assert learned.windows == [(since, run.until)]
    assert Outbox.objects.filter(task="generation.train", object_id=run.pk).count() == 1
    event = Event.objects.get(verb="trainingrun.create")
    assert event.actor == shop.admin and event.object_id == run.pk
    assert event.data["data"] == run.data_counts


def test_a_seed_that_nobody_chose_is_drawn_and_kept(shop: Cast) -> None:
    seed = start(shop, config=replace(QUICK, seed=0)).config["seed"]
    assert seed > 0


def test_a_run_without_a_name_is_called_by_its_time(shop: Cast) -> None:
    with timezone.override("Asia/Shanghai"):
        run = start(shop, label="   ")
    assert run.label == (run.until + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M"), "the studio's clock, not UTC"


@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver", "stranger"])
def test_only_an_admin_of_the_workspace_may(shop: Cast, learned: Learned, person: str) -> None:
    with pytest.raises(NotPermittedError):
        training_start(
            actor=getattr(shop, person), workspace=shop.workspace, label="x", language_model=base_of(shop), config=QUICK
        )
    assert not learned.windows, "nobody's data are read before it is known who asks"
    assert not TrainingRun.objects.exists() and not Event.objects.filter(verb="trainingrun.create").exists()


def test_another_workspaces_base_is_refused(shop: Cast) -> None:
    foreign = LanguageModel.objects.get(workspace=shop.elsewhere)
    with pytest.raises(InvalidInputError) as caught:
        start(shop, language_model=foreign)
    assert list(caught.value.fields) == ["language_model"]


def test_a_parent_must_be_an_adapter_over_the_same_base(shop: Cast) -> None:
    foreign = ModelVersion.objects.get(workspace=shop.elsewhere)
    own = ModelVersion.objects.get(workspace=shop.workspace)
    for parent in (foreign, own):  # another's; the base alone, which has nothing to go on from
        with pytest.raises(InvalidInputError) as caught:
            start(shop, parent=parent)
        assert list(caught.value.fields) == ["parent"]
    version = train(shop)
    version = delete(shop, version)
    with pytest.raises(TransitionError):
        start(shop, parent=version)


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [({"rank": 8, "alpha": 16.0}, "rank", "rank 4"), ({"alpha": 16.0}, "parent", "alpha 8; these settings have 16")],
)
def test_what_goes_on_from_an_adapter_has_its_shape(
    shop: Cast, learned: Learned, adapted: Callable[..., ModelVersion], change: dict[str, Any], field: str, said: str
) -> None:
    parent = adapted()
    with pytest.raises(InvalidInputError) as caught:
        start(shop, parent=parent, config=replace(QUICK, **change))
    assert list(caught.value.fields) == [field] and said in str(caught.value.fields[field][0])
    assert not learned.windows and not TrainingRun.objects.exists()
    assert start(shop, parent=parent).parent == parent


def test_an_adapter_on_other_layers_is_not_gone_on_from(shop: Cast, adapted: Callable[..., ModelVersion]) -> None:
    parent = adapted()
    path = Path(str(parent.adapter_path)) / "adapter_config.json"
    settings = json.loads(path.read_text())
    assert settings["target_modules"] == sorted(PROJECTIONS)
    path.write_text(json.dumps(settings | {"target_modules": ["q_proj", "v_proj"]}))
    with pytest.raises(InvalidInputError) as caught:
        start(shop, parent=parent)
    assert "other layers" in str(caught.value.fields["parent"][0])


def test_an_adapter_whose_files_are_not_there_is_not_gone_on_from(
    shop: Cast, adapted: Callable[..., ModelVersion]
) -> None:
    parent = adapted()
    (Path(str(parent.adapter_path)) / "adapter_config.json").unlink()
    with pytest.raises(InvalidInputError) as caught:
        start(shop, parent=parent)
    assert "cannot be read" in str(caught.value.fields["parent"][0])


def test_an_adapter_over_a_base_that_was_replaced_is_not_gone_on_from(
    shop: Cast, adapted: Callable[..., ModelVersion]
) -> None:
    parent = adapted()
    other_weights(base_of(shop).path)
    with pytest.raises(InvalidInputError) as caught:
        start(shop, parent=parent)
    assert "was replaced" in str(caught.value.fields["parent"][0])


def test_a_window_in_the_future_is_refused(shop: Cast) -> None:
    with pytest.raises(InvalidInputError) as caught:
        start(shop, since=timezone.now() + timedelta(hours=1))
    assert list(caught.value.fields) == ["since"]


def test_too_little_to_learn_from_is_said(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in range(7)]
    with pytest.raises(InvalidInputError, match="7 examples") as caught:
        start(shop, with_corpus=False)
    assert caught.value.code == "invalid"
    learned.examples = [used(n) for n in range(8)]
    assert start(shop, with_corpus=False).data_counts == {"approved": 8}


def test_data_with_nothing_to_measure_by_are_refused(shop: Cast, learned: Learned) -> None:
    learned.examples = [replace(used(n), product="lamp") for n in range(20)]
    with pytest.raises(InvalidInputError, match="kept for measuring"):
        start(shop, with_corpus=False)
    learned.examples = [replace(used(n), product="mug") for n in range(20)]
    with pytest.raises(InvalidInputError, match="kept for measuring"):
        start(shop, with_corpus=False)


def test_a_part_of_the_data_is_learned_alone(shop: Cast, learned: Learned) -> None:
    learned.parts, learned.examples = [("brand/1", "North")], [used(1)]
    run = start(shop, scope="brand/1")
    training_execute(run_id=run.pk)
    run.refresh_from_db()
    assert (run.scope, run.status, learned.scopes) == ("brand/1", JobStatus.SUCCEEDED, ["brand/1"] * 2)
    assert run.version is not None and run.version.lineage["scope"] == "North"


def test_a_part_without_anything_to_learn_from_is_refused_whatever_the_corpus_has(shop: Cast, learned: Learned) -> None:
    learned.parts = [("brand/1", "North")]
    with pytest.raises(InvalidInputError) as caught:
        start(shop, scope="brand/1")
    assert list(caught.value.fields) == ["scope"] and not TrainingRun.objects.exists()


def test_a_part_that_is_not_there_is_refused(shop: Cast, learned: Learned) -> None:
    learned.parts = [("brand/1", "North")]
    with pytest.raises(InvalidInputError) as caught:
        start(shop, scope="brand/2")
    assert list(caught.value.fields) == ["scope"] and not TrainingRun.objects.exists()


def test_pressing_twice_is_one_run(shop: Cast) -> None:
    config = replace(QUICK, seed=0)
    first = start(shop, config=config)
    again, is_new = training_start(
        actor=shop.admin, workspace=shop.workspace, label="Again", language_model=base_of(shop), config=config
    )
    assert not is_new and again == first
    assert Event.objects.filter(verb="trainingrun.create").count() == 1


@pytest.mark.parametrize("other", [{"config": replace(QUICK, epochs=5)}, {"with_corpus": False}])
def test_another_wish_waits_until_the_open_run_has_ended(
    shop: Cast, learned: Learned, other: dict[str, object]
) -> None:
    learned.examples = [used(n) for n in range(12)]
    first = start(shop)
    with pytest.raises(ConflictError):
        start(shop, **other)
    training_cancel(actor=shop.admin, run=first)
    assert start(shop, **other).status == JobStatus.QUEUED


def test_workspaces_train_beside_each_other(shop: Cast) -> None:
    start(shop)
    run, is_new = training_start(
        actor=shop.stranger,
        workspace=shop.elsewhere,
        label="x",
        language_model=LanguageModel.objects.get(workspace=shop.elsewhere),
        config=QUICK,
    )
    assert is_new and run.workspace == shop.elsewhere


def test_a_run_that_would_give_the_same_version_again_is_refused(shop: Cast, learned: Learned) -> None:
    version = train(shop)
    with pytest.raises(InvalidInputError, match="Spring") as caught:
        start(shop)
    assert caught.value.code == "nothing_new"
    with pytest.raises(InvalidInputError) as caught:
        start(shop, config=replace(QUICK, seed=0))  # a seed that nobody chose is no other wish
    assert caught.value.code == "nothing_new"
    assert TrainingRun.objects.count() == 1
    for change in ({"config": replace(QUICK, seed=8)}, {"config": replace(QUICK, epochs=3)}, {"parent": version}):
        training_cancel(actor=shop.admin, run=start(shop, **change))
    learned.examples = [used(1)]
    training_cancel(actor=shop.admin, run=start(shop))


def test_another_base_in_the_same_folder_may_be_trained_on_the_same_data(shop: Cast) -> None:
    train(shop)
    other_weights(base_of(shop).path)
    assert start(shop).status == JobStatus.QUEUED


def test_a_version_whose_files_are_gone_may_be_trained_again(shop: Cast) -> None:
    version = train(shop)
    delete(shop, version)
    assert start(shop).status == JobStatus.QUEUED


def test_only_an_admin_cancels_and_resumes_and_only_what_can_be(shop: Cast) -> None:
    run = start(shop)
    for person in (shop.viewer, shop.copywriter, shop.approver, shop.stranger):
        with pytest.raises(NotPermittedError):
            training_cancel(actor=person, run=run)
    with pytest.raises(TransitionError):
        training_resume(actor=shop.admin, run=run)
    assert training_cancel(actor=shop.admin, run=run).status == JobStatus.CANCELLED
    with pytest.raises(TransitionError):
        training_cancel(actor=shop.admin, run=run)
    for person in (shop.viewer, shop.copywriter, shop.approver, shop.stranger):
        with pytest.raises(NotPermittedError):
            training_resume(actor=person, run=run)
    assert training_resume(actor=shop.admin, run=run).status == JobStatus.QUEUED
    verbs = Event.objects.filter(verb__startswith="trainingrun.").values_list("verb", flat=True)
    assert sorted(verbs) == ["trainingrun.cancel", "trainingrun.cancelled", "trainingrun.create", "trainingrun.resume"]


def test_resuming_waits_for_the_open_run(shop: Cast) -> None:
    first = start(shop)
    training_cancel(actor=shop.admin, run=first)
    start(shop, config=replace(QUICK, epochs=5))
    with pytest.raises(ConflictError):
        training_resume(actor=shop.admin, run=first)
    first.refresh_from_db()
    assert first.status == JobStatus.CANCELLED
