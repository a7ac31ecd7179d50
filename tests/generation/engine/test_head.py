"""The packed output layer gives the plain one's numbers, whatever happens to its weight."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from generation.engine.head import can_pack, quicken_head

WIDTH, VOCABULARY = 96, 1000


def made(dtype: torch.dtype) -> torch.nn.Linear:
    torch.manual_seed(3)
    head = torch.nn.Linear(WIDTH, VOCABULARY, bias=False, dtype=dtype).requires_grad_(False)
    quicken_head(head)
    return head


def plain(hidden: torch.Tensor, head: torch.nn.Linear) -> torch.Tensor:
    """In float64, and rounded once."""
    return torch.nn.functional.linear(hidden.double(), head.weight.double()).to(hidden.dtype)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (8, 1), (32, 1), (2, 50)])
def test_the_scores_are_those_of_the_plain_layer(dtype: torch.dtype, shape: tuple[int, int]) -> None:
    head, hidden = made(dtype), torch.randn(*shape, WIDTH, dtype=dtype)
    found = head(hidden)
    assert found.shape == (*shape, VOCABULARY) and found.dtype == dtype
    tolerance = 1e-2 if dtype == torch.bfloat16 else 1e-5
    torch.testing.assert_close(found, plain(hidden, head), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_weight_that_has_changed_is_the_one_that_counts(dtype: torch.dtype) -> None:
    head, hidden = made(dtype), torch.randn(4, WIDTH, dtype=dtype)
    before = head(hidden)
    head.weight[5] = head.weight[6]
    after = head(hidden)
    assert torch.equal(after[:, 5], after[:, 6]) and not torch.equal(before[:, 5], before[:, 6])
    head.weight.fill_(math.nan)
    assert head(hidden).isnan().all()


def test_a_head_that_becomes_float32_and_back_still_gives_its_scores() -> None:
    head, hidden = made(torch.bfloat16), torch.randn(4, WIDTH, dtype=torch.bfloat16)
    before = head(hidden)
    exact = head.float()(hidden.float())
    torch.testing.assert_close(exact, plain(hidden.float(), head))
    assert torch.equal(head.to(torch.bfloat16)(hidden), before)


def test_the_weight_is_packed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    head, hidden = made(torch.bfloat16), torch.randn(4, WIDTH, dtype=torch.bfloat16)
    if not can_pack(head.weight):
        pytest.skip("this processor does not compute bfloat16")
    packed: list[Any] = []
    inner = torch.ops.mkldnn._reorder_linear_weight

    def counting(*given: Any) -> torch.Tensor:
        packed.append(given)
        result: torch.Tensor = inner(*given)
        return result

    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_linear_weight", counting)
    for _ in range(5):
        head(hidden)
    assert len(packed) == 1


def test_a_gradient_still_reaches_what_comes_before_the_head() -> None:
    head, hidden = made(torch.bfloat16), torch.randn(2, 3, WIDTH, dtype=torch.bfloat16, requires_grad=True)
    head(hidden).float().sum().backward()
    assert hidden.grad is not None and hidden.grad.abs().sum() > 0
