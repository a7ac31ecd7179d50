"""From an item's payload to what the model reads, and of one that was begun what it read then."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.module_loading import import_string
from numpy.typing import NDArray

from generation.engine.angles import Span
from generation.engine.config import Check, CopyBrief, Fact
from generation.engine.filling import Filled
from generation.engine.item import Angle, Item
from generation.engine.plan import MOST_ANGLES, make_angles, make_plan, with_plan
from generation.engine.prompt_data import room_of
from generation.engine.prompts import FOLLOW_THE_PLAN, render
from generation.engine.rating import Wish
from generation.models import GenerationItem, GenerationRun

Checker = Callable[[dict[str, Any]], Callable[[str], Check]]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
_MOST_SAID = 300  # characters of a refusal


@dataclass(frozen=True, slots=True)
class Prepared:
    """An item with everything that follows from its payload."""

    row: GenerationItem
    item: Item
    wish: Wish
    ran: tuple[str, ...]
    siblings: tuple[int, ...]

    def plan_of(self, filled: Filled) -> dict[str, Any]:
        """The plan as it is kept: of the further angles also what the model read, which were refused, and what was said to
        that last."""
        item = filled.item
        others = [{**angle.plan.to_dict(), "prompt": angle.prompt.text} for angle in item.others]
        kept = {**item.plan.to_dict(), "others": others}
        if item.refused:
            said = [self.row.refusal, *map(str, filled.refusals.values())][-1]
            kept |= {
                "refused": {str(place): spans for place, spans in item.refused.items()},
                "refusal": said[:_MOST_SAID],
            }
        return kept


def prepare(
    run: GenerationRun,
    row: GenerationItem,
    encode: Encode,
    beside: Mapping[int, str] | None = None,
    *,
    afresh: bool = False,
) -> Prepared:
    """``beside`` has, by slot, texts that stand already of a field that is read with this one. ``afresh`` tells an item that
    was begun as it would be told today, not as it was.

    Raises ValueError, KeyError or TypeError where the payload is no brief.
    """
    checker: Checker = import_string(settings.GENERATION_CHECK)
    payload = dict(row.payload)
    check, wished = checker(payload), dict(payload.pop("wish", {}))
    fills, wish = bool(wished.pop("fills", False)), Wish.from_dict(wished)
    ran, siblings = tuple(payload.pop("ran", ())), tuple(payload.pop("siblings", ()))
    taken = tuple(payload.pop("taken", ()))
    checked = payload.pop("check", None) or {}
    with_text = str(payload.pop("with", ""))
    brief = CopyBrief.from_dict(payload)
    if fills:
        wish = replace(wish, room=room_of(brief.channel, brief.language) or 0)
    template = run.model_version.prompt_template
    if (most := _most_angles(run, row)) > 1:
        plans = make_angles(brief, encode, most)
    else:
        plans = (make_plan(brief, encode, wish.turn, wish.after, wish.skip),)
    full = bool(checked.get("length")) or template not in FOLLOW_THE_PLAN
    angles = [Angle(plan, render(template, with_plan(brief, plan, full=full))) for plan in plans]
    first, *others = _as_begun(row, angles) if row.outputs and row.prompt and not afresh else angles
    there = [candidate.text for candidate in row.candidates.all()]
    wanted = max(1, row.requested - len(there))
    slots = range(len(there), len(there) + wanted)
    beside = beside or dict.fromkeys(slots if with_text else (), with_text)
    item = Item(
        key=row.pk,
        prompt=first.prompt,
        language=brief.language,
        check=check,
        wanted=wanted,
        seed=seed_of(run, row),
        taken=(*there, *ran, *taken, *filter(None, [wish.like])),
        first=row.outputs,
        plan=first.plan,
        others=tuple(others),
        refused=_refused_before(row),
        slot=len(there),
        beside=tuple(beside.get(slot, "") for slot in slots) if beside else (),
    )
    return Prepared(row, item, wish, ran, siblings)


def _most_angles(run: GenerationRun, row: GenerationItem) -> int:
    """Several texts that stand alone come from several angles; fields that are read together, and what is asked for from a
    text that is there, keep to one. What was begun goes on as it began."""
    if run.parent_id is not None or row.group is not None or run.model_version.prompt_template not in FOLLOW_THE_PLAN:
        return 1
    return 1 + len(row.plan.get("others", ())) if row.outputs else min(MOST_ANGLES, row.requested)


def _as_begun(row: GenerationItem, angles: Sequence[Angle]) -> list[Angle]:
    """The angles from which its outputs were written, whatever another encoder or a release makes of the brief since: what is
    there is made again from them."""
    begun = [(row.plan, row.prompt), *((other, other["prompt"]) for other in row.plan.get("others", ()))]
    return [_as_stored(angles[min(place, len(angles) - 1)], plan, prompt) for place, (plan, prompt) in enumerate(begun)]


def _as_stored(angle: Angle, plan: Mapping[str, Any], prompt: str) -> Angle:
    if angle.prompt.text == prompt:
        return angle
    leading = tuple(Fact(*fact) for fact in plan.get("leads", ()))
    facts = (*leading, *(fact for fact in angle.plan.facts if fact not in leading))
    turn, skip = plan.get("turn", angle.plan.turn), plan.get("skip", 0)
    told = replace(angle.plan, facts=facts, leads=len(leading), turn=turn, skip=skip)
    shared = angle.prompt.shared if prompt.startswith(angle.prompt.text[: angle.prompt.shared]) else 0
    return Angle(told, replace(angle.prompt, text=prompt, shared=shared))


def _refused_before(row: GenerationItem) -> dict[int, list[Span]]:
    """Of outputs that were written. Those to come are asked of every angle again: the server may take it by now."""
    return {
        place: [(begin, row.outputs if end is None else end) for begin, end in spans]
        for place, spans in row.refused.items()
    }


def seed_of(run: GenerationRun, item: GenerationItem) -> int:
    """A seed of its own for every item, from the run's seed and the item's place: 48 bits."""
    digest = hashlib.sha256(f"{run.seed}:{item.position}".encode()).digest()
    return int.from_bytes(digest[:6], "big")
