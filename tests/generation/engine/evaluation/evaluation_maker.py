"""Items, a writer that says what it is told, and a judge that reads simple rules: for tests of evaluations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generation.engine.config import ChannelView, CopyBrief, Fact, Language
from generation.engine.evaluation.evaluate import evaluate
from generation.engine.evaluation.items import EvalItem, Judgement
from generation.engine.evaluation.result import Evaluation
from generation.engine.evaluation.writer import OnProgress
from generation.engine.language import matches_language

FACTS = {
    Language.EN: (Fact("Weight", "480", "g"), Fact("Lining", "brushed fleece")),
    Language.ZH_HANS: (Fact("重量", "480", "g"), Fact("内里", "拉毛抓绒")),
}


def brief(language: Language = Language.EN, limit: int | None = 40, **values: Any) -> CopyBrief:
    channel = ChannelView("push", "Push", "characters", limit)
    return CopyBrief(product_title="Jacket", channel=channel, language=language, facts=FACTS[language], **values)


def item(name: str, reference: str = "Warm and dry at 480 g", segment: str = "", **values: Any) -> EvalItem:
    return EvalItem(name, values.pop("asked", None) or brief(**values), reference, segment, "starter")


def judge(asked: CopyBrief, text: str) -> Judgement:
    """Claims are "!" signs; whoever says "sorry" is flagged for it."""
    limit = asked.channel.limit
    return Judgement(
        within_limit=limit is None or len(text) <= limit,
        language_ok=matches_language(text, asked.language),
        must_ok=all(word in text for word in asked.must_words),
        never_ok=not any(word in text for word in asked.never_words),
        unsupported=text.count("!"),
        flags=("sorry",) if "sorry" in text else (),
    )


@dataclass
class Scripted:
    """A writer that says what it was told of each item; a text it was told no loss of costs 2 nats a word."""

    texts: Mapping[str, Sequence[str]]
    nats: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    name: str = "scripted"
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def generate(
        self, items: Sequence[EvalItem], seed: int, on_progress: OnProgress | None = None, samples: int = 1
    ) -> list[list[str]]:
        self.asked.append((*(one.id for one in items), str(seed), str(samples)))
        return [list(self.texts[one.id]) for one in items]

    def losses(self, pairs: Sequence[tuple[CopyBrief, str]]) -> list[tuple[float, int]]:
        return [self.nats.get(text) or (2.0 * len(text.split()), len(text.split())) for _, text in pairs]


def make_evaluation(
    texts: Sequence[str], make_item: Callable[[str], EvalItem] = item, seed: int = 1, **values: Any
) -> Evaluation:
    """The evaluation of a writer that wrote these texts, one an item."""
    items = [make_item(f"i{number}") for number in range(len(texts))]
    writer = Scripted({one.id: [text] for one, text in zip(items, texts, strict=True)}, values.pop("nats", {}))
    return evaluate(writer, items, judge=judge, seed=seed, **values)
