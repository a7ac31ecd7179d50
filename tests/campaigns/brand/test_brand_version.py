"""Which model version writes for a brand: admins choose it, the brief's runs take it, and it cannot be deleted meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Brand
from campaigns.services.brand import brand_save
from campaigns.services.brief import brief_generate
from copystudio.errors import BusyError, ConflictError, InvalidInputError, NotPermittedError
from copystudio.models import Event
from generation.models import ModelVersion
from generation.services.registry import model_version_delete
from generation.services.run import ItemRequest, run_create
from tests import factories
from tests.campaigns.brand.test_brand_save import NEW, TYPED, edit
from tests.campaigns.copy_makers import make_brief
from tests.generation.versions import make_version
from tests.people import Cast


def active(cast: Cast) -> ModelVersion:
    return ModelVersion.objects.get(workspace=cast.workspace, status="active")


def branded(cast: Cast, version: ModelVersion | None) -> Brand:
    return brand_save(actor=cast.admin, workspace=cast.workspace, name="Northway", model_version=version)


def send(cast: Cast, person: Any, brand: Brand, version: object) -> Any:
    return cast.client(person).post(edit(brand), {**TYPED, "model_version": str(version)})


@pytest.mark.parametrize("status", ["staged", "active", "retired"])
def test_an_admin_chooses_a_version_that_has_its_files(cast: Cast, status: str) -> None:
    version = active(cast) if status == "active" else make_version(cast, status=status)
    brand = factories.make_brand(cast)
    assert send(cast, cast.admin, brand, version.pk).status_code == 303
    brand.refresh_from_db()
    assert brand.model_version == version


def test_the_choice_stands_in_the_audit_log(cast: Cast) -> None:
    version = make_version(cast)
    brand = branded(cast, version)
    brand_save(actor=cast.admin, workspace=cast.workspace, brand=brand, tone="calm")
    brand_save(actor=cast.admin, workspace=cast.workspace, brand=brand, model_version=None)
    events = Event.objects.filter(object_type="brand").order_by("id").values_list("verb", "data")
    assert list(events) == [
        ("brand.create", {"model_version": version.pk}),
        ("brand.change", {}),
        ("brand.change", {"model_version": None}),
    ]


def test_a_copywriter_changes_everything_but_the_version(cast: Cast) -> None:
    version = make_version(cast)
    brand = branded(cast, version)
    assert "model_version" not in cast.client(cast.copywriter).get(edit(brand)).context["form"].fields
    assert send(cast, cast.copywriter, brand, "").status_code == 303
    brand.refresh_from_db()
    assert (brand.voice, brand.model_version) == ("Plain and dry.", version)


@pytest.mark.parametrize("person", ["copywriter", "approver"])
def test_the_service_lets_only_admins_choose(cast: Cast, person: str) -> None:
    brand, version = factories.make_brand(cast), make_version(cast)
    with pytest.raises(NotPermittedError):
        brand_save(actor=getattr(cast, person), workspace=cast.workspace, brand=brand, model_version=version)
    brand.refresh_from_db()
    assert brand.model_version is None


def test_a_version_of_another_workspace_is_refused_by_form_and_service(cast: Cast) -> None:
    foreign = ModelVersion.objects.get(workspace=cast.elsewhere, status="active")
    brand = factories.make_brand(cast)
    response = send(cast, cast.admin, brand, foreign.pk)
    assert response.status_code == 422 and "model_version" in response.context["form"].errors
    with pytest.raises(InvalidInputError) as refused:
        brand_save(actor=cast.admin, workspace=cast.workspace, brand=brand, model_version=foreign)
    assert "model_version" in refused.value.fields
    with pytest.raises(ValueError, match="another workspace"):
        run_create(
            actor=cast.copywriter, workspace=cast.workspace, label="A", items=[ItemRequest({}, 1)], version=foreign
        )


def test_a_deleted_version_is_not_offered_and_refused(cast: Cast) -> None:
    gone, brand = make_version(cast, status="deleted"), factories.make_brand(cast)
    offered = cast.client(cast.admin).get(NEW).context["form"].fields["model_version"].queryset
    assert gone not in offered and active(cast) in offered
    with pytest.raises(InvalidInputError) as refused:
        brand_save(actor=cast.admin, workspace=cast.workspace, brand=brand, model_version=gone)
    assert "model_version" in refused.value.fields


def test_the_form_keeps_what_was_chosen_and_typed(cast: Cast) -> None:
    version = make_version(cast)
    brand = branded(cast, version)
    client = cast.client(cast.admin)
    assert client.get(edit(brand)).context["form"]["model_version"].value() == version.pk
    response = client.post(edit(brand), {**TYPED, "name": "", "model_version": str(version.pk)})
    assert response.status_code == 422
    assert response.context["form"]["model_version"].value() == str(version.pk)


def test_the_page_of_a_brand_names_its_version(cast: Cast) -> None:
    version = make_version(cast, status="staged")
    brand = branded(cast, version)
    page = cast.client(cast.viewer).get(f"/w/shop/brands/{brand.pk}/").content.decode()
    assert str(version) in page and "Staged" in page
    brand_save(actor=cast.admin, workspace=cast.workspace, brand=brand, model_version=None)
    page = cast.client(cast.viewer).get(f"/w/shop/brands/{brand.pk}/").content.decode()
    assert str(version) not in page and "The one that is active in the workspace" in page


# -- what writes -----------------------------------------------------------------------------------------------------


def test_a_brief_of_the_brand_is_written_by_its_version(cast: Cast) -> None:
    factories.make_product(cast)
    version = make_version(cast, status="retired")
    brief = make_brief(cast, campaign=factories.make_campaign(cast, brand=branded(cast, version)))
    run, is_new = brief_generate(actor=cast.copywriter, brief=brief)
    assert is_new and run.model_version == version
    page = cast.client(cast.viewer).get(f"/w/shop/runs/{run.pk}/").content.decode()
    assert str(version) in page and "chosen for Northway" in page


def test_without_a_choice_the_active_version_writes(cast: Cast) -> None:
    factories.make_product(cast)
    make_version(cast, status="retired")
    for brand in (None, branded(cast, None)):
        brief = make_brief(cast, campaign=factories.make_campaign(cast, brand=brand))
        run, _new = brief_generate(actor=cast.copywriter, brief=brief)
        assert run.model_version == active(cast)
        assert "chosen for" not in cast.client(cast.viewer).get(f"/w/shop/runs/{run.pk}/").content.decode()


def test_choosing_another_version_makes_the_same_wish_another_run(cast: Cast) -> None:
    factories.make_product(cast)
    brand = branded(cast, None)
    brief = make_brief(cast, campaign=factories.make_campaign(cast, brand=brand))
    first, _new = brief_generate(actor=cast.copywriter, brief=brief)
    brand_save(actor=cast.admin, workspace=cast.workspace, brand=brand, model_version=make_version(cast))
    second, is_new = brief_generate(actor=cast.copywriter, brief=brief)
    again, is_newer = brief_generate(actor=cast.copywriter, brief=brief)
    assert is_new and second != first
    assert again == second and not is_newer


def test_a_version_that_lost_its_files_is_refused_with_what_to_do(cast: Cast) -> None:
    factories.make_product(cast)
    version = make_version(cast)
    brand = branded(cast, version)
    brief = make_brief(cast, campaign=factories.make_campaign(cast, brand=brand))
    ModelVersion.objects.filter(pk=version.pk).update(status="deleted")
    with pytest.raises(BusyError, match=r"“Northway” writes with .* Ask an admin to choose another version"):
        brief_generate(actor=cast.copywriter, brief=brief)
    with pytest.raises(BusyError, match="deleted"):
        items = [ItemRequest({}, 1)]
        run_create(actor=cast.copywriter, workspace=cast.workspace, label="A", items=items, version=version)
    page = cast.client(cast.viewer).get(f"/w/shop/brands/{brand.pk}/").content.decode()
    assert "nothing can be written for this brand" in page


# -- deleting --------------------------------------------------------------------------------------------------------


def test_a_version_that_a_brand_writes_with_cannot_be_deleted(cast: Cast) -> None:
    version = make_version(cast)
    brand = branded(cast, version)
    with pytest.raises(ConflictError, match="Northway"):
        model_version_delete(actor=cast.admin, version=version)
    version.refresh_from_db()
    assert version.status == "staged"
    brand_save(actor=cast.admin, workspace=cast.workspace, brand=brand, model_version=None)
    assert model_version_delete(actor=cast.admin, version=version).status == "deleted"
