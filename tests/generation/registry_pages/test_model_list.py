"""The list of versions with the active one on top, and going back to the former one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from copystudio.models import Event
from generation.models import LanguageModel, ModelVersion
from generation.selectors.registry import best_loss, history_of, learned_from
from tests.generation.registry_pages.makers import HISTORY, make_evaluation, make_version, write_base
from tests.people import Cast, make_cast

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def model_root(settings: Any, tmp_path: Path) -> Path:
    settings.MODEL_ROOT = tmp_path
    return tmp_path


def url(cast: Cast, rest: str = "") -> str:
    return f"/w/{cast.workspace.slug}/models/{rest}"


def test_a_row_says_what_a_version_learned_how_it_was_measured_and_what_it_wrote(cast: Cast) -> None:
    version = make_version(cast)
    make_evaluation(cast, version, good=False)
    page = cast.client(cast.viewer).get(url(cast))
    row = next(row for row in page.context["rows"] if row.version == version)
    assert (row.loss, row.version.runs_written) == (2.125, 0)
    assert row.gates.measured and row.gates.failed and row.gates.passed
    shown = page.content.decode()
    assert "2,000 examples: Starter corpus, Approved as the model wrote it" in shown and "2.125" in shown
    assert f"{row.gates.failed} failed, {row.gates.passed} passed" in shown


def test_what_was_not_measured_says_so(cast: Cast) -> None:
    make_version(cast)
    assert "Not measured" in cast.client(cast.viewer).get(url(cast)).content.decode()


def test_the_lists_length_changes_no_number_of_queries(cast: Cast) -> None:
    client = cast.client(cast.viewer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(url(cast))
        return len(captured)

    make_evaluation(cast, make_version(cast))
    queries()
    few = queries()
    for _number in range(6):
        make_version(cast)
    make_evaluation(cast, make_version(cast), good=False)
    assert queries() == few < 22


def test_it_is_filtered_by_status_and_base(cast: Cast) -> None:
    other = LanguageModel.objects.create(workspace=cast.workspace, name="Other base", folder="other", licence="MIT")
    staged, elsewhere = make_version(cast, name="Staged one"), make_version(cast, name="Else", language_model=other)
    ModelVersion.objects.filter(pk=elsewhere.pk).update(status="retired")
    client = cast.client(cast.viewer)
    assert [one.version for one in client.get(url(cast), {"status": "staged"}).context["rows"]] == [staged]
    assert [one.version for one in client.get(url(cast), {"language_model": other.pk}).context["rows"]] == [elsewhere]
    empty = client.get(url(cast), {"status": "deleted"}, headers=HTMX).content.decode()
    assert "No version matches" in empty and "<html" not in empty


def test_a_base_of_another_workspace_is_no_filter(cast: Cast) -> None:
    foreign = LanguageModel.objects.filter(workspace=make_cast("other").workspace).earliest("pk")
    assert "language_model" in cast.client(cast.viewer).get(
        url(cast), {"language_model": foreign.pk}
    ).context["filter"].form.errors  # fmt: skip


def test_only_the_own_workspaces_versions_and_bases_are_shown(cast: Cast) -> None:
    make_version(make_cast("other"), name="Theirs")
    page = cast.client(cast.viewer).get(url(cast))
    assert "Theirs" not in page.content.decode() and len(page.context["bases"]) == 1


def test_bases_are_shown_with_what_their_folder_holds(cast: Cast, model_root: Path) -> None:
    base = LanguageModel.objects.get(workspace=cast.workspace)
    shown = cast.client(cast.viewer).get(url(cast)).content.decode()
    assert "config.json is missing." in shown
    write_base(model_root, base.folder)
    shown = cast.client(cast.viewer).get(url(cast)).content.decode()
    assert "Gemma3ForCausalLM" in shown and "config.json is missing." not in shown


def test_rolling_back_names_the_version_and_lets_it_write_again(cast: Cast) -> None:
    first = ModelVersion.objects.get(workspace=cast.workspace, status="active")
    second = make_version(cast, status="active", promoted_at=timezone.now() + dt.timedelta(seconds=1))
    client = cast.client(cast.admin)
    page = client.get(url(cast)).content.decode()
    assert f"Roll back to version {first.number}" in page
    assert f'<input type="hidden" name="leaving" value="{second.pk}">' in page
    assert client.post(url(cast, "roll-back/"), {"leaving": second.pk}).status_code == 303
    assert f"Version {first.number} writes again." in client.get(url(cast)).content.decode()
    for version, status in ((first, "active"), (second, "retired")):
        version.refresh_from_db()
        assert version.status == status
    assert Event.objects.get(verb="modelversion.roll_back").actor == cast.admin


def test_the_second_of_two_who_confirmed_the_same_goes_no_further_back(cast: Cast) -> None:
    first = ModelVersion.objects.get(workspace=cast.workspace, status="active")
    ModelVersion.objects.filter(pk=first.pk).update(status="retired", promoted_at=timezone.now())
    second = make_version(cast, status="retired", promoted_at=timezone.now() + dt.timedelta(seconds=1))
    third = make_version(cast, status="active", promoted_at=timezone.now() + dt.timedelta(seconds=2))
    client = cast.client(cast.admin)
    assert client.post(url(cast, "roll-back/"), {"leaving": third.pk}).status_code == 303
    answer = client.post(url(cast, "roll-back/"), {"leaving": third.pk})
    assert answer.status_code == 409
    assert "Which version writes has changed in the meantime." in answer.content.decode()
    second.refresh_from_db()
    assert second.status == "active" and Event.objects.filter(verb="modelversion.roll_back").count() == 1


def test_a_roll_back_that_does_not_say_what_it_leaves_is_refused(cast: Cast) -> None:
    make_version(cast, status="active", promoted_at=timezone.now() + dt.timedelta(seconds=1))
    foreign = ModelVersion.objects.filter(workspace=make_cast("other").workspace).earliest("pk")
    for data in ({}, {"leaving": "x"}, {"leaving": foreign.pk}):
        assert cast.client(cast.admin).post(url(cast, "roll-back/"), data).status_code == 422
    assert not Event.objects.filter(verb="modelversion.roll_back").exists()


def test_without_a_former_version_there_is_no_way_back(cast: Cast) -> None:
    ModelVersion.objects.filter(workspace=cast.workspace, status="retired").delete()
    client = cast.client(cast.admin)
    assert "roll-back" not in client.get(url(cast)).content.decode()
    active = ModelVersion.objects.get(workspace=cast.workspace, status="active")
    assert client.post(url(cast, "roll-back/"), {"leaving": active.pk}).status_code == 409


def test_a_studio_in_which_no_version_writes_says_so(cast: Cast) -> None:
    ModelVersion.objects.filter(workspace=cast.workspace).update(status="retired")
    assert "No version writes" in cast.client(cast.viewer).get(url(cast)).content.decode()


def test_only_admins_roll_back(cast: Cast) -> None:
    make_version(cast, status="active")
    for person in (cast.viewer, cast.copywriter, cast.approver):
        assert cast.client(person).post(url(cast, "roll-back/")).status_code == 403
        assert "roll-back" not in cast.client(person).get(url(cast)).content.decode()
    assert cast.client(cast.stranger).post(url(cast, "roll-back/")).status_code == 404
    assert cast.client(cast.stranger).get(url(cast)).status_code == 404
    assert cast.client(cast.admin).get(url(cast, "roll-back/")).status_code == 405


def test_the_history_of_a_shipped_adapter_stands_one_level_lower(cast: Cast) -> None:
    version = make_version(cast, lineage={"data_counts": {"starter": 1}, "state": {"history": HISTORY}})
    assert history_of(version) == HISTORY and best_loss(version) == 2.125
    assert learned_from(version) == "1 example: Starter corpus"


def test_a_version_that_was_not_trained_has_no_loss(cast: Cast) -> None:
    version = make_version(cast, lineage={})
    assert (best_loss(version), learned_from(version), history_of(version)) == (None, "", [])
