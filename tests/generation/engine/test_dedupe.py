"""Texts that say the same in nearly the same words are found in both languages."""

from __future__ import annotations

import pytest

from generation.engine.dedupe import SeenTexts, normal_key, repeats_itself, says_again, similarity


def test_case_width_punctuation_and_spaces_make_no_difference() -> None:
    assert normal_key("Run, FAR — today!") == normal_key("run far today")
    assert normal_key("全场８折！") == normal_key("全场8折")
    assert SeenTexts(["Run far today."]).is_duplicate("RUN FAR TODAY")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Light shoes for your long run today", "Light shoes for your long runs today"),
        ("轻盈缓震，陪你跑完每一公里路", "轻盈缓震，陪你跑完每一公里"),
    ],
)
def test_nearly_equal_texts_are_duplicates(first: str, second: str) -> None:
    assert SeenTexts([first]).is_duplicate(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Light shoes for your long run", "Long runs start with light shoes"),
        ("轻盈缓震，陪你跑完每一公里", "每一公里，都有轻盈缓震"),
        ("Soft", "Light"),
    ],
)
def test_different_texts_of_the_same_words_are_kept(first: str, second: str) -> None:
    assert not SeenTexts([first]).is_duplicate(second)


def test_similarity_runs_from_nothing_to_equal() -> None:
    assert similarity("Run far", "run far!") == 1
    assert similarity("Run far", "轻盈") == 0
    assert similarity("", "") == 1


def test_a_text_of_signs_alone_is_a_duplicate_of_nothing_said() -> None:
    assert SeenTexts().is_duplicate("!!! …")


def test_the_threshold_must_be_a_share() -> None:
    with pytest.raises(ValueError):
        SeenTexts(near=0)


@pytest.mark.parametrize("text", ["很亮，很亮，很亮，很亮，很亮", "running, running, running, running"])
def test_a_text_that_goes_round_in_circles_is_found(text: str) -> None:
    assert repeats_itself(text)


@pytest.mark.parametrize(
    "text",
    [
        "榉木摇铃 亚麻籽油表面涂亚麻籽油",
        "黄色洒水壶 洒水 烧水壶 洒水",
        "The roller brush is for sofas and car seats. It is for pets and car seats.",
    ],
)
def test_words_that_are_said_again_are_found(text: str) -> None:
    assert says_again(text) and not repeats_itself(text)


@pytest.mark.parametrize(
    "text",
    [
        "轻盈缓震，陪你跑完每一公里",
        "Walk the walk, talk the talk",
        "Go go go",
        "",
        "藏青色半拉链上衣：长袖，袖口开了拇指孔。#半拉链上衣",
    ],
)
def test_ordinary_repetition_is_allowed(text: str) -> None:
    assert not repeats_itself(text) and not says_again(text)
