"""No price passes that is not a price of the product, in any of the ways in which copy writes prices."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.rules.claim import ClaimKind
from campaigns.rules.grounding import Evidence, PriceSupport, SupportedValue, find_claims, unsupported, unsupported_by

CURRENT = Decimal("79.90")
FORMER = Decimal("129.00")


def _us(value: Decimal) -> str:
    return f"{value:,.2f}"


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _german(value: Decimal) -> str:
    return _us(value).translate(str.maketrans(",.", ".,"))


def _french(value: Decimal) -> str:
    return _us(value).translate(str.maketrans({",": "\u202f", ".": ","}))


def _wide(value: Decimal) -> str:
    return _plain(value).translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))


# A way to write a price, and the currencies of which it may be one.
FORMATS = {
    "${}": (_us, "USD"),
    "Only ${}!": (_us, "USD"),
    "US${} today": (_us, "USD"),
    "USD {}": (_us, "USD"),
    "{} USD": (_plain, "USD"),
    "{} dollars": (_plain, "USD"),
    "{} bucks": (_plain, "USD"),
    "Now ${}, free delivery": (_plain, "USD"),
    "Get it for ${} – 250 g of joy": (_us, "USD"),
    "just {}.": (_us, "USD"),
    "Price: {}": (_plain, "USD"),
    "£{}": (_us, "GBP"),
    "only £{}": (_plain, "GBP"),
    "GBP {} each": (_us, "GBP"),
    "{} €": (_german, "EUR"),
    "nur {} €": (_german, "EUR"),
    "{}\u00a0€": (_french, "EUR"),
    "€{}": (_us, "EUR"),
    "EUR {}": (_german, "EUR"),
    "{} Euro": (_plain, "EUR"),
    "¥{}": (_plain, "CNY"),
    "￥{}": (_wide, "CNY"),
    "{}元": (_plain, "CNY"),
    "到手{}": (_plain, "CNY"),
    "到手价{}元": (_us, "CNY"),
    "只要{}，": (_plain, "CNY"),
    "{}元包邮": (_wide, "CNY"),
    "{}包邮": (_plain, "CNY"),
    "仅售{}！": (_plain, "CNY"),
    "现价：{}元": (_plain, "CNY"),
    "券后{}起": (_plain, "CNY"),
    "{}块钱": (_plain, "CNY"),
    "RMB {}": (_plain, "CNY"),
    "人民币{}": (_plain, "CNY"),
    "¥{}/件": (_plain, "CNY"),
    "¥ {} 起": (_plain, "CNY"),
    "{}円": (_plain, "JPY"),
    "¥{} 税込": (_us, "JPY"),
    "₹{}": (_us, "INR"),
    "Rs. {}": (_plain, "INR"),
    "R$ {}": (_german, "BRL"),
    "₩{}": (_plain, "KRW"),
    "CHF {}": (_plain, "CHF"),
    "HK${}": (_plain, "HKD"),
}
# Amounts from 10 up: "just 5." may be five of anything.
AMOUNTS = st.decimals(min_value=10, max_value=99_999, places=2)


def _hidden(value: Decimal) -> Evidence:
    """A product with another price, in whose facts and texts the claimed number stands everywhere but as a price."""
    number = _plain(value)
    return Evidence(
        facts=(
            SupportedValue("Weight", number, "g"),
            SupportedValue("容量", number, "ml"),
            SupportedValue("Pieces", number),
            SupportedValue("Length", number, "cm"),
            SupportedValue("Cotton", number, "%"),
            SupportedValue("数量", number, "件"),
        ),
        allowed_texts=(f"Model {number}", f"型号{number}"),
    )


@given(template=st.sampled_from(sorted(FORMATS)), value=AMOUNTS)
@settings(max_examples=1500, deadline=None)
def test_a_price_is_never_supported_by_a_number_that_is_not_one(template: str, value: Decimal) -> None:
    write, currency = FORMATS[template]
    text = template.format(write(value))
    evidence = _hidden(value)
    other = PriceSupport(value + Decimal("0.5"), currency)
    checked = Evidence(facts=evidence.facts, prices=(other,), allowed_texts=evidence.allowed_texts)
    findings = unsupported_by(text, checked)
    assert any(finding.code == "grounding.price" for finding in findings), (text, find_claims(text))


@given(template=st.sampled_from(sorted(FORMATS)), value=AMOUNTS)
@settings(max_examples=1500, deadline=None)
def test_the_price_of_the_product_is_supported_however_it_is_written(template: str, value: Decimal) -> None:
    write, currency = FORMATS[template]
    text = template.format(write(value))
    prices = [PriceSupport(value, currency)]
    findings = unsupported(text, facts=[SupportedValue("Weight", "250", "g")], prices=prices)
    assert findings == [], (text, find_claims(text))


@pytest.mark.parametrize(
    "text",
    [
        "Now $129.00",
        "Only $129!",
        "Yours for $129",
        "Was $79.90",
        "RRP $79.90",
        "Save $79.90",
        "Save $129",
        "$79.90 off",
        "Orders over $79.90 ship free",
        "2 for $79.90",
        "$79.90/month",
        "$79.90 a month",
        "Get a $79.90 voucher",
        "Shipping $79.90",
        "Under $79.90",
        "79.90€",
        "£79.90",
        "$7,990",
        "$7.99",
        "$80",
        "$79",
    ],
)
def test_the_right_number_in_the_wrong_role_is_a_false_price(text: str) -> None:
    findings = unsupported(text, prices=[PriceSupport(CURRENT, "USD", FORMER)])
    assert "grounding.price" in [finding.code for finding in findings]


@pytest.mark.parametrize(
    "text",
    [
        "$79.90",
        "Was $129, now $79.90",
        "$129 → $79.90",
        "From $129 to $79.90",
        "Save $49.10",
        "Save $49",
        "$49.10 off",
        "38% off",
        "Under $100",
        "From $79.90",
        "79.90 USD instead of 129 USD",
        "A saving of $49.10",
    ],
)
def test_the_right_number_in_the_right_role_is_true(text: str) -> None:
    assert unsupported(text, prices=[PriceSupport(CURRENT, "USD", FORMER)]) == []


@pytest.mark.parametrize(
    ("claimed", "supported"), [("39", True), ("38", True), ("37.5", True), ("40", False), ("36", False)]
)
def test_a_discount_may_be_off_by_one_point(claimed: str, supported: bool) -> None:
    findings = unsupported(f"{claimed}% off", prices=[PriceSupport(CURRENT, "USD", FORMER)])
    assert (findings == []) is supported


@pytest.mark.parametrize(
    "text", ["8折", "八折", "80折", "八〇折", "20% off", "打8折", "优惠20%", "-20%", "save 20%", "20 per cent off"]
)
def test_one_discount_has_many_names(text: str) -> None:
    claims = [claim for claim in find_claims(text) if claim.kind is ClaimKind.DISCOUNT]
    assert [claim.value for claim in claims] == [Decimal(20)]


def test_without_a_former_price_no_discount_and_no_saving_is_true() -> None:
    prices = [PriceSupport(CURRENT, "USD")]
    for text in ("20% off", "Save $10", "半价", "5折起", "Was $99"):
        assert len(unsupported(text, prices=prices)) == 1, text


@pytest.mark.parametrize("currency", ["", "usd", "US", "EURO"])
def test_a_price_record_needs_a_currency_code(currency: str) -> None:
    with pytest.raises(ValueError, match="not a price"):
        PriceSupport(Decimal(1), currency)


def test_a_former_price_below_the_price_is_refused() -> None:
    with pytest.raises(ValueError, match="former price"):
        PriceSupport(Decimal(10), "USD", Decimal(9))
