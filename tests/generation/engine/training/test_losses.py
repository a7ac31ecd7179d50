"""Log-probabilities in pieces are those of the whole, with the same gradients, and never more rows at once."""

from __future__ import annotations

import math

import pytest
import torch

from generation.engine.training.losses import CHUNK, Head, chosen_logprobs, hold_loss, preference_loss


@pytest.mark.parametrize("cap", [None, 3.0])
@pytest.mark.parametrize("biased", [False, True])
def test_they_are_those_of_a_whole_softmax_with_the_same_gradient(cap: float | None, biased: bool) -> None:
    torch.manual_seed(0)
    weight, targets, scale = torch.randn(300, 16), torch.randint(300, (150,)), torch.rand(150)
    bias = torch.randn(300) if biased else None
    ours = torch.randn(150, 16, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    found = chosen_logprobs(ours, targets, Head(weight, bias, cap))
    logits = torch.nn.functional.linear(theirs, weight, bias)
    logits = logits if cap is None else cap * torch.tanh(logits / cap)
    expected = torch.log_softmax(logits, dim=-1).gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    assert torch.allclose(found, expected, atol=1e-5)
    (found * scale).sum().backward()
    (expected * scale).sum().backward()
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-5)


def test_the_output_layer_sees_every_position_once_and_few_at_a_time() -> None:
    seen: list[tuple[int, ...]] = []

    class Counting(Head):
        def logits(self, rows: torch.Tensor, out: torch.Tensor) -> None:
            seen.append(tuple(rows.shape))
            Head.logits(self, rows, out)

    hidden = torch.randn(3 * CHUNK + 1, 8, requires_grad=True)
    targets = torch.zeros(len(hidden), dtype=torch.long)
    chosen_logprobs(hidden, targets, Counting(torch.eye(8))).sum().backward()
    assert seen == [(CHUNK, 8), (CHUNK, 8), (CHUNK, 8), (16, 8)], "the last one filled up"
    assert hidden.grad is not None and hidden.grad.shape == hidden.shape
    assert not torch.isnan(hidden.grad).any()


def test_without_gradients_it_makes_none() -> None:
    found = chosen_logprobs(torch.randn(4, 8), torch.zeros(4, dtype=torch.long), Head(torch.eye(8)))
    assert not found.requires_grad


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        chosen_logprobs(torch.randn(4, 8), torch.zeros(3, dtype=torch.long), Head(torch.eye(8)))


def test_the_preference_loss_is_dpo_s() -> None:
    own = torch.tensor([-10.0]), torch.tensor([-12.0])
    base = torch.tensor([-11.0]), torch.tensor([-11.5])
    expected = -math.log(1 / (1 + math.exp(-0.5 * ((-10 + 11) - (-12 + 11.5)))))
    assert preference_loss(*own, *base, beta=0.5).item() == pytest.approx(expected, rel=1e-6)
    equal = torch.tensor([-3.0])
    assert preference_loss(equal, equal, equal, equal, beta=0.1).item() == pytest.approx(math.log(2))


def test_what_is_held_costs_nothing_where_it_stayed_and_pulls_back_from_both_sides() -> None:
    before = torch.tensor([-1.0, -2.0, -3.0])
    own = torch.tensor([-1.0, -2.5, -2.0], requires_grad=True)
    loss = hold_loss(own, before)
    assert loss.tolist() == [0.0, 0.125, 0.5]
    loss.sum().backward()
    assert own.grad is not None and own.grad.tolist() == [0.0, -0.5, 1.0]
