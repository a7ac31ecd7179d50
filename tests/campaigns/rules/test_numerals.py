"""Numbers in digits, Chinese characters and English words."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rules.folding import fold
from campaigns.rules.numerals import NUMBER, parse_number


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1,299.00", "1299"),
        ("1.299,00", "1299"),
        ("1\u00a0299,00", "1299"),
        ("1'299", "1299"),
        ("1,29,999", "129999"),
        ("29,99", "29.99"),
        (".5", "0.5"),
        ("1.5万", "15000"),
        ("3千", "3000"),
        ("2w", "20000"),
        ("10k", "10000"),
        ("2 million", "2000000"),
        ("一百二十三", "123"),
        ("两千五", "2500"),
        ("一万五", "15000"),
        ("一百零五", "105"),
        ("三点五", "3.5"),
        ("二〇二四", "2024"),
        ("十二", "12"),
        ("廿", None),
        ("三百万", "3000000"),
        ("壹佰", "100"),
        ("twenty-nine", "29"),
        ("two hundred and fifty", "250"),
        ("three thousand", "3000"),
        ("9" * 19, None),
    ],
)
def test_a_number_has_its_value(written: str, value: str | None) -> None:
    match = re.fullmatch(NUMBER, fold(written).text)
    found = parse_number(match.group()) if match else None
    assert found == (Decimal(value) if value else None)


def test_three_decimals_are_thousands_in_a_price_only() -> None:
    assert parse_number("1.299", money=True) == 1299
    assert parse_number("1.299") == Decimal("1.299")


@pytest.mark.parametrize("text", ["abc", "", "twenty apples"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        parse_number(text)


@given(value=st.integers(min_value=0, max_value=10**9))
def test_grouped_digits_read_back(value: int) -> None:
    for written in (f"{value:,}", str(value)):
        assert parse_number(written) == value
