"""Our attention gives the numbers of torch's, for one token and for a prompt, with and without padding."""

from __future__ import annotations

import pytest
import torch

from generation.engine.attention import _is_whole, grouped_sdpa


def module(groups_of: int) -> torch.nn.Module:
    """What transformers asks of an attention layer: how many query heads share keys."""
    made = torch.nn.Module()
    setattr(made, "num_key_value_groups", groups_of)  # noqa: B010 typed as a layer otherwise
    return made


def expected(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, scaling: float
) -> torch.Tensor:
    """[B, Q, H, D] in float64, by the definition."""
    times = query.shape[1] // key.shape[1]
    keys, values = (one.double().repeat_interleave(times, dim=1) for one in (key, value))
    scores = query.double() @ keys.transpose(-1, -2) * scaling
    if mask is None and query.shape[2] > 1:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return (scores.softmax(dim=-1) @ values).transpose(1, 2)


def padded(rows: int, positions: int, columns: int) -> torch.Tensor:
    """[rows, 1, positions, columns] causal, row r beginning with r columns of padding, which see nothing."""
    place = torch.arange(columns)
    causal = place <= torch.arange(positions).unsqueeze(-1) + columns - positions
    return (causal & (place >= torch.arange(rows).view(-1, 1, 1))).unsqueeze(1)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize(("heads", "groups"), [(4, 1), (4, 2), (4, 4)])
@pytest.mark.parametrize(("positions", "columns"), [(1, 30), (30, 30), (9, 30)])
@pytest.mark.parametrize("has_padding", [False, True])
def test_the_numbers_are_those_of_the_definition(
    dtype: torch.dtype, heads: int, groups: int, positions: int, columns: int, has_padding: bool
) -> None:
    torch.manual_seed(5)
    query = torch.randn(3, positions, heads, 16, dtype=dtype).transpose(1, 2)
    key, value = (torch.randn(3, groups, columns + 7, 16, dtype=dtype)[:, :, 7:] for _ in range(2))
    is_after_others = 1 < positions < columns
    mask = padded(3, positions, columns) if has_padding or is_after_others else None
    found, _ = grouped_sdpa(module(heads // groups), query, key, value, mask, scaling=0.2)
    assert found.shape == (3, positions, heads, 16) and found.isfinite().all()
    right = expected(query, key, value, mask, 0.2)
    tolerance = 3e-2 if dtype == torch.bfloat16 else 1e-5
    sees = torch.ones_like(right, dtype=torch.bool) if mask is None else mask.any(-1).transpose(1, 2).unsqueeze(-1)
    sees = sees.expand_as(right)
    torch.testing.assert_close(found.double()[sees], right[sees], rtol=tolerance, atol=tolerance)


def test_long_prompts_are_left_to_the_kernel_that_holds_few_scores() -> None:
    def is_whole(positions: int) -> bool:
        query, key = (torch.empty(1, heads, positions, 2, dtype=torch.bfloat16) for heads in (4, 1))
        return _is_whole(module(4), query, key, None)

    assert is_whole(500) and not is_whole(5000)
