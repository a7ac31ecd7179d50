"""What the dials of a brief come to: in its form, on its page, and in what the model and the checks are told."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Brief, Style
from campaigns.services.brief import brief_generate, brief_save
from campaigns.services.brief_payload import copy_brief_of
from copystudio.errors import InvalidInputError
from generation.engine.rating import Wish
from generation.starter.examples import TONES
from tests import factories
from tests.campaigns.copy_makers import brief_data, make_brief, make_run
from tests.people import Cast


def payload(cast: Cast, **values: Any) -> dict[str, Any]:
    return make_run(cast, **values).items.get().payload


def test_the_dial_has_the_tones_of_the_starter_corpus_from_calm_to_lively() -> None:
    assert set(Style.values) == set(TONES)
    assert (Style.values[0], Style.values[-1]) == ("calm", "lively")


def test_the_form_saves_them_and_the_page_shows_them(cast: Cast) -> None:
    campaign = factories.make_campaign(cast)
    client, base = cast.client(cast.copywriter), f"/w/{cast.workspace.slug}"
    dials = {"style": "playful", "sentiment": "positive", "length": "short", "emoji": "no"}
    form = {"name": "Autumn", "language": "en", "channels": [factories.channel(cast).pk], "count": 4, **dials}
    assert client.post(f"{base}/campaigns/{campaign.pk}/briefs/new/", form).status_code == 303
    brief = Brief.objects.get()
    assert {name: getattr(brief, name) for name in dials} == dials
    shown = client.get(f"{base}/briefs/{brief.pk}/").content.decode()
    assert all(word in shown for word in ("Playful", "Positive", "Short", "Without emoji"))
    edited = client.get(f"{base}/briefs/{brief.pk}/edit/").content.decode()
    for name, value in dials.items():
        radio = edited.split(f'name="{name}"\n')
        assert [
            part.split(">")[0].count("checked") for part in radio[1:] if f'value="{value}"' in part.split(">")[0]
        ] == [1]


def test_a_form_without_them_asks_for_nothing_in_particular(cast: Cast) -> None:
    campaign = factories.make_campaign(cast)
    form = {"name": "Autumn", "language": "en", "channels": [factories.channel(cast).pk], "count": 4}
    cast.client(cast.copywriter).post(f"/w/{cast.workspace.slug}/campaigns/{campaign.pk}/briefs/new/", form)
    brief = Brief.objects.get()
    assert (brief.style, brief.sentiment, brief.length, brief.emoji) == ("", "", "", "")


@pytest.mark.parametrize("name", ["style", "sentiment", "length", "emoji"])
def test_an_unknown_value_is_refused_by_form_service_and_database(cast: Cast, name: str) -> None:
    campaign = factories.make_campaign(cast)
    form = {"name": "A", "language": "en", "channels": [factories.channel(cast).pk], "count": 4, name: "odd"}
    response = cast.client(cast.copywriter).post(f"/w/{cast.workspace.slug}/campaigns/{campaign.pk}/briefs/new/", form)
    assert response.status_code == 422 and name in response.context["form"].errors
    assert f'id="id_{name}_error"' in response.content.decode()
    with pytest.raises(InvalidInputError) as refused:
        brief_save(actor=cast.copywriter, campaign=campaign, data=brief_data(cast, **{name: "odd"}))
    assert name in refused.value.fields
    brief = make_brief(cast, campaign=campaign)
    with pytest.raises(IntegrityError, match=f"campaigns_brief_{name}_known"), transaction.atomic():
        Brief.objects.filter(pk=brief.pk).update(**{name: "od"})


@pytest.mark.parametrize(
    ("language", "values", "tone"),
    [
        ("en", {"style": "warm"}, "warm"),
        ("zh-hans", {"style": "warm"}, "温暖"),
        ("en", {"style": "warm", "tone": "like an old friend"}, "warm, like an old friend"),
        ("zh-hans", {"style": "warm", "tone": "像老朋友"}, "温暖，像老朋友"),
        ("en", {"tone": "like an old friend"}, "like an old friend"),
        ("en", {}, "brisk"),
    ],
)
def test_the_tone_is_the_word_of_the_style_in_the_language_of_the_copy(
    cast: Cast, language: str, values: dict[str, str], tone: str
) -> None:
    segment = factories.make_segment(cast, tone="brisk")
    assert payload(cast, language=language, segments=[segment], **values)["tone"] == tone


@pytest.mark.parametrize(("length", "told"), [("", 50), ("short", 22), ("medium", 35), ("long", 48)])
def test_the_writer_is_told_a_share_of_the_room_and_the_hard_limit_stays(cast: Cast, length: str, told: int) -> None:
    found = payload(cast, length=length)
    assert (found["channel"]["unit"], found["channel"]["limit"]) == ("characters", told)
    assert found["check"]["hard_limit"] == 150


@pytest.mark.parametrize(("language", "told"), [("en", 69), ("zh-hans", 30)])
def test_a_share_of_an_sms_is_told_in_characters(cast: Cast, language: str, told: int) -> None:
    found = payload(cast, language=language, length="short", channels=[factories.channel(cast, "sms")])
    assert (found["channel"]["unit"], found["check"]["unit"]) == ("characters", "sms")
    parts = found["check"]["soft_limit"] or found["check"]["hard_limit"]
    assert found["channel"]["limit"] == pytest.approx(told * parts, abs=1)


@pytest.mark.parametrize(("emoji", "wanted"), [("", None), ("yes", True), ("no", False)])
def test_emoji_reach_the_brief_of_the_engine(cast: Cast, emoji: str, wanted: bool | None) -> None:
    assert copy_brief_of(payload(cast, emoji=emoji)).emoji is wanted


def test_a_sentiment_is_a_wish_of_the_item(cast: Cast) -> None:
    assert Wish.from_dict(payload(cast, sentiment="positive")["wish"]) == Wish(sentiment="positive")
    assert "wish" not in payload(cast, name="Other")


def test_a_changed_dial_is_another_run(cast: Cast) -> None:
    factories.make_product(cast)
    brief = make_brief(cast)
    first, _new = brief_generate(actor=cast.copywriter, brief=brief)
    brief_save(actor=cast.copywriter, campaign=brief.campaign, brief=brief, data=brief_data(cast, sentiment="neutral"))
    second, is_new = brief_generate(actor=cast.copywriter, brief=brief)
    assert is_new and second != first
