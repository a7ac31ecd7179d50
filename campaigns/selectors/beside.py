"""Texts that are read together: the headline and the description that were chosen to go with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from campaigns.selectors.run import candidates
from copystudio.models import Workspace
from generation.models import Candidate


def texts_beside(workspace: Workspace, shown: Iterable[Candidate]) -> Mapping[int, list[Candidate]]:
    """By number of the candidate, those of the other fields that it is read with, in the order in which they are read.

    One query, and none where every candidate stands alone.
    """
    wanted = {(one.item.run_id, one.item.group, one.slot): one for one in shown if one.item.group is not None}
    if not wanted:
        return {}
    rows = candidates(workspace).filter(
        run__in={run for run, _group, _slot in wanted},
        item__group__in={group for _run, group, _slot in wanted},
        slot__in={slot for _run, _group, slot in wanted},
    )
    of_slot: defaultdict[tuple[int, int | None, int], list[Candidate]] = defaultdict(list)
    for row in rows.order_by("item__position"):
        of_slot[row.item.run_id, row.item.group, row.slot].append(row)
    return {
        one.pk: [other for other in of_slot[one.item.run_id, one.item.group, one.slot] if other.item_id != one.item_id]
        for one in shown
        if one.item.group is not None
    }
