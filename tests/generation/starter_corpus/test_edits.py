"""What editors made of the starter's drafts: sound texts, briefs as a run would tell them, and nothing of what is held out."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.rules import limits, wording
from campaigns.services.evaluation_judge import judge
from campaigns.services.starter_corpus import starter_edits
from generation.engine.broken import is_broken, pastes
from generation.engine.config import Language
from generation.engine.dedupe import repeated
from generation.engine.training.dataset import Source, is_held_out
from generation.starter.edits import MENDED, Edit, read_edits
from generation.starter.examples import CORPUS
from tests.generation.starter_corpus import corpus
from tests.generation.starter_corpus.single import LAW

LEAST = 1500


@pytest.fixture(scope="module")
def edits() -> list[Edit]:
    return read_edits(corpus.channels())


def faults(edit: Edit) -> Iterator[str]:
    brief, text = edit.brief, edit.text
    judged = judge(brief, text)
    if text != text.strip() or "\n" in text or "  " in text:
        yield "white space at an end, doubled, or a line break"
    if not judged.within_limit:
        yield f"too long: {limits.measure(text, limits.Unit(brief.channel.unit))} of {brief.channel.limit}"
    if not (judged.language_ok and judged.must_ok and judged.never_ok):
        yield "another language, a must word missing or a never word"
    if judged.unsupported or is_broken(text) or pastes(text, brief.facts):
        yield "a number or claim that no fact has, or a hole"
    if LAW.search(text) or list(wording.present_never_words(text, brief.never_words)):
        yield "a term of the advertising law"


def test_every_text_may_be_sent(edits: list[Edit]) -> None:
    assert [f"{edit.id}: {fault}: {edit.text}" for edit in edits for fault in faults(edit)] == []


def test_no_two_texts_are_equal_and_there_are_enough_in_both_languages(edits: list[Edit]) -> None:
    assert [text for text, count in Counter(edit.text for edit in edits).items() if count > 1] == []
    languages = Counter(edit.brief.language for edit in edits)
    assert min(languages[one] for one in Language) >= LEAST // 3 and len(edits) >= LEAST


def test_every_text_is_an_example_and_what_was_mended_a_pair_besides(edits: list[Edit]) -> None:
    examples, pairs = starter_edits()
    assert [one.text for one in examples] == [edit.text for edit in edits]
    changed = [edit for edit in edits if edit.text != edit.draft]
    sources = Counter(one.source for one in examples)
    assert sources == {Source.EDITED: len(changed), Source.APPROVED: len(edits) - len(changed)}
    mended = [edit for edit in changed if repeated(edit.text, edit.draft) >= MENDED]
    assert [(pair.chosen, pair.rejected, pair.brief) for pair in pairs] == [
        (edit.text, edit.draft, edit.brief) for edit in mended
    ]
    assert len(changed) / 4 < len(mended) < len(changed)
    assert 0 < sum(is_held_out(pair.product) for pair in pairs) < len(pairs) / 5, "some are kept for measuring"


def test_a_broken_line_is_told_with_its_file_and_number(tmp_path: Path) -> None:
    name = next(CORPUS.glob("edits-*.jsonl")).name
    for other in ("segments.jsonl", name.replace("edits", "products")):
        shutil.copy(CORPUS / other, tmp_path)
    line = json.loads((CORPUS / name).read_text(encoding="utf-8").splitlines()[0])
    (tmp_path / name).write_text(json.dumps({**line, "facts": [99]}), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{name}, line 1: IndexError"):
        read_edits(corpus.channels(), tmp_path)
