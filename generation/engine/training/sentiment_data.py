"""What the sentiment head learns from and is measured on: licensed sets, our own sentences, product facts."""

import csv
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.engine.sentiment import SentimentLabel

STARTER = Path(__file__).resolve().parents[2] / "starter"
TWO_WAY = {"0": SentimentLabel.NEGATIVE, "1": SentimentLabel.POSITIVE}
THREE_WAY = {"-1.0": SentimentLabel.NEGATIVE, "0.0": SentimentLabel.NEUTRAL, "1.0": SentimentLabel.POSITIVE}
PROS_CONS, POLARITY = "en_pros_cons.csv.gz", "en_sentence_polarity.csv.gz"


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and how it sounds; `or_else` is a second label that would be as right, where nobody chose between the two.
    Raises `ValueError` for an empty text."""

    text: str
    label: SentimentLabel
    or_else: SentimentLabel | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("a labelled text is empty")

    @property
    def order(self) -> bytes:
        """A place in an order that has nothing to do with what the text says, the same on every machine."""
        return hashlib.sha256(self.text.encode()).digest()


@dataclass(frozen=True, slots=True)
class Part:
    """One source: what may be learned from it, what is kept for measuring, and how much each learned text counts."""

    name: str
    learned: Sequence[LabelledText]
    held_out: Sequence[LabelledText]
    weight: float

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise ValueError("the weight of a source is above 0")


def training_parts(folder: Path, most: int = 4_000, held_out: int = 1_000) -> list[Part]:
    """The sources that the licence of each lets into a shipped head; `folder` holds the two CC BY 4.0 sets.

    At most `most` texts are learned from a licensed set, after `held_out` were put aside. Raises `ValueError` naming a file
    that is missing or not as it should be.
    """
    if most < 1 or held_out < 1:
        raise ValueError("at least one text is learned and one held out")
    parts = []
    for name, weight in ((PROS_CONS, 1.0), (POLARITY, 0.7)):  # films sound unlike shops
        rows = read_set(folder / name, "label", TWO_WAY)
        parts.append(Part(name.split(".")[0], rows[held_out : held_out + most], rows[:held_out], weight))
    for language in ("zh", "en"):  # few, but just what is written here: each counts as twenty
        own = read_own(STARTER / "sentiment" / f"own_{language}.jsonl")
        parts.append(Part(f"own_{language}", *_divided(own), weight=20.0))
    parts.append(Part("copy", *_divided(corpus_copy(STARTER / "corpus")), weight=5.0))
    parts.append(Part("facts", *_divided(product_facts(STARTER / "corpus")), weight=1.0))
    return parts


def read_set(path: Path, column: str, labels: Mapping[str, SentimentLabel]) -> list[LabelledText]:
    """Rows of a gzipped CSV file with the columns `text` and `column`, each text once, in an order that mixes them.

    A text that stands there under two labels is left out. Raises `ValueError` for a file that cannot be read, lacks a column
    or holds a label that is none of `labels`.
    """
    found: dict[str, set[SentimentLabel]] = {}
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if text := row["text"].strip():
                    found.setdefault(text, set()).add(labels[row[column]])
    except (OSError, EOFError, KeyError, AttributeError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path.name} cannot be read: {type(error).__name__} {error}") from error
    return _mixed(LabelledText(text, label) for text, (label, *others) in found.items() if not others)


def read_own(path: Path) -> list[LabelledText]:
    """Lines of JSON with `label` and `text`, mixed. Raises `ValueError` for a file or line that cannot be read."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return _mixed(LabelledText(line["text"], SentimentLabel(line["label"])) for line in lines)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read: {type(error).__name__} {error}") from error


def product_facts(corpus: Path) -> list[LabelledText]:
    """Every fourth fact of the corpus' products as a line in each language: what is so, and no word of how good it is."""
    facts = (LabelledText(line, SentimentLabel.NEUTRAL) for line in set(_fact_lines(corpus)))
    return _mixed(fact for fact in facts if fact.order[1] % 4 == 0)


def corpus_copy(corpus: Path) -> list[LabelledText]:
    """Every fifth text of the corpus' copy. It was written to sell or to help, so none is negative; whether it is neutral or
    positive nobody has said."""
    lines = (line for path in sorted(corpus.glob("copy-*.jsonl")) for line in path.read_text("utf-8").splitlines())
    copy = (LabelledText(json.loads(line)["text"], SentimentLabel.NEUTRAL, SentimentLabel.POSITIVE) for line in lines)
    return _mixed(one for one in copy if one.order[1] % 5 == 0)


def _fact_lines(corpus: Path) -> Iterator[str]:
    for path in sorted(corpus.glob("products-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            product: dict[str, Any] = json.loads(line)
            for number, fact in enumerate(product["facts"]):
                for language, colon, comma in (("en", ": ", ", "), ("zh", "：", "，")):
                    said = colon.join(fact[language])
                    yield said if number % 2 else f"{product['title_' + language]}{comma}{said}"


def _mixed(texts: Iterable[LabelledText]) -> list[LabelledText]:
    return sorted(texts, key=lambda one: one.order)


def _divided(texts: Sequence[LabelledText]) -> tuple[list[LabelledText], list[LabelledText]]:
    """Three quarters to learn from, one to measure on, by content: a text stays on its side when others are added."""
    return [one for one in texts if one.order[0] % 4], [one for one in texts if one.order[0] % 4 == 0]
