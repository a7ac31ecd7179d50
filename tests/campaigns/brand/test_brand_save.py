"""Writing and changing brands."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Brand
from campaigns.services.brand import brand_save
from copystudio.errors import NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast

NEW = "/w/shop/brands/new/"
TYPED = {
    "name": "Northway",
    "voice": "Plain and dry.",
    "tone": "calm",
    "must_words": "",
    "never_words": "cheap，best、第一\nguaranteed",
    "good_examples": "Dry at 320 g.",
    "bad_examples": "The best ever!!!",
}


def edit(brand: Brand, slug: str = "shop") -> str:
    return f"/w/{slug}/brands/{brand.pk}/edit/"


def send(cast: Cast, path: str = NEW, **values: Any) -> Any:
    return cast.client(cast.copywriter).post(path, {**TYPED, **values})


def test_creating_works_and_words_may_have_chinese_commas(cast: Cast) -> None:
    response = send(cast)
    brand = Brand.objects.get(name="Northway")
    assert response.status_code == 303 and response["Location"] == f"/w/shop/brands/{brand.pk}/"
    assert brand.workspace == cast.workspace
    assert brand.never_words == ["cheap", "best", "第一", "guaranteed"]
    assert brand.must_words == []


def test_changing_works(cast: Cast) -> None:
    brand = factories.make_brand(cast, never_words=["cheap"])
    assert send(cast, edit(brand), never_words="").status_code == 303
    brand.refresh_from_db()
    assert (brand.name, brand.never_words) == ("Northway", [])


def test_both_write_their_event(cast: Cast) -> None:
    send(cast)
    brand = Brand.objects.get(name="Northway")
    send(cast, edit(brand), name="Southway")
    events = Event.objects.filter(object_type="brand").values_list("verb", "actor", "object_label")
    assert list(events) == [
        ("brand.change", cast.copywriter.pk, "Southway"),
        ("brand.create", cast.copywriter.pk, "Northway"),
    ]


def test_the_form_shows_what_is_saved(cast: Cast) -> None:
    brand = factories.make_brand(cast, never_words=["cheap", "第一"], voice="Plain.")
    form = cast.client(cast.copywriter).get(edit(brand)).context["form"]
    shown = {bound.name: bound.value() or "" for bound in form}
    shown["never_words"] = form["never_words"].field.prepare_value(shown["never_words"])
    assert shown["never_words"] == "cheap\n第一"
    send(cast, edit(brand), **{**shown, "must_words": ""})
    brand.refresh_from_db()
    assert (brand.never_words, brand.voice) == (["cheap", "第一"], "Plain.")


@pytest.mark.parametrize("path", ["new", "edit"])
def test_a_name_that_is_taken_is_refused_beside_its_field(cast: Cast, path: str) -> None:
    factories.make_brand(cast, name="Northway")
    other = factories.make_brand(cast)
    before = Event.objects.count()
    response = send(cast, NEW if path == "new" else edit(other))
    assert response.status_code == 422 and "name" in response.context["form"].errors
    assert Event.objects.count() == before


def test_another_workspace_may_have_the_same_name(cast: Cast) -> None:
    factories.make_brand(cast, name="Northway")
    assert brand_save(actor=cast.stranger, workspace=cast.elsewhere, name="Northway").workspace == cast.elsewhere


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("voice", "x" * 2001),
        ("voice", "a\x00b"),
        ("never_words", "x" * 61),
        ("never_words", "a\x00b"),
        ("must_words", ",".join(f"word {n}" for n in range(101))),
    ],
)
def test_input_that_breaks_a_rule_is_shown_beside_its_field(cast: Cast, field: str, value: str) -> None:
    response = send(cast, **{field: value})
    assert response.status_code == 422 and field in response.context["form"].errors
    assert not Brand.objects.exists()


def test_words_that_exclude_each_other_are_refused(cast: Cast) -> None:
    response = send(cast, must_words="guaranteed dry", never_words="guaranteed")
    assert response.status_code == 422
    assert "holds “guaranteed”, which is never to be said" in str(response.context["form"].errors["never_words"])
    assert not Brand.objects.exists()


def test_a_viewer_may_not(cast: Cast) -> None:
    brand = factories.make_brand(cast)
    for path in (NEW, edit(brand)):
        assert cast.client(cast.viewer).post(path, TYPED).status_code == 403
    with pytest.raises(NotPermittedError):
        brand_save(actor=cast.viewer, workspace=cast.workspace, name="Northway")


def test_a_stranger_gets_404_here_and_in_a_workspace_of_their_own(cast: Cast) -> None:
    brand = factories.make_brand(cast)
    for path in (NEW, edit(brand), edit(brand, cast.elsewhere.slug)):
        assert cast.client(cast.stranger).post(path, TYPED).status_code == 404
    with pytest.raises(Brand.DoesNotExist):
        brand_save(actor=cast.stranger, workspace=cast.elsewhere, brand=brand, name="Mine")


def test_the_wrong_method_gets_405(cast: Cast) -> None:
    brand = factories.make_brand(cast)
    for path in (NEW, edit(brand)):
        assert cast.client(cast.copywriter).delete(path).status_code == 405


def test_fields_that_the_form_does_not_have_are_left_alone(cast: Cast) -> None:
    brand = factories.make_brand(cast)
    send(cast, edit(brand), id="1", workspace=cast.elsewhere.pk, created_at="2001-01-01")
    after = Brand.objects.get(pk=brand.pk)
    assert (after.workspace, after.created_at) == (cast.workspace, brand.created_at)
