"""What a training learns from: collected, cleaned, frozen into files, with its hash."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from django.conf import settings
from django.utils.module_loading import import_string

from copystudio.models import Workspace
from generation.engine.config import CopyBrief
from generation.engine.encoder import Vectors, near_pairs
from generation.engine.errors import TrainingStoppedError
from generation.engine.personal_data import scrub
from generation.engine.training.dataset import (
    Datum,
    PreferencePair,
    Source,
    TrainingExample,
    data_hash,
    read_lines,
    write_lines,
)
from generation.engine.whole_folder import written_whole
from generation.services.back_translation import SEED, SHARE, paraphrases_make
from generation.services.encoder import encoder_open
from generation.services.training_data import Split, split, starter_examples

NEAR = 0.97  # cosine of two texts' vectors from which one of them teaches nothing new
MOST_OF_ONE_CHOSEN = 3  # pairs whose preferred texts are nearly the same: each of them teaches that text once more
_PIECE = 64  # texts that are encoded between two looks at who waits: some two seconds
_EXAMPLES, _PAIRS, _ABOUT = "examples.jsonl", "pairs.jsonl", "snapshot.json"


class CollectedData(Protocol):
    """What ``settings.TRAINING_DATA`` returns: data from use, and how much was left out for which reason."""

    examples: list[TrainingExample]
    pairs: list[PreferencePair]
    excluded: dict[str, int]


@dataclass(frozen=True)
class Snapshot:
    """Frozen data, split by product, what was left out for which reason, and the hash of what they were made from.

    paraphrases  how many a model added as "kept", and how many of its others were refused for which reason; empty where
                 none is configured
    """

    split: Split
    excluded: dict[str, int]
    raw_sha256: str
    paraphrases: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RawData:
    """Everything that a window holds but personal data, and the model that will add paraphrases to it; its hash tells
    whether anything is new."""

    examples: list[TrainingExample]
    pairs: list[PreferencePair]
    excluded: dict[str, int]
    paraphraser: str = ""

    @cached_property
    def sha256(self) -> str:
        """Without a paraphraser, that of the data alone: what was trained before there was one stays known."""
        found = data_hash([*self.examples, *self.pairs])
        if not self.paraphraser:
            return found
        return hashlib.sha256(f"{found} {self.paraphraser} {SHARE} {SEED}".encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        everything: list[Datum] = [*self.examples, *self.pairs]
        return dict(sorted(Counter(one.source.value for one in everything).items()))

    @property
    def new(self) -> int:
        """How much of it came from use."""
        return sum(count for source, count in self.counts.items() if source != Source.STARTER)


def data_scopes(workspace: Workspace) -> list[tuple[str, str]]:
    """Key and name of each part of the workspace's data that a training may keep to."""
    found: list[tuple[str, str]] = import_string(settings.TRAINING_SCOPES)(workspace)
    return found


def data_collect(
    *, workspace: Workspace, since: datetime | None, until: datetime, with_corpus: bool, scope: str = ""
) -> RawData:
    """What people approved, changed and answered in the window, all of it or the part ``scope``, without personal data, and
    the starter corpus if it is wanted. Raises ValueError for a scope that the workspace does not have."""
    collect: Callable[..., CollectedData] = import_string(settings.TRAINING_DATA)
    found = collect(workspace=workspace, since=since, until=until, scope=scope)
    examples, pairs, counts = _scrubbed(found)
    corpus = starter_examples() if with_corpus else []
    excluded = {**found.excluded, **{name: count for name, count in counts.items() if count}}
    return RawData([*corpus, *examples], pairs, excluded, settings.BACK_TRANSLATION_MODEL)


def snapshot_freeze(raw: RawData, folder: Path, should_stop: Callable[[], bool] | None = None) -> Snapshot:
    """Remove near-duplicates, add paraphrases where a model for them is configured, and write all that
    into ``folder``, whole or not at all.

    ``should_stop`` is asked between pieces of 64 texts and between tokens; True ends with ``TrainingStoppedError``, and
    nothing is written. Raises ``ModelFolderError`` when a model for it cannot be loaded.
    """
    kept, kept_pairs = _distinct(raw.examples, raw.pairs, should_stop)
    near = len(raw.examples) - len(kept) + len(raw.pairs) - len(kept_pairs)
    excluded = {**raw.excluded, "near_duplicate": near}
    made = paraphrases_make(kept, should_stop=should_stop)
    counts = {name: count for name, count in excluded.items() if count}
    about: dict[str, Any] = {"excluded": counts, "raw_sha256": raw.sha256}
    if made.tried:
        about["paraphrases"] = {"kept": len(made.examples), **made.dropped}
    with written_whole(folder) as beside:
        write_lines(beside / _EXAMPLES, [*kept, *made.examples])
        write_lines(beside / _PAIRS, kept_pairs)
        (beside / _ABOUT).write_text(json.dumps(about, sort_keys=True), encoding="utf-8")
    return snapshot_read(folder)


