"""Starting a generation run from a brief. (Fifty presses at once: tests/races.)"""

from __future__ import annotations

from decimal import Decimal

import pytest

from campaigns.models import Brief, BriefItem, BriefRun
from campaigns.services.brief import brief_generate, brief_save
from campaigns.services.campaign import campaign_move
from campaigns.services.channel import channel_revise
from copystudio.errors import BusyError, InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event
from generation.engine.config import CopyBrief
from generation.models import GenerationRun, ModelVersion
from tests import factories
from tests.campaigns.copy_makers import brief_data, finish, make_brief
from tests.people import Cast


def url(cast: Cast, brief: Brief) -> str:
    return f"/w/{cast.workspace.slug}/briefs/{brief.pk}/generate/"


def test_it_works_and_goes_to_the_run(cast: Cast) -> None:
    factories.make_product(cast)
    brief = make_brief(cast)
    response = cast.client(cast.copywriter).post(url(cast, brief))
    run = GenerationRun.objects.get()
    assert response.status_code == 303 and response["Location"] == f"/w/{cast.workspace.slug}/runs/{run.pk}/"
    assert (run.status, run.total, run.created_by) == ("queued", 3, cast.copywriter)


def test_there_is_one_item_for_each_product_segment_and_channel(cast: Cast) -> None:
    products = [factories.make_product(cast), factories.make_product(cast)]
    segments = [factories.make_segment(cast), factories.make_segment(cast)]
    channels = [factories.channel(cast, "sms"), factories.channel(cast, "email_subject")]
    run, _new = brief_generate(actor=cast.copywriter, brief=make_brief(cast, segments=segments, channels=channels))
    made = {(item.product, item.segment, item.channel) for item in BriefItem.objects.filter(brief_run__run=run)}
    assert made == {(p, s, c) for p in products for s in segments for c in channels}
    for item in BriefItem.objects.select_related("item"):
        assert item.item.payload["product_title"] == item.product.title
        assert item.item.payload["channel"]["key"] == item.channel.key
        assert item.item.payload["segment"]["name"] == item.segment.name


def test_it_writes_its_events(cast: Cast) -> None:
    factories.make_product(cast)
    brief = make_brief(cast)
    run, _new = brief_generate(actor=cast.copywriter, brief=brief)
    event = Event.objects.get(verb="brief.generate")
    assert (event.actor, event.object_id, event.data) == (cast.copywriter, brief.pk, {"run": run.pk})
    assert Event.objects.filter(verb="run.create", object_id=run.pk).exists()


def test_the_payload_is_a_copy_brief_and_what_the_checks_need(cast: Cast) -> None:
    product = factories.make_product(cast, price=Decimal("79.00"), was_price=Decimal("99.00"))
    brand = factories.make_brand(cast, voice="Dry.", tone="calm", must_words=["rain"], never_words=["cheap"])
    segment = factories.make_segment(cast, avoid_words=["old"])
    campaign = factories.make_campaign(cast, brand=brand)
    brief = make_brief(cast, campaign=campaign, segments=[segment], must_words=["hood"], never_words=["storm"])
    run, _new = brief_generate(actor=cast.copywriter, brief=brief)
    payload = run.items.get().payload
    wanted = CopyBrief.from_dict({key: value for key, value in payload.items() if key != "check"})
    assert wanted.must_words == ("hood", "rain") and wanted.never_words == ("storm", "cheap", "old")
    assert (wanted.brand_voice, wanted.tone) == ("Dry.", "calm")
    check = payload["check"]
    assert check["price"] == {"price": "79.00", "currency": "USD", "was_price": "99.00"}
    assert ["weight", "320", "g"] in check["facts"] and product.title in check["texts"]
    assert (check["unit"], check["hard_limit"]) == ("characters", 150)


def test_a_new_version_of_a_channel_counts_from_the_next_run(cast: Cast) -> None:
    factories.make_product(cast)
    brief = make_brief(cast)
    channel = factories.channel(cast)
    channel_revise(actor=cast.admin, channel=channel, soft_limit=20, hard_limit=40, source_url="")
    run, _new = brief_generate(actor=cast.copywriter, brief=brief)
    assert run.items.get().payload["check"]["hard_limit"] == 40


def test_pressing_again_while_it_is_open_gives_the_same_run(cast: Cast) -> None:
    factories.make_product(cast)
    brief = make_brief(cast)
    client = cast.client(cast.copywriter)
    first, second = client.post(url(cast, brief)), client.post(url(cast, brief))
    assert first["Location"] == second["Location"]
    assert GenerationRun.objects.count() == BriefRun.objects.count() == 1


