"""Grounding over the labelled corpus, and what must hold for every text."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.rules.claim import ClaimKind
from campaigns.rules.finding import Code, Finding, Severity
from campaigns.rules.grounding import Evidence, SupportedValue, find_claims, unsupported, unsupported_by
from tests.campaigns.rules.grounding_corpus import cases, planted

PRICES = {Code.GROUNDING_PRICE, Code.GROUNDING_DISCOUNT, Code.GROUNDING_OFFER}
# What copy is made of, so that random texts have claims in them.
_FRAGMENTS = (
    "¥199 199元 $29.99 29,99 € 20% off 8折 买一送一 3-year 24小时 100ml 2.5 kg 三年 两件 一百 １２３ 1,299.00 1.5万 第1 No.1 IPX7 May "
    "1 5月1日 2024 24/7 example.com a@b.com 400-123-4567 only now was save 原价 立减 满 two pockets 个口袋 × ~ - / 起 包邮"
    ""
)
FRAGMENTS = st.sampled_from(_FRAGMENTS.split())
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.one_of(FRAGMENTS, st.text(max_size=3)), max_size=12).map(" ".join),
    st.lists(FRAGMENTS, max_size=12).map("".join),
)


def _meets(finding: Finding, spans: list[tuple[int, int]]) -> bool:
    return any(finding.start < end and start < finding.end for start, end in spans)


def test_the_corpus_is_large_enough_to_measure_with() -> None:
    assert sum(len(case.true) for case in cases()) >= 150
    assert sum(len(planted(text)[1]) for case in cases() for text in case.false) >= 150


def test_at_least_99_of_100_planted_claims_are_found_and_every_planted_price() -> None:
    total, missed = 0, []
    for case in cases():
        for labelled in case.false:
            text, spans = planted(labelled)
            findings = unsupported_by(text, case.evidence)
            total += len(spans)
            missed += [labelled for span in spans if not any(_meets(finding, [span]) for finding in findings)]
    assert len(missed) <= total * 0.01, missed
    assert not [text for text in missed if any(claim.kind is ClaimKind.PRICE for claim in find_claims(text))]


def test_at_most_5_of_100_true_texts_raise_an_alarm() -> None:
    alarms = [
        (text, [finding.excerpt for finding in findings])
        for case in cases()
        for text in case.true
        if (findings := unsupported_by(text, case.evidence))
    ]
    assert len(alarms) <= sum(len(case.true) for case in cases()) * 0.05, alarms


def test_what_is_true_beside_a_planted_claim_is_left_alone() -> None:
    beside = []
    for case in cases():
        for labelled in case.false:
            text, spans = planted(labelled)
            beside += [labelled for finding in unsupported_by(text, case.evidence) if not _meets(finding, spans)]
    assert beside == []


@given(text=TEXTS)
@settings(max_examples=600, deadline=None)
def test_claims_lie_inside_the_text_and_do_not_overlap(text: str) -> None:
    end = 0
    for claim in find_claims(text):
        assert end <= claim.start < claim.end <= len(text)
        assert claim.text == text[claim.start : claim.end]
        end = claim.end


@given(text=TEXTS)
@settings(max_examples=600, deadline=None)
def test_a_text_supports_itself(text: str) -> None:
    assert unsupported(text, allowed_texts=[text]) == []


@given(text=TEXTS)
@settings(max_examples=400, deadline=None)
def test_without_evidence_every_claim_is_a_finding(text: str) -> None:
    spans = [(claim.start, claim.end) for claim in find_claims(text)]
    assert [(finding.start, finding.end) for finding in unsupported(text)] == spans


@given(number=st.integers(min_value=10, max_value=10**9), before=st.text(max_size=3), after=st.text(max_size=3))
@settings(max_examples=400, deadline=None)
def test_no_number_goes_unseen(number: int, before: str, after: str) -> None:
    text = f"{before} {number} {after}"
    start = len(before) + 1
    covered = {index for claim in find_claims(text) for index in range(claim.start, claim.end)}
    assert set(range(start, start + len(str(number)))) <= covered or str(number) in ("50", "60", "70", "80", "90")


@pytest.mark.parametrize(
    "text",
    [
        "one of a kind",
        "一款好物，一见倾心",
        "第一次见面就喜欢",
        "一年四季都能穿",
        "十分轻盈，百搭又统一",
        "90后的选择",
        "周一到周五",
        "一个人，一件衣，一双鞋",
        "One bag for every day",
        "三心二意不如一心一意",
        "千万别错过",
        "",
    ],
)
def test_small_words_state_nothing(text: str) -> None:
    assert unsupported(text) == []


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("500 g", ("Weight", "0.5", "kg")),
        ("2.5kg", ("重量", "2500", "克")),
        ("1斤装", ("净重", "500", "g")),
        ("1 litre", ("Volume", "1000", "ml")),
        ("750毫升", ("容量", "0.75", "L")),
        ("1.2 m", ("Length", "120", "cm")),
        ("15 mm", ("Depth", "1.5", "cm")),
        ("2 hours", ("Battery", "120", "min")),
        ("90分钟", ("续航", "1.5", "小时")),
        ("one-year warranty", ("Warranty", "12", "months")),
        ("两年质保", ("质保", "24", "个月")),
        ("15.6″ screen", ("Screen", "15.6", "inches")),
        ("1 TB", ("Storage", "1024", "GB")),
        ("５００ｍｌ", ("容量", "500", "ml")),
        ("5个口袋", ("Pockets", "5", "")),
        ("three colours", ("颜色", "3", "种")),
        ("SPF 50", ("Sun protection", "SPF50+", "")),
        ("95% cotton", ("Material", "95% cotton", "")),
        ("200 x 220 cm", ("Size", "200×220", "cm")),
        ("250 g", ("Weight (g)", "250", "")),
    ],
)
def test_equal_amounts_support_each_other(text: str, fact: tuple[str, str, str]) -> None:
    assert unsupported(text, facts=[SupportedValue(*fact)]) == []


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("500 g", ("Weight", "500", "kg")),
        ("500 ml", ("Weight", "500", "g")),
        ("5 layers", ("Pockets", "5", "")),
        ("12小时", ("质保", "12", "个月")),
        ("40 days", ("Battery", "40", "hours")),
        ("5%", ("Pockets", "5", "")),
        ("$5", ("Pockets", "5", "")),
        ("5元", ("重量", "5", "kg")),
        ("5折", ("口袋", "5", "")),
        ("IPX8", ("Water resistance", "IPX7", "")),
        ("SPF50", ("Sun protection", "SPF500", "")),
        ("30 °F", ("Wash", "30", "°C")),
    ],
)
def test_equal_numbers_of_other_things_do_not(text: str, fact: tuple[str, str, str]) -> None:
    assert len(unsupported(text, facts=[SupportedValue(*fact)])) == 1


def test_dates_of_the_campaign_support_what_they_are() -> None:
    dates = [datetime.date(2026, 6, 18)]
    for text in ("June 18", "18 June 2026", "6月18日", "2026-06-18", "until Jun 18th", "18/06/2026", "6/18"):
        assert unsupported(text, dates=dates) == [], text
    for text in ("June 19", "18 June 2027", "6月28日", "2026-06-08"):
        assert len(unsupported(text, dates=dates)) == 1, text


def test_addresses_compare_without_scheme_and_case_but_not_without_their_path() -> None:
    texts = ["https://www.Shop.example.com/p/1/", "Help@example.com", "+86 400-820-8820"]
    for text in (
        "shop.example.com/p/1",
        "shop.example.com",
        "http://SHOP.example.com/p/1",
        "help@EXAMPLE.com",
        "400 820 8820",
    ):
        assert unsupported(text, allowed_texts=texts) == [], text
    for text in ("shop.example.com/p/2", "shop.example.org", "shоp.example.com", "help@example.org", "400-820-8821"):
        assert len(unsupported(text, allowed_texts=texts)) == 1, text


def test_facts_may_be_plain_texts() -> None:
    assert unsupported("保温24小时", facts=["保温24小时以上"]) == []


def test_prices_discounts_and_addresses_block_and_other_numbers_warn() -> None:
    findings = unsupported("$5, 20% off, 买一送一, a@b.com, b.com, 3 kg, 4 pockets")
    severities = {finding.code: finding.severity for finding in findings}
    blocking = {code for code, severity in severities.items() if severity is Severity.BLOCKING}
    assert blocking == PRICES | {Code.GROUNDING_EMAIL, Code.GROUNDING_URL}
    assert severities[Code.GROUNDING_QUANTITY] is Severity.WARNING


def test_a_finding_says_what_was_claimed() -> None:
    (finding,) = unsupported("Lasts 2,5 kg")
    assert finding.excerpt == "2,5 kg"
    assert finding.params == {"claim": "2,5 kg", "kind": "quantity", "value": "2500", "unit": "g"}


def test_numbers_hidden_by_odd_characters_are_found() -> None:
    for text in ("$1\u200b99", "＄１９９", "$①⑨⑨", "$𝟏𝟗𝟗", "$1\ufe0f\u20e39\ufe0f\u20e39\ufe0f\u20e3", "$١٩٩", "$¹⁹⁹"):
        (claim,) = find_claims(text)
        assert (claim.kind, claim.value) == (ClaimKind.PRICE, 199), text


def test_catalogue_texts_that_lost_their_line_breaks_still_count() -> None:
    evidence = Evidence(allowed_texts=("Zip closure2 pocketsWarranty: 3 monthsWash at home",))
    assert unsupported_by("2 pockets, 3 months of warranty", evidence) == []
