"""Raw output becomes copy without what the model wrote around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.engine.clean import clean

LABELS = ("Headline", "Product", "For", "标题", "商品")


@pytest.mark.parametrize(
    ("raw", "copy"),
    [
        ("  Hot coffee  ", "Hot coffee"),
        ('"Hot coffee"', "Hot coffee"),
        ("“轻盈一步。”", "轻盈一步。"),
        ('Say "hi', "Say hi"),
        ("Headline: Hot coffee", "Hot coffee"),
        ("标题（30字以内）：轻盈一步", "轻盈一步"),
        ("Hot coffee. Product: Mug", "Hot coffee."),
        ("轻盈一步。商品：跑鞋", "轻盈一步。"),
        ("For your feet", "For your feet"),
        ("- Hot coffee", "Hot coffee"),
        ("1. Hot coffee", "Hot coffee"),
        ("Hot\x00 cof\u200bfee\ufffd", "Hot coffee"),
        ("Hot\u3000coffee\nnow", "Hot coffee now"),
        ("快来，", "快来"),
        ("Family 👨\u200d👩\u200d👧 time ❤️", "Family 👨\u200d👩\u200d👧 time ❤️"),
        ("3.5 mm of cushion", "3.5 mm of cushion"),
        ("Say “hi” and 'bye'", "Say “hi” and 'bye'"),
        ("…", "…"),
        ("", ""),
    ],
)
def test_what_is_around_the_copy_goes(raw: str, copy: str) -> None:
    assert clean(raw, labels=LABELS) == copy


@pytest.mark.parametrize(
    ("raw", "copy"),
    [
        ("Great fit. Ready to ru", "Great fit."),
        ("价格仅3.5元。快来", "价格仅3.5元。"),
        ("Ready for 3.5 mm", ""),
        ("Great fit! #run #fun", "Great fit!"),
    ],
)
def test_a_half_sentence_goes_when_the_model_was_cut_off(raw: str, copy: str) -> None:
    assert clean(raw, complete=False) == copy


@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing_more_about_spaces_and_control_characters(raw: str) -> None:
    once = clean(raw, labels=LABELS)
    assert once == once.strip()
    assert not any(character in once for character in "\n\r\t\x00\u200b")
