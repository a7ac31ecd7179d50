"""The sums that are kept with a run: what its blocks wrote, dropped and took, added up in the transaction that writes."""

from __future__ import annotations

import pytest

from generation.engine.filling import Filled, Lost
from generation.models import GenerationRun
from generation.services.block_work import BlockWork
from generation.services.blocks import BlockKeeper, block_next
from tests.campaigns.copy_makers import make_run
from tests.people import Cast


def test_two_writes_add_up(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(cast)
    GenerationRun.objects.filter(pk=run.pk).update(dropped={"too_long": 2}, seconds=5)
    block = block_next()
    assert block is not None
    work = BlockWork(block, BlockKeeper(block))
    [[one]] = work._items()
    monkeypatch.setattr("generation.services.block_work.time.monotonic", lambda: 107.5)
    lost = tuple(Lost("duplicate", f"Dry {number}") for number in range(9))
    for dropped in ({"too_long": 1, "duplicate": 1}, {"duplicate": 3}):
        work.written_at = 100
        work.ready = [Filled(item=one.item, kept=(), passed=0, outputs=4, tokens=40, dropped=dropped, lost=lost)]
        work._write()
    run.refresh_from_db()
    assert run.dropped == {"too_long": 3, "duplicate": 4}
    kept = run.items.get().lost
    assert len(kept) == 12 and kept[9] == {"reason": "duplicate", "text": "Dry 0", "findings": []}
    assert (run.outputs, run.tokens, run.seconds) == (8, 80, pytest.approx(20))
