"""Sheets for readers of drafts, and what becomes of their verdicts.

    python -m tests.generation.starter_corpus.readers drafts drafts.jsonl --folder sheets      writes sheets for drafts (`drafts.py`)
    python -m tests.generation.starter_corpus.readers keep drafts.jsonl --folder sheets        adds them to the corpus, once read
    python -m tests.generation.starter_corpus.readers blind a.jsonl b.jsonl --folder sheets    mixes texts of `tests.bench.copy_quality`
    python -m tests.generation.starter_corpus.readers tally a.jsonl b.jsonl --folder sheets    counts verdicts of each file

A sheet is `sheet-<n>.txt`: what was asked, and under it texts with a number each. A reader writes `sheet-<n>.verdicts` beside
it, a line `<number> <A, B or C>` for each text. Of a blind reading the texts of all files for one brief stand together in an
order drawn by chance, and nothing on a sheet tells whose they are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.starter.examples import CORPUS, lines_of
from generation.starter.reads import VERDICTS

SEED = 11
KEY = "key.json"


@dataclass(frozen=True, slots=True)
class Group:
    """What was asked, and texts with what they are called in the files that they came from."""

    asked: str
    texts: tuple[tuple[str, tuple[int, int]], ...]


def of_drafts(path: Path) -> list[Group]:
    segments = {line["key"]: line for _, line in lines_of(CORPUS / "segments.jsonl")}
    groups = []
    for number, line in lines_of(path):
        products = {one["key"]: one for _, one in lines_of(CORPUS / f"products-{line['category']}.jsonl")}
        product, short = products[line["product"]], line["language"]
        facts = [_fact(product["facts"][one], short) if isinstance(one, int) else one for one in line["facts"]]
        told = _asked(
            {
                **line, "product": line.get("title", product[f"title_{short}"]), "brand": product["brand"],
                "segment": segments[line["segment"]][f"name_{short}"], "facts": facts,
                "leads": [facts[place][0] for place in line["leads"]],
            }
        )  # fmt: skip
        groups.append(Group(told, tuple((text, (number, place)) for place, text in enumerate(line["drafts"]))))
    return groups


def _fact(fact: Mapping[str, Any], short: str) -> list[str]:
    return [*fact[short], fact.get("unit", "")]


def of_files(paths: Sequence[Path]) -> list[Group]:
    """Raises `ValueError` where the files tell one brief in different ways."""
    found: dict[tuple[str, ...], list[tuple[str, tuple[int, int]]]] = defaultdict(list)
    asked: dict[tuple[str, ...], str] = {}
    for place, path in enumerate(paths):
        for number, line in lines_of(path):
            key = (line["source"], line["key"], line["language"], line["segment"], line["channel"])
            found[key].append((line["text"], (place, number)))
            told = _asked({**line, "leads": []})
            if asked.setdefault(key, told) != told:
                raise ValueError(f"{path.name}, line {number}: another brief than that of the same item before")
    chance = random.Random(SEED)
    keys = chance.sample(sorted(found), len(found))
    return [Group(asked[key], tuple(chance.sample(found[key], len(found[key])))) for key in keys]


def _asked(line: Mapping[str, Any]) -> str:
    facts = "; ".join(f"{name}: {value} {unit}".strip() for name, value, unit in line["facts"])
    told = [
        f"{line['channel']} | {line['language']} | for: {line['segment']} | tone: {line.get('tone') or '-'}",
        f"product: {line['product']}" + (f" ({line['brand']})" if line.get("brand") else ""),
        f"facts: {facts or '-'}",
    ]
    if about := line.get("about"):
        told.append(f"description: {about[:400]}")
    if line["leads"]:
        told.append(f"was to lead with: {', '.join(line['leads'])}")
    return "\n".join(told)


def write_sheets(groups: Sequence[Group], paths: Sequence[Path], folder: Path, parts: int) -> None:
    folder.mkdir(parents=True)
    places = {}
    for part in range(parts):
        lines = []
        for number, group in list(enumerate(groups))[part::parts]:
            lines += ["", f"--- {group.asked}"]
            for place, (text, origin) in enumerate(group.texts):
                places[f"{number}.{place}"] = origin
                lines.append(f"{number}.{place}  {json.dumps(text, ensure_ascii=False)[1:-1]}")
        (folder / f"sheet-{part + 1}.txt").write_text("\n".join(lines[1:]) + "\n", encoding="utf-8")
    key = {"files": [_hash(path) for path in paths], "places": places}
    (folder / KEY).write_text(json.dumps(key), encoding="utf-8")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def verdicts(paths: Sequence[Path], folder: Path) -> dict[tuple[int, int], str]:
    """Of each text that was read, by file and what it is called there, its verdict. Raises `ValueError` for other files than the
    sheets are of, a line that is no verdict, a number read twice and one that no sheet has."""
    key = json.loads((folder / KEY).read_text(encoding="utf-8"))
    if key["files"] != [_hash(path) for path in paths]:
        raise ValueError("These sheets were made of other files, or of these in another order.")
    found: dict[tuple[int, int], str] = {}
    for path in sorted(folder.glob("sheet-*.verdicts")):
        for place, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if not line.strip():
                continue
            number, _, verdict = line.strip().partition(" ")
            origin = tuple(key["places"].get(number, ()))
            if verdict.strip() not in VERDICTS or len(origin) != 2 or origin in found:
                raise ValueError(f"{path.name}, line {place}: {line}")
            found[origin] = verdict.strip()
    if left := len(key["places"]) - len(found):
        print(f"{left} of {len(key['places'])} texts have no verdict")
    return found


def keep(path: Path, folder: Path, corpus: Path = CORPUS) -> None:
    """Adds every draft with a verdict to the corpus, once."""
    kept_before = folder / "kept"
    if kept_before.exists():
        raise ValueError("These drafts were added to the corpus before.")
    found = verdicts([path], folder)
    new: dict[str, list[str]] = defaultdict(list)
    for number, line in lines_of(path):
        read = [[text, found[number, place]] for place, text in enumerate(line["drafts"]) if (number, place) in found]
        if read:
            kept = {name: value for name, value in line.items() if name != "category"} | {"drafts": read}
            new[line["category"]].append(json.dumps(kept, ensure_ascii=False, separators=(",", ":")))
    for category, lines in new.items():
        with (corpus / f"reads-{category}.jsonl").open("a", encoding="utf-8") as out:
            out.writelines(f"{line}\n" for line in lines)
    kept_before.touch()
    print(f"{sum(map(len, new.values()))} briefs, {len(found)} drafts: {dict(Counter(found.values()))}")


def tally(paths: Sequence[Path], folder: Path) -> None:
    counts = [Counter[str]() for _ in paths]
    parts: dict[str, list[Counter[str]]] = defaultdict(lambda: [Counter() for _ in paths])
    lines = [dict(lines_of(path)) for path in paths]
    for (place, number), verdict in verdicts(paths, folder).items():
        line = lines[place][number]
        counts[place][verdict] += 1
        parts[f"{line['source']}, {line['language']}"][place][verdict] += 1
    for name, found in (*sorted(parts.items()), ("all", counts)):
        for path, one in zip(paths, found, strict=True):
            of = max(1, one.total())
            print(
                f"{name:18} {path.stem:24} {one.total():5}  as is {one['A'] / of:.3f}  usable {1 - one['C'] / of:.3f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("drafts", "keep", "blind", "tally"))
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--sheets", type=int, default=8)
    options = parser.parse_args()
    if options.what == "drafts":
        write_sheets(of_drafts(options.files[0]), options.files[:1], options.folder, options.sheets)
    elif options.what == "blind":
        write_sheets(of_files(options.files), options.files, options.folder, options.sheets)
    elif options.what == "keep":
        keep(options.files[0], options.folder)
    else:
        tally(options.files, options.folder)


if __name__ == "__main__":
    main()
