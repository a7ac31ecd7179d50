"""Actions of the Django admin: what the service does, with the superuser's own role, and its refusal as a message."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copystudio.models import Event, User
from generation.models import Evaluation, LanguageModel, ModelVersion, TrainingRun
from tests.generation.learning import Learned, active_of, base_of, start, used
from tests.generation.versions import make_version
from tests.people import Cast, person


def superuser(user: User) -> User:
    user.is_superuser = True
    user.save()
    return user


@pytest.fixture
def shop(shop: Cast) -> Cast:
    superuser(shop.admin)
    return shop


def act(
    cast: Cast, table: str, action: str, *rows: Any, user: User | None = None, **more: Any
) -> list[tuple[str, str]]:
    """Do it as the list's form does; what the page says then, each with its tone."""
    data = {"action": action, "_selected_action": [row.pk for row in rows], "index": "0", **more}
    url = f"/admin/generation/{table}/"
    response = cast.client(user or cast.admin).post(url, data, follow=True)
    assert response.status_code == 200
    return [(message.level_tag, str(message)) for message in response.context["messages"]]


def last_event() -> tuple[str, int | None]:
    event = Event.objects.order_by("-id")[0]
    return event.verb, event.actor_id


def test_a_version_is_promoted_with_a_reason_and_refused_without(shop: Cast) -> None:
    version = make_version(shop)
    [(tone, said)] = act(shop, "modelversion", "promote", version)
    assert tone == "error" and "never measured" in said and active_of(shop) != version
    [(tone, _said)] = act(shop, "modelversion", "promote", version, reason="Read by hand.")
    assert tone == "success" and active_of(shop) == version
    event = Event.objects.get(verb="modelversion.promote")
    assert (event.actor, event.data["reason"]) == (shop.admin, "Read by hand.")


def test_a_version_in_the_wrong_state_is_refused(shop: Cast) -> None:
    [(tone, _said)] = act(shop, "modelversion", "promote", active_of(shop), reason="Again.")
    assert tone == "error" and not Event.objects.filter(verb="modelversion.promote").exists()


def test_a_workspace_is_rolled_back_once_however_many_versions_are_chosen(shop: Cast) -> None:
    former, version = active_of(shop), make_version(shop)
    act(shop, "modelversion", "promote", version, reason="Read by hand.")
    [(tone, said)] = act(shop, "modelversion", "roll_back", version, former)
    assert tone == "success" and f"{former} writes again instead of {version}." in said and active_of(shop) == former
    [(tone, said)] = act(shop, "modelversion", "roll_back", version)
    assert tone == "error" and "no former version" in said


def test_versions_are_measured(shop: Cast) -> None:
    version = make_version(shop)
    said = act(shop, "modelversion", "measure", version, make_version(shop, status="deleted"))
    assert sorted(tone for tone, _text in said) == ["error", "success"]
    assert Evaluation.objects.get().version == version
    assert last_event() == ("evaluation.create", shop.admin.pk)


def test_a_training_run_is_cancelled_and_resumed(shop: Cast) -> None:
    run = start(shop)
    assert act(shop, "trainingrun", "cancel", run)[0][0] == "success"
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert act(shop, "trainingrun", "cancel", run)[0][0] == "error"
    assert act(shop, "trainingrun", "resume", run)[0][0] == "success"
    run.refresh_from_db()
    assert run.status == "queued"


ACTIONS = [
    ("modelversion", "promote"), ("modelversion", "roll_back"),
    ("modelversion", "measure"), ("trainingrun", "cancel"), ("trainingrun", "resume"),
]  # fmt: skip


