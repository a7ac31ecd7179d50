"""Starting a training in the Django admin: the studio's own form, estimate and service, with the superuser's own role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from copystudio.models import Event
from generation.models import LanguageModel, ModelVersion, TrainingRun
from tests.generation import learning
from tests.generation.learning import base_of
from tests.generation.operator.test_actions import last_event, superuser
from tests.people import Cast, person

ASKED = {"recipe": "standard", "with_corpus": "on", "label": "Mine"}


@pytest.fixture
def shop(shop: Cast) -> Cast:
    superuser(shop.admin)
    return shop


def url(base: LanguageModel) -> str:
    return f"/admin/generation/languagemodel/{base.pk}/train/"


def send(shop: Cast, user: Any = None, **values: Any) -> HttpResponse:
    base = base_of(shop)
    return shop.client(user or shop.admin).post(url(base), {"language_model": base.pk, **ASKED, **values}, follow=True)


def said(response: Any) -> list[tuple[str, str]]:
    return [(one.level_tag, str(one)) for one in response.context["messages"]]


def test_the_action_leads_to_the_form_of_one_base(shop: Cast) -> None:
    base = base_of(shop)
    more = LanguageModel.objects.create(workspace=shop.workspace, name="More", folder="more")
    data: dict[str, Any] = {"action": "start_training", "index": "0"}
    client = shop.client(shop.admin)
    one = client.post("/admin/generation/languagemodel/", {**data, "_selected_action": [base.pk]})
    assert one["Location"] == url(base)
    two = client.post("/admin/generation/languagemodel/", {**data, "_selected_action": [base.pk, more.pk]}, follow=True)
    assert [tone for tone, _text in said(two)] == ["error"] and not TrainingRun.objects.exists()


def test_it_asks_for_all_that_the_page_asks_for_over_this_base(
    shop: Cast, adapted: Callable[..., ModelVersion]
) -> None:
    version = adapted()
    page = shop.client(shop.admin).get(url(base_of(shop)))
    text = page.content.decode()
    assert page.context["form"].initial["language_model"] == base_of(shop).pk
    assert f'<option value="{version.pk}">' in text and 'id="estimate"' in text and 'hx-get="' in text
    assert page.context["estimate"].example_count == 24


def test_it_is_for_this_base_alone(shop: Cast, adapted: Callable[..., ModelVersion]) -> None:
    version, base, client = adapted(), base_of(shop), shop.client(shop.admin)
    more = LanguageModel.objects.create(workspace=shop.workspace, name="More", folder="more")
    assert f'<option value="{version.pk}">' not in client.get(url(more)).content.decode()
    for values in ({"language_model": base.pk}, {"language_model": more.pk, "parent": version.pk}):
        assert client.post(url(more), {**ASKED, **values}).status_code == 422 and not TrainingRun.objects.exists()


def test_a_training_that_is_open_is_named_with_the_way_to_it(shop: Cast) -> None:
    send(shop)
    run = TrainingRun.objects.get()
    page = shop.client(shop.admin).get(url(base_of(shop))).content.decode()
    assert f'<a href="/admin/generation/trainingrun/{run.pk}/change/">Mine</a>' in page


def test_the_estimate_follows_what_is_filled_in(shop: Cast) -> None:
    asked = {"language_model": base_of(shop).pk, "recipe": "quick"}  # without the corpus there is nothing to learn from
    part = shop.client(shop.admin).get(url(base_of(shop)), asked, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode() and part.context["estimate"].too_few
    assert part.context["config"].epochs == 1
    look = shop.client(shop.admin).post(url(base_of(shop)), {**asked, "look": "1"})
    assert look.status_code == 303 and "recipe=quick" in look["Location"] and not TrainingRun.objects.exists()


def test_it_starts_and_twice_is_once(shop: Cast) -> None:
    [(tone, text)] = said(send(shop, recipe="thorough", window="90", time_budget="30"))
    run = TrainingRun.objects.get()
    assert (tone, run.label, run.created_by) == ("success", "Mine", shop.admin) and "Mine" in text
    assert (run.config["epochs"], run.config["rank"], run.config["time_budget"]) == (5, 32, 1800.0)
    assert run.since is not None and round((run.until - run.since).total_seconds() / 86_400) == 90
    assert last_event() == ("trainingrun.create", shop.admin.pk)
    [(_tone, text)] = said(send(shop, recipe="thorough", window="90", time_budget="30"))
    assert "open already" in text and TrainingRun.objects.count() == 1


def test_it_goes_on_from_a_version(shop: Cast, adapted: Callable[..., ModelVersion]) -> None:
    version = adapted()
    page = send(shop, parent=version.pk, rank="4")
    assert page.status_code == 200, page.context["form"].errors
    assert TrainingRun.objects.get().parent == version


@pytest.mark.parametrize("values", [{"recipe": "none"}, {"window": "-1"}, {"time_budget": "0"}, {"parent": "77777"}])
def test_nonsense_starts_nothing(shop: Cast, values: dict[str, Any]) -> None:
    assert send(shop, **values).status_code == 422 and not TrainingRun.objects.exists()


def test_too_little_to_learn_from_is_said(shop: Cast) -> None:
    learning.LEARNED.corpus = learning.LEARNED.corpus[:3]
    page = send(shop)
    assert page.status_code == 422 and "at least 8" in page.content.decode() and not TrainingRun.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "approver", "operator", "stranger"])
def test_a_superuser_does_only_what_their_role_in_the_workspace_allows(shop: Cast, who: str) -> None:
    user = superuser(person("operator") if who == "operator" else getattr(shop, who))
    before = Event.objects.count()
    about = f"{base_of(shop)} · {shop.workspace}"
    assert said(send(shop, user)) == [("error", f"{about}: Your role does not allow this.")]
    assert Event.objects.count() == before and not TrainingRun.objects.exists()


@pytest.mark.parametrize("number", ["77777", "none"])
def test_a_base_that_is_not_there_is_404(shop: Cast, number: str) -> None:
    assert shop.client(shop.admin).get(f"/admin/generation/languagemodel/{number}/train/").status_code == 404
