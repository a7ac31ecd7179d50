"""Folded text knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rules.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("１２３", "123"),
        ("①²", "12"),
        ("1½", "1.5"),
        ("½", "0.5"),
        ("⅓", "1/3"),
        ("１，２９９", "1,299"),
        ("199，200", "199，200"),
        ("℃", "°C"),
        ("㎡", "m2"),
        ("cafe\u0301", "café"),
        ("a\u200bb\u00adc", "abc"),
        ("5–6", "5-6"),
        ("٣", "3"),
    ],
)
def test_odd_forms_become_plain_ones(text: str, folded: str) -> None:
    assert fold(text).text == folded


@given(text=st.text(max_size=100), ignore_case=st.booleans())
def test_every_folded_character_points_back_into_the_text(text: str, ignore_case: bool) -> None:
    folded = fold(text, ignore_case=ignore_case)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)


def test_a_foreign_span_is_refused() -> None:
    for span in ((0, 0), (2, 1), (0, 9)):
        with pytest.raises(ValueError, match="no span"):
            fold("abc").span(*span)