@pytest.mark.parametrize("who", ["viewer", "approver", "operator", "stranger"])
@pytest.mark.parametrize(("table", "action"), ACTIONS)
def test_a_superuser_does_only_what_their_role_in_the_workspace_allows(
    shop: Cast, table: str, action: str, who: str
) -> None:
    run = start(shop)
    make_version(shop, status="retired")
    if action != "cancel":
        TrainingRun.objects.filter(pk=run.pk).update(status="cancelled")
    rows = {"modelversion": active_of(shop), "trainingrun": run}
    if action == "promote":
        rows["modelversion"] = make_version(shop)
    if action == "roll_back":
        act(shop, "modelversion", "promote", make_version(shop), reason="Read by hand.")
    user = superuser(person("operator") if who == "operator" else getattr(shop, who))
    before = Event.objects.count()
    said = act(shop, table, action, rows[table], user=user, reason="Mine.")
    about = str(shop.workspace) if action == "roll_back" else f"{rows[table]} · {shop.workspace}"
    assert said == [("error", f"{about}: Your role does not allow this.")]
    assert Event.objects.count() == before


@pytest.mark.parametrize("table", ["languagemodel", "modelversion", "trainingrun", "evaluation"])
def test_a_list_takes_as_many_queries_for_ten_rows_as_for_one(shop: Cast, table: str) -> None:
    def fill() -> None:
        version = make_version(shop)
        Evaluation.objects.create(workspace=shop.workspace, version=version, created_by=shop.admin, status="succeeded")
        run = TrainingRun.objects.create(
            workspace=shop.workspace, created_by=shop.admin, language_model=base_of(shop), label="A", config={},
            template="brief-1", status="cancelled",
        )  # fmt: skip
        if table == "languagemodel":
            LanguageModel.objects.create(workspace=shop.workspace, name="More", folder=f"more-{run.pk}")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert shop.client(shop.admin).get(f"/admin/generation/{table}/").status_code == 200
        return len(captured)

    fill()
    few = queries()
    for _ in range(9):
        if table != "languagemodel":
            fill()
    if table == "languagemodel":
        for n in range(9):
            LanguageModel.objects.create(workspace=shop.workspace, name="More", folder=f"much-{n}")
    assert queries() == few


def test_a_row_is_shown_and_offers_nothing_to_save(shop: Cast) -> None:
    version = make_version(shop, name="Spring", lineage={"seed": 7})
    page = shop.client(shop.admin).get(f"/admin/generation/modelversion/{version.pk}/change/").content.decode()
    assert "Spring" in page and 'name="_save"' not in page and "deletelink" not in page
    assert shop.client(shop.admin).post(f"/admin/generation/modelversion/{version.pk}/change/", {}).status_code == 405


def test_a_training_of_a_part_says_what_that_is_called(shop: Cast, learned: Learned) -> None:
    learned.parts, learned.examples = [("brand/1", "North Trails")], [used(1)]

    def page(run: TrainingRun) -> str:
        return shop.client(shop.admin).get(f"/admin/generation/trainingrun/{run.pk}/change/").content.decode()

    run = start(shop, scope="brand/1")
    assert "North Trails" in page(run) and "brand/1" not in page(run) and "All brands" not in page(run)
    TrainingRun.objects.filter(pk=run.pk).update(scope="")
    assert "All brands" in page(run)


def test_the_samples_of_a_blind_vote_are_not_shown(shop: Cast) -> None:
    evaluation = Evaluation.objects.create(
        workspace=shop.workspace, version=make_version(shop), status="succeeded", samples=[{"text": "whose is it"}],
        results={
            "new": {"texts": [["the new one wrote"]], "items": ["the item"]},
            "base": {"texts": [["the base wrote"]]},
            "gates": [{"name": "the gate"}],
        },
    )  # fmt: skip
    page = shop.client(shop.admin).get(f"/admin/generation/evaluation/{evaluation.pk}/change/").content.decode()
    for text in ("whose is it", "the new one wrote", "the base wrote"):
        assert text not in page
    assert "the item" in page and "the gate" in page, "the figures are shown"


def test_no_action_deletes(shop: Cast) -> None:
    version = make_version(shop)
    said = act(shop, "modelversion", "delete_selected", version)
    assert said == [("warning", "No action selected.")]
    assert ModelVersion.objects.filter(pk=version.pk).exists()
