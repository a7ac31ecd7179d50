"""Words that must and must never stand in a copy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rules.finding import Code, Severity
from campaigns.rules.wording import missing_must_words, present_never_words


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Big SALE today", "sale"),
        ("Ｂｉｇ　ｓａｌｅ", "big sale"),
        ("全网最低价", "最低"),
        ("买iPhone的人", "iphone"),
        ("sale", "sale"),
        ("s\u200bale", "sale"),
        ("free  shipping", "free shipping"),
        ("FREE\nSHIPPING!", "free shipping"),
        ("C++ inside", "c++"),
        ("Straße", "STRASSE"),
        ("café", "cafe\u0301"),
        ("100% pure", "100%"),
        ("No.1!", "no.1"),
    ],
)
def test_a_word_is_found_whatever_its_case_and_width(text: str, word: str) -> None:
    (finding,) = present_never_words(text, [word])
    assert missing_must_words(text, [word]) == []
    assert finding.excerpt == text[finding.start : finding.end]
    assert (finding.code, finding.severity) == (Code.WORDING_NEVER_PRESENT, Severity.BLOCKING)
    assert finding.params == {"word": word}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("smart", "art"),
        ("artful", "art"),
        ("resale", "sale"),
        ("2024款", "202"),
        ("最 低", "最低"),
        ("", "a"),
        ("sal e", "sale"),
    ],
)
def test_a_part_of_a_word_is_not_the_word(text: str, word: str) -> None:
    assert present_never_words(text, [word]) == []
    (missing,) = missing_must_words(text, [word])
    assert (missing.start, missing.end, missing.excerpt) == (0, 0, "")
    assert missing.severity is Severity.WARNING


def test_every_place_is_found_in_the_order_of_the_text() -> None:
    findings = present_never_words("最好的，best of the best", ["best", "最好"])
    assert [finding.excerpt for finding in findings] == ["最好", "best", "best"]


def test_blank_and_repeated_words_count_once_or_not_at_all() -> None:
    assert present_never_words("a sale", ["", "  ", "sale", "SALE", "ｓａｌｅ"])[0].params == {"word": "sale"}
    assert len(present_never_words("a sale", ["sale", "SALE"])) == 1
    assert missing_must_words("text", ["", " "]) == []


@given(text=st.text(max_size=80), words=st.lists(st.text(max_size=6), max_size=5))
def test_spans_lie_inside_the_text(text: str, words: list[str]) -> None:
    for finding in present_never_words(text, words):
        assert 0 <= finding.start < finding.end <= len(text)


@given(before=st.text(max_size=10), word=st.text(min_size=1, max_size=8), after=st.text(max_size=10))
def test_a_word_between_spaces_is_always_found_unless_it_is_nothing_but_marks(
    before: str, word: str, after: str
) -> None:
    found = present_never_words(f"{before} {word} {after}", [word])
    assert found or missing_must_words("", [word]) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("No free shipping for your pillow.", "free shipping"),
        ("It comes without free shipping", "free shipping"),
        ("We don't offer free shipping", "free shipping"),
        ("Not a free shipping pillow", "free shipping"),
        ("不包邮，慢回弹", "包邮"),
        ("没有包邮", "包邮"),
        ("不含赠品", "赠品"),
    ],
)
def test_a_must_word_that_is_denied_is_not_there(text: str, word: str) -> None:
    (found,) = missing_must_words(text, [word])
    assert found.code is Code.WORDING_MUST_DENIED and text[found.start : found.end].casefold() == word
    assert missing_must_words(f"{text} {word}", [word]) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Not only free shipping", "free shipping"),
        ("No parabens. Free shipping!", "free shipping"),
        ("No parabens, free shipping", "free shipping"),
        ("不仅包邮，还送运费险", "包邮"),
        ("There is no added sugar", "no added sugar"),
        ("The Hazel apron does not shrink", "hazel"),
        # no offer: what is denied is said of the product
        ("There is no fragrance: the dog smells of dog", "fragrance"),
        ("阳台没插座也能亮", "插座"),
        ("不可折叠的伞骨", "折叠"),
    ],
)
def test_a_must_word_behind_another_denial_is(text: str, word: str) -> None:
    assert missing_must_words(text, [word]) == []
