"""Sessions are told apart by words, not by what browsers pretend to be."""

from __future__ import annotations

import pytest
from django.utils import translation

from copystudio.templatetags.browsers import browser_name

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "Edge 141, Windows",
        ),
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} HeadlessChrome/156.0.0.0 Safari/537.36", "Chrome 156, Linux"),
        (
            f"{MOZILLA} (Linux; Android 15; Pixel 9) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36",
            "Chrome 141, Android",
        ),
        (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140, Linux"),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            " Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari 18, iPhone",
        ),
    ],
)
def test_common_browsers_are_named(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name


def test_others_are_shown_as_they_came() -> None:
    assert browser_name("curl/8.15.0") == "curl/8.15.0"
    assert len(browser_name("x" * 500)) == 60


def test_nothing_is_called_unknown() -> None:
    with translation.override("zh-hans"):
        assert browser_name("") == "未知"
