"""Measuring one model on held-out briefs, and what the figures of several say: for the worker and for the command."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string

from generation.engine.config import SamplingConfig
from generation.engine.evaluation.gates import DEFAULT_GATES, Gate, GateResult, judge_gates
from generation.engine.evaluation.items import EvalItem, PreferenceItem
from generation.engine.evaluation.metrics import Absence, MetricName
from generation.engine.evaluation.result import Difference, compare
from generation.engine.evaluation.result import Evaluation as Measured
from generation.engine.plan import can_stand_in
from generation.engine.prompt_data import in_order
from generation.engine.seeds import derive_seed
from generation.engine.training.augment import planned
from generation.engine.training.dataset import Source, TrainingExample
from generation.services.training_data import Split, split, starter_examples

if TYPE_CHECKING:
    from generation.engine.evaluation.writer import OnProgress

NEW, ACTIVE, BASE = "new", "active", "base"
BASE_TEMPLATE = "few-shot-1"
SAMPLES = 2  # texts for each brief: with one, too few segments have the ten texts that the parity needs
FORGETTING = 48  # examples of the starter corpus that every version is held to


@dataclass(frozen=True)
class Subject:
    """Who is measured: a base model in a folder of MODEL_ROOT, perhaps an adapter over it, and its prompt template."""

    name: str
    base: Path
    template: str = BASE_TEMPLATE
    adapter: Path | None = None


@dataclass(frozen=True)
class Questions:
    """What every subject is asked: briefs, pairs of which people preferred one, and what nobody may forget."""

    items: list[EvalItem]
    preferences: list[PreferenceItem]
    forgetting: list[EvalItem]


def questions_of(held_out: Split, *, most: int) -> Questions:
    """At most ``most`` briefs of what is held out, its pairs, and a part of the starter corpus."""
    return Questions(
        items=eval_items(held_out.held_out, most=most),
        preferences=[PreferenceItem(one.brief, one.chosen, one.rejected) for one in held_out.held_out_pairs],
        forgetting=eval_items(split(starter_examples()).held_out, most=FORGETTING),
    )


def eval_items(held_out: Sequence[TrainingExample], *, most: int) -> list[EvalItem]:
    """At most ``most`` of the examples as questions, chosen by their ids alone, so that every version gets the same.

    A brief is told as for generation: the facts first that the reference tells, where that is known, and not much more room
    than it fills. Left out are examples that tell none, or none that can stand in the language: nothing would tell whether a
    text tells it.
    """
    chosen = sorted(
        (one for one in held_out if _told(one) or _is_unknown(one)), key=lambda one: derive_seed("evaluation", one.id)
    )[:most]
    return [
        EvalItem(
            id=one.id,
            brief=planned(one if one.uses else replace(one, brief=in_order(one.brief))),
            reference=one.text,
            segment=one.brief.segment.name if one.brief.segment else "",
            source=one.source.value,
            planned=_told(one),
            channel=one.brief.channel,
        )
        for one in sorted(chosen, key=lambda one: one.id)
    ]


def _is_unknown(example: TrainingExample) -> bool:
    """Whether nobody said which facts the text tells. The writers of the starter corpus did, all of its description or not."""
    return not example.uses and example.source is not Source.STARTER


def _told(example: TrainingExample) -> tuple[int, ...]:
    """Positions, in the order of the plan, of the facts that the text tells and whose words can stand in its language."""
    used = enumerate(example.brief.facts[place] for place in example.uses)
    return tuple(place for place, fact in used if can_stand_in(fact, example.brief.language))


def measure(
    subject: Subject, questions: Questions, *, seed: int, on_progress: OnProgress | None = None, samples: int = SAMPLES
) -> Measured:
    """One subject's figures. Torch comes in here, in the worker's child.

    Raises ModelFolderError for a folder that may not be loaded, GenerationCancelledError where ``on_progress`` asks to stop.
    """
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.evaluation.evaluate import evaluate
    from generation.engine.evaluation.writer import BackendWriter
    from generation.engine.loader import load

    root, threads = Path(settings.MODEL_ROOT), settings.TRAINING_THREADS
    loaded = load(subject.base, model_root=root, adapter=subject.adapter, threads=threads)
    tokenizer = loaded.tokenizer
    writer = BackendWriter(
        name=subject.name,
        backend=TorchBackend(loaded),
        template_id=subject.template,
        sampling=SamplingConfig(batch_size=settings.GENERATION_BATCH),
        count_tokens=lambda text: len(tokenizer.encode(text, start=False)),
    )
    try:
        return evaluate(
            writer,
            questions.items,
            judge=import_string(settings.EVALUATION_JUDGE),
            seed=seed,
            samples_per_item=samples,
            preferences=questions.preferences,
            forgetting=questions.forgetting,
            on_progress=on_progress,
        )
    finally:
        del writer, loaded
        gc.collect()


_AS_ASKED = frozenset({MetricName.PREFERENCE_ACCURACY, MetricName.MUST_COMPLIANCE, MetricName.ATTRIBUTE_COVERAGE})
_NOTHING_ASKED = frozenset({Absence.NOTHING_GIVEN, Absence.NOTHING_APPLIES})


def gates_for(new: Measured, *, learned_pairs: bool = False) -> list[Gate]:
    """The gates that the version has to pass: those over preferences, must-words and facts only where it was asked about
    any, and that over preferences also where it learned some and none was kept to ask about: then it is not passed. Other
    figures are always there, whatever was asked."""
    unasked = {name for name, metric in new.metrics.items() if name in _AS_ASKED and metric.absence in _NOTHING_ASKED}
    if learned_pairs:
        unasked.discard(MetricName.PREFERENCE_ACCURACY)
    return [gate for gate in DEFAULT_GATES if gate.metric not in unasked]


def judged(measured: Mapping[str, Measured], *, learned_pairs: bool = False) -> list[GateResult]:
    """The gates of the new version, against the active one where it was measured."""
    return judge_gates(gates_for(measured[NEW], learned_pairs=learned_pairs), measured[NEW], measured.get(ACTIVE))


def compared(measured: Mapping[str, Measured]) -> dict[str, list[Difference]]:
    """How the new version differs from each of the others, by their names."""
    return {name: compare(measured[NEW], other) for name, other in measured.items() if name != NEW}


def difference_dict(one: Difference) -> dict[str, Any]:
    return {
        "metric": one.metric.value,
        "new": one.new,
        "other": one.other,
        "difference": one.difference,
        "low": one.low,
        "high": one.high,
        "verdict": one.verdict.value,
    }


def gate_dict(one: GateResult) -> dict[str, Any]:
    return {
        "name": one.name,
        "metric": one.metric.value,
        "passed": one.passed,
        "value": one.value,
        "limit": one.limit,
        "reason": one.reason.value,
    }
