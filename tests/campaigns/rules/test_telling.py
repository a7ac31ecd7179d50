"""Facts that a shopper may be told, and those that only the shop's systems read."""

from __future__ import annotations

import pytest

from campaigns.rules.telling import is_tellable


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("Weight", "320 g"), ("Material", "Merino wool"), ("重量", "320 克"), ("Colour", "Moss / Oat"), ("Category", ""),
        ("Shipping weight", "2 kg"), ("Wi-Fi", "802.11ac"), ("Speed", "5 km/h"), ("Care", "Machine wash"), ("Thread count", "400"), ("Number of pockets", "3"), ("Count", "12"),
    ],
)  # fmt: skip
def test_what_copy_may_speak_of(attribute: str, value: str) -> None:
    assert is_tellable(attribute, value) is (attribute != "Category")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("Availability", "InStock"), ("Breadcrumbs", "Men/Shoes"), ("image url", "https://example.com/a.jpg"), ("库存", "3-11"),
        ("Images 2", "x"), ("Notes", "https://example.com"), ("Specs", '{"a": 1}'), ("Path", "a/b/c"), ("Gift", "false"),
        ("uniq_id", "c2d766ca982eca8304150849735ffef9"), ("评论数", "12"), ("Reviews count", "5815"), ("Average rating", "4.5"), ("", "x"),
    ],
)  # fmt: skip
def test_what_only_systems_read(attribute: str, value: str) -> None:
    assert not is_tellable(attribute, value)
