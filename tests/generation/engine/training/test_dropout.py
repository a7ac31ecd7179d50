"""The adapter's dropout: the share and size of plain dropout, other places each time, the same for the same seed."""

from __future__ import annotations

import pytest
import torch

from generation.engine.training.lora import _POOL, _Dropout


def test_it_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    dropped = _Dropout(0.2)
    for size in (200_000, _POOL + 1):
        found = dropped(torch.ones(size))
        assert set(found.unique().tolist()) == {0.0, 1.25}
        assert (found == 0).float().mean().item() == pytest.approx(0.2, abs=0.005)


def test_no_two_calls_share_their_places_and_a_seed_brings_them_back() -> None:
    dropped, given = _Dropout(0.5), torch.ones(64, 1000)

    def draw(seed: int) -> list[torch.Tensor]:
        torch.manual_seed(seed)
        dropped.renew()
        return [dropped(given) for _ in range(6)]

    first = draw(1)
    for number, one in enumerate(first):
        for other in first[number + 1 :]:
            assert (one == other).float().mean().item() == pytest.approx(0.5, abs=0.02)
    assert all(torch.equal(one, other) for one, other in zip(first, draw(1), strict=True))
    assert not torch.equal(first[0], draw(2)[0])


def test_measuring_drops_nothing() -> None:
    given = torch.randn(100)
    assert torch.equal(_Dropout(0.5).eval()(given), given)
