"""Paraphrases in a training's snapshot: only where a model for them is configured, frozen with the rest, told in the log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from copystudio.db import JobStatus
from copystudio.errors import InvalidInputError
from generation.engine.training.back_translation import BackTranslator
from generation.engine.training.dataset import TrainingExample, is_held_out
from generation.models import TrainingLine, TrainingRun
from generation.services import back_translation
from generation.services.run_folder import run_folder
from generation.services.snapshot import data_collect, snapshot_read
from generation.services.train import training_execute
from generation.services.training import training_cancel
from tests.generation.learning import QUICK, Learned, start
from tests.people import Cast


def execute(run: TrainingRun) -> TrainingRun:
    training_execute(run_id=run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture
def scripted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configured model that says one half of the texts in other words, and breaks the channel's limit with the rest."""
    settings.BACK_TRANSLATION_MODEL = "tiny"
    monkeypatch.setattr(back_translation, "SHARE", 1.0)

    def translate(self: BackTranslator, examples: Sequence[TrainingExample], seed: int) -> list[str]:
        words = [one.brief.product_title.split()[1] for one in examples]
        good = [f"For every evening there is this soft {word}, and it is warm." for word in words]
        return [f"{text} Every single evening." if place % 2 else text for place, text in enumerate(good)]

    monkeypatch.setattr(BackTranslator, "__call__", translate)


def test_they_are_frozen_with_the_rest_and_counted(shop: Cast, scripted: None, learned: Learned) -> None:
    learned.corpus = [replace(one, text=f"a soft warm {one.product} for every evening") for one in learned.corpus]
    run = execute(start(shop, config=replace(QUICK, epochs=1)))
    assert (run.status, run.error_params) == (JobStatus.SUCCEEDED, {})
    snapshot = snapshot_read(run_folder(run) / "snapshot")
    made = [one for one in snapshot.split.examples if one.id.endswith("/bt")]
    assert made and all(one.weight == 0.5 and len(one.text) <= 60 for one in made)
    assert not any(one.id.endswith("/bt") for one in snapshot.split.held_out)
    counts = snapshot.paraphrases
    assert counts["kept"] == len(made)
    assert counts["rules"] > 0
    assert sum(counts.values()) == sum(not is_held_out(one.product) for one in learned.corpus)
    line = TrainingLine.objects.get(run=run, code="paraphrased")
    assert line.params == {"kept": len(made), "tried": sum(counts.values())}


def test_without_a_model_there_are_none(shop: Cast, settings: Any) -> None:
    assert settings.BACK_TRANSLATION_MODEL == ""
    run = execute(start(shop, config=replace(QUICK, epochs=1)))
    snapshot = snapshot_read(run_folder(run) / "snapshot")
    assert (snapshot.paraphrases, len(snapshot.split.examples)) == ({}, 20)
    assert "paraphrases" not in json.loads((run_folder(run) / "snapshot" / "snapshot.json").read_text())


def test_a_model_that_is_not_there_fails_the_run_with_its_name(shop: Cast, settings: Any) -> None:
    settings.BACK_TRANSLATION_MODEL = "nowhere"
    run = execute(start(shop))
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine")
    assert "nowhere" in run.error_params["detail"]


def test_cancelling_stops_a_real_model_between_two_tokens(
    shop: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACK_TRANSLATION_MODEL = "tiny"
    monkeypatch.setattr(back_translation, "SHARE", 1.0)
    run = start(shop)
    honest = back_translation.encoder_open

    def cancelled_while_loading(**options: Any) -> Any:
        training_cancel(actor=shop.admin, run=run)
        return honest(**options)

    monkeypatch.setattr(back_translation, "encoder_open", cancelled_while_loading)
    assert execute(run).status == JobStatus.CANCELLED
    assert not (run_folder(run) / "snapshot").exists()


def test_a_model_for_them_makes_the_same_data_something_new(shop: Cast, settings: Any) -> None:
    plain = execute(start(shop))
    assert plain.status == JobStatus.SUCCEEDED
    with pytest.raises(InvalidInputError) as caught:
        start(shop)
    assert caught.value.code == "nothing_new"
    settings.BACK_TRANSLATION_MODEL = "tiny"
    other = start(shop)
    assert other.data_sha256 != plain.data_sha256 and other.data_counts == {"starter": 24}
    settings.BACK_TRANSLATION_MODEL = "another"
    third = data_collect(workspace=shop.workspace, since=None, until=other.until, with_corpus=True)
    assert third.sha256 not in (plain.data_sha256, other.data_sha256)