def snapshot_read(folder: Path) -> Snapshot:
    """The frozen data. Raises ``ValueError`` or ``OSError`` where the folder holds none."""
    about: dict[str, Any] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    examples = read_lines(folder / _EXAMPLES, TrainingExample)
    pairs = read_lines(folder / _PAIRS, PreferencePair)
    return Snapshot(split(examples, pairs), about["excluded"], about["raw_sha256"], about.get("paraphrases", {}))


def _scrubbed(found: CollectedData) -> tuple[list[TrainingExample], list[PreferencePair], Counter[str]]:
    """Without texts that hold personal data, and with those masked in what people asked for; and how many of each. A text is
    not masked: who learns from it would write the mask to customers."""
    counts: Counter[str] = Counter()
    examples = [
        replace(one, brief=brief)
        for one in found.examples
        if (brief := _scrubbed_brief(one.brief, (one.text,), counts)) is not None
    ]
    pairs = [
        replace(one, brief=brief)
        for one in found.pairs
        if (brief := _scrubbed_brief(one.brief, (one.chosen, one.rejected), counts)) is not None
    ]
    return examples, pairs, counts


def _scrubbed_brief(brief: CopyBrief, texts: tuple[str, ...], counts: Counter[str]) -> CopyBrief | None:
    """The brief with what people wrote into it masked, a shopper's question among it; None where one of the texts itself holds
    personal data."""
    if any(scrub(text)[1] for text in texts):
        counts["personal_data"] += 1
        return None
    segment = brief.segment
    (asked, found), (voice, more) = scrub(brief.instructions), scrub(brief.brand_voice)
    if segment is not None:
        described, further = scrub(segment.description)
        segment, more = replace(segment, description=described), more + further
    counts["personal_data_masked"] += bool(found + more)
    return replace(brief, instructions=asked, brand_voice=voice, segment=segment)


def _distinct(
    examples: list[TrainingExample], pairs: list[PreferencePair], should_stop: Callable[[], bool] | None
) -> tuple[list[TrainingExample], list[PreferencePair]]:
    """Without what teaches nothing new beside what was kept before it. Texts from use are not compared with the starter
    corpus: to encode its thousands of texts takes minutes."""
    used = [one for one in examples if one.source is not Source.STARTER]
    if max(len(used), len(pairs)) < 2:
        return examples, pairs
    texts = [one.text for one in used] + [text for pair in pairs for text in (pair.chosen, pair.rejected)]
    near = _near(texts, should_stop)
    kept = {one.id for one in _distinct_examples(used, near)}
    return [one for one in examples if one.source is Source.STARTER or one.id in kept], _distinct_pairs(pairs, near)


def _distinct_examples(used: list[TrainingExample], near: dict[str, set[str]]) -> Iterable[TrainingExample]:
    """Those whose text is not nearly that of one that was kept before it."""
    kept: set[str] = set()
    for one in used:
        if near[one.text].isdisjoint(kept):
            kept.add(one.text)
            yield one


def _distinct_pairs(pairs: list[PreferencePair], near: dict[str, set[str]]) -> list[PreferencePair]:
    """Those that are not nearly one that was kept before them, in both texts, and of those that prefer nearly the same text
    the first ``MOST_OF_ONE_CHOSEN``, whatever they prefer it to."""
    kept: list[PreferencePair] = []
    rejected: dict[str, list[str]] = defaultdict(list)  # by the text that was preferred
    for pair in pairs:
        before = [text for chosen in near[pair.chosen] for text in rejected.get(chosen, ())]
        if len(before) < MOST_OF_ONE_CHOSEN and near[pair.rejected].isdisjoint(before):
            rejected[pair.chosen].append(pair.rejected)
            kept.append(pair)
    return kept


def _near(texts: Iterable[str], should_stop: Callable[[], bool] | None) -> dict[str, set[str]]:
    """Each text with those that are nearly the same, itself among them."""
    different = list(dict.fromkeys(texts))
    found = {text: {text} for text in different}
    for first, second, _ in near_pairs(_encoded(different, should_stop), NEAR):
        found[different[first]].add(different[second])
        found[different[second]].add(different[first])
    return found


def _encoded(texts: list[str], should_stop: Callable[[], bool] | None) -> Vectors:
    """In pieces, so that others may compute in between and a training may be cancelled."""
    encoder, pieces = encoder_open(with_torch=True, threads=settings.TRAINING_THREADS), list[Vectors]()
    for begin in range(0, len(texts), _PIECE):
        if should_stop is not None and should_stop():
            raise TrainingStoppedError("training was cancelled")
        pieces.append(encoder.encode(texts[begin : begin + _PIECE]))
    return np.concatenate(pieces)
