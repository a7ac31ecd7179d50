"""Archiving a product and putting it back on sale."""

from __future__ import annotations

import pytest

from campaigns.models import Product
from campaigns.selectors.catalogue import products_matching
from campaigns.services.product import product_archive
from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Event
from tests import factories
from tests.people import Cast


def url(product: Product) -> str:
    return f"/w/shop/products/{product.pk}/archive/"


def test_it_works_and_new_briefs_leave_the_product_out(cast: Cast) -> None:
    product = factories.make_product(cast)
    assert cast.client(cast.copywriter).post(url(product), {"archived": "1"}).status_code == 303
    product.refresh_from_db()
    assert product.status == "archived"
    assert product not in products_matching(cast.workspace, {})


def test_it_can_be_put_back_on_sale(cast: Cast) -> None:
    product = product_archive(actor=cast.copywriter, product=factories.make_product(cast), archived=True)
    cast.client(cast.copywriter).post(url(product), {"archived": "0"})
    product.refresh_from_db()
    assert product.status == "active"
    assert product in products_matching(cast.workspace, {})


def test_each_writes_its_event(cast: Cast) -> None:
    product = factories.make_product(cast)
    for archived in ("1", "0"):
        cast.client(cast.copywriter).post(url(product), {"archived": archived})
    verbs = Event.objects.filter(object_type="product", object_id=product.pk).values_list("verb", "actor")
    assert list(verbs)[:2] == [("product.restore", cast.copywriter.pk), ("product.archive", cast.copywriter.pk)]


@pytest.mark.parametrize("archived", [True, False])
def test_what_is_so_already_is_a_wrong_state_and_writes_no_event(cast: Cast, archived: bool) -> None:
    product = factories.make_product(cast)
    if archived:
        product_archive(actor=cast.copywriter, product=product, archived=True)
    before = Event.objects.count()
    response = cast.client(cast.copywriter).post(url(product), {"archived": str(int(archived))})
    assert response.status_code == 409
    assert Event.objects.count() == before
    with pytest.raises(TransitionError):
        product_archive(actor=cast.copywriter, product=product, archived=archived)


@pytest.mark.parametrize("sent", [{}, {"archived": "yes"}])
def test_a_request_that_does_not_say_which_is_refused(cast: Cast, sent: dict[str, str]) -> None:
    product = factories.make_product(cast)
    assert cast.client(cast.copywriter).post(url(product), sent).status_code == 422
    product.refresh_from_db()
    assert product.status == "active"


def test_a_viewer_may_not(cast: Cast) -> None:
    product = factories.make_product(cast)
    assert cast.client(cast.viewer).post(url(product), {"archived": "1"}).status_code == 403
    with pytest.raises(NotPermittedError):
        product_archive(actor=cast.viewer, product=product, archived=True)


def test_a_stranger_gets_404(cast: Cast) -> None:
    product = factories.make_product(cast)
    assert cast.client(cast.stranger).post(url(product), {"archived": "1"}).status_code == 404
    with pytest.raises(NotPermittedError):
        product_archive(actor=cast.stranger, product=product, archived=True)


def test_the_wrong_method_gets_405(cast: Cast) -> None:
    assert cast.client(cast.copywriter).get(url(factories.make_product(cast))).status_code == 405
