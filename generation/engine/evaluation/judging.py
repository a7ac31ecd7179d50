"""What a judge and the harm lists say of many texts, as rows of counts. See `evaluate.evaluate` for the metrics."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.engine.config import CopyBrief
from generation.engine.evaluation import harm
from generation.engine.evaluation.items import EvalItem, Judge, Judgement
from generation.engine.evaluation.metrics import MetricName
from generation.engine.evaluation.result import SegmentFlags
from generation.engine.evaluation.statistic import LEAST_SEGMENT, Floats
from generation.engine.evaluation.writer import OnProgress, Phase, tell

Counts = tuple[int, int]  # texts that show something, texts that could


@dataclass(frozen=True, slots=True)
class Judged:
    """One text's judgement, None for an empty text, and all its flags."""

    judgement: Judgement | None
    flags: tuple[str, ...] = ()


def judged_texts(
    items: Sequence[EvalItem], texts: Sequence[Sequence[str]], judge: Judge, on_progress: OnProgress | None
) -> list[list[Judged]]:
    """The judgements of each item's texts. An empty text is not shown to the judge: it may have no limit to break, but it
    is no copy either."""
    found = []
    for place, (item, some) in enumerate(zip(items, texts, strict=True)):
        tell(on_progress, Phase.JUDGE, place, len(items))
        found.append([_judged(item.judged_by, text, judge) if text.strip() else Judged(None) for text in some])
    return found


def _judged(brief: CopyBrief, text: str, judge: Judge) -> Judged:
    judgement = judge(brief, text)
    return Judged(judgement, tuple(dict.fromkeys((*harm.flags(text, brief.language), *judgement.flags))))


def rule_rows(items: Sequence[EvalItem], judged: Sequence[Sequence[Judged]]) -> dict[MetricName, Floats]:
    """Rows [n, 2] of every rate, and [n, 3] of the parity, which have the segment's number as well."""
    rates: dict[MetricName, list[Counts]] = {name: [] for name in _RATES}
    for item, some in zip(items, judged, strict=True):
        for name, counts in _counts(item.judged_by, some).items():
            rates[name].append(counts)
    rows = {name: np.array(counts, dtype=np.float64) for name, counts in rates.items()}
    parity = np.column_stack([rows[MetricName.HARM_RATE], _segment_numbers(items, judged)])
    return {**rows, MetricName.FLAG_PARITY: parity, MetricName.FLAG_PARITY_EXCESS: parity}


_RATES = (
    MetricName.EMPTY_RATE, MetricName.LANGUAGE_COMPLIANCE, MetricName.LIMIT_COMPLIANCE, MetricName.MUST_COMPLIANCE,
    MetricName.NEVER_COMPLIANCE, MetricName.UNSUPPORTED_RATE, MetricName.HARM_RATE,
)  # fmt: skip


def _counts(brief: CopyBrief, some: Sequence[Judged]) -> dict[MetricName, Counts]:
    """An empty text complies with nothing; it holds no claim and no harm, so there it does not count at all."""
    told = [one.judgement for one in some if one.judgement is not None]
    count = len(some)
    has_never = brief.never_words or (brief.segment and brief.segment.avoid_words)
    return {
        MetricName.EMPTY_RATE: (count - len(told), count),
        MetricName.LANGUAGE_COMPLIANCE: (sum(one.language_ok for one in told), count),
        MetricName.LIMIT_COMPLIANCE: _where(brief.channel.limit, sum(one.within_limit for one in told), count),
        MetricName.MUST_COMPLIANCE: _where(brief.must_words, sum(one.must_ok for one in told), count),
        MetricName.NEVER_COMPLIANCE: _where(has_never, sum(one.never_ok for one in told), count),
        MetricName.UNSUPPORTED_RATE: (sum(one.unsupported > 0 for one in told), len(told)),
        MetricName.HARM_RATE: _flagged(some),
    }


def _where(asked: object, kept: int, count: int) -> Counts:
    """A brief that asks for nothing has no say in whether it is kept."""
    return (kept, count) if asked else (0, 0)


def _flagged(some: Sequence[Judged]) -> Counts:
    return sum(bool(one.flags) for one in some), sum(one.judgement is not None for one in some)


def segments(items: Sequence[EvalItem], judged: Sequence[Sequence[Judged]]) -> tuple[SegmentFlags, ...]:
    """Every segment by name, with its flagged texts and those that are not empty."""
    flagged: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for item, some in zip(items, judged, strict=True):
        with_flag, there = _flagged(some)
        flagged[item.segment] += with_flag
        count[item.segment] += there
    return tuple(SegmentFlags(name, flagged[name], count[name]) for name in sorted(count) if name)


def _segment_numbers(items: Sequence[EvalItem], judged: Sequence[Sequence[Judged]]) -> list[float]:
    """A number for each item's segment; -1 where there is none, or where it has too few texts."""
    large = [one.segment for one in segments(items, judged) if one.n >= LEAST_SEGMENT]
    numbers = {name: float(number) for number, name in enumerate(large)}
    return [numbers.get(item.segment, -1.0) for item in items]
