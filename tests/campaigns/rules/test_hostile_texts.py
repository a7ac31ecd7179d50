"""No text makes a rule slow: every one of 20,000 characters is read within two seconds (a fifth of it on a quiet machine), or,
where the machine is slower than that, in time that grows with its length and not with the square of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from campaigns.rules import limits, wording
from campaigns.rules.grounding import find_claims, unsupported
from tests.timing import timed

LENGTH = 20_000
LONGEST = 2  # seconds of this thread's processor time, on a machine that does other things too
GROWTH = 3  # times the time that half of it takes; the square would be 4
_PIECES = (
    "1|1,|1.|1 |1-|$|$1|$1-|¥|一|百|一百|买|买1|买一送|第|第1|a|a.|a@|a@a.|http://|www.|a-|1a|a1|1x|x1|1/|1:|%|"
    "1%|折|8折|满|满1减|two |two-|one hundred |1 for |spend $1 |1月|1年|May 1 |0 0|+1 |(|1'|\xa01|😀|é|"
    "e\u0301|\u0301|１|，|１，|½|ﷺ|1.1.|99,99,|1,111|save |原价|only |双|半|个|1个|5 pcs and |1 to |x 1 |- |第一|"
    "20% off your order |-1|#1|No.1 |1:1:|12:34|2024-|2024年|\x00|1\x00|\u200b"
)
PIECES = _PIECES.split("|")


def seconds(read: Callable[[int], object], length: int) -> float:
    with timed() as watch:
        read(length)
    return watch.seconds


def is_quick(read: Callable[[int], object], length: int = LENGTH) -> bool:
    took = seconds(read, length)
    if took < LONGEST:
        return True
    return min(took, *(seconds(read, length) for _ in range(2))) < GROWTH * min(
        seconds(read, length // 2) for _ in range(3)
    )


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_text_of_one_piece_is_read_within_two_seconds(piece: str) -> None:
    assert is_quick(lambda length: find_claims.__wrapped__((piece * length)[:length]))


def test_thousands_of_different_claims_are_compared_within_two_seconds() -> None:
    def compare(count: int) -> None:
        text = " ".join(f"{number} kg" for number in range(count))
        known = " ".join(f"{number} ml" for number in range(count))
        assert len(unsupported(text, allowed_texts=[known])) == count

    assert is_quick(compare, 2000)


@pytest.mark.parametrize("unit", list(limits.Unit))
def test_a_long_text_is_measured_within_a_second(unit: limits.Unit) -> None:
    def measure(piece: str, length: int) -> None:
        limits.check((piece * length)[:length], unit, 1, 2)

    for piece in ("a", "中", "€", "😀", "a-", "e\u0301", "  "):
        assert is_quick(partial(measure, piece)), piece


def test_many_words_are_looked_for_within_a_second() -> None:
    words = ["a" * 50 + "b", "a a", "啊" * 20 + "吧", *(f"word{number}" for number in range(200))]

    def look(piece: str, length: int) -> None:
        text = (piece * length)[:length]
        wording.present_never_words(text, words)
        wording.missing_must_words(text, words)

    for piece in ("a", "a ", "啊", " "):
        assert is_quick(partial(look, piece)), piece
