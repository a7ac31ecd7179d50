"""Lets an adapter write drafts for briefs of the corpus, for readers to judge (`readers.py`).

    MODEL_ROOT=/path/to/models python -m tests.generation.starter_corpus.drafts --adapter NAME --briefs 560 --out drafts.jsonl

Every brief is of one product, channel and segment drawn at random and told as a run tells it; of a part the product is known
in the other language only. Every line is one of `corpus/reads-<category>.jsonl`, with its category and without verdicts yet.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import django

from generation.engine.config import CopyBrief, Language, SamplingConfig
from generation.engine.filling import Filler
from generation.engine.item import Item
from generation.engine.plan import Plan, make_angles, with_plan
from generation.engine.seeds import derive_seed
from generation.engine.training.dataset import is_held_out
from generation.starter.edits import NO_TONE
from generation.starter.examples import CORPUS, TONES, brief_of, lines_of

ABROAD = 0.3  # of the briefs, as many tell a product that is known in the other language
WITHOUT_TONE = 0.4
HELD_OUT = 0.08  # as many are of products that nobody learns from: pairs to measure with
SHORT = {Language.EN: "en", Language.ZH_HANS: "zh"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A line as it will be kept, its category, and the brief and plan that make its prompt."""

    category: str
    line: Mapping[str, Any]
    brief: CopyBrief
    plan: Plan


def asked(count: int, seed: int, encode: Any) -> Iterator[Asked]:
    from campaigns.services.starter_corpus import channel_views

    views, chance = channel_views(), random.Random(seed)
    segments = {line["key"]: line for _, line in lines_of(CORPUS / "segments.jsonl")}
    products = [
        (path.stem.removeprefix("products-"), line)
        for path in sorted(CORPUS.glob("products-*.jsonl"))
        for _, line in lines_of(path)
    ]
    sides: dict[bool, list[tuple[str, Any]]] = {True: [], False: []}
    for category, product in products:
        sides[is_held_out(f"{category}/{product['key']}")].append((category, product))
    for _ in range(count):
        category, product = chance.choice(sides[chance.random() < HELD_OUT])
        language = chance.choice(list(Language))
        line = {
            "product": product["key"],
            "language": SHORT[language],
            "segment": chance.choice(sorted(segments)),
            "channel": chance.choice(sorted({key.partition("/")[0] for key in views})),
        }
        tone = {} if chance.random() < WITHOUT_TONE else {"tone": chance.choice(sorted(TONES))}
        own = brief_of({**line, "tone": NO_TONE, **tone}, product, segments, views)
        own = own if tone else replace(own, tone="")
        brief = own
        if chance.random() < ABROAD:
            other = next(one for one in Language if one is not language)
            there = brief_of({**line, "tone": NO_TONE, "language": SHORT[other]}, product, segments, views)
            brief = replace(
                own,
                product_title=there.product_title,
                product_description=there.product_description,
                facts=there.facts,
            )
        plan = chance.choice(make_angles(brief, encode))
        yield Asked(category, {**line, **tone, **_told(own, with_plan(brief, plan), plan)}, brief, plan)


def _told(own: CopyBrief, told: CopyBrief, plan: Plan) -> dict[str, Any]:
    """What a line keeps of a plan, as `edits._told_brief` reads it."""
    facts = [
        own.facts.index(fact) if fact in own.facts else [fact.attribute, fact.value, fact.unit] for fact in told.facts
    ]
    found: dict[str, Any] = {"facts": facts, "leads": list(range(plan.leads))}
    if told.product_title != own.product_title:
        found["title"] = told.product_title
    if told.product_description:
        found["about"] = told.product_description
    if told.channel != own.channel:
        found["room"] = told.channel.limit
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--engine", choices=("torch", "openvino"), default="openvino")
    parser.add_argument("--briefs", type=int, default=560)
    parser.add_argument("--drafts", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copystudio.settings")
    django.setup()
    from campaigns.services.candidate_check import checker
    from generation.engine.encoder import CachedEncoder, open_encoder
    from generation.engine.prompts import render
    from tests.bench.copy_quality import open_backend, payload

    encode = CachedEncoder(open_encoder(None, None)).encode
    found = list(asked(options.briefs, options.seed, encode))
    items = [
        Item(
            key=number,
            prompt=render("brief-1", with_plan(one.brief, one.plan)),
            language=one.brief.language,
            check=checker(payload(one.brief)),
            wanted=options.drafts,
            seed=derive_seed(options.seed, number),
            plan=one.plan,
        )
        for number, one in enumerate(found)
    ]
    backend = open_backend(options.adapter, options.engine, options.threads or None)
    filler = Filler(backend, SamplingConfig(batch_size=32), encode=encode)
    without = 0
    with options.out.open("w", encoding="utf-8") as out:
        for filled in filler.fill(sorted(items, key=lambda one: one.prompt.max_tokens or 0)):
            one = found[filled.item.key]
            texts = list(dict.fromkeys(kept.text for kept in filled.kept))
            line = {"category": one.category, "by": options.adapter, **one.line, "drafts": texts}
            without += not texts
            if texts:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(f"{len(items) - without} briefs; {without} without a text that passed")


if __name__ == "__main__":
    main()
