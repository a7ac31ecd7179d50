"""Items that are read together: in one block, written together, and completed slot by slot."""

from __future__ import annotations

from typing import Any

import pytest

from copystudio.db import JobStatus
from generation.engine.filling import Filler
from generation.engine.item import Item
from generation.models import Candidate, GenerationRun
from generation.services.run import ItemRequest, run_create
from generation.services.run_control import run_retry
from tests.generation.runs.conftest import TEXTS
from tests.generation.runs.test_work import Watch, work, written
from tests.people import Cast

BRIEF: dict[str, Any] = {
    "product_title": "Lamp",
    "channel": {"key": "blurb", "name": "Product blurb", "unit": "characters", "limit": None},
    "language": "en",
    "facts": [{"attribute": "Weight", "value": "320", "unit": "g"}, {"attribute": "Light", "value": "400", "unit": "lm"}],
}  # fmt: skip


def fields(shop: Cast, *, pairs: int = 1, count: int = 2, **second: Any) -> GenerationRun:
    """A run of pairs of items; ``second`` changes the second of each."""
    items = []
    for number in range(pairs):
        lead = {**BRIEF, "product_title": f"Lamp {number}"}
        items += [
            ItemRequest(lead, count, 2 * number),
            ItemRequest({**lead, "wish": {"after": 1}, **second}, count, 2 * number),
        ]
    run, _new = run_create(actor=shop.copywriter, workspace=shop.workspace, label="Fields", items=items)
    return run


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[list[Item]]:
    """What the filler was given, at each time."""
    found: list[list[Item]] = []
    real = Filler.fill

    def fill(self: Filler, items: Any) -> Any:
        together = [list(one) for one in items]
        found.extend(together)
        return real(self, together)

    monkeypatch.setattr(Filler, "fill", fill)
    return found


def test_they_are_filled_together_and_each_leads_with_other_facts(
    shop: Cast, checks: None, given: list[list[Item]]
) -> None:
    run = work(fields(shop))
    assert run.status == JobStatus.SUCCEEDED and run.done == 4
    assert [len(together) for together in given] == [2]
    lead, second = run.items.all()
    assert [item.group for item in (lead, second)] == [0, 0]
    first_facts, later_facts = (item.plan["leads"] for item in (lead, second))
    assert first_facts[0][0] != later_facts[0][0]


def test_they_are_never_in_two_blocks(shop: Cast, checks: None) -> None:
    run = fields(shop, pairs=4, count=TEXTS - 10)
    for group in range(0, 8, 2):
        assert len(set(run.items.filter(group=group).values_list("block", flat=True))) == 1
    assert run.blocks.count() == 4


def test_a_worker_that_is_killed_between_them_leaves_neither(
    shop: Cast, checks: None, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.services.block_work.WRITE_SECONDS", 0.0)
    writes: list[int] = []
    real = Candidate.objects.bulk_create
    monkeypatch.setattr(Candidate.objects, "bulk_create", lambda rows: writes.append(len(rows)) or real(rows))
    work(fields(shop, pairs=3))
    assert writes == [4, 4, 4]


def test_what_is_missing_is_written_to_go_with_what_is_there(shop: Cast, checks: None, given: list[list[Item]]) -> None:
    run = work(fields(shop, instructions="Lamp 0"))
    assert run.done == 2
    _lead, failed = run.items.all()
    assert failed.error
    failed.payload["instructions"] = ""
    failed.save()
    before = written(run)
    run_retry(actor=shop.copywriter, run=run)
    run = work(run)
    assert run.done == 4 and written(run)[:2] == before
    [alone] = given[-1]
    assert alone.key == failed.pk and list(alone.beside) == [text for _position, _slot, text in before]


def test_new_texts_go_with_one_that_is_named(shop: Cast, checks: None, given: list[list[Item]]) -> None:
    items = [ItemRequest({**BRIEF, "with": "Light that lasts"}, 2)]
    run, _new = run_create(actor=shop.copywriter, workspace=shop.workspace, label="More", items=items)
    assert work(run).done == 2
    assert given[0][0].beside == ("Light that lasts", "Light that lasts")
