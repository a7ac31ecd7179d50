"""Requests and answers of the engine refuse nonsense and survive JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from generation.engine.config import (
    ChannelView,
    Check,
    CopyBrief,
    Fact,
    FinishReason,
    Interest,
    Language,
    Output,
    Prompt,
    SamplingConfig,
    SegmentView,
)

SEGMENT = SegmentView("runners", "run a lot", (Interest("comfort", 0.5),), ("light",), ("cheap",), "lively")


def test_a_brief_comes_back_equal_from_json() -> None:
    brief = CopyBrief(
        product_title="跑鞋",
        channel=ChannelView("sms", "短信", "sms", None),
        language=Language.ZH_HANS,
        product_description="轻",
        facts=(Fact("重量", "220", "g"),),
        brand_name="山脊",
        segment=SEGMENT,
        must_words=("轻盈",),
        never_words=("最",),
        instructions="短句",
    )
    assert CopyBrief.from_dict(json.loads(json.dumps(brief.to_dict()))) == brief


def test_a_brief_without_segment_comes_back_equal(make_brief: Callable[..., CopyBrief]) -> None:
    brief = make_brief()
    assert CopyBrief.from_dict(json.loads(json.dumps(brief.to_dict()))) == brief


@pytest.mark.parametrize(
    "change",
    [
        {"product_title": " "},
        {"language": "fr"},
        {"channel": {"key": "", "name": "x", "unit": "characters", "limit": 5}},
        {"channel": {"key": "x", "name": "x", "unit": "characters", "limit": 0}},
        {"channel": None},
        {"facts": [{"attribute": "colour", "value": ""}]},
        {"facts": [{"colour": "red"}]},
        {"must_words": [""]},
        {"segment": {"name": "x", "interests": [{"name": "y", "weight": -1}]}},
        {"segment": {"name": ""}},
        {"colour": "red"},
    ],
)
def test_a_brief_that_makes_no_sense_is_refused(make_brief: Callable[..., CopyBrief], change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        CopyBrief.from_dict({**make_brief().to_dict(), **change})


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": 0},
        {"temperature": float("nan")},
        {"top_k": -1},
        {"top_p": 0},
        {"top_p": 1.1},
        {"repetition_penalty": 0.9},
        {"max_new_tokens": 0},
        {"seed": -1},
        {"batch_size": 0},
        {"best_of": 3},
    ],
)
def test_sampling_settings_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SamplingConfig.from_dict(values)


def test_sampling_settings_come_back_equal_and_missing_ones_take_their_default() -> None:
    config = SamplingConfig(temperature=0.5, seed=7)
    assert SamplingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert SamplingConfig.from_dict({"seed": 3}) == SamplingConfig(seed=3)


def test_answers_refuse_impossible_numbers() -> None:
    with pytest.raises(ValueError):
        Output("x", 1, 0.1, FinishReason.STOP)
    with pytest.raises(ValueError):
        Output("x", 1, float("-inf"), FinishReason.STOP)
    with pytest.raises(ValueError):
        Check(length=-1)
    with pytest.raises(ValueError):
        Prompt("abc", "\n", shared=3)
    with pytest.raises(ValueError):
        Prompt("abc", "")
