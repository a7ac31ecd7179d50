"""Is what is shown what the brief asked for? The starter model over held-out corpus products and over real shop feeds.

    DATA_DIR=/path/to/data MODEL_ROOT=/path/to/models python -m tests.bench.copy_quality --products 12 --out texts.jsonl

Products of the corpus that no training learns from, in both languages, and products of `products/adidas_us_feed.csv` and the
Shopify files of DATA_DIR, in both languages; each for 4 segments and 8 channels, four texts shown for each. Everything goes
the way of a generation run: plan, prompt, filling, the checks of the campaigns app, choosing. Printed for each source and
language: the share of the texts shown that keep limit, language, must and never words; unsupported claims; planned facts that
are told (of those whose words can stand in the language); distinct-2 over the texts shown together; the yield (passed ÷ written, and shown ÷ written); how often a classifier
on sentence vectors tells for which of two segments a text was written (products it has not seen).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import django
import numpy as np

from generation.engine import starter_adapter
from generation.engine.backends.base import Backend
from generation.engine.config import CopyBrief, Fact, Language, SamplingConfig
from generation.engine.filling import Filled, Filler, Kept
from generation.engine.item import Angle, Item
from generation.engine.plan import Plan, comparable, make_angles, with_plan

CHANNELS = (
    "email_subject", "push_ios_body", "sms", "rsa_headline", "meta_primary_text", "product_blurb", "taobao_title",
    "xiaohongshu_body",
)  # fmt: skip
SEGMENTS = ("trail_weekenders", "city_commuters", "style_minded", "careful_spenders")
SHOWN = 4
FEEDS = ("adidas_us_feed.csv", "shopify_apparel.csv", "shopify_home-and-garden.csv")


@dataclass(frozen=True, slots=True)
class Case:
    """One item: where its product is from, and what is asked."""

    source: str
    product: str
    segment: str
    brief: CopyBrief
    plans: tuple[Plan, ...]


def corpus_products(count: int) -> Iterator[tuple[str, CopyBrief]]:
    """A brief for each held-out product and language; segment and channel are put in later."""
    from tests.generation.starter_corpus.corpus import examples

    found = {(one.product, one.brief.language): one.brief for one in examples() if one.is_test}
    order = sorted(found, key=lambda key: (key[0], key[1].value))
    names = sorted({product for product, _ in order})
    chosen = set(random.Random(3).sample(names, min(count, len(names))))
    for key in order:
        if key[0] in chosen:
            yield key[0], found[key]


def feed_products(data: Path, count: int) -> Iterator[tuple[str, CopyBrief]]:
    from campaigns.feeds import ParsedProduct, open_feed
    from campaigns.rules.telling import is_tellable
    from tests.generation.starter_corpus.corpus import examples

    some = next(iter(examples())).brief
    for name in FEEDS:
        with open_feed(data / "products" / name, language_hint="en") as feed:
            feed.mapping = feed.suggested_mapping.to_mapping(default_currency="USD")
            rows = [row for row in feed.products() if isinstance(row, ParsedProduct)]
        for row in islice(random.Random(4).sample(rows, len(rows)), -(-count // len(FEEDS))):
            facts = tuple(
                Fact(one.attribute, one.value, one.unit) for one in row.facts if is_tellable(one.attribute, one.value)
            )[:12]
            for language in Language:
                yield (
                    f"{name}/{row.sku}",
                    replace(
                        some, product_title=row.title, product_description=row.description[:2000], facts=facts,
                        brand_name=row.vendor, language=language, must_words=(), never_words=(), instructions="",
                    ),
                )  # fmt: skip


def cases(source: str, products: Iterator[tuple[str, CopyBrief]], encode: Any) -> Iterator[Case]:
    """Every product for every segment, in two of the channels each, so that all eight come up equally often."""
    from tests.generation.starter_corpus.corpus import channels, examples

    views = {(one.segment, one.brief.language): one.brief.segment for one in examples()}
    for number, (product, brief) in enumerate(products):
        for channel in (CHANNELS[(2 * number) % 8], CHANNELS[(2 * number + 1) % 8]):
            for segment in SEGMENTS:
                asked = replace(
                    brief,
                    segment=views[segment, brief.language],
                    channel=channels()[f"{channel}/{brief.language.value}"],
                    tone="" if source == "feeds" else brief.tone,
                    must_words=(), never_words=brief.never_words, instructions="",
                )  # fmt: skip
                yield Case(source, product, segment, asked, make_angles(asked, encode))


def payload(brief: CopyBrief) -> dict[str, Any]:
    """What a run's item carries for the checks (`copy_check.check_data`), from the brief alone."""
    texts = [brief.product_title, brief.product_description, brief.brand_name, brief.instructions, *brief.must_words]
    limit = brief.channel.limit or 1000
    return {
        **brief.to_dict(),
        "check": {
            "unit": brief.channel.unit, "soft_limit": limit, "hard_limit": limit, "language": brief.language.value,
            "must_words": list(brief.must_words), "never_words": list(brief.never_words),
            "facts": [[fact.attribute, fact.value, fact.unit] for fact in brief.facts],
            "price": None, "texts": [text for text in texts if text], "dates": [],
        },
    }  # fmt: skip


