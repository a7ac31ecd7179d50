"""What a training would learn from, and about how long it would take, before it is started."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Avg
from django.utils import timezone

from copystudio.db import JobStatus
from copystudio.models import Workspace
from generation.engine.prompts import render
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import PreferencePair, TrainingExample, is_held_out
from generation.models import LanguageModel, ModelVersion, TrainingRun
from generation.selectors.training_words import EXAMPLES, PAIRS, counted, duration_text, left_out
from generation.services.snapshot import RawData, data_collect
from generation.services.training import LEAST_EXAMPLES, TEMPLATE

DEFAULT_RATE = 200.0  # tokens a second of a CPU, before this workspace has trained
_SAMPLED = 200  # texts whose length is counted; the rest is taken to be like them
# tokens for each character: a least-squares fit to the Gemma 3 tokenizer over 483 prompts of the starter corpus
_WIDE_TOKENS, _OTHER_TOKENS = 0.95, 0.29
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]")
_ONE_WAY = 1 / 3  # of what a step costs, reading alone
T = TypeVar("T")
D = TypeVar("D", TrainingExample, PreferencePair)


@dataclass(frozen=True)
class Estimate:
    """``fresh`` counts what came since ``last``, the newest training of the same base and scope whose version is still there;
    ``is_unchanged`` where the data are the very same. ``rate`` is in tokens a second, ``seconds`` the whole training.
    """

    examples: list[tuple[str, int]]
    pairs: list[tuple[str, int]]
    excluded: list[tuple[str, int]]
    example_count: int
    pair_count: int
    held_out: int
    least: int
    tokens: int
    rate: float
    rate_of: TrainingRun | None
    seconds: float
    is_cut: bool
    last: TrainingRun | None
    fresh: int
    is_unchanged: bool

    @property
    def too_few(self) -> bool:
        return self.example_count < self.least

    @property
    def one_sided(self) -> bool:
        """Whether the split by product leaves nothing to learn from, or nothing to measure with."""
        return self.held_out in (0, self.example_count)

    @property
    def duration(self) -> str:
        return duration_text(self.seconds)

    @property
    def excluded_total(self) -> int:
        return sum(count for _reason, count in self.excluded)


def training_estimate(
    *,
    workspace: Workspace,
    language_model: LanguageModel | None,
    config: TrainConfig,
    days: int | None,
    with_corpus: bool,
    scope: str = "",
    now: datetime | None = None,
) -> Estimate:
    """Reads the data as a start would, and counts; ``days`` None: all. Near-duplicates are still among them. Raises ValueError
    for a scope that the workspace does not have."""
    now = now or timezone.now()
    since = None if days is None else now - timedelta(days=days)
    raw = data_collect(workspace=workspace, since=since, until=now, with_corpus=with_corpus, scope=scope)
    tokens = _tokens(raw, config)
    rate, rate_of = tokens_per_second(workspace, language_model)
    seconds, budget = tokens / rate, config.time_budget
    is_cut = budget is not None and seconds > budget
    last = _last(workspace, language_model, scope)
    fresh = raw.new if last is None else _fresh(workspace, last, since=since, now=now)
    return Estimate(
        examples=counted(raw.counts, EXAMPLES),
        pairs=counted(raw.counts, PAIRS),
        excluded=left_out(raw.excluded),
        example_count=len(raw.examples),
        pair_count=len(raw.pairs),
        held_out=sum(is_held_out(one.product) for one in raw.examples),
        least=LEAST_EXAMPLES,
        tokens=tokens,
        rate=rate,
        rate_of=rate_of,
        seconds=min(seconds, budget or seconds) + 60 * config.search_minutes,
        is_cut=is_cut,
        last=last,
        fresh=fresh,
        # the hash takes a while: where something came, the data have changed
        is_unchanged=last is not None and fresh == 0 and last.data_sha256 == raw.sha256,
    )


def tokens_per_second(workspace: Workspace, language_model: LanguageModel | None) -> tuple[float, TrainingRun | None]:
    """The mean of the newest run that got anywhere with this base, and that run; else the default of a CPU."""
    runs = TrainingRun.objects.filter(workspace=workspace, tokens_per_second__gt=0).order_by("-id")
    run = runs.filter(language_model=language_model).first() if language_model else runs.first()
    if run is None:
        return DEFAULT_RATE, None
    mean = run.points.filter(step__gt=0).aggregate(mean=Avg("tokens_per_second"))["mean"]
    return mean or run.tokens_per_second or DEFAULT_RATE, run


def _last(workspace: Workspace, language_model: LanguageModel | None, scope: str) -> TrainingRun | None:
    runs = TrainingRun.objects.filter(
        workspace=workspace, scope=scope, status=JobStatus.SUCCEEDED, version__isnull=False
    )
    if language_model is not None:
        runs = runs.filter(language_model=language_model)
    return runs.exclude(version__status=ModelVersion.Status.DELETED).order_by("-id").first()


def _fresh(workspace: Workspace, last: TrainingRun, *, since: datetime | None, now: datetime) -> int:
    """How much came from use since the last run looked, as the schedule counts it."""
    begin = max(last.until, since or last.until)
    if begin >= now:
        return 0
    return data_collect(workspace=workspace, since=begin, until=now, with_corpus=False, scope=last.scope).new


def _tokens(raw: RawData, config: TrainConfig) -> int:
    """Tokens that go through the model over all epochs. A pair counts twice, with the adapter and without it, and has examples
    learned again beside it; of a measurement, which goes one way only, a third counts."""
    learned, held_out = _divided(raw.examples)
    paired, held_out_pairs = _divided(raw.pairs)
    example = _estimated(learned, _example_tokens)
    again = config.replay * len(paired) * example / max(1, len(learned))
    measured = _estimated(held_out, _example_tokens) + _estimated(held_out_pairs, _pair_tokens)
    epochs, pair_epochs = config.epochs, config.preference_epochs if paired else 0
    steps = min(config.evaluations, -(-len(learned) // config.batch_size)) * epochs
    steps += min(config.evaluations, -(-len(paired) // config.batch_size)) * pair_epochs
    return round(
        epochs * example
        + pair_epochs * (2 * _estimated(paired, _pair_tokens) + again)
        + (1 + steps) * measured * _ONE_WAY
    )


def _divided(data: Sequence[D]) -> tuple[list[D], list[D]]:
    """What is learned from, and what is kept for measuring."""
    return [one for one in data if not is_held_out(one.product)], [one for one in data if is_held_out(one.product)]


def _estimated(items: Sequence[T], size: Callable[[T], float]) -> float:
    """The summed size of the items, from an even sample of them."""
    if not items:
        return 0.0
    sample = items[:: max(1, len(items) // _SAMPLED)]
    return sum(size(one) for one in sample) / len(sample) * len(items)


def _example_tokens(example: TrainingExample) -> float:
    return _text_tokens(render(TEMPLATE, example.brief).text + example.text)


def _pair_tokens(pair: PreferencePair) -> float:
    return 2 * _text_tokens(render(TEMPLATE, pair.brief).text) + _text_tokens(pair.chosen + pair.rejected)


def _text_tokens(text: str) -> float:
    wide = len(_WIDE.findall(text))
    return _WIDE_TOKENS * wide + _OTHER_TOKENS * (len(text) - wide)
