"""Which texts a run drops, for which reason, and which it makes fit."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.rules import limits
from campaigns.selectors.sentences import DROPS
from campaigns.services.candidate_check import DROPS as REASONS
from campaigns.services.candidate_check import checker
from generation.engine.config import Check
from tests import factories
from tests.campaigns.copy_makers import make_brief, make_run
from tests.people import Cast

LONG = "Dry all day in any weather, on any hill, with any bag, and home again without a drop inside the hood."


def verdict(text: str, emoji: bool | None = None, **changes: Any) -> Check:
    check = {
        "unit": "characters",
        "soft_limit": 40,
        "hard_limit": 60,
        "language": "en",
        "must_words": [],
        "never_words": [],
        "facts": [["weight", "320", "g"]],
        "price": {"price": "79.00", "currency": "USD", "was_price": "99.00"},
        "texts": ["Rain jacket"],
        "names": ["Rain jacket"],
        "dates": [],
        **changes,
    }
    payload: dict[str, Any] = {"check": check}
    if emoji is not None:
        payload["emoji"] = emoji
    return checker(payload)(text)


@pytest.mark.parametrize(
    ("text", "changes", "reason"),
    [
        ("Dry at 320 g", {}, ""),
        ("Only $79", {}, ""),
        ("20% off today", {}, ""),
        ("Dry at 99 g", {}, "unsupported"),
        ("Only $49", {}, "unsupported"),
        ("70% off today", {}, "unsupported"),
        ("97% of hikers agree", {}, "unsupported"),
        ("Buy one, get one free", {}, "unsupported"),
        ("See www.example.org", {}, "unsupported"),
        ("Dry all day, without free shipping", {"must_words": ["free shipping"]}, "must_word_missing"),
        ("Dry all day", {"must_words": ["hood"]}, "must_word_missing"),
        ("Dry all day, with a hood", {"must_words": ["hood"]}, ""),
        ("A cheap jacket", {"never_words": ["cheap"]}, "never_word"),
        ("The best jacket for rain", {}, "absolute_term"),
        ("防水最佳", {"language": "zh-hans"}, "absolute_term"),
        ("The Ultimate Mug keeps tea hot", {"names": ["The Ultimate Mug"]}, ""),
        ("The ultimate jacket", {"names": ["The Ultimate Mug"]}, "absolute_term"),
    ],
)
def test_a_text_is_dropped_for_what_nobody_should_have_to_read_for(
    text: str, changes: dict[str, Any], reason: str
) -> None:
    found = verdict(text, **changes)
    assert found.drop_reason == reason and bool(found.findings) == bool(reason)


def test_a_run_of_an_earlier_release_carries_no_names_and_is_checked_all_the_same() -> None:
    data = {"unit": "characters", "soft_limit": None, "hard_limit": 60, "language": "en", "must_words": [], "facts": []}
    data |= {"never_words": [], "price": None, "texts": [], "dates": []}
    assert checker({"check": data})("The best jacket").drop_reason == "absolute_term"
    assert checker({"check": data})("Dry all day").drop_reason == ""


@pytest.mark.parametrize(
    ("text", "wanted", "reason"),
    [
        ("Dry all day ☔", None, ""),
        ("Dry all day ☔", True, ""),
        ("Dry all day ☔", False, "emoji_unwanted"),
        ("Dry all day", None, ""),
        ("Dry all day", True, "emoji_missing"),
        ("Dry all day ™", False, ""),
    ],
)
def test_emoji_come_as_they_are_asked_for(text: str, wanted: bool | None, reason: str) -> None:
    assert verdict(text, wanted).drop_reason == reason


def test_a_text_over_the_limit_ends_where_its_last_sentence_ends() -> None:
    found = verdict("Dry all day. Light enough to forget it. And then it goes on, far beyond.")
    assert (found.drop_reason, found.text) == ("", "Dry all day. Light enough to forget it.")
    assert found.length == len(found.text)


def test_a_text_within_the_limit_is_handed_back_as_it_is() -> None:
    assert verdict("Dry all day. Light").text == ""


def test_what_fits_is_checked_and_not_what_was_cut_off() -> None:
    cut_off = "Dry all day long in any weather. And it is 70% off today for all of you."
    assert verdict(cut_off).text == "Dry all day long in any weather."
    assert (
        verdict("It is 70% off from now until you come. And it goes on and on and on, far beyond the limit").drop_reason
        == "unsupported"
    )
    lost = "Dry all day long in any weather. And a hood that keeps the rain out, too."
    assert verdict(lost, must_words=["hood"]).drop_reason == "must_word_missing"


def test_a_text_of_which_nothing_whole_fits_is_dropped() -> None:
    assert verdict("Dry all day and light enough to forget it and then on and on and on").drop_reason == "too_long"


@pytest.mark.parametrize(
    ("unit", "limit", "text", "language", "fitted"),
    [
        ("display_width", 12, "整天干爽。轻到忘了它。", "zh-hans", "整天干爽。"),
        ("bytes", 16, "整天干爽。轻到忘了它。", "zh-hans", "整天干爽。"),
        ("words", 3, "Dry all day. Light too.", "en", "Dry all day."),
        ("sms", 1, f"{LONG} " + "Light too " * 20, "en", LONG),
    ],
)
def test_the_limit_is_measured_in_the_unit_of_the_channel(
    unit: str, limit: int, text: str, language: str, fitted: str
) -> None:
    found = verdict(text, unit=unit, soft_limit=None, hard_limit=limit, language=language)
    assert (found.drop_reason, found.text) == ("", fitted)
    assert found.length == limits.measure(fitted, unit) <= limit


def test_an_sms_may_be_held_to_fewer_characters_than_a_part_has() -> None:
    found = verdict("Dry all day. Light too.", unit="sms", soft_limit=None, hard_limit=1, most_characters=15)
    assert found.text == "Dry all day."


def test_every_reason_has_a_sentence() -> None:
    assert {*REASONS.values(), "emoji_unwanted", "emoji_missing", "too_long"} <= set(DROPS)


@pytest.mark.django_db
def test_a_brand_that_is_called_by_a_colour_or_a_number_may_be_named(cast: Cast) -> None:
    campaign = factories.make_campaign(cast, brand=factories.make_brand(cast, name="Red Fern 21"))
    payload = make_run(cast, brief=make_brief(cast, campaign=campaign)).items.get().payload
    assert checker(payload)("Dry boots by Red Fern 21").drop_reason == ""
    assert checker(payload)("Blue boots by Red Fern 21").drop_reason == "unsupported"
