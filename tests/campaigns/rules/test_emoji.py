"""What is an emoji in copy, and what is only a sign."""

from __future__ import annotations

import pytest

from campaigns.rules.emoji import has_emoji, has_picture


@pytest.mark.parametrize(
    "text", ["🎉 new", "雨天☔", "☀️", "❤", "❤️", "✨", "⭐ five", "1️⃣", "™️", "👩‍👩‍👧", "🇨🇳", "👍🏽", "🫶"]
)
def test_these_are(text: str) -> None:
    assert has_emoji(text)


@pytest.mark.parametrize(
    "text", ["", "Plain.", "防水。", "© 2026 ™ ®", "★★★", "→ here", "✔ done", "1 2 #3 *", "「引号」——…", "40 ℃", "①"]
)
def test_these_are_not(text: str) -> None:
    assert not has_emoji(text)


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("好用 ☕️", True),
        ("Warm 🤷\u200d♀️", True),
        ("围裙，♀️", False),
        ("⚠️ 围裙", False),
        ("➕打工包邮", False),
        ("1️⃣ first", False),
    ],
)
def test_a_sign_shows_nothing(text: str, shows: bool) -> None:
    assert has_emoji(text)
    assert has_picture(text) is shows
