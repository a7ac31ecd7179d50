"""What a text must not hold is seen at the very token that would bring it in."""

from __future__ import annotations

import pytest

from generation.engine.config import Prompt
from generation.engine.held import held


@pytest.mark.parametrize(
    ("banned", "before", "after", "refused"),
    [
        ("best", "The be", "The best", True),
        ("Best", "The ", "The BESTSELLER", True),
        ("best", "The be", "The bear", False),
        ("art", "A sm", "A smart", False),
        ("art", "An ", "An artist", True),
        ("art", "艺术", "艺术art", True),
        ("最好", "这是最", "这是最好", True),
        ("最好", "这是最", "这是最大", False),
        ("number one", "the number ", "the number one", True),
        ("number one", "the number\n", "the number\none", True),
        ("no. 1", "it is no. ", "it is no. 1", True),
        ("best", "The best", "The best coat", False),
        ("best", "The best", "The best best", True),
        ("best", "The ｂｅｓ", "The ｂｅｓｔ", True),
    ],
)
def test_a_banned_word_is_refused_where_it_would_be_complete(
    banned: str, before: str, after: str, refused: bool
) -> None:
    assert held(Prompt("x", "\n", banned=("other", banned))).refuses(before, after) is refused


@pytest.mark.parametrize(("emoji", "refused"), [(False, True), (None, False), (True, False)])
def test_emoji_are_refused_where_none_may_be(emoji: bool | None, refused: bool) -> None:
    found = held(Prompt("x", "\n", emoji=emoji))
    for sign in ("🎉", "❤️", "☀", "🇨🇳"):
        assert found.refuses("Sale ", f"Sale {sign}") is refused
    assert not found.refuses("Sale ", "Sale ™，")
    assert found.refuses_any is refused


def test_a_text_should_end_near_its_limit() -> None:
    found = held(Prompt("x", "\n", limit=10, measure="display_width"))
    assert found.should_end("轻盈暖。") and found.should_end("Soft wo")
    assert not found.should_end("轻盈。") and not found.should_end("Soft w")
    assert found.used("轻盈保暖衣。") == pytest.approx(1.2)
    assert not held(Prompt("x", "\n")).should_end("轻盈暖。")


@pytest.mark.parametrize("values", [{"banned": ("",)}, {"limit": 0}, {"limit": 5, "measure": "furlongs"}])
def test_constraints_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Prompt("x", "\n", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("emoji", "text", "lacks"),
    [
        (True, "A jacket for rain.", True), (True, "雨衣，", True), (True, "A jacket for", False),
        (True, "🎒 A jacket for rain.", False), (None, "A jacket.", False), (False, "A jacket.", False),
    ],
)  # fmt: skip
def test_an_emoji_that_is_wanted_may_stand_behind_a_clause(emoji: bool | None, text: str, lacks: bool) -> None:
    assert held(Prompt("x", "\n", emoji=emoji)).lacks_emoji(text) is lacks
