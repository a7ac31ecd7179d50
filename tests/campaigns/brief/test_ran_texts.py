"""The texts that already ran for a product in a channel, which a new run must not come near."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Product
from campaigns.selectors.ran import MOST_DRAFTS, MOST_RAN, ran_texts
from campaigns.services.brief import brief_generate
from campaigns.services.review import variant_restore, variant_retire
from campaigns.services.variant import variant_adopt, variant_edit
from tests import factories
from tests.campaigns.copy_makers import finish, make_brief, make_candidate
from tests.people import Cast, make_cast


def ran(cast: Cast, product: Product, language: str = "en", key: str = "email_subject") -> list[str]:
    found = ran_texts(
        workspace=cast.workspace, products=[product], channels=[factories.channel(cast, key)], language=language
    )
    return list(found.get((product.pk, key), []))


def test_they_are_the_present_texts_of_product_channel_and_language_the_newest_first(cast: Cast) -> None:
    product, other = factories.make_product(cast), factories.make_product(cast)
    first = factories.make_variant(cast, text="First", product=product)
    factories.make_variant(cast, status="approved", text="Second", product=product)
    factories.make_variant(cast, text="Of another product", product=other)
    factories.make_variant(cast, text="Of no product")
    factories.make_variant(cast, text="另一种语言", product=product, language="zh-hans")
    factories.make_variant(cast, text="Elsewhere", product=product, channel_key="email_preheader")
    variant_edit(actor=cast.copywriter, variant=first, text="First, edited", base_revision=1)
    assert ran(cast, product) == ["Second", "First, edited"]
    assert ran(cast, product, language="zh-hans") == ["另一种语言"]
    assert ran(cast, product, key="email_preheader") == ["Elsewhere"]


def test_a_retired_text_counts_where_it_was_approved_once(cast: Cast) -> None:
    product = factories.make_product(cast)
    factories.make_variant(cast, status="retired", text="Never ran", product=product)
    approved = factories.make_variant(cast, status="approved", text="Ran once", product=product)
    variant_retire(actor=cast.approver, variant=approved)
    assert ran(cast, product) == ["Ran once"]


def test_what_is_served_counts_though_it_is_edited_and_so_does_its_draft(cast: Cast) -> None:
    product = factories.make_product(cast)
    variant = factories.make_variant(cast, status="approved", text="Served", product=product)
    variant_edit(actor=cast.copywriter, variant=variant, text="Its draft", base_revision=1)
    assert ran(cast, product) == ["Served", "Its draft"]
    retired = variant_retire(actor=cast.approver, variant=variant)
    assert ran(cast, product) == ["Served"], "not the draft, which never ran"
    variant_restore(actor=cast.approver, variant=retired)
    assert ran(cast, product) == ["Served", "Its draft"]


def test_no_number_of_drafts_hides_what_is_served(cast: Cast) -> None:
    product = factories.make_product(cast)
    served = factories.make_variant(cast, status="approved", text="Served", product=product)
    retired = factories.make_variant(cast, status="approved", text="Was served", product=product)
    variant_retire(actor=cast.approver, variant=retired)
    drafts = [factories.make_variant(cast, text=f"Draft {n}", product=product) for n in range(MOST_DRAFTS + 1)]
    assert ran(cast, product) == ["Served", "Was served", *(str(one) for one in reversed(drafts[1:]))]
    assert served.pk < retired.pk


def test_there_are_twelve_at_most_of_each_product(cast: Cast) -> None:
    product, other = factories.make_product(cast), factories.make_product(cast)
    for number in range(MOST_RAN + 2):
        factories.make_variant(cast, status="approved", text=f"Text {number}", product=product)
    factories.make_variant(cast, text="Other", product=other)
    assert ran(cast, product) == [f"Text {number}" for number in range(MOST_RAN + 1, 1, -1)]
    assert ran(cast, other) == ["Other"]


def test_another_workspace_keeps_its_texts(cast: Cast) -> None:
    other = make_cast("other")
    product = factories.make_product(cast)
    factories.make_variant(other, text="Foreign", product=factories.make_product(other))
    assert ran(cast, product) == []


def test_a_run_carries_them_with_each_item(cast: Cast) -> None:
    product, other = factories.make_product(cast), factories.make_product(cast)
    factories.make_variant(cast, text="Ran before", product=product)
    run, _new = brief_generate(actor=cast.copywriter, brief=make_brief(cast))
    carried = {item.brief_item.product_id: item.payload.get("ran") for item in run.items.all()}
    assert carried == {product.pk: ["Ran before"], other.pk: None}


def test_a_text_adopted_while_the_run_is_open_makes_the_next_press_no_other_run(cast: Cast) -> None:
    candidate = make_candidate(cast)
    variant_adopt(actor=cast.copywriter, candidate=candidate)
    brief = candidate.item.brief_item.brief_run.brief
    again, is_new = brief_generate(actor=cast.copywriter, brief=brief)
    assert not is_new and again.pk == candidate.item.run_id
    finish(again)
    later, is_new = brief_generate(actor=cast.copywriter, brief=brief)
    assert is_new and later.items.get().payload["ran"] == [candidate.text]


def test_the_number_of_queries_does_not_grow_with_products(cast: Cast) -> None:
    def queries(name: str) -> int:
        brief = make_brief(cast, name=name)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            brief_generate(actor=cast.copywriter, brief=brief)
        return len(caught)

    def product(**values: Any) -> None:
        factories.make_variant(cast, product=factories.make_product(cast), **values)

    product(text="One")
    few = queries("Few")
    for number in range(9):
        product(text=f"Text {number}")
    assert queries("Many") == few
