"""Tokens are drawn from the distribution that the settings describe, and scored under the model's own."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch

from generation.engine.config import SamplingConfig
from generation.engine.sampling import draw, likeliest, log_sum, uniforms
from generation.engine.seeds import derive_seed, seed_of_output, unit_of

PLAIN = SamplingConfig(temperature=1.0, top_k=0, top_p=1.0, repetition_penalty=1.0)
DRAWS = 20_000


def sample(logits: torch.Tensor, config: SamplingConfig, **values: Any) -> tuple[torch.Tensor, torch.Tensor]:
    rows = logits.repeat(DRAWS, 1)
    values.setdefault("banned", torch.zeros_like(rows, dtype=torch.bool))
    values.setdefault("history", torch.empty((DRAWS, 0), dtype=torch.long))
    chance = torch.rand(DRAWS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return draw(rows, chance, config, **values)[:2]


def shares(tokens: torch.Tensor, size: int) -> list[float]:
    return (torch.bincount(tokens, minlength=size).double() / len(tokens)).tolist()


def chi_square(tokens: torch.Tensor, expected: torch.Tensor) -> float:
    counts = torch.bincount(tokens, minlength=len(expected)).double()
    wanted = expected.double() * len(tokens)
    return float(((counts - wanted) ** 2 / wanted)[expected > 0].sum())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_draws_follow_the_tempered_softmax(temperature: float) -> None:
    logits = torch.randn(12, generator=torch.Generator().manual_seed(0))
    config = SamplingConfig(temperature=temperature, top_k=0, top_p=1.0, repetition_penalty=1.0)
    tokens, _ = sample(logits, config)
    assert chi_square(tokens, torch.softmax(logits / temperature, -1)) < 31.3  # 11 degrees, p = 0.001


def test_top_k_draws_among_the_likeliest_in_their_proportion() -> None:
    logits = torch.randn(50, generator=torch.Generator().manual_seed(0))
    tokens, _ = sample(logits, SamplingConfig(temperature=1.0, top_k=5, top_p=1.0, repetition_penalty=1.0))
    best = logits.topk(5).indices
    expected = torch.zeros(50)
    expected[best] = torch.softmax(logits[best], -1)
    assert set(tokens.tolist()) == set(best.tolist())
    assert chi_square(tokens, expected) < 18.5  # 4 degrees, p = 0.001


def test_top_p_keeps_the_smallest_set_that_holds_the_share() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    tokens, _ = sample(logits, SamplingConfig(temperature=1.0, top_k=0, top_p=0.75, repetition_penalty=1.0))
    assert shares(tokens, 4) == pytest.approx([0.625, 0.375, 0, 0], abs=0.02)


def test_log_probabilities_are_of_the_whole_untempered_distribution() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    banned = torch.tensor([True, False, False, False]).expand(DRAWS, -1)
    config = SamplingConfig(temperature=0.3, top_k=1, top_p=0.5, repetition_penalty=1.0)
    tokens, logprobs = sample(logits, config, banned=banned)
    assert set(tokens.tolist()) == {1}
    assert logprobs[0].item() == pytest.approx(math.log(0.3), abs=1e-5)


def test_a_repeated_token_gets_rarer_and_never_a_better_score() -> None:
    logits = torch.tensor([2.0, 2.0, -1.0])
    history = torch.tensor([[0, 2]]).expand(DRAWS, -1)
    config = SamplingConfig(temperature=1.0, top_k=0, top_p=1.0, repetition_penalty=2.0)
    tokens, logprobs = sample(logits, config, history=history)
    expected = torch.softmax(torch.tensor([1.0, 2.0, -2.0]), -1).tolist()
    assert shares(tokens, 3) == pytest.approx(expected, abs=0.02)
    assert logprobs[tokens == 0][0].item() == pytest.approx(torch.log_softmax(logits, -1)[0].item(), abs=1e-5)


def test_a_bonus_moves_the_draw_and_not_the_score() -> None:
    logits = torch.zeros(4)
    raised = {row: (torch.tensor([3]), 50.0) for row in range(0, DRAWS, 50)}
    tokens, logprobs = sample(logits, PLAIN, raised=raised)
    tokens, logprobs = tokens[::50], logprobs[::50]
    assert set(tokens.tolist()) == {3}
    assert logprobs[0].item() == pytest.approx(math.log(0.25), abs=1e-5)


def test_a_rows_numbers_depend_on_its_seed_alone() -> None:
    cpu = torch.device("cpu")
    together = uniforms([5, 6, 7], 10, cpu)
    assert torch.equal(together[1:2], uniforms([6], 10, cpu))
    assert not torch.equal(together[0], together[1])
    assert (together >= 0).all() and (together < 1).all()


def test_seeds_depend_on_every_part_and_their_order() -> None:
    assert derive_seed(1, 2, 3) == derive_seed(1, 2, 3)
    assert len({derive_seed(1, 2, 3), derive_seed(1, 3, 2), derive_seed(12, 3), derive_seed("1", 2, 4)}) == 4
    assert all(0 <= derive_seed(i) < 2**63 for i in range(100))


def test_what_is_left_of_a_number_draws_the_next_token_as_a_fresh_one_would() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.2])).repeat(DRAWS, 1)
    given: dict[str, Any] = {
        "banned": torch.zeros_like(logits, dtype=torch.bool), "history": torch.empty((DRAWS, 0), dtype=torch.long),
    }  # fmt: skip
    chance = torch.rand(DRAWS, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    first = draw(logits, chance, PLAIN, **given)
    assert first.shares == pytest.approx(logits.exp().gather(1, first.tokens.unsqueeze(1)).squeeze(1).tolist())
    assert min(first.rests) >= 0 and max(first.rests) < 1
    second = draw(logits, torch.tensor(first.rests, dtype=torch.float64), PLAIN, **given)
    expected = torch.outer(logits[0].exp(), logits[0].exp()).flatten()
    assert chi_square(3 * first.tokens + second.tokens, expected) < 26.1  # 8 degrees, p = 0.001


def test_a_token_drawn_after_a_refusal_ends_the_number() -> None:
    logits = torch.log(torch.tensor([0.5, 0.5])).repeat(2, 1)
    drawn = draw(
        logits, torch.tensor([0.1, 0.7]), PLAIN, banned=torch.zeros_like(logits, dtype=torch.bool),
        history=torch.empty((2, 0), dtype=torch.long), refuses=lambda row, token: token == 0,
    )  # fmt: skip
    assert drawn.tokens.tolist() == [1, 1] and drawn.shares == pytest.approx([0, 0.5])


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_numbers_of_an_items_outputs_lie_apart_whichever_of_them_an_angle_gets(step: int) -> None:
    """On a circle n of them would at best be 1/n apart; the nearest two of n random ones are 1/n², on average."""
    for seed in range(50):
        for count in range(2, 7):
            places = sorted(unit_of(seed_of_output(seed, step * number)) for number in range(count))
            gaps = [later - place for place, later in zip(places, [*places[1:], places[0] + 1], strict=True)]
            assert min(gaps) > 0.3 / count
    beginnings = [unit_of(seed_of_output(seed, 0)) for seed in range(1000)]
    assert sum(beginnings) / 1000 == pytest.approx(0.5, abs=0.05), "any text may be the first"


def test_seeds_of_outputs_are_not_neighbours() -> None:
    """A server that is asked for several texts with one seed counts on from it."""
    seeds = [seed_of_output(seed, number) for seed in range(30) for number in range(30)]
    assert all(0 <= seed < 2**63 for seed in seeds)
    counted = sorted(seed % 2**31 for seed in seeds)
    assert min(later - seed for seed, later in pairwise(counted)) > 0
    assert all(abs(first - second) % 2**31 > 100 for first, second in pairwise(seeds))


def test_every_seed_has_a_number_and_small_ones_lie_apart_too() -> None:
    units = [unit_of(seed) for seed in range(8)]
    assert units[0] == 0 and all(0 <= unit < 1 for unit in units)
    assert min(abs(one - other) for one in units for other in units if one != other) > 0.05
    assert unit_of(2**63 - 1) < 1


def test_a_raised_token_comes_in_from_outside_the_likeliest() -> None:
    logits = torch.log(torch.tensor([0.4, 0.3, 0.2, 0.06, 0.04]))
    config = SamplingConfig(temperature=1.0, top_k=3, top_p=1.0, repetition_penalty=1.0)
    raised = {row: (torch.tensor([0, 4]), math.log(8)) for row in range(DRAWS)}
    tokens, _ = sample(logits, config, raised=raised)
    expected = torch.tensor([3.2, 0.3, 0.0, 0.0, 0.32])
    assert chi_square(tokens, expected / expected.sum()) < 13.9  # 2 degrees, p = 0.001
    assert set(tokens.tolist()) == {0, 1, 4}


def test_a_refused_token_leaves_the_others_in_their_proportion() -> None:
    logits = torch.log(torch.tensor([0.4, 0.3, 0.2, 0.1]))
    tokens, logprobs = sample(logits, PLAIN, refuses=lambda row, token: token == 0)
    assert chi_square(tokens, torch.tensor([0.0, 1 / 2, 1 / 3, 1 / 6])) < 13.9  # 2 degrees, p = 0.001
    assert 0 not in tokens
    assert logprobs[tokens == 1][0].item() == pytest.approx(math.log(0.3), abs=1e-5)


def test_a_row_that_refuses_nothing_draws_as_if_none_did() -> None:
    logits = torch.randn(50, generator=torch.Generator().manual_seed(0))
    config = SamplingConfig(temperature=1.0, top_k=9, top_p=0.9)
    free, scores = sample(logits, config)
    held, held_scores = sample(logits, config, refuses=lambda row, token: row % 2 == 0 and token == free[0])
    assert torch.equal(free[1::2], held[1::2]) and torch.equal(scores[1::2], held_scores[1::2])
    assert not torch.equal(free[::2], held[::2])


def test_where_all_the_likeliest_are_refused_the_next_ones_are_drawn() -> None:
    logits = torch.arange(10.0)
    config = SamplingConfig(temperature=1.0, top_k=2, top_p=1.0, repetition_penalty=1.0)
    tokens, *_ = draw(
        logits.repeat(50, 1),
        torch.linspace(0, 0.99, 50),
        config,
        banned=torch.zeros((50, 10), dtype=torch.bool),
        history=torch.empty((50, 0), dtype=torch.long),
        refuses=lambda row, token: token > 5,
    )
    assert set(tokens.tolist()) == {4, 5}
    tokens, logprobs, *_ = draw(
        logits.repeat(1, 1),
        torch.tensor([0.5]),
        config,
        banned=torch.zeros((1, 10), dtype=torch.bool),
        history=torch.empty((1, 0), dtype=torch.long),
        refuses=lambda row, token: True,
    )
    assert 0 <= tokens.item() < 10 and logprobs.isfinite().all(), "a row that refuses everything ends all the same"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_sum_in_pieces_is_that_of_the_whole(dtype: torch.dtype) -> None:
    logits = (8 * torch.randn((3, 20_000), generator=torch.Generator().manual_seed(0))).to(dtype)
    assert torch.allclose(log_sum(logits), torch.logsumexp(logits.float(), -1), atol=1e-5)
    logits[1, 7] = math.nan
    assert log_sum(logits).isnan().tolist() == [False, True, False]


def of_all(logits: torch.Tensor, banned: torch.Tensor, top_k: int) -> list[list[float]]:
    return logits.masked_fill(banned, -torch.inf).topk(top_k, dim=-1).values.float().tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.97, 1.0])
def test_the_likeliest_of_the_blocks_are_those_of_the_whole(dtype: torch.dtype, share: float) -> None:
    source = torch.Generator().manual_seed(0)
    logits = torch.randn((5, 16_384), generator=source).to(dtype)
    banned = torch.rand(logits.shape, generator=source) < share
    values, ids = likeliest(logits, banned, 20)
    assert values.tolist() == of_all(logits, banned, 20)
    assert logits.masked_fill(banned, -torch.inf).gather(-1, ids).float().tolist() == values.tolist()
    assert all(len(set(row)) == 20 for row in ids.tolist())


def test_where_the_best_blocks_are_banned_whole_the_likeliest_are_found_elsewhere() -> None:
    logits = torch.arange(16_384.0).repeat(3, 1)
    banned = torch.zeros(logits.shape, dtype=torch.bool)
    banned[1, 9_000:] = True
    values, ids = likeliest(logits, banned, 20)
    assert ids[1].tolist() == list(range(8_999, 8_979, -1)) and ids[0].tolist() == ids[2].tolist()
    assert values.tolist() == of_all(logits, banned, 20)


def test_a_number_that_is_none_is_not_lost_among_the_blocks() -> None:
    logits = torch.zeros((2, 16_384))
    logits[1, 16_000] = math.nan
    values, _ids = likeliest(logits, torch.zeros(logits.shape, dtype=torch.bool), 20)
    assert values[0].isfinite().all() and values[1].isnan().any()


@pytest.mark.parametrize(("size", "top_k"), [(10, 2), (16_384, 20)])
def test_a_banned_token_is_not_let_in_by_a_bonus_or_by_a_refusal(size: int, top_k: int) -> None:
    logits, banned = torch.arange(float(size)).repeat(50, 1), torch.zeros((50, size), dtype=torch.bool)
    banned[:, 4:6] = True
    config = SamplingConfig(temperature=1.0, top_k=top_k, top_p=1.0, repetition_penalty=1.0)
    history = torch.empty((50, 0), dtype=torch.long)
    given: dict[str, Any] = {
        "banned": banned,
        "history": history,
        "refuses": lambda row, token: token >= size - size // 3,
    }
    raised = {row: (torch.tensor([4, 5, 3]), float(size)) for row in range(50)}
    tokens, logprobs, *_ = draw(logits, torch.linspace(0, 0.99, 50), config, raised=raised, **given)
    assert set(tokens.tolist()) == {3}, "the one that may stand and has the bonus"
    expected = torch.log_softmax(logits[0].double(), -1)[3].item()
    assert logprobs[0].item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("row", range(3))
def test_after_refusals_the_next_ones_come_from_the_other_blocks(row: int) -> None:
    logits = torch.randn((3, 16_384), generator=torch.Generator().manual_seed(0))
    best = logits[row].topk(120).indices.tolist()
    banned = torch.zeros(logits.shape, dtype=torch.bool)
    banned[row, best[100:110]] = True
    config = SamplingConfig(temperature=1.0, top_k=20, top_p=1.0, repetition_penalty=1.0)
    given: dict[str, Any] = {"banned": banned, "history": torch.empty((3, 0), dtype=torch.long)}
    refused = set(best[:100])
    tokens, *_ = draw(
        logits, torch.tensor([0.5] * 3), config, refuses=lambda at, token: at == row and token in refused, **given
    )
    assert tokens[row].item() in set(logits[row].masked_fill(banned[row], -9).topk(120).indices.tolist()) - refused
    free, *_ = draw(logits, torch.tensor([0.5] * 3), config, **given)
    assert all(tokens[other] == free[other] for other in range(3) if other != row)