def open_backend(adapter: str, engine: str, threads: int | None) -> Backend:
    """The base of the starter with an adapter of MODEL_ROOT, by torch or exported to 8 bits for OpenVINO."""
    from generation.engine.backends.openvino import OpenVinoBackend
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.loader import load
    from generation.engine.openvino_export import export, load_export

    root = Path(os.environ["MODEL_ROOT"])
    if engine == "torch":
        return TorchBackend(load(root / "gemma-3-270m", model_root=root, adapter=root / adapter, threads=threads))
    place = export(root / "gemma-3-270m", root / adapter, Path("var/openvino"), model_root=root)
    return OpenVinoBackend(load_export(place, threads=threads))


def fill(found: Sequence[Case], options: argparse.Namespace, encode: Any) -> list[tuple[Case, Filled]]:
    from campaigns.services.candidate_check import checker
    from generation.engine.prompts import render
    from generation.engine.rating import Wish, qualities

    items = []
    for number, case in enumerate(found):
        first, *others = [Angle(plan, render("brief-1", with_plan(case.brief, plan))) for plan in case.plans]
        items.append(
            Item(
                key=number,
                prompt=first.prompt,
                language=case.brief.language,
                check=checker(payload(case.brief)),
                wanted=SHOWN,
                seed=number,
                plan=first.plan,
                others=tuple(others),
            )
        )
    filler = Filler(
        open_backend(options.adapter, options.engine, options.threads or None),
        SamplingConfig(batch_size=options.batch, temperature=options.temperature, arithmetic=not options.independent),
        encode=encode,
        rate=lambda item, texts: qualities(
            texts, [item.angle(text.draw).plan for text in texts], item.language, Wish(), encode=encode
        ),
    )
    done = []
    for filled in filler.fill(sorted(items, key=lambda one: one.prompt.max_tokens or 0)):
        done.append((found[filled.item.key], filled))
        if len(done) % 50 == 0:
            print(f"{len(done)} of {len(items)} items", flush=True)
    return done


def tells_apart(done: Sequence[tuple[Case, Filled]], encode: Any) -> float:
    """Mean accuracy over pairs of segments, of products left out of the fit."""
    texts = [(case, kept.text) for case, filled in done for kept in filled.kept]
    vectors = encode([text for _, text in texts])
    products = sorted({case.product for case, _ in texts})
    folds = {product: number % 4 for number, product in enumerate(random.Random(0).sample(products, len(products)))}
    found = []
    for pair in combinations(SEGMENTS, 2):
        rows = [place for place, (case, _) in enumerate(texts) if case.segment in pair]
        side = np.array([pair.index(texts[place][0].segment) for place in rows])
        fold = np.array([folds[texts[place][0].product] for place in rows])
        right = 0
        for left_out in range(4):
            seen = fold != left_out
            if seen.all() or len(set(side[seen])) < 2:
                continue
            right += int(((_ridge(vectors[rows][seen], side[seen], vectors[rows][~seen]) > 0.5) == side[~seen]).sum())
        found.append(right / len(rows))
    return statistics.mean(found)


