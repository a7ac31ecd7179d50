"""From an output to the copy in it: what a small model makes up at the end is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generation.engine.config import (
    ChannelView,
    CopyBrief,
    Fact,
    FinishReason,
    Interest,
    Language,
    Output,
    Prompt,
    SegmentView,
)
from generation.engine.evaluation.coverage import content_words
from generation.engine.outputs import clean_output, without_stray_end
from generation.engine.plan import make_plan

KNOWN = content_words("Rain jacket. Membrane: three layers. Weight: 320 g. 雨衣 防水 重量 320 克")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Three layers keep rain out. You hold it while lunch arrives.", "Three layers keep rain out."),
        ("Three layers keep rain out. It waits. So do we!", "Three layers keep rain out."),
        ("Three layers keep rain out. It weighs 320 g.", "Three layers keep rain out. It weighs 320 g."),
        ("Hello, walkers. You hold it while lunch arrives.", "Hello, walkers."),
        ("Three layers keep rain out. You hold it while", "Three layers keep rain out."),
        ("三层防水，雨天也走。风停了，鸟在唱。", "三层防水，雨天也走。"),
        ("三层防水，雨天也走。重量轻。", "三层防水，雨天也走。重量轻。"),
        ("No stop at all", "No stop at all"),
        ("Three layers keep rain out. Now £4 off.", "Three layers keep rain out. Now £4 off."),
        ("Three layers keep rain out. ☔", "Three layers keep rain out. ☔"),
        ("Three layers keep rain out. Reply STOP to opt out.", "Three layers keep rain out. Reply STOP to opt out."),
        ("三层防水，雨天也走。拒收请回复R", "三层防水，雨天也走。拒收请回复R"),
        ("三层防水，雨天也走。#徒步 #周末", "三层防水，雨天也走。#徒步 #周末"),
        ("", ""),
    ],
)
def test_sentences_at_the_end_that_have_nothing_of_the_brief_are_left_out(text: str, expected: str) -> None:
    assert without_stray_end(text, KNOWN) == expected


def test_without_a_brief_every_sentence_stays() -> None:
    output = Output("Three layers. You hold it while lunch arrives.", 9, -1.0, FinishReason.STOP)
    prompt = Prompt(text="Copy:", stop="\n", shared=0)
    assert clean_output(output, prompt, Language.EN) == output.text
    assert clean_output(output, prompt, Language.EN, KNOWN) == "Three layers."


def test_of_a_product_described_in_another_language_nothing_is_cut() -> None:
    brief = CopyBrief(
        product_title="Rain jacket",
        facts=(Fact("Membrane", "three layers"), Fact("Colour", "moss")),
        segment=SegmentView("周末徒步的人", interests=(Interest("防雨", 0.9),)),
        channel=ChannelView("product_blurb", "商品页文案", "characters", 300),
        language=Language.ZH_HANS,
    )
    plan = make_plan(brief)
    output = Output("三层膜把雨挡在外面。苔绿色耐看。", 9, -1.0, FinishReason.STOP)
    assert clean_output(output, Prompt(text="文案：", stop="\n", shared=0), Language.ZH_HANS, plan.known) == output.text
    assert make_plan(replace(brief, language=Language.EN)).known
