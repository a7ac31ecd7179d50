"""From an item's payload to what the model reads: the same today as when it is made again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.module_loading import import_string
from numpy.typing import NDArray

from generation.engine.config import Check, CopyBrief
from generation.engine.filling import Item
from generation.engine.plan import Plan, make_plan, with_plan
from generation.engine.prompts import render
from generation.engine.rating import Wish
from generation.models import GenerationItem, GenerationRun

Checker = Callable[[dict[str, Any]], Callable[[str], Check]]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An item with everything that follows from its payload."""

    row: GenerationItem
    item: Item
    plan: Plan
    wish: Wish
    ran: tuple[str, ...]


def prepare(
    run: GenerationRun, row: GenerationItem, encode: Encode, beside: Mapping[int, str] | None = None
) -> Prepared:
    """``beside`` has, by slot, texts that stand already of a field that is read with this one.

    Raises ValueError, KeyError or TypeError where the payload is no brief.
    """
    checker: Checker = import_string(settings.GENERATION_CHECK)
    payload = dict(row.payload)
    check, wish = checker(payload), Wish.from_dict(payload.pop("wish", {}))
    ran = tuple(payload.pop("ran", ()))
    payload.pop("check", None)
    with_text = str(payload.pop("with", ""))
    brief = CopyBrief.from_dict(payload)
    plan = make_plan(brief, encode, wish.turn, wish.after)
    there = [candidate.text for candidate in row.candidates.all()]
    wanted = max(1, row.requested - len(there))
    slots = range(len(there), len(there) + wanted)
    beside = beside or dict.fromkeys(slots if with_text else (), with_text)
    item = Item(
        key=row.pk,
        prompt=render(run.model_version.prompt_template, with_plan(brief, plan)),
        language=brief.language,
        check=check,
        wanted=wanted,
        seed=seed_of(run, row),
        taken=(*there, *ran, *filter(None, [wish.like])),
        first=row.outputs,
        plan=plan,
        slot=len(there),
        beside=tuple(beside.get(slot, "") for slot in slots) if beside else (),
    )
    return Prepared(row, item, plan, wish, ran)


def seed_of(run: GenerationRun, item: GenerationItem) -> int:
    """A seed of its own for every item, from the run's seed and the item's place: 48 bits."""
    digest = hashlib.sha256(f"{run.seed}:{item.position}".encode()).digest()
    return int.from_bytes(digest[:6], "big")
