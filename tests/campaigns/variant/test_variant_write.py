"""Writing copy without a candidate, and the counter of its form."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Variant
from campaigns.services.campaign import campaign_move
from campaigns.services.variant import variant_write
from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast, make_cast


def url(cast: Cast) -> str:
    return f"/w/{cast.workspace.slug}/variants/new/"


def filled(cast: Cast, **values: Any) -> dict[str, Any]:
    data = {"language": "en", "channel": factories.channel(cast).pk, "text": "Stay dry at 320 g"}
    return {"campaign": factories.make_campaign(cast).pk, **data, **values}


def test_it_works_and_is_no_machine_text(cast: Cast) -> None:
    product = factories.make_product(cast)
    response = cast.client(cast.copywriter).post(url(cast), filled(cast, sku=product.sku))
    variant = Variant.objects.get()
    assert response.status_code == 303
    assert (variant.product, variant.is_ai_made, variant.status) == (product, False, "draft")


def test_the_text_is_kept_byte_for_byte_with_plain_line_ends(cast: Cast) -> None:
    cast.client(cast.copywriter).post(url(cast), filled(cast, text="  two\r\nlines \u3000"))
    revision = Variant.objects.get().current_revision
    assert revision is not None and revision.text == "  two\nlines \u3000"


def test_it_writes_its_events(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    assert [event.verb for event in variant.review_events.all()] == ["write"]
    assert Event.objects.get(verb="variant.write").actor == cast.copywriter


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "a" * 151}, "text"),
        ({"text": "a" * 20_001}, "text"),
        ({"language": "fr"}, "language"),
        ({"channel": ""}, "channel"),
        ({"sku": "none such"}, "sku"),
    ],
)
def test_wrong_input_is_named_at_its_field(cast: Cast, values: dict[str, str], field: str) -> None:
    response = cast.client(cast.copywriter).post(url(cast), filled(cast, **values))
    assert response.status_code == 422 and field in response.context["form"].errors
    assert not Variant.objects.exists()


def test_parts_of_another_workspace_are_refused(cast: Cast) -> None:
    other = make_cast("other")
    campaign = factories.make_campaign(cast)
    values = filled(cast, campaign=factories.make_campaign(other).pk)
    assert cast.client(cast.copywriter).post(url(cast), values).status_code == 422
    with pytest.raises(InvalidInputError):
        variant_write(
            actor=cast.copywriter, campaign=campaign, text="x", channel=factories.channel(other), language="en"
        )


def test_a_finished_campaign_is_not_offered(cast: Cast) -> None:
    campaign = campaign_move(actor=cast.approver, campaign=factories.make_campaign(cast, running=True), verb="finish")
    assert cast.client(cast.copywriter).post(url(cast), filled(cast, campaign=campaign.pk)).status_code == 422


def test_a_viewer_may_not(cast: Cast) -> None:
    assert cast.client(cast.viewer).post(url(cast), filled(cast)).status_code == 403
    with pytest.raises(NotPermittedError):
        variant_write(
            actor=cast.viewer,
            campaign=factories.make_campaign(cast),
            text="x",
            channel=factories.channel(cast),
            language="en",
        )


def test_a_stranger_gets_404_and_another_method_405(cast: Cast) -> None:
    assert cast.client(cast.stranger).post(url(cast), filled(cast)).status_code == 404
    assert cast.client(cast.copywriter).put(url(cast)).status_code == 405


def test_the_counter_counts_in_the_unit_of_the_channel(cast: Cast) -> None:
    measure = f"/w/{cast.workspace.slug}/variants/measure/"
    client = cast.client(cast.copywriter)
    for key, expected in {"rsa_headline": 8, "email_subject": 4, "sms": 1}.items():
        channel = factories.channel(cast, key)
        assert client.post(measure, {"text": "防水夹克", "channel": channel.pk}).context["length"] == expected
    assert client.post(measure, {"text": "防水夹克"}).status_code == 200
