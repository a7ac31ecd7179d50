"""What readers found of the starter's drafts: briefs as a run would tell them, verdicts, and the pairs that come of them."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from campaigns.services.evaluation_judge import judge
from campaigns.services.starter_corpus import starter_reads
from generation.engine.evaluation.coverage import is_expressed
from generation.engine.training.dataset import Source, is_held_out
from generation.starter.examples import CORPUS
from generation.starter.reads import PAIRS, Read, read_reads
from tests.generation.starter_corpus import corpus

LEAST = 3000  # drafts


@pytest.fixture(scope="module")
def reads() -> list[Read]:
    return read_reads(corpus.channels())


def test_every_draft_keeps_the_rules_that_a_run_holds_it_to(reads: list[Read]) -> None:
    """Readers were shown what a run would show; in the channel's room and in the language it always is."""
    judged = [(one, text, judge(one.brief, text)) for one in reads for text, _ in one.drafts]
    broken = [text for _, text, found in judged if not (found.language_ok and found.never_ok) or not text.strip()]
    assert broken == [] and len(judged) >= LEAST


def test_every_verdict_was_given_often_and_no_brief_has_a_draft_twice(reads: list[Read]) -> None:
    verdicts = Counter(verdict for one in reads for _, verdict in one.drafts)
    assert set(verdicts) == {"A", "B", "C"} and min(verdicts.values()) > LEAST / 10
    for one in reads:
        assert len({text for text, _ in one.drafts}) == len(one.drafts)
        assert set(one.leads) <= set(one.brief.facts)


def test_a_pair_prefers_what_can_be_used_and_tells_what_it_was_to_tell(reads: list[Read]) -> None:
    pairs = starter_reads()
    assert [pair for one in reads for pair in one.to_pairs()] == pairs and len({pair.id for pair in pairs}) == len(
        pairs
    )
    verdict = {(one.id, text): found for one in reads for text, found in one.drafts}
    for one in reads:
        found = one.to_pairs()
        assert len(found) <= PAIRS
        for pair in found:
            assert (pair.brief, pair.product, pair.source) == (one.brief, one.product, Source.APPROVED_OVER_REJECTED)
            better, worse = (verdict[one.id, text] for text in (pair.chosen, pair.rejected))
            assert better in "AB" and worse in "BC" and all(is_expressed(fact, pair.chosen) for fact in one.leads)
            if worse == "B":
                assert not all(is_expressed(fact, pair.rejected) for fact in one.leads)
    by = {one.by for one in reads}
    assert sum(len(starter_reads(name)) for name in by) == len(pairs) and starter_reads("nobody") == []
    held_out = sum(is_held_out(pair.product) for pair in pairs)
    assert 0 < held_out < len(pairs) / 5, "some are kept for measuring"


@pytest.mark.parametrize(
    ("broken", "said"), [({"leads": [99]}, "IndexError"), ({"drafts": [["Warm", "D"]]}, "ValueError no verdict: D")]
)
def test_a_broken_line_is_told_with_its_file_and_number(tmp_path: Path, broken: dict[str, object], said: str) -> None:
    name = next(CORPUS.glob("reads-*.jsonl")).name
    for other in ("segments.jsonl", name.replace("reads", "products")):
        shutil.copy(CORPUS / other, tmp_path)
    line = json.loads((CORPUS / name).read_text(encoding="utf-8").splitlines()[0])
    (tmp_path / name).write_text(json.dumps({**line, **broken}), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{name}, line 1: {said}"):
        read_reads(corpus.channels(), tmp_path)
