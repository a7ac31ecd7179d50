"""The channels that every new workspace gets."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest

from campaigns.rules.limits import Unit, check, measure

CHANNELS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "campaigns" / "data" / "channels.json").read_text(encoding="utf-8")
)
# Limits of our own: the platform names only what it shows, or (text messages) splits without end.
OWN_HARD_LIMITS = {
    "email_subject": 150,
    "email_preheader": 150,
    "push_ios_title": 100,
    "push_ios_body": 500,
    "push_android_title": 100,
    "push_android_body": 500,
    "sms": 3,
    "product_blurb": 1000,
    "service_answer": 1000,
}
FIELDS = [
    "key",
    "platform",
    "name_en",
    "name_zh",
    "unit",
    "soft_limit",
    "hard_limit",
    "source_url",
    "checked_on",
    "kind",
    "version",
]


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel["key"])
def test_a_channel_is_whole_and_its_limits_make_sense(channel: dict[str, Any]) -> None:
    assert list(channel) == FIELDS
    assert re.fullmatch("[a-z][a-z_]{1,59}", channel["key"])
    assert channel["name_en"].isascii()
    assert re.search("[\u4e00-\u9fff]", channel["name_zh"])
    assert channel["kind"] in ("headline", "body")
    assert channel["version"] == 1
    assert datetime.date.fromisoformat(channel["checked_on"]) <= datetime.date(2026, 12, 31)
    assert check("", Unit(channel["unit"]), channel["soft_limit"], channel["hard_limit"]) is None
    assert channel["hard_limit"] is not None


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel["key"])
def test_a_limit_names_its_source_or_is_known_to_be_ours(channel: dict[str, Any]) -> None:
    if channel["source_url"]:
        assert re.fullmatch(r"https?://[^\s]{10,290}", channel["source_url"])
    else:
        assert channel["key"] in OWN_HARD_LIMITS
    if channel["key"] in OWN_HARD_LIMITS:
        assert channel["hard_limit"] == OWN_HARD_LIMITS[channel["key"]]
        assert channel["soft_limit"] is not None


def test_every_field_that_a_workspace_starts_with_is_there_once() -> None:
    keys = [channel["key"] for channel in CHANNELS]
    pushes = {
        f"push_{name}_{part}"
        for name in ("ios", "android", "xiaomi", "huawei", "oppo", "vivo")
        for part in ("title", "body")
    }
    others = {
        "email_subject",
        "email_preheader",
        "sms",
        "rsa_headline",
        "rsa_description",
        "meta_primary_text",
        "meta_headline",
        "product_blurb",
        "taobao_title",
        "xiaohongshu_title",
        "xiaohongshu_body",
        "wechat_title",
        "wechat_digest",
        "service_answer",
    }
    assert len(keys) == len(set(keys))
    assert set(keys) == pushes | others


@pytest.mark.parametrize(
    ("key", "text", "fits"),
    [
        ("rsa_headline", "好" * 15, True),
        ("rsa_headline", "好" * 16, False),
        ("rsa_headline", "a" * 30, True),
        ("taobao_title", "好" * 30, True),
        ("taobao_title", "好" * 30 + "a", False),
        ("push_vivo_title", "好" * 20, True),
        ("push_vivo_title", "a" * 41, False),
        ("xiaohongshu_title", "好" * 20, True),
        ("wechat_title", "好" * 65, False),
        ("sms", "好" * 201, True),
        ("sms", "好" * 202, False),
    ],
)
def test_limits_count_as_the_platform_counts(key: str, text: str, fits: bool) -> None:
    (channel,) = (channel for channel in CHANNELS if channel["key"] == key)
    assert (measure(text, channel["unit"]) <= channel["hard_limit"]) is fits
