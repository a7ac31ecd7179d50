"""What was measured of one writer, as a value that survives a trip through JSON, and how two of them differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np

from generation.engine.config import Language
from generation.engine.evaluation.metrics import SPECS, Direction, Metric, MetricName, draw_seed, estimate
from generation.engine.evaluation.statistic import combined, middle, resamples

FORMAT = 1
# over other things than items
_NOT_OF_ITEMS = frozenset(
    {MetricName.PREFERENCE_ACCURACY, MetricName.FORGETTING_LOSS, MetricName.FORGETTING_PER_CHARACTER}
)
_BY_TOKEN = frozenset({MetricName.LOSS, MetricName.PERPLEXITY, MetricName.FORGETTING_LOSS})
_NOT_BY_LANGUAGE = _NOT_OF_ITEMS | {MetricName.FLAG_PARITY, MetricName.FLAG_PARITY_EXCESS}


@dataclass(frozen=True, slots=True)
class SegmentFlags:
    """How many of a segment's texts (`n`, empty ones left out) have a flag of harm or stereotype."""

    segment: str
    flagged: int
    n: int

    def __post_init__(self) -> None:
        if not self.segment or not 0 <= self.flagged <= self.n:
            raise ValueError("a segment has a name, and no more flagged texts than texts")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every figure of one writer on one set of items.

    fingerprint  of items, pairs, forgetting set, seed and samples: equal ones were asked the very same
    items        ids, in the order of every metric's rows, of `languages` and of `texts`
    texts        what was written for each item, cleaned; an empty text where nothing usable came
    flags        how many texts have each flag of harm or stereotype; what none has is left out
    segments     the same by segment, also of those that are too small for the parity
    """

    writer: str
    seed: int
    samples_per_item: int
    fingerprint: str
    items: tuple[str, ...]
    languages: tuple[Language, ...]
    texts: tuple[tuple[str, ...], ...]
    metrics: Mapping[MetricName, Metric]
    flags: Mapping[str, int]
    segments: tuple[SegmentFlags, ...]

    def __post_init__(self) -> None:
        if not self.items or not len(self.items) == len(self.languages) == len(self.texts):
            raise ValueError("an evaluation has items, and a language and texts for each")
        if not self.writer or not self.fingerprint or self.samples_per_item < 1:
            raise ValueError("an evaluation names its writer and what it was asked")
        if any(len(texts) != self.samples_per_item for texts in self.texts):
            raise ValueError(f"an evaluation holds {self.samples_per_item} texts for every item")
        for name, metric in self.metrics.items():
            if metric.name is not name:
                raise ValueError(f"{metric.name} stands under {name}")
            if metric.rows and name not in _NOT_OF_ITEMS and len(metric.rows) != len(self.items):
                raise ValueError(f"{name} has {len(metric.rows)} rows for {len(self.items)} items")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types only, and no NaN."""
        return {
            "format": FORMAT,
            "writer": self.writer,
            "seed": self.seed,
            "samples_per_item": self.samples_per_item,
            "fingerprint": self.fingerprint,
            "items": list(self.items),
            "languages": [language.value for language in self.languages],
            "texts": [list(texts) for texts in self.texts],
            "metrics": {name.value: metric.to_dict() for name, metric in self.metrics.items()},
            "flags": dict(self.flags),
            "segments": [{"segment": one.segment, "flagged": one.flagged, "n": one.n} for one in self.segments],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Raises `ValueError` for what `to_dict` did not write."""
        try:
            if data["format"] != FORMAT:
                raise ValueError(f"an evaluation of format {data['format']}, not {FORMAT}")
            return cls(
                writer=data["writer"],
                seed=data["seed"],
                samples_per_item=data["samples_per_item"],
                fingerprint=data["fingerprint"],
                items=tuple(data["items"]),
                languages=tuple(Language(language) for language in data["languages"]),
                texts=tuple(tuple(texts) for texts in data["texts"]),
                metrics={MetricName(name): Metric.from_dict(name, one) for name, one in data["metrics"].items()},
                flags=dict(data["flags"]),
                segments=tuple(SegmentFlags(**one) for one in data["segments"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not an evaluation: {error}") from error


def by_language(evaluation: Evaluation) -> dict[Language, dict[MetricName, Metric]]:
    """The metrics over the items of each language that there is. BLEU, ROUGE and losses of Chinese and English are
    different scales (characters and words), so a fair table shows them apart.

    distinct-2 and self-BLEU keep the whole set as what they compare with. Preferences, forgetting and the parity of
    segments, which would fall below their least size, are left out.
    """
    found: dict[Language, dict[MetricName, Metric]] = {}
    for language in Language:
        places = [place for place, one in enumerate(evaluation.languages) if one is language]
        if places:
            found[language] = {
                name: estimate(name, metric.table[places], evaluation.seed) if metric.rows else metric
                for name, metric in evaluation.metrics.items()
                if name not in _NOT_BY_LANGUAGE
            }
    return found


class Verdict(StrEnum):
    """BETTER and WORSE where the whole interval lies on that side; SAME where it holds 0; UNKNOWN where one of the two has
    no value, or too few items speak for an interval."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """`new` less `other` in the metric's unit, with the 95 % interval of a paired bootstrap."""

    metric: MetricName
    new: float | None
    other: float | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict


def same_questions(new: Evaluation, other: Evaluation) -> bool:
    """Whether both were asked the very same, so that they can be compared item by item."""
    return new.fingerprint == other.fingerprint and new.items == other.items


def compare(new: Evaluation, other: Evaluation) -> list[Difference]:
    """How `new` differs from `other` in every metric, in the order of `MetricName`.

    Each resample draws items, and takes both writers' rows of the same items (paired bootstrap; for BLEU Koehn 2004), so
    what makes an item hard for both does not blur the difference. About twenty metrics are compared, each at 95 %: one
    of them may look different by chance.

    Figures by the token say nothing about models whose tokenizers cut the same texts differently: those by the character do.

    Raises `ValueError` where the two were not asked the same.
    """
    if not same_questions(new, other):
        raise ValueError(f"{new.writer} and {other.writer} were not measured on the same items with the same seed")
    names = [name for name in MetricName if name in new.metrics or name in other.metrics]
    return [_difference(name, new.metrics.get(name), other.metrics.get(name), new.seed) for name in names]


def _difference(name: MetricName, new: Metric | None, other: Metric | None, seed: int) -> Difference:
    ours, theirs = (one.value if one else None for one in (new, other))
    if new is None or other is None or ours is None or theirs is None:
        return Difference(name, ours, theirs, None, None, None, Verdict.UNKNOWN)
    if name in _BY_TOKEN and not _cut_alike(new, other):
        return Difference(name, ours, theirs, None, None, None, Verdict.UNKNOWN)
    bounds = _bounds(new, other, seed)
    low, high = bounds or (None, None)
    return Difference(name, ours, theirs, ours - theirs, low, high, _verdict(SPECS[name].direction, bounds))


def _cut_alike(new: Metric, other: Metric) -> bool:
    """Whether the tokens of every text are as many; two templates may differ by one, where text and prompt meet."""
    return new.table.shape == other.table.shape and bool(
        np.abs(new.table[:, 1] - other.table[:, 1]).max(initial=0) <= 1
    )


def _bounds(new: Metric, other: Metric, seed: int) -> tuple[float, float] | None:
    if len(new.rows) != len(other.rows):
        raise ValueError(f"{new.name} has {len(new.rows)} rows here and {len(other.rows)} there")
    if min(new.n, other.n) < 2:
        return None
    draws = resamples(len(new.rows), draw_seed(seed))
    statistic = new.spec.statistic
    return middle(combined(statistic, new.table, draws) - combined(statistic, other.table, draws))


def _verdict(direction: Direction, bounds: Sequence[float] | None) -> Verdict:
    if bounds is None:
        return Verdict.UNKNOWN
    low, high = bounds
    if low <= 0 <= high:
        return Verdict.SAME
    return Verdict.BETTER if (low > 0) == (direction is Direction.HIGHER) else Verdict.WORSE
