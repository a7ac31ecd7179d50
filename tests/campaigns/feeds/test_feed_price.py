"""Prices as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from campaigns.feeds.price import PriceError, currency_code, decimal_mark_of, parse_price


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$1,299.00", "1299.00", "USD"),
        ("29,99 €", "29.99", "EUR"),
        ("¥199", "199", "CNY"),
        ("￥１９９", "199", "CNY"),
        ("199元", "199", "CNY"),
        ("1 299,00", "1299", ""),
        ("1\u00a0299,00\u00a0€", "1299", "EUR"),
        ("1\u202f299,50 €", "1299.50", "EUR"),
        ("USD 20", "20", "USD"),
        ("20USD", "20", "USD"),
        ("$20 CAD", "20", "CAD"),
        ("HK$ 88", "88", "HKD"),
        ("Rs. 22,646", "22646", "INR"),
        ("₹1,29,900.00", "129900", "INR"),
        ("1'299.50 CHF", "1299.50", "CHF"),
        ("1.299 €", "1299", "EUR"),
        ("1.234.567,89", "1234567.89", ""),
        ("1,299", "1299", ""),
        ("29,-", "29", ""),
        (".99", "0.99", ""),
        ("379.0", "379", ""),
        ("379.0000", "379", ""),
        ("0", "0", ""),
        ("+5", "5", ""),
    ],
)
def test_a_price_is_read(text: str, amount: str, currency: str) -> None:
    price = parse_price(text)
    assert price.amount == Decimal(amount)
    assert (price.currencies[:1] or ("",))[0] == currency


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-5", "price_negative"),
        ("$-5", "price_negative"),
        ("-$5", "price_negative"),
        ("−5", "price_negative"),
        ("(5)", "price_negative"),
        ("NaN", "price_unreadable"),
        ("Infinity", "price_unreadable"),
        ("1e5", "price_unreadable"),
        ("free", "price_unreadable"),
        ("$10 - $20", "price_unreadable"),
        ("10-20", "price_unreadable"),
        ("2 for 5", "price_unreadable"),
        ("1.000.00", "price_unreadable"),
        ("1,29,9", "price_unreadable"),
        ("3.5 元/斤", "price_unreadable"),
        ("=1+1", "price_unreadable"),
        ("1" * 61, "price_unreadable"),
        ("1000000000", "price_too_large"),
        ("9" * 50, "price_too_large"),
        ("1.299", "price_ambiguous"),
        ("12.3456", "price_precision"),
        ("€20 USD", "currency_conflict"),
    ],
)
def test_what_is_no_price_is_refused(text: str, code: str) -> None:
    with pytest.raises(PriceError) as caught:
        parse_price(text)
    assert caught.value.code == code


def test_the_column_settles_what_a_single_mark_is() -> None:
    assert decimal_mark_of(["29,99", "1.299,00", "5"]) == ","
    assert decimal_mark_of(["29.99", "1,299.00"]) == "."
    assert decimal_mark_of(["29.99", "29,99"]) == decimal_mark_of(["5", "1,299"]) == ""
    assert parse_price("1.299", decimal_mark=",").amount == 1299
    assert parse_price("1.290", decimal_mark=".").amount == Decimal("1.29")
    with pytest.raises(PriceError):
        parse_price("1.299", decimal_mark=".")


def test_a_sign_that_means_several_currencies_keeps_them() -> None:
    assert {"CNY", "JPY"} == set(currency_code("¥"))
    assert currency_code("人民币") == ("CNY",)
    with pytest.raises(PriceError):
        currency_code("credits")
