"""The model card: what a version is, and promoting, retiring, deleting and measuring it from there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse

from copystudio import __version__
from copystudio.models import Event
from generation.engine import starter
from generation.models import Evaluation, LanguageModel, ModelVersion
from tests.generation.registry_pages.makers import make_evaluation, make_version
from tests.people import Cast, make_cast


@pytest.fixture(autouse=True)
def model_root(settings: Any, tmp_path: Path) -> Path:
    settings.MODEL_ROOT = tmp_path
    return tmp_path


def url(version: ModelVersion, rest: str = "") -> str:
    return f"/w/{version.workspace.slug}/models/{version.pk}/{rest}"


def card(cast: Cast, version: ModelVersion) -> str:
    return cast.client(cast.viewer).get(url(version)).content.decode()


def promote(cast: Cast, version: ModelVersion, reason: str = "") -> HttpResponse:
    return cast.client(cast.admin).post(url(version, "promote/"), {"reason": reason})


def test_it_says_what_the_version_is_made_of_and_learned_from(cast: Cast) -> None:
    parent = make_version(cast, name="Summer")
    version = make_version(cast, parent=parent, base_sha256="b" * 64, adapter_sha256="a" * 64, folder="adapter-1")
    child = make_version(cast, parent=version)
    shown = card(cast, version)
    for words in ("b" * 64, "a" * 64, "c" * 40, "d" * 64, "brief-1", "1,900", "learning_rate", "0.0004", "2.125"):
        assert words in shown
    assert url(parent) in shown and url(child) in shown
    assert 'data-chart="' in shown and '<details class="chart-table" open>' in shown  # readable without JavaScript


def test_the_time_budget_has_its_unit(cast: Cast) -> None:
    assert "1,800 s" in card(cast, make_version(cast, lineage={"config": {"time_budget": 1800.0}}))


def test_it_says_what_it_is_for_and_its_limits(cast: Cast) -> None:
    shown = card(cast, make_version(cast))
    assert "What it is for" in shown and "Its limits" in shown and "It is the base model alone" in shown


def test_gemma_comes_with_its_terms_and_another_base_with_its_own(cast: Cast) -> None:
    gemma = LanguageModel.objects.create(
        workspace=cast.workspace,
        name="Gemma",
        folder="gemma",
        licence=starter.LICENCE,
        licence_url=starter.LICENCE_URL,
    )
    shown = card(cast, make_version(cast, language_model=gemma))
    assert f'href="{starter.LICENCE_URL}"' in shown and "prohibited use policy" in shown
    other = LanguageModel.objects.create(workspace=cast.workspace, name="Other", folder="other", licence="MIT")
    shown = card(cast, make_version(cast, language_model=other))
    assert "MIT" in shown and "prohibited use policy" not in shown


def test_it_shows_the_figures_of_the_newest_evaluation(cast: Cast) -> None:
    version = make_version(cast)
    make_evaluation(cast, version, good=False)
    make_evaluation(cast, version)
    page = cast.client(cast.viewer).get(url(version))
    assert page.context["figures"].groups[0].title == "How well it knows good copy"
    assert len(page.context["evaluations"]) == 2 and page.context["evaluation"].passed
    assert "Held-out loss" in page.content.decode() and 'class="interval is-better"' in page.content.decode()


def test_a_version_that_passed_is_promoted_without_a_reason(cast: Cast) -> None:
    version = make_version(cast)
    make_evaluation(cast, version)
    client = cast.client(cast.admin)
    assert 'name="reason"' not in client.get(url(version)).content.decode()
    assert client.post(url(version, "promote/")).status_code == 303
    assert f"Version {version.number} writes from now on." in client.get(url(version)).content.decode()
    version.refresh_from_db()
    assert version.status == "active"
    assert Event.objects.get(verb="modelversion.promote").data == {"passed": True, "reason": ""}


@pytest.mark.parametrize(
    ("measured", "words"), [(False, "It was never measured."), (True, "It did not pass every gate.")]
)
def test_without_passed_gates_a_reason_is_asked_for_and_kept(cast: Cast, measured: bool, words: str) -> None:
    version = make_version(cast)
    if measured:
        make_evaluation(cast, version, good=False)
    page = cast.client(cast.admin).get(url(version)).content.decode()
    assert re.search(r"<textarea[^>]* required[^>]*>", page), "the browser asks for it before the question"
    refused = promote(cast, version, " ")
    assert refused.status_code == 422 and words in refused.content.decode()
    version.refresh_from_db()
    assert version.status == "staged"
    assert promote(cast, version, "It reads better.").status_code == 303
    assert Event.objects.get(verb="modelversion.promote").data["reason"] == "It reads better."
    page = cast.client(cast.viewer).get(url(version)).content.decode()
    assert "promoted it: it wrote from then on." in page and "It reads better." in page


def test_broken_files_are_said_above_the_form_and_the_reason_is_kept(cast: Cast) -> None:
    version = make_version(cast, folder="lost", adapter_sha256="a" * 64)
    shown = promote(cast, version, "Try it").content.decode()
    assert "The files of this version are not as they were written" in shown and "Try it</textarea>" in shown


def test_a_reason_that_is_too_long_is_refused_with_the_text_kept(cast: Cast) -> None:
    version = make_version(cast)
    answer = promote(cast, version, "long " * 101)
    assert answer.status_code == 422 and "long long" in answer.content.decode()


def test_the_failed_gates_stand_beside_the_promotion(cast: Cast) -> None:
    version = make_version(cast)
    make_evaluation(cast, version, good=False)
    shown = cast.client(cast.admin).get(url(version)).content.decode()
    beside = shown.split('id="promote"')[1].split("</section>")[0]
    assert "States nothing without a fact" in beside and "(at most 25.0" in beside


def test_measured_against_another_than_writes_now_a_reason_is_asked_for(cast: Cast) -> None:
    version = make_version(cast)
    make_evaluation(cast, version)
    make_version(cast, status="active")
    page = cast.client(cast.admin).get(url(version))
    assert page.context["gate_count"].all_passed and page.context["is_outdated"]
    assert 'name="reason"' in page.content.decode()
    assert promote(cast, version).status_code == 422
    assert promote(cast, version, "Read by hand.").status_code == 303


def test_a_staged_version_is_retired_and_an_active_one_offers_neither_that_nor_deletion(cast: Cast) -> None:
    version, active = make_version(cast), make_version(cast, status="active")
    client = cast.client(cast.admin)
    shown = client.get(url(active)).content.decode()
    assert url(active, "retire/") not in shown and url(active, "delete/") not in shown
    assert client.post(url(active, "delete/")).status_code == 409
    assert client.post(url(version, "retire/")).status_code == 303
    version.refresh_from_db()
    assert version.status == "retired" and Event.objects.filter(verb="modelversion.retire").exists()
    assert client.post(url(version, "retire/")).status_code == 409


def test_deleting_says_what_is_lost_and_keeps_the_card(cast: Cast) -> None:
    version = make_version(cast)
    client = cast.client(cast.admin)
    assert "Its weights are lost for good" in client.get(url(version)).content.decode()
    assert client.post(url(version, "delete/")).status_code == 303
    shown = client.get(url(version)).content.decode()
    assert "The files of this version are deleted" in shown
    for rest in ("delete/", "promote/", "measure/"):
        assert url(version, rest) not in shown and client.post(url(version, rest), {"reason": "x"}).status_code == 409


def test_measuring_leads_to_the_evaluation_and_twice_is_once(cast: Cast) -> None:
    version = make_version(cast)
    client = cast.client(cast.admin)
    answer = client.post(url(version, "measure/"))
    evaluation = Evaluation.objects.get(version=version)
    assert answer["Location"] == f"/w/{cast.workspace.slug}/evaluations/{evaluation.pk}/"
    assert client.post(url(version, "measure/"))["Location"] == answer["Location"]
    shown = client.get(url(version)).content.decode()
    assert "Being measured" in shown and url(version, "measure/") not in shown


@pytest.mark.parametrize("verb", ["promote", "retire", "delete", "measure"])
def test_only_admins_change_a_version_and_others_see_no_buttons(cast: Cast, verb: str) -> None:
    version = make_version(cast)
    for person in (cast.viewer, cast.copywriter, cast.approver):
        client = cast.client(person)
        assert client.post(url(version, f"{verb}/"), {"reason": "x"}).status_code == 403
        assert url(version, f"{verb}/") not in client.get(url(version)).content.decode()
    assert cast.client(cast.stranger).post(url(version, f"{verb}/")).status_code == 404
    assert cast.client(cast.admin).get(url(version, f"{verb}/")).status_code == 405
    version.refresh_from_db()
    assert version.status == "staged" and not Evaluation.objects.exists()


def test_a_version_of_another_workspace_is_a_404(cast: Cast) -> None:
    foreign = make_version(make_cast("other"))
    client = cast.client(cast.admin)
    assert client.get(f"/w/{cast.workspace.slug}/models/{foreign.pk}/").status_code == 404
    assert client.post(f"/w/{cast.workspace.slug}/models/{foreign.pk}/delete/").status_code == 404
    assert cast.client(cast.stranger).get(url(make_version(cast))).status_code == 404


def test_markup_in_a_lineage_is_text(cast: Cast) -> None:
    version = make_version(cast, name="<b>x</b>", lineage={"config": {"<i>y</i>": "<script>alert(1)</script>"}})
    shown = card(cast, version)
    assert "<b>x</b>" not in shown and "<i>y</i>" not in shown and "<script>alert(1)" not in shown


def test_the_foot_of_its_page_has_the_version_of_the_studio_and_not_of_the_model(cast: Cast) -> None:
    assert f"<span>Copy Studio {__version__}</span>" in card(cast, make_version(cast))


def test_it_says_what_it_was_trained_from_where_that_is_no_version_here_and_of_what_its_loss_is(cast: Cast) -> None:
    history = [{"step": 0, "held_out": 1.758}, {"step": 748, "held_out": 1.782}]
    lineage = {"parent": "f" * 64, "config": {"keep_parent": 0.5}, "state": {"history": history, "held_out": 1.741}}
    shown = card(cast, make_version(cast, lineage=lineage))
    assert f"an adapter that is no version here, SHA-256 {'f' * 12}…" in shown
    assert "Its held-out loss is 1.741 nats" in shown and "The curve is of the weights in training." in shown
    plain = card(cast, make_version(cast, lineage={}))
    assert "not trained: it is the base model alone" in plain and "The curve is of the weights" not in plain
