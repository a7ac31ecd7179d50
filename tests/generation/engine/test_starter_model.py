"""The real starter model: it writes copy in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generation.engine import starter
from generation.engine.config import Check, CopyBrief, Fact, Interest, Language, SamplingConfig, SegmentView
from generation.engine.filling import Filler
from generation.engine.item import Item
from generation.engine.language import matches_language
from generation.engine.prompts import render

pytestmark = [pytest.mark.starter, pytest.mark.slow]
FACTS = {
    Language.EN: ("Ultraboost Running Shoes", (Fact("sole", "cushioned foam"), Fact("weight", "310", "g")), "runners"),
    Language.ZH_HANS: ("轻跑缓震跑鞋", (Fact("鞋底", "缓震泡棉中底"), Fact("重量", "310", "克")), "跑步爱好者"),
}


@pytest.fixture(scope="module")
def backend(starter_root: Path) -> Any:
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.loader import load

    return TorchBackend(load(starter.starter_folder(starter_root), model_root=starter_root))


def test_the_files_are_those_that_were_written(starter_root: Path) -> None:
    starter.verify(starter_root, hashes=True)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("channel", "limit"), [("email_subject", 60), ("product_blurb", 300)])
def test_it_writes_copy_in_the_language_asked_for(
    backend: Any, make_brief: Callable[..., CopyBrief], language: Language, channel: str, limit: int
) -> None:
    title, facts, audience = FACTS[language]
    segment = SegmentView(audience, interests=(Interest(facts[0].attribute),))
    brief = make_brief(channel, limit, product_title=title, facts=facts, segment=segment, language=language)
    item = Item(
        key=1,
        prompt=render("few-shot-1", brief),
        language=language,
        check=lambda text: Check("too_long" if len(text) > limit else "", len(text)),
        wanted=6,
        seed=4,
    )
    [filled] = Filler(backend=backend, sampling=SamplingConfig()).fill([item])
    assert len(filled.kept) == 6
    assert all(matches_language(one.text, language) and -8 < one.mean_logprob < 0 for one in filled.kept)
    assert filled.passed >= 0.4 * filled.outputs


def test_it_finds_sense_likelier_than_nonsense(backend: Any) -> None:
    sense, nonsense = backend.score(["Light shoes for a long run.", "Run long shoes a for light."])
    assert sense > nonsense
    sense, nonsense = backend.score(["轻便的跑鞋，陪你跑得更远。", "远得更的跑你跑，陪便鞋轻。"])
    assert sense > nonsense
