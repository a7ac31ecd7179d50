"""Writing a product by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import Product
from campaigns.services.product import ProductData, product_save
from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast

TYPED = {
    "sku": "RJ-1",
    "title": "Rain jacket",
    "description": "For wet days.",
    "category": "Outdoor",
    "vendor": "Northway",
    "language": "en",
    "price": "79.00",
    "was_price": "99.00",
    "currency": "usd",
    "tags": "light, packable",
    "facts": "weight: 320 g\nwater column: 10,000 mm\ncolour: dark blue",
}


def url(cast: Cast) -> str:
    return f"/w/{cast.workspace.slug}/products/new/"


def send(cast: Cast, **values: Any) -> Any:
    return cast.client(cast.copywriter).post(url(cast), {**TYPED, **values})


def facts_of(product: Product) -> list[tuple[str, str, str]]:
    return list(product.facts.values_list("attribute", "value", "unit"))


def test_it_works_with_facts_tags_and_a_price_record(cast: Cast) -> None:
    response = send(cast)
    product = Product.objects.get(sku="RJ-1")
    assert response.status_code == 303 and response["Location"] == f"/w/shop/products/{product.pk}/"
    assert (product.price, product.currency, product.tags) == (Decimal("79.00"), "USD", ["light", "packable"])
    assert product.workspace == cast.workspace
    assert facts_of(product) == [
        ("weight", "320", "g"),
        ("water column", "10,000", "mm"),
        ("colour", "dark blue", ""),
    ]
    record = product.prices.get()
    assert (record.price, record.was_price, record.currency) == (Decimal("79.00"), Decimal("99.00"), "USD")


def test_it_writes_its_event(cast: Cast) -> None:
    send(cast)
    event = Event.objects.get(verb="product.create")
    assert (event.actor, event.object_label, event.workspace) == (cast.copywriter, "Rain jacket", cast.workspace)


def test_without_a_price_there_is_no_price_record(cast: Cast) -> None:
    send(cast, price="", was_price="", currency="")
    assert not Product.objects.get(sku="RJ-1").prices.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", ""),
        ("title", " "),
        ("price", "-1"),
        ("price", "NaN"),
        ("price", "1e30"),
        ("currency", "dollars"),
        ("currency", ""),
        ("url", "javascript:alert(1)"),
        ("language", "xx"),
        ("title", "a\x00b"),
        ("sku", "x" * 121),
    ],
)
def test_input_that_breaks_a_rule_is_shown_beside_its_field_and_nothing_is_saved(
    cast: Cast, field: str, value: str
) -> None:
    response = send(cast, **{field: value})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Product.objects.exists() and not Event.objects.filter(verb="product.create").exists()


def test_an_sku_that_is_taken_is_refused_beside_its_field(cast: Cast) -> None:
    factories.make_product(cast, sku="RJ-1")
    response = send(cast)
    assert response.status_code == 422 and "sku" in response.context["form"].errors
    assert Product.objects.count() == 1


def test_another_workspace_may_have_the_same_sku(cast: Cast) -> None:
    send(cast)
    elsewhere = product_save(
        actor=cast.stranger, workspace=cast.elsewhere, data=ProductData(sku="RJ-1", title="Other jacket")
    )
    assert elsewhere.workspace == cast.elsewhere


def test_a_price_without_a_currency_is_refused_by_the_service(cast: Cast) -> None:
    with pytest.raises(InvalidInputError) as refused:
        product_save(
            actor=cast.copywriter,
            workspace=cast.workspace,
            data=ProductData(sku="A", title="A", price=Decimal("1.00")),
        )
    assert set(refused.value.fields) == {"currency"}


def test_a_product_without_sku_or_title_cannot_even_be_described(cast: Cast) -> None:
    for sku, title in (("", "Jacket"), ("RJ-1", " ")):
        with pytest.raises(ValueError, match="SKU and a title"):
            ProductData(sku=sku, title=title)


def test_a_claim_that_is_typed_twice_is_one_fact(cast: Cast) -> None:
    send(cast, facts="weight: 320 g\nweight: 320 g\nweight: 320 kg")
    assert facts_of(Product.objects.get(sku="RJ-1")) == [("weight", "320", "g")]


def test_a_viewer_may_not(cast: Cast) -> None:
    assert cast.client(cast.viewer).post(url(cast), TYPED).status_code == 403
    assert cast.client(cast.viewer).get(url(cast)).status_code == 403
    with pytest.raises(NotPermittedError):
        product_save(actor=cast.viewer, workspace=cast.workspace, data=ProductData(sku="A", title="A"))
    assert not Product.objects.exists()


def test_a_stranger_gets_404(cast: Cast) -> None:
    assert cast.client(cast.stranger).post(url(cast), TYPED).status_code == 404
    assert not Product.objects.exists()


def test_the_wrong_method_gets_405(cast: Cast) -> None:
    assert cast.client(cast.copywriter).put(url(cast)).status_code == 405


def test_markup_in_a_product_is_shown_as_text(cast: Cast) -> None:
    mark = "<script>alert(1)</script>"
    product = factories.make_product(
        cast, title=mark, description=mark, vendor=mark, category=mark, tags=[mark], facts=[(mark, mark, "")]
    )
    for path in ("", f"{product.pk}/", f"{product.pk}/edit/"):
        page = cast.client(cast.copywriter).get(f"/w/shop/products/{path}").content.decode()
        assert mark not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
