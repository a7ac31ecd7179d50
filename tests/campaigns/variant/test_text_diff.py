"""The difference between two texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.selectors.diff import diff
from tests.timing import timed


def ops(old: str, new: str) -> list[tuple[str, str]]:
    return [(segment["op"], segment["text"]) for segment in diff(old, new)]


@given(st.text(alphabet="ab 的是。\n1", max_size=60), st.text(alphabet="ab 的是。\n1", max_size=60))
def test_the_segments_join_to_both_texts(old: str, new: str) -> None:
    found = diff(old, new)
    assert "".join(segment["text"] for segment in found if segment["op"] != "insert") == old
    assert "".join(segment["text"] for segment in found if segment["op"] != "delete") == new
    assert all(segment["text"] for segment in found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("same", "same", [("equal", "same")]),
        ("", "new", [("insert", "new")]),
        (
            "Stay dry today",
            "Stay warm today",
            [("equal", "Stay "), ("delete", "dry"), ("insert", "warm"), ("equal", " today")],
        ),
        (
            "防水夹克很轻",
            "防水外套很轻",
            [("equal", "防水"), ("delete", "夹克"), ("insert", "外套"), ("equal", "很轻")],
        ),
        ("One two three", "Quite another thing", [("delete", "One two three"), ("insert", "Quite another thing")]),
    ],
)
def test_words_and_hanzi_are_the_units(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert ops(old, new) == expected


def test_hostile_repetition_is_answered_at_once() -> None:
    with timed() as watch:
        assert [segment["op"] for segment in diff("的a" * 5000, "a的b" * 5000)] == ["delete", "insert"]
    assert watch.seconds < 1
