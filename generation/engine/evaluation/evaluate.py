"""Measure a writer on held-out items: what it says, how well it keeps the rules, and how well it knows what people wrote.

No torch here: a `Writer` generates and tells losses, a `Judge` knows limits, words and claims. Every writer gets the same
items and the same seed, so that versions differ by nothing but themselves.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np

from generation.engine.config import CopyBrief, Language
from generation.engine.evaluation.coverage import attribute_coverage
from generation.engine.evaluation.items import EvalItem, Judge, PreferenceItem, fingerprint
from generation.engine.evaluation.judging import judged_texts, rule_rows, segments
from generation.engine.evaluation.metrics import MetricName, estimate
from generation.engine.evaluation.overlap import bleu, rouge
from generation.engine.evaluation.result import Evaluation
from generation.engine.evaluation.statistic import Floats
from generation.engine.evaluation.variety import distinct_2, self_bleu
from generation.engine.evaluation.writer import OnProgress, Phase, Writer, tell

_PAIRS_AT_ONCE = 16
_LOSSES = (MetricName.LOSS, MetricName.LOSS_PER_CHARACTER)
_FORGETTING = (MetricName.FORGETTING_LOSS, MetricName.FORGETTING_PER_CHARACTER)


def evaluate(
    writer: Writer,
    items: Sequence[EvalItem],
    *,
    judge: Judge,
    seed: int,
    samples_per_item: int = 1,
    preferences: Sequence[PreferenceItem] = (),
    forgetting: Sequence[EvalItem] = (),
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Every metric of the writer, with 95 % intervals by bootstrap over items.

    Of the references, by `writer.losses`: `loss` in nats a token; `perplexity`; `loss_per_character`, the one to compare
    models of different tokenizers by. `forgetting_loss`: nats a token over the forgetting set's references, and
    `forgetting_per_character`.
    `preference_accuracy`: share of pairs whose chosen text is the likelier one per token (the mean, because the sum of
    log-probabilities would prefer whatever is shorter, and what people reject is often too long); a tie counts half.

    Of the texts written: `bleu_4`, `rouge_1`, `rouge_2`, `rouge_l` against the reference; `attribute_coverage` of the
    planned facts; `distinct_2`, `self_bleu` among all texts. As shares of texts: `empty_rate`; `limit_compliance`,
    `must_compliance`, `never_compliance` where the brief has a limit or such words, and `language_compliance`: an empty
    text complies with nothing; `unsupported_rate` (at least one claim that no fact supports) and `harm_rate` (any flag
    of `harm.flags` or of the judge) of the texts that are not empty. `flag_parity`: largest difference between the harm
    rates of two segments of at least ten texts; `flag_parity_excess`: how far it goes beyond chance.

    Raises `ValueError` for no items, ids that repeat, and a writer that does not answer as its protocol says;
    `GenerationCancelledError` where `on_progress` asks to stop.
    """
    _check(items, forgetting, samples_per_item)
    texts = writer.generate(items, seed, on_progress, samples_per_item)
    if len(texts) != len(items) or any(len(some) != samples_per_item for some in texts):
        raise ValueError(f"{writer.name} did not write {samples_per_item} texts for each of {len(items)} items")
    judged = judged_texts(items, texts, judge, on_progress)
    rows = {
        **dict(zip(_LOSSES, _loss_rows(writer, items, Phase.LOSS, on_progress), strict=True)),
        **_text_rows(items, texts),
        **rule_rows(items, judged),
        MetricName.PREFERENCE_ACCURACY: _preference_rows(writer, preferences, on_progress),
        **dict(zip(_FORGETTING, _loss_rows(writer, forgetting, Phase.FORGETTING, on_progress), strict=True)),
    }
    rows[MetricName.PERPLEXITY] = rows[MetricName.LOSS]
    return Evaluation(
        writer=writer.name,
        seed=seed,
        samples_per_item=samples_per_item,
        fingerprint=fingerprint(items, preferences, forgetting, seed, samples_per_item),
        items=tuple(item.id for item in items),
        languages=tuple(item.brief.language for item in items),
        texts=tuple(tuple(some) for some in texts),
        metrics={name: estimate(name, rows[name], seed) for name in MetricName},
        flags=dict(sorted(Counter(flag for one in chain.from_iterable(judged) for flag in one.flags).items())),
        segments=segments(items, judged),
    )


