"""Changing a product."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from campaigns.models import Product
from campaigns.services.product import ProductData, product_save
from copystudio.errors import NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast


def url(product: Product, slug: str = "shop") -> str:
    return f"/w/{slug}/products/{product.pk}/edit/"


def shown(client: Client, product: Product) -> dict[str, Any]:
    """What the form holds when it is opened, as a browser would send it back."""
    form = client.get(url(product)).context["form"]
    return {bound.name: "" if (value := bound.value()) is None else value for bound in form}


def facts_of(product: Product) -> list[tuple[str, str, str]]:
    return list(product.facts.values_list("attribute", "value", "unit"))


def test_it_works(cast: Cast) -> None:
    product = factories.make_product(cast)
    client = cast.client(cast.copywriter)
    response = client.post(url(product), {**shown(client, product), "title": "Storm jacket", "price": "69.50"})
    assert response.status_code == 303
    product.refresh_from_db()
    assert (product.title, product.price) == ("Storm jacket", Decimal("69.50"))


def test_it_writes_its_event(cast: Cast) -> None:
    product = factories.make_product(cast)
    client = cast.client(cast.copywriter)
    client.post(url(product), {**shown(client, product), "title": "Storm jacket"})
    event = Event.objects.get(verb="product.change")
    assert (event.actor, event.object_id, event.object_label) == (cast.copywriter, product.pk, "Storm jacket")


def test_a_price_record_is_written_only_where_the_price_changed(cast: Cast) -> None:
    product = factories.make_product(cast)
    client = cast.client(cast.copywriter)
    client.post(url(product), {**shown(client, product), "title": "Storm jacket"})
    assert product.prices.count() == 1
    client.post(url(product), {**shown(client, product), "price": "59.00"})
    assert [record.price for record in product.prices.all()] == [Decimal("59.00"), Decimal("79.00")]


def test_saving_what_was_shown_changes_nothing(cast: Cast) -> None:
    facts = [
        ("area", "5", "m2"),
        ("content", "12", "fl oz"),
        ("ratio", "1：2", ""),
        ("尺寸", "10", "厘米"),
        ("Size: EU", "42", ""),
        ("care", "wash cold,\ndry flat", ""),
        ("battery", "50+", "h"),
    ]
    product = factories.make_product(
        cast, facts=facts, tags=["men’s, shoes", "徒步、登山"], language="ja", url="https://shop.example/p/1"
    )
    before = Product.objects.filter(pk=product.pk).values().get()
    client = cast.client(cast.copywriter)
    assert client.post(url(product), shown(client, product)).status_code == 303
    after = Product.objects.filter(pk=product.pk).values().get()
    before.pop("updated_at"), after.pop("updated_at")
    assert after == before
    assert facts_of(product) == facts


def test_a_fact_that_changed_is_cut_anew_and_the_others_stay(cast: Cast) -> None:
    product = factories.make_product(cast, facts=[("area", "5", "m2"), ("weight", "320", "g")])
    client = cast.client(cast.copywriter)
    client.post(url(product), {**shown(client, product), "facts": "area: 5 m2\nweight: 310 g"})
    assert facts_of(product) == [("area", "5", "m2"), ("weight", "310", "g")]


def test_the_sku_of_another_product_is_refused(cast: Cast) -> None:
    factories.make_product(cast, sku="TAKEN")
    product = factories.make_product(cast)
    client = cast.client(cast.copywriter)
    response = client.post(url(product), {**shown(client, product), "sku": "TAKEN"})
    assert response.status_code == 422 and "sku" in response.context["form"].errors


def test_a_viewer_may_not(cast: Cast) -> None:
    product = factories.make_product(cast)
    assert cast.client(cast.viewer).post(url(product), {"sku": "A", "title": "A"}).status_code == 403
    with pytest.raises(NotPermittedError):
        product_save(actor=cast.viewer, workspace=cast.workspace, product=product, data=ProductData(sku="A", title="A"))


def test_a_stranger_gets_404_here_and_in_a_workspace_of_their_own(cast: Cast) -> None:
    product = factories.make_product(cast)
    stranger = cast.client(cast.stranger)
    assert stranger.post(url(product), {"sku": "A", "title": "A"}).status_code == 404
    assert stranger.post(url(product, cast.elsewhere.slug), {"sku": "A", "title": "A"}).status_code == 404
    product.refresh_from_db()
    assert product.title != "A"


def test_the_service_never_changes_a_product_of_another_workspace(cast: Cast) -> None:
    product = factories.make_product(cast)
    with pytest.raises(Product.DoesNotExist):
        product_save(
            actor=cast.stranger, workspace=cast.elsewhere, product=product, data=ProductData(sku="A", title="A")
        )


def test_the_wrong_method_gets_405(cast: Cast) -> None:
    product = factories.make_product(cast)
    assert cast.client(cast.copywriter).delete(url(product)).status_code == 405


def test_fields_that_the_form_does_not_have_are_left_alone(cast: Cast) -> None:
    product = factories.make_product(cast)
    client = cast.client(cast.copywriter)
    more = {"id": "1", "workspace": cast.elsewhere.pk, "status": "archived", "created_at": "2001-01-01"}
    client.post(url(product), {**shown(client, product), **more})
    after = Product.objects.get(pk=product.pk)
    assert (after.workspace, after.status) == (cast.workspace, "active")
