"""Writing a brief: its form, its live estimate, its service."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Brief, Campaign
from campaigns.services.brief import brief_save
from campaigns.services.campaign import campaign_move
from copystudio.errors import InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event
from tests import factories
from tests.campaigns.copy_makers import brief_data, make_brief
from tests.people import Cast, make_cast


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    return factories.make_campaign(cast)


def new(cast: Cast, campaign: Campaign) -> str:
    return f"/w/{cast.workspace.slug}/campaigns/{campaign.pk}/briefs/new/"


def filled(cast: Cast, **values: Any) -> dict[str, Any]:
    return {"name": "Autumn", "language": "en", "channels": [factories.channel(cast).pk], "count": 4, **values}


def test_it_works_from_the_form(cast: Cast, campaign: Campaign) -> None:
    segment = factories.make_segment(cast)
    for sku in ("A-1", "B,2"):
        factories.make_product(cast, sku=sku, category="Outdoor", tags=["rain"])
    values = filled(
        cast,
        q="jacket",
        category="Outdoor",
        tag="rain",
        price_min="10",
        skus="A-1\nB,2",
        segments=[segment.pk],
        must_words="rain, hood、防水",
        never_words="cheap\nstorm-proof",
    )
    response = cast.client(cast.copywriter).post(new(cast, campaign), values)
    brief = Brief.objects.get()
    assert response.status_code == 303
    assert brief.product_filter == {
        "q": "jacket",
        "category": "Outdoor",
        "tag": "rain",
        "price_min": "10",
        "skus": ["A-1", "B,2"],
    }
    assert brief.must_words == ["rain", "hood", "防水"] and brief.never_words == ["cheap", "storm-proof"]
    assert list(brief.segments.all()) == [segment]


def test_an_sku_of_no_product_is_refused_by_its_name(cast: Cast, campaign: Campaign) -> None:
    factories.make_product(cast, sku="A-1")
    refused = cast.client(cast.copywriter).post(new(cast, campaign), filled(cast, skus="A-1\nnope-1"))
    assert refused.status_code == 422 and "No product has the SKU “nope-1”." in refused.content.decode()
    assert not Brief.objects.exists()


@pytest.mark.parametrize("words", [{"name": ""}, {"must_words": "free shipping", "never_words": "free"}])
def test_of_a_refused_form_what_it_comes_to_stays(cast: Cast, campaign: Campaign, words: dict[str, str]) -> None:
    """Whether the form refuses it or the service."""
    factories.make_product(cast)
    refused = cast.client(cast.copywriter).post(new(cast, campaign), filled(cast, **words))
    found = refused.context["estimate"]
    assert (refused.status_code, found.products, found.channels, found.texts) == (422, 1, 1, 4)


def test_it_writes_its_event(cast: Cast, campaign: Campaign) -> None:
    brief = make_brief(cast, campaign=campaign)
    brief_save(actor=cast.approver, campaign=campaign, brief=brief, data=brief_data(cast, name="Other"))
    verbs = list(Event.objects.filter(object_type="brief").order_by("id").values_list("verb", "actor"))
    assert verbs == [("brief.create", cast.copywriter.pk), ("brief.change", cast.approver.pk)]


def test_a_change_replaces_channels_and_segments(cast: Cast, campaign: Campaign) -> None:
    brief = make_brief(cast, campaign=campaign, segments=[factories.make_segment(cast)])
    data = filled(cast, channels=[factories.channel(cast, "sms").pk])
    url = f"/w/{cast.workspace.slug}/briefs/{brief.pk}/edit/"
    assert cast.client(cast.copywriter).get(url).status_code == 200
    assert cast.client(cast.copywriter).post(url, data).status_code == 303
    assert [channel.key for channel in brief.channels.all()] == ["sms"]
    assert not brief.segments.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"channels": []}, "channels"),
        ({"count": 0}, "count"),
        ({"count": 51}, "count"),
        ({"language": "fr"}, "language"),
        ({"price_min": "x"}, "price_min"),
        ({"price_min": "9", "price_max": "3"}, "price_max"),
        ({"must_words": "a" * 61}, "must_words"),
        ({"never_words": "a" * 61}, "never_words"),
        ({"must_words": "Rain", "never_words": "rain"}, "never_words"),
        ({"must_words": "hood\nFree shipping", "never_words": "free"}, "never_words"),
        ({"must_words": "免费配送", "never_words": "免费"}, "never_words"),
        ({"category": "no such category"}, "category"),
    ],
)
def test_wrong_input_is_named_at_its_field_and_saves_nothing(
    cast: Cast, campaign: Campaign, values: dict[str, Any], field: str
) -> None:
    response = cast.client(cast.copywriter).post(new(cast, campaign), filled(cast, **values))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Brief.objects.exists()


def test_a_never_word_inside_a_must_word_is_named_with_it(cast: Cast, campaign: Campaign) -> None:
    answer = cast.client(cast.copywriter).post(
        new(cast, campaign), filled(cast, must_words="Free shipping", never_words="free")
    )
    assert "The must word “Free shipping” holds “free”" in answer.content.decode()
    fine = filled(cast, must_words="smart\nfree", never_words="art\nfree shipping")
    assert cast.client(cast.copywriter).post(new(cast, campaign), fine).status_code == 303


def test_two_briefs_of_a_campaign_cannot_share_a_name(cast: Cast, campaign: Campaign) -> None:
    make_brief(cast, campaign=campaign, name="Autumn")
    response = cast.client(cast.copywriter).post(new(cast, campaign), filled(cast, name="Autumn"))
    assert response.status_code == 422 and "name" in response.context["form"].errors


def test_parts_of_another_workspace_are_refused(cast: Cast, campaign: Campaign) -> None:
    other = make_cast("other")
    values = filled(cast, segments=[factories.make_segment(other).pk])
    assert cast.client(cast.copywriter).post(new(cast, campaign), values).status_code == 422
    with pytest.raises(InvalidInputError):
        brief_save(actor=cast.copywriter, campaign=campaign, data=brief_data(cast, channels=[factories.channel(other)]))


def test_a_finished_campaign_takes_no_brief(cast: Cast) -> None:
    campaign = campaign_move(actor=cast.approver, campaign=factories.make_campaign(cast, running=True), verb="finish")
    with pytest.raises(TransitionError):
        brief_save(actor=cast.copywriter, campaign=campaign, data=brief_data(cast))
    assert cast.client(cast.copywriter).post(new(cast, campaign), filled(cast)).status_code == 409


def test_a_viewer_may_not(cast: Cast, campaign: Campaign) -> None:
    assert cast.client(cast.viewer).post(new(cast, campaign), filled(cast)).status_code == 403
    with pytest.raises(NotPermittedError):
        brief_save(actor=cast.viewer, campaign=campaign, data=brief_data(cast))


def test_a_stranger_gets_404_and_another_method_405(cast: Cast, campaign: Campaign) -> None:
    assert cast.client(cast.stranger).post(new(cast, campaign), filled(cast)).status_code == 404
    assert cast.client(cast.copywriter).put(new(cast, campaign)).status_code == 405


class TestEstimate:
    """The live count beside the form."""

    def ask(self, cast: Cast, **values: Any) -> Any:
        return cast.client(cast.copywriter).get(f"/w/{cast.workspace.slug}/briefs/estimate/", values)

    def test_it_multiplies_products_segments_channels_and_count(self, cast: Cast) -> None:
        for _ in range(3):
            factories.make_product(cast)
        factories.make_product(cast, category="Indoor")
        segments = [factories.make_segment(cast).pk, factories.make_segment(cast).pk]
        channels = [factories.channel(cast, key).pk for key in ("sms", "email_subject")]
        answer = self.ask(cast, category="Outdoor", segments=segments, channels=channels, count=5)
        found = answer.context["estimate"]
        assert (found.products, found.items, found.texts) == (3, 12, 60)
        assert "<html" not in answer.content.decode()

    def test_without_a_segment_the_copy_is_for_everybody(self, cast: Cast) -> None:
        factories.make_product(cast)
        assert self.ask(cast, channels=[factories.channel(cast).pk], count=4).context["estimate"].texts == 4

    def test_archived_products_do_not_count(self, cast: Cast) -> None:
        product = factories.make_product(cast)
        product.status = "archived"
        product.save()
        answer = self.ask(cast, count=4)
        assert answer.context["estimate"].products == 0
        assert "No product on sale matches" in answer.content.decode()

    def test_what_cannot_be_read_is_named(self, cast: Cast) -> None:
        answer = self.ask(cast, price_min="cheap", count="many")
        assert answer.status_code == 200 and len(answer.context["wrong"]) == 2

    def test_too_many_texts_are_said_before_they_are_asked_for(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("campaigns.selectors.brief.MAX_TEXTS", 3)
        factories.make_product(cast)
        assert self.ask(cast, channels=[factories.channel(cast).pk], count=4).context["estimate"].too_many

    @pytest.mark.parametrize(("language", "abroad"), [("en", 0), ("zh-hans", 2), ("", 0), ("klingon", 2)])
    def test_products_of_a_catalogue_in_another_language_are_named(
        self, cast: Cast, language: str, abroad: int
    ) -> None:
        for said in ("en", "en", ""):
            factories.make_product(cast, language=said)
        answer = self.ask(cast, count=4, language=language)
        assert answer.context["estimate"].abroad == abroad
        assert ("another language than the copy" in answer.content.decode()) == bool(abroad)