def _ridge(seen: Any, sides: Any, new: Any) -> Any:
    """Ridge regression of the side, 0 or 1, on centred sentence vectors: a linear classifier in closed form."""
    centre, mean = seen.mean(axis=0), sides.mean()
    rows = seen - centre
    weights = np.linalg.solve(rows.T @ rows + 0.3 * np.eye(rows.shape[1]), rows.T @ (sides - mean))
    return mean + (new - centre) @ weights


def led(case: Case, filled: Filled, kept: Kept) -> tuple[Fact, ...]:
    """The facts that the text was to lead with, of those whose words can stand in its language."""
    return comparable(filled.item.angle(kept.draw).plan, case.brief.language)


def report(name: str, done: Sequence[tuple[Case, Filled]], encode: Any) -> None:
    from campaigns.services.evaluation_judge import judge
    from generation.engine.evaluation.coverage import is_expressed
    from generation.engine.evaluation.variety import distinct_2

    shown = [(case, kept.text) for case, filled in done for kept in filled.kept]
    if not shown:
        print(f"{name}: nothing was shown")
        return
    judged = [judge(case.brief, text) for case, text in shown]
    told = [
        is_expressed(fact, kept.text)
        for case, filled in done
        for kept in filled.kept
        for fact in led(case, filled, kept)
    ]
    varied = [distinct_2([kept.text for kept in filled.kept]).value for _, filled in done if len(filled.kept) > 1]
    written = sum(filled.outputs for _, filled in done)
    dropped: Counter[str] = Counter()
    for _, filled in done:
        dropped.update(filled.dropped)
    figures = {
        "items": len(done),
        "full items": sum(len(filled.kept) == SHOWN for _, filled in done) / len(done),
        "shown": len(shown),
        "limit": statistics.mean(one.within_limit for one in judged),
        "language": statistics.mean(one.language_ok for one in judged),
        "must": statistics.mean(one.must_ok for one in judged),
        "never": statistics.mean(one.never_ok for one in judged),
        "unsupported": statistics.mean(one.unsupported > 0 for one in judged),
        "planned facts told": statistics.mean(told) if told else float("nan"),
        "distinct-2": statistics.mean(varied),
        "passed ÷ written": sum(filled.passed for _, filled in done) / written,
        "shown ÷ written": len(shown) / written,
        "segments told apart": tells_apart(done, encode),
    }
    print(f"\n{name}")
    for label, value in figures.items():
        print(f"  {label}: {value:.3f}" if isinstance(value, float) else f"  {label}: {value}")
    print(f"  dropped: {dict(dropped.most_common())}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=12)
    parser.add_argument("--adapter", default=starter_adapter.NAME)
    parser.add_argument("--engine", choices=("torch", "openvino"), default="torch")
    parser.add_argument("--temperature", type=float, default=SamplingConfig().temperature)
    parser.add_argument("--independent", action="store_true", help="draw every token with a number of its own")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copystudio.settings")
    django.setup()
    from generation.engine.encoder import CachedEncoder, open_encoder

    encode = CachedEncoder(open_encoder(None, None)).encode
    found = list(cases("corpus", corpus_products(options.products), encode))
    if data := os.environ.get("DATA_DIR"):
        found += cases("feeds", feed_products(Path(data), options.products), encode)
    done = fill(found, options, encode)
    groups: dict[str, list[tuple[Case, Filled]]] = defaultdict(list)
    for case, filled in done:
        groups[f"{case.source}, {case.brief.language.value}"].append((case, filled))
    for name, part in sorted(groups.items()):
        report(name, part, encode)
    report("all", done, encode)
    if options.out:
        with options.out.open("w", encoding="utf-8") as out:
            for case, filled in done:
                for kept in filled.kept:
                    line = {
                        "source": case.source, "key": case.product, "product": case.brief.product_title,
                        "brand": case.brief.brand_name, "segment": case.segment, "language": case.brief.language.value,
                        "channel": case.brief.channel.key, "tone": case.brief.tone, "about": case.brief.product_description,
                        "leads": [fact.attribute for fact in led(case, filled, kept)],
                        "facts": [[fact.attribute, fact.value, fact.unit] for fact in case.brief.facts], "text": kept.text,
                    }  # fmt: skip
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
