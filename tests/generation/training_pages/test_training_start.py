"""Starting a training from its form: recipes, expert settings, the live estimate, refusals with the input kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.models.variant import VariantStatus
from campaigns.services.dialogue import dialogue_import
from campaigns.services.product import product_archive
from generation.forms.training import RECIPES, TrainingForm
from generation.models import LanguageModel, ModelVersion, TrainingRun
from generation.services.lineage import base_sha256
from generation.services.training import training_start
from tests import factories
from tests.generation.training_pages.makers import HTMX, base_of, ended, make_training, make_version, write_points
from tests.people import Cast


@pytest.fixture(autouse=True)
def small_corpus(settings: Any) -> None:
    settings.STARTER_CORPUS = "tests.generation.training_pages.makers.few_examples"


def url(cast: Cast) -> str:
    return f"/w/{cast.workspace.slug}/training/new/"


def body(cast: Cast, **values: Any) -> dict[str, Any]:
    return {"label": "Autumn", "language_model": base_of(cast).pk, "with_corpus": "on", "recipe": "standard", **values}


def test_it_starts_what_was_chosen_and_goes_to_it(cast: Cast) -> None:
    answer = cast.client(cast.admin).post(url(cast), body(cast, window="90"))
    run = TrainingRun.objects.get()
    assert answer.status_code == 303 and answer["Location"] == f"/w/{cast.workspace.slug}/training/{run.pk}/"
    assert (run.label, run.language_model, run.parent, run.with_corpus) == ("Autumn", base_of(cast), None, True)
    assert run.since is not None and round((run.until - run.since).total_seconds() / 86_400) == 90
    assert run.data_counts == {"starter": 60}


@pytest.mark.parametrize(
    ("recipe", "epochs", "rank", "alpha"), [("quick", 1, 16, 32), ("standard", 3, 16, 32), ("thorough", 5, 32, 64)]
)
def test_a_recipe_is_a_set_of_settings(cast: Cast, recipe: str, epochs: int, rank: int, alpha: float) -> None:
    cast.client(cast.admin).post(url(cast), body(cast, recipe=recipe))
    config = TrainingRun.objects.get().config
    assert (config["epochs"], config["rank"], config["alpha"]) == (epochs, rank, alpha)


def test_expert_settings_stand_over_the_recipe(cast: Cast) -> None:
    given = {
        "epochs": 2,
        "rank": 8,
        "learning_rate": "0.0002",
        "dropout": 0,
        "noise_alpha": 5,
        "beta": "0.2",
        "time_budget": 30,
        "evaluations": 4,
        "search_minutes": 5,
    }
    cast.client(cast.admin).post(url(cast), body(cast, recipe="quick", **given))
    config = TrainingRun.objects.get().config
    expected = {**given, "learning_rate": 0.0002, "beta": 0.2, "time_budget": 1800.0, "alpha": 16.0}
    assert {name: config[name] for name in expected} == expected


@pytest.mark.parametrize("field", TrainingForm.EXPERT)
@pytest.mark.parametrize("nonsense", ["-1", "1e9", "nan", "x"])
def test_nonsense_is_shown_at_its_field_with_the_input_kept(cast: Cast, field: str, nonsense: str) -> None:
    page = cast.client(cast.admin).post(url(cast), body(cast, **{field: nonsense}))
    assert page.status_code == 422 and page.context["form"].errors[field]
    shown = page.content.decode()
    assert "<details open>" in shown and f'value="{nonsense}"' in shown and 'value="Autumn"' in shown
    assert not TrainingRun.objects.exists()


def test_what_goes_on_from_a_version_has_its_rank(shop: Cast, adapted: Callable[..., ModelVersion]) -> None:
    version = adapted(lineage={"config": {"rank": 4, "alpha": 8.0}})
    shop.client(shop.admin).post(url(shop), body(shop, parent=version.pk, recipe="thorough"))
    run = TrainingRun.objects.get()
    assert (run.parent, run.config["rank"], run.config["alpha"], run.config["epochs"]) == (version, 4, 8.0, 5)


def test_another_rank_than_the_version_has_is_refused(cast: Cast) -> None:
    page = cast.client(cast.admin).post(url(cast), body(cast, parent=make_version(cast).pk, rank=8))
    assert page.context["form"].errors == {"rank": ["This version has rank 16."]}


def test_an_adapter_that_is_of_another_rank_than_its_version_says_is_refused_beside_the_field(
    shop: Cast, adapted: Callable[..., ModelVersion]
) -> None:
    version = adapted()
    page = shop.client(shop.admin).post(url(shop), body(shop, parent=version.pk))
    assert page.status_code == 422 and page.context["form"].errors == {"rank": ["This version has rank 4."]}
    assert page.context["form"].is_expert and not TrainingRun.objects.exists()


def test_a_version_of_another_base_is_refused(cast: Cast) -> None:
    base = base_of(cast)
    other = LanguageModel.objects.create(workspace=cast.workspace, name="Other", folder="other", licence="MIT")
    version = make_version(cast, language_model=other)
    page = cast.client(cast.admin).post(url(cast), body(cast, parent=version.pk, language_model=base.pk))
    assert page.context["form"].errors == {"parent": ["This version belongs to another base model."]}
    foreign = LanguageModel.objects.get(workspace=cast.elsewhere)
    page = cast.client(cast.admin).post(url(cast), body(cast, language_model=foreign.pk))
    assert "language_model" in page.context["form"].errors


def test_too_little_is_refused_with_the_input_kept(cast: Cast) -> None:
    page = cast.client(cast.admin).post(url(cast), {**body(cast, recipe="thorough"), "with_corpus": ""})
    shown = page.content.decode()
    assert page.status_code == 422 and "training needs at least 8" in page.context["form"].non_field_errors()[0]
    assert 'value="Autumn"' in shown and page.context["form"]["recipe"].value() == "thorough"
    assert "Too little to learn from" in shown


def test_data_of_one_product_alone_are_refused_and_the_estimate_says_so(cast: Cast) -> None:
    factories.make_product(cast, sku="J-1")
    rows = "".join(f"Is it {word}?,It is {word}.,J-1\n" for word in "ABCDEFGHIJ")
    file = SimpleUploadedFile("a.csv", f"question,answer,sku\n{rows}".encode())
    dialogue_import(actor=cast.admin, workspace=cast.workspace, upload=file)
    page = cast.client(cast.admin).post(url(cast), {**body(cast), "with_corpus": ""})
    assert page.status_code == 422 and page.context["estimate"].example_count == 10
    assert "here all products fall on one side" in page.content.decode()


def test_nothing_new_is_refused(cast: Cast) -> None:
    client = cast.client(cast.admin)
    client.post(url(cast), body(cast))
    run = ended(TrainingRun.objects.get())
    base = base_sha256(run.language_model.path)
    TrainingRun.objects.filter(pk=run.pk).update(version=make_version(cast), base_sha256=base)
    page = client.post(url(cast), body(cast, label="Again"))
    assert (
        page.status_code == 422
        and "Nothing is new since training “Autumn”" in page.context["form"].non_field_errors()[0]
    )
    assert 'value="Again"' in page.content.decode() and page.context["estimate"].is_unchanged


def test_another_open_run_is_a_409_on_the_form(cast: Cast) -> None:
    run = make_training(cast, label="First")
    page = cast.client(cast.admin).post(url(cast), body(cast, label="Second"))
    shown = page.content.decode()
    assert page.status_code == 409 and "Wait for it, or cancel it." in page.context["form"].non_field_errors()[0]
    assert 'value="Second"' in shown and f"/training/{run.pk}/" in shown
    assert TrainingRun.objects.count() == 1


def test_pressing_twice_starts_one(cast: Cast) -> None:
    client = cast.client(cast.admin)
    first, second = client.post(url(cast), body(cast)), client.post(url(cast), body(cast))
    assert first["Location"] == second["Location"] and TrainingRun.objects.count() == 1


def test_it_learns_from_the_brand_that_was_chosen_and_says_so(cast: Cast) -> None:
    brand, client = factories.make_brand(cast, name="North"), cast.client(cast.admin)
    assert f'<option value="brand/{brand.pk}">North</option>' in client.get(url(cast)).content.decode()
    campaign, product = factories.make_campaign(cast, brand=brand), factories.make_product(cast)
    factories.make_variant(cast, status=VariantStatus.APPROVED, campaign=campaign, product=product)
    client.post(url(cast), body(cast, scope=f"brand/{brand.pk}"))
    run = TrainingRun.objects.get()
    shown = client.get(f"/w/{cast.workspace.slug}/training/{run.pk}/").content.decode()
    assert run.scope == f"brand/{brand.pk}" and "Of that only the copy of North." in shown


def test_a_brand_of_which_nothing_was_approved_is_refused(cast: Cast) -> None:
    brand = factories.make_brand(cast, name="North")
    page = cast.client(cast.admin).post(url(cast), body(cast, scope=f"brand/{brand.pk}"))
    assert page.status_code == 422 and list(page.context["form"].errors) == ["scope"]


def test_a_brand_that_is_not_there_is_refused_and_its_estimate_is_of_everything(cast: Cast) -> None:
    client, asked = cast.client(cast.admin), body(cast, scope="brand/0")
    page = client.post(url(cast), asked)
    assert (
        page.status_code == 422 and list(page.context["form"].errors) == ["scope"] and not TrainingRun.objects.exists()
    )
    assert client.get(url(cast), asked, headers=HTMX).context["wrong"] == ["Copy of"]


# -- the estimate ----------------------------------------------------------------------------------------------------


def test_the_page_opens_with_what_the_proposal_comes_to(cast: Cast) -> None:
    page = cast.client(cast.admin).get(url(cast))
    estimate = page.context["estimate"]
    assert page.status_code == 200 and estimate.examples == [("Starter corpus", 60)] and estimate.example_count == 60
    assert (estimate.rate, estimate.rate_of, estimate.last) == (200.0, None, None)
    assert "The speed is assumed for a processor" in page.content.decode()
    assert page.context["form"]["with_corpus"].value() is True


def test_htmx_gets_the_estimate_alone_as_the_form_changes(cast: Cast) -> None:
    client = cast.client(cast.admin)

    def tokens(**values: Any) -> int:
        page = client.get(url(cast), body(cast, **values), headers=HTMX)
        assert "<html" not in page.content.decode() and 'id="estimate"' in page.content.decode()
        return int(page.context["estimate"].tokens)

    # the measurement before the first step is made once
    assert tokens(recipe="standard") == pytest.approx(3 * tokens(recipe="quick"), rel=0.05)
    assert tokens(recipe="quick", epochs="6") == pytest.approx(2 * tokens(recipe="standard"), rel=0.05)
    assert tokens(recipe="quick", evaluations="4") > tokens(recipe="quick", evaluations="1"), "measuring takes time"
    unfinished = client.get(url(cast), body(cast, rank="x"), headers=HTMX).content.decode()
    assert "Not counted yet, please check: Rank" in unfinished


def test_it_takes_the_speed_of_this_workspace_and_the_time_budget(cast: Cast) -> None:
    run = ended(make_training(cast, label="Before"))
    TrainingRun.objects.filter(pk=run.pk).update(tokens_per_second=9)
    write_points(run, 20)
    client = cast.client(cast.admin)
    estimate = client.get(url(cast), body(cast)).context["estimate"]
    assert (estimate.rate, estimate.rate_of) == (300.0, run)
    assert estimate.seconds == pytest.approx(estimate.tokens / 300) and not estimate.is_cut
    cut = client.get(url(cast), body(cast, epochs=100, time_budget=1)).context["estimate"]
    assert (cut.seconds, cut.is_cut) == (60, True)


def test_it_counts_what_is_new_and_says_what_was_left_out(cast: Cast) -> None:
    training_start(
        actor=cast.admin,
        workspace=cast.workspace,
        label="First",
        language_model=base_of(cast),
        config=RECIPES["standard"][1],
    )
    run = ended(TrainingRun.objects.get())
    TrainingRun.objects.filter(pk=run.pk).update(version=make_version(cast))
    client = cast.client(cast.admin)
    assert client.get(url(cast)).context["estimate"].is_unchanged
    factories.make_product(cast, sku="J-1")
    product_archive(actor=cast.copywriter, product=factories.make_product(cast, sku="J-2"), archived=True)
    asked = "question,answer,sku\nIs it light?,Yes. It weighs 320 g.,J-1\nIs it warm?,It has no lining.,J-2\n"
    dialogue_import(actor=cast.admin, workspace=cast.workspace, upload=SimpleUploadedFile("a.csv", asked.encode()))
    page = client.get(url(cast))
    estimate = page.context["estimate"]
    assert (estimate.fresh, estimate.is_unchanged, estimate.last) == (1, False, run)
    assert estimate.excluded == [("about an archived product", 1)]
    assert "1 example or pair is new since “First”." in page.content.decode()
    assert "Answers of the customer service" in page.content.decode()


def test_without_scripts_a_button_leads_to_the_estimate_at_an_address_of_its_own(cast: Cast) -> None:
    client = cast.client(cast.admin)
    answer = client.post(url(cast), body(cast, recipe="thorough", look="1", csrfmiddlewaretoken="secret"))
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert answer.status_code == 303 and query["recipe"] == ["thorough"]
    assert not {"csrfmiddlewaretoken", "look"} & set(query) and not TrainingRun.objects.exists()
    page = client.get(answer["Location"])
    assert page.context["form"]["recipe"].value() == "thorough" and 'value="Autumn"' in page.content.decode()
    assert page.context["config"].rank == 32


def test_others_are_refused(cast: Cast) -> None:
    for person, status in ((cast.approver, 403), (cast.copywriter, 403), (cast.viewer, 403), (cast.stranger, 404)):
        assert cast.client(person).get(url(cast)).status_code == status
        assert cast.client(person).post(url(cast), body(cast)).status_code == status
    assert cast.client(cast.admin).put(url(cast)).status_code == 405
    assert not TrainingRun.objects.exists()
