"""Checks the starter corpus, or the categories that are being written:

python -m tests.generation.starter_corpus.checks garden kitchen
python -m tests.generation.starter_corpus.checks --closest

The second also encodes the texts that share words, and prints the closest pairs (half a minute).
"""

from __future__ import annotations

import sys
from collections import Counter

from generation.engine.encoder import BundledEncoder
from tests.generation.starter_corpus.balance import shortfalls
from tests.generation.starter_corpus.corpus import examples
from tests.generation.starter_corpus.likeness import (
    alike_sisters,
    closest,
    filled_templates,
    near_copies,
    paired,
    shared_shingles,
)
from tests.generation.starter_corpus.single import problems

SHOWN = 20


def main(arguments: list[str]) -> int:
    categories = [argument for argument in arguments if not argument.startswith("--")]
    everything = examples()
    mine = [example for example in everything if not categories or example.category in categories]
    found = [f"{example.id}: {problem}" for example in mine for problem in problems(example)]
    for line in (*shared_shingles(everything), *filled_templates(everything)):
        if any(line.startswith(f"{category}/") for category in categories) or not categories:
            found.append(line)
    if not categories:
        found += shortfalls(everything)
    if "--closest" in arguments:
        encoder = BundledEncoder()
        pairs = closest(mine, encoder)
        found += [*near_copies(pairs), *alike_sisters(mine, encoder)]
        for cosine, one, other in pairs[:SHOWN]:
            print(f"{cosine:.3f} {one.id} {other.id}\n    {one.text}\n    {other.text}")
    for line in found:
        print(line)
    print(f"{len(mine)} texts, {len(found)} problems, {len(paired(mine))} in pairs")
    for name, values in (
        ("language", [example.brief.language.value for example in mine]),
        ("purpose", [example.purpose for example in mine]),
        ("tone", [example.tone for example in mine]),
        ("channel", [example.brief.channel.key for example in mine]),
        ("segment", [example.segment for example in mine]),
        ("with must/never", [f"{bool(e.brief.must_words)}/{bool(e.brief.never_words)}" for e in mine]),
    ):
        print(name, dict(Counter(values).most_common()))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