def test_after_its_end_the_same_brief_starts_another_run(cast: Cast) -> None:
    factories.make_product(cast)
    brief = make_brief(cast)
    first, _new = brief_generate(actor=cast.copywriter, brief=brief)
    finish(first)
    second, is_new = brief_generate(actor=cast.copywriter, brief=brief)
    assert is_new and second.pk != first.pk


def test_two_equal_briefs_are_two_runs(cast: Cast) -> None:
    factories.make_product(cast)
    campaign = factories.make_campaign(cast)
    runs = {
        brief_generate(actor=cast.copywriter, brief=make_brief(cast, campaign=campaign, name=name))[0].pk
        for name in ("A", "B")
    }
    assert len(runs) == 2


class TestRefusals:
    """Each says what is wrong on the brief's own page, and starts nothing."""

    def check(self, cast: Cast, brief: Brief, status: int, error: type[Exception], words: str) -> None:
        with pytest.raises(error, match=words):
            brief_generate(actor=cast.copywriter, brief=brief)
        response = cast.client(cast.copywriter).post(url(cast, brief))
        assert response.status_code == status
        assert words in response.content.decode()
        assert not GenerationRun.objects.exists() and not BriefRun.objects.exists()

    def test_no_product_matches(self, cast: Cast) -> None:
        self.check(
            cast, make_brief(cast, product_filter={"q": "nothing"}), 422, InvalidInputError, "No product matches"
        )

    def test_too_many_texts(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("campaigns.selectors.brief.MAX_TEXTS", 2)
        monkeypatch.setattr("campaigns.services.brief.MAX_TEXTS", 2)
        factories.make_product(cast)
        self.check(cast, make_brief(cast), 422, InvalidInputError, "asks for 3 texts; at most 2")

    def test_the_brand_forbids_what_the_brief_demands(self, cast: Cast) -> None:
        factories.make_product(cast)
        campaign = factories.make_campaign(cast, brand=factories.make_brand(cast, never_words=["free"]))
        brief = make_brief(cast, campaign=campaign, must_words=["Free shipping"])
        words = "The must word “Free shipping” and the never word “free” exclude each other"
        self.check(cast, brief, 422, InvalidInputError, words)

    def test_one_segment_avoids_what_the_brand_demands(self, cast: Cast) -> None:
        factories.make_product(cast)
        campaign = factories.make_campaign(cast, brand=factories.make_brand(cast, must_words=["免费配送"]))
        segments = [factories.make_segment(cast), factories.make_segment(cast, name="X", avoid_words=["免费"])]
        words = "The must word “免费配送” and the never word “免费” exclude each other"
        self.check(cast, make_brief(cast, campaign=campaign, segments=segments), 422, InvalidInputError, words)

    def test_the_campaign_is_finished(self, cast: Cast) -> None:
        factories.make_product(cast)
        campaign = factories.make_campaign(cast, running=True)
        brief = make_brief(cast, campaign=campaign)
        campaign_move(actor=cast.approver, campaign=campaign, verb="finish")
        self.check(cast, brief, 409, TransitionError, "The campaign is finished")

    def test_no_model_is_active(self, cast: Cast) -> None:
        factories.make_product(cast)
        ModelVersion.objects.filter(workspace=cast.workspace).update(status="retired")
        self.check(cast, make_brief(cast), 503, BusyError, "No language model is active")

    def test_every_channel_was_taken_away(self, cast: Cast) -> None:
        factories.make_product(cast)
        brief = make_brief(cast)
        cast.workspace.channels.update(is_current=False)
        self.check(cast, brief, 422, InvalidInputError, "The brief has no channel")


def test_a_viewer_may_not(cast: Cast) -> None:
    factories.make_product(cast)
    brief = make_brief(cast)
    assert cast.client(cast.viewer).post(url(cast, brief)).status_code == 403
    with pytest.raises(NotPermittedError):
        brief_generate(actor=cast.viewer, brief=brief)


def test_a_stranger_gets_404_and_another_method_405(cast: Cast) -> None:
    brief = make_brief(cast)
    assert cast.client(cast.stranger).post(url(cast, brief)).status_code == 404
    assert cast.client(cast.copywriter).get(url(cast, brief)).status_code == 405


def test_an_edited_brief_asks_for_what_it_says_now(cast: Cast) -> None:
    factories.make_product(cast)
    brief = make_brief(cast)
    brief_save(actor=cast.copywriter, campaign=brief.campaign, brief=brief, data=brief_data(cast, count=7))
    assert brief_generate(actor=cast.copywriter, brief=brief)[0].total == 7
