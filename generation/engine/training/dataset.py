"""Training data: examples and preference pairs as frozen values, and their form as lines of JSON. No torch here."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, TypeVar

from generation.engine.config import CopyBrief


class Source(StrEnum):
    """Where an example or a pair comes from."""

    STARTER = "starter"  # the corpus that the project ships
    APPROVED = "approved"  # copy that a second person approved as the model wrote it
    EDITED = "edited"  # copy that a person changed before it was approved
    WRITTEN = "written"  # approved copy that a person wrote from nothing
    DIALOGUE = "dialogue"  # an answer that the customer service gave
    EDIT_OVER_DRAFT = "edit_over_draft"
    APPROVED_OVER_REJECTED = "approved_over_rejected"
    WINNER_OVER_LOSER = "winner_over_loser"
    CLEAN_OVER_BROKEN = "clean_over_broken"


PAIRED = (Source.EDIT_OVER_DRAFT, Source.APPROVED_OVER_REJECTED, Source.WINNER_OVER_LOSER, Source.CLEAN_OVER_BROKEN)


def _check(*texts: str, weight: float) -> None:
    if any(not text.strip() for text in texts):
        raise ValueError("training data has an id, a product and no empty text")
    if any("\n" in text for text in texts):
        raise ValueError("copy for training is one line")
    if not math.isfinite(weight) or weight <= 0:
        raise ValueError("a weight is a number above 0")


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """A brief and the copy that answers it.

    product  key of the product: all that is about one product stays on one side of the split
    uses     positions in `brief.facts` of what the text speaks of, the leading one first; empty: not known
    weight   how much the example counts, 1 being one example of the starter corpus
    """

    id: str
    brief: CopyBrief
    text: str
    source: Source
    product: str
    uses: tuple[int, ...] = ()
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check(self.id, self.product, self.text, weight=self.weight)
        object.__setattr__(self, "source", Source(self.source))
        if any(not 0 <= use < len(self.brief.facts) for use in self.uses):
            raise ValueError(f"uses {self.uses} of {len(self.brief.facts)} facts")

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "brief": self.brief.to_dict(), "uses": list(self.uses)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Raises `ValueError` for a missing or unknown field and for a value of the wrong kind."""
        try:
            values = {**data, "brief": CopyBrief.from_dict(data["brief"]), "uses": tuple(data.get("uses", ()))}
            return cls(**values)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a training example: {error}") from error


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """A brief, the copy that people preferred, and the copy that they did not."""

    id: str
    brief: CopyBrief
    chosen: str
    rejected: str
    source: Source
    product: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check(self.id, self.product, self.chosen, self.rejected, weight=self.weight)
        object.__setattr__(self, "source", Source(self.source))
        if self.chosen == self.rejected:
            raise ValueError("a pair has two different texts")

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "brief": self.brief.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Raises `ValueError` for a missing or unknown field and for a value of the wrong kind."""
        try:
            return cls(**{**data, "brief": CopyBrief.from_dict(data["brief"])})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a preference pair: {error}") from error


Datum = TrainingExample | PreferencePair
D = TypeVar("D", TrainingExample, PreferencePair)


def data_hash(data: Iterable[Datum]) -> str:
    """SHA-256 of the data, whatever their order: equal data have equal hashes."""
    lines = sorted(json.dumps(one.to_dict(), ensure_ascii=False, sort_keys=True) for one in data)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_lines(path: Path, data: Iterable[Datum]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for one in data:
            file.write(json.dumps(one.to_dict(), ensure_ascii=False, sort_keys=True) + "\n")


def read_lines(path: Path, kind: type[D]) -> list[D]:
    """Raises `ValueError` with the line's number for what is not of the kind."""
    return list(_read(path, kind))


def _read(path: Path, kind: type[D]) -> Iterator[D]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield kind.from_dict(json.loads(line))
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from error


HELD_OUT_SHARE = 8
_SALT = "held-out-193"  # with it the starter corpus has 1 to 3 of every category's 16 products held out


def is_held_out(product: str) -> bool:
    """Whether a product is one of those kept for measuring, one in `HELD_OUT_SHARE`: by its key alone, for ever."""
    digest = hashlib.sha256(f"{_SALT}:{product}".encode()).hexdigest()
    return int(digest, 16) % HELD_OUT_SHARE == 0