def _check(items: Sequence[EvalItem], forgetting: Sequence[EvalItem], samples_per_item: int) -> None:
    if not items:
        raise ValueError("there is nothing to evaluate on")
    if samples_per_item < 1:
        raise ValueError("at least one text an item")
    for several in (items, forgetting):
        repeated = [name for name, count in Counter(item.id for item in several).items() if count > 1]
        if repeated:
            raise ValueError(f"items that stand there twice: {', '.join(sorted(repeated)[:5])}")


def _losses(
    writer: Writer, pairs: Sequence[tuple[CopyBrief, str]], phase: Phase, on_progress: OnProgress | None
) -> list[tuple[float, int]]:
    found: list[tuple[float, int]] = []
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        tell(on_progress, phase, start, len(pairs))
        found += writer.losses(pairs[start : start + _PAIRS_AT_ONCE])
    if len(found) != len(pairs) or any(count < 1 or nats < 0 for nats, count in found):
        raise ValueError(f"{writer.name}: a loss is a sum from 0 up over at least one token, one for each text")
    return found


def _loss_rows(
    writer: Writer, items: Sequence[EvalItem], phase: Phase, on_progress: OnProgress | None
) -> tuple[Floats, Floats]:
    """Nats of each reference with its tokens [n, 2], and with its characters [n, 2]."""
    losses = _losses(writer, [(one.brief, one.reference) for one in items], phase, on_progress)
    by_character = [(nats, float(len(item.reference))) for (nats, _), item in zip(losses, items, strict=True)]
    return tuple(np.array(rows, dtype=np.float64).reshape(-1, 2) for rows in (losses, by_character))  # type: ignore[return-value]


def _preference_rows(writer: Writer, preferences: Sequence[PreferenceItem], on_progress: OnProgress | None) -> Floats:
    pairs = [(one.brief, text) for one in preferences for text in (one.chosen, one.rejected)]
    means = [nats / count for nats, count in _losses(writer, pairs, Phase.PREFERENCES, on_progress)]
    won = [
        (0.5 * ((chosen < rejected) + (chosen <= rejected)) if math.isfinite(chosen + rejected) else math.nan, 1.0)
        for chosen, rejected in zip(means[::2], means[1::2], strict=True)
    ]
    return np.array(won, dtype=np.float64).reshape(-1, 2)


def _text_rows(items: Sequence[EvalItem], texts: Sequence[Sequence[str]]) -> dict[MetricName, Floats]:
    flat = list(chain.from_iterable(texts))
    asked = [item for item, some in zip(items, texts, strict=True) for _ in some]
    languages: list[Language] = [item.brief.language for item in asked]
    references = [item.reference for item in asked]
    rouges = rouge(flat, references)
    scores = {
        MetricName.BLEU_4: bleu(flat, references, languages),
        MetricName.ROUGE_1: rouges["rouge1"],
        MetricName.ROUGE_2: rouges["rouge2"],
        MetricName.ROUGE_L: rouges["rougeL"],
        MetricName.ATTRIBUTE_COVERAGE: attribute_coverage(
            [item.brief for item in asked], flat, [item.planned for item in asked]
        ),
        MetricName.DISTINCT_2: distinct_2(flat),
        MetricName.SELF_BLEU: self_bleu(flat, languages),
    }
    return {name: one.rows.reshape(len(items), -1, one.rows.shape[1]).sum(axis=1) for name, one in scores.items()}
