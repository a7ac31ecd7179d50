"""From an output to the copy in it: what a small model makes up at the end is left out."""

from __future__ import annotations

import pytest

from generation.engine.config import FinishReason, Language, Output, Prompt
from generation.engine.evaluation.coverage import content_words
from generation.engine.outputs import clean_output, without_stray_end

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
