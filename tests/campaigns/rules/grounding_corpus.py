"""Copy about invented products, labelled by hand: what is planted and false stands between « and ».

Written by us for these tests, one file a product in `grounding/`, with prices in the formats of the United States,
Britain, Germany, France, Brazil, India, China and Japan. A text under `true` should have no finding; every planted piece
of a text under `false` should have one, and nothing else in that text should.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from campaigns.rules.grounding import Evidence, PriceSupport, SupportedValue

FOLDER = Path(__file__).parent / "grounding"


@dataclass(frozen=True)
class Case:
    name: str
    evidence: Evidence
    true: tuple[str, ...]
    false: tuple[str, ...]


@cache
def cases() -> tuple[Case, ...]:
    return tuple(_case(path) for path in sorted(FOLDER.glob("*.toml")))


def _case(path: Path) -> Case:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    prices = (
        PriceSupport(Decimal(price), currency, *(Decimal(former) for former in was))
        for price, currency, *was in data["prices"]
    )
    evidence = Evidence(
        facts=tuple(SupportedValue(*row) for row in data["facts"]),
        prices=tuple(prices),
        allowed_texts=tuple(data["allowed_texts"]),
        dates=tuple(data["dates"]),
    )
    return Case(data["name"], evidence, tuple(data["true"]), tuple(data["false"]))


def planted(labelled: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its marks, and the spans of what is false in it."""
    spans = []
    for count, match in enumerate(re.finditer("«(.*?)»", labelled)):
        start = match.start() - 2 * count
        spans.append((start, start + len(match[1])))
    return re.sub("[«»]", "", labelled), spans
