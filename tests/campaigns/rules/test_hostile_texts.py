"""No text makes a rule slow: every one of 20,000 characters is read within seconds (half a second on a quiet machine), where
time that grows with the square of the length would take minutes."""

from __future__ import annotations

import time

import pytest

from campaigns.rules import limits, wording
from campaigns.rules.grounding import find_claims, unsupported

LENGTH = 20_000
LONGEST = 8  # seconds of processor time, on a slow machine that does other things too
_PIECES = (
    "1|1,|1.|1 |1-|$|$1|$1-|¥|一|百|一百|买|买1|买一送|第|第1|a|a.|a@|a@a.|http://|www.|a-|1a|a1|1x|x1|1/|1:|%|"
    "1%|折|8折|满|满1减|two |two-|one hundred |1 for |spend $1 |1月|1年|May 1 |0 0|+1 |(|1'|\xa01|😀|é|"
    "e\u0301|\u0301|１|，|１，|½|ﷺ|1.1.|99,99,|1,111|save |原价|only |双|半|个|1个|5 pcs and |1 to |x 1 |- |第一|"
    "20% off your order |-1|#1|No.1 |1:1:|12:34|2024-|2024年|\x00|1\x00|\u200b"
)
PIECES = _PIECES.split("|")


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_text_of_one_piece_is_read_within_seconds(piece: str) -> None:
    text = (piece * LENGTH)[:LENGTH]
    started = time.process_time()
    find_claims.__wrapped__(text)
    assert time.process_time() - started < LONGEST


def test_thousands_of_different_claims_are_compared_within_seconds() -> None:
    text = " ".join(f"{number} kg" for number in range(2000))
    known = " ".join(f"{number} ml" for number in range(2000))
    started = time.process_time()
    assert len(unsupported(text, allowed_texts=[known])) == 2000
    assert time.process_time() - started < LONGEST


@pytest.mark.parametrize("unit", list(limits.Unit))
def test_a_long_text_is_measured_within_seconds(unit: limits.Unit) -> None:
    for piece in ("a", "中", "€", "😀", "a-", "e\u0301", "  "):
        text = (piece * LENGTH)[:LENGTH]
        started = time.process_time()
        limits.check(text, unit, 1, 2)
        assert time.process_time() - started < LONGEST


def test_many_words_are_looked_for_within_seconds() -> None:
    words = ["a" * 50 + "b", "a a", "啊" * 20 + "吧", *(f"word{number}" for number in range(200))]
    for text in ("a" * LENGTH, "a " * (LENGTH // 2), "啊" * LENGTH, " " * LENGTH):
        started = time.process_time()
        wording.present_never_words(text, words)
        wording.missing_must_words(text, words)
        assert time.process_time() - started < LONGEST
