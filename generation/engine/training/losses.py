"""Log-probabilities of completions without ever holding all logits. Imports torch.

The starter model's vocabulary has 262,144 entries: logits of 8 x 160 positions in float32 are 1.3 GB, several times over
while gradients are made. Here only positions that count go through the output layer, in small pieces, and each piece
leaves behind its log-probabilities and their gradient by the hidden states, because the frozen layer needs none itself.
"""

from dataclasses import dataclass
from typing import Any

import torch

CHUNK = 128  # positions whose logits exist at once: 128 x 262,144 x 4 bytes = 134 MB
_FEW = 16  # the last piece is filled up to a multiple of it: torch keeps memory for every shape that it has met


@dataclass(frozen=True, slots=True)
class Head:
    """A frozen output layer: weight [V, D], bias [V] or none, and the bound of a model that caps its logits
    (cap x tanh(logits / cap))."""

    weight: torch.Tensor
    bias: torch.Tensor | None = None
    cap: float | None = None

    def logits(self, rows: torch.Tensor, out: torch.Tensor) -> None:
        """Of hidden states [N, D], uncapped, into `out` [N, V]."""
        if self.bias is None:
            torch.mm(rows, self.weight.T, out=out)
        else:
            torch.addmm(self.bias, rows, self.weight.T, out=out)


class _ChosenLogprobs(torch.autograd.Function):
    """Everything of the size of the vocabulary is computed in place, in two buffers: memory that is asked for and given
    back for every piece costs more than what is computed in it."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, targets: torch.Tensor, head: Head) -> torch.Tensor:
        wants_gradient, count = hidden.requires_grad, len(targets)
        spare = -count % _FEW
        hidden = torch.nn.functional.pad(hidden.detach(), (0, 0, 0, spare))
        targets = torch.nn.functional.pad(targets, (0, spare))
        logprobs = torch.empty(len(targets), dtype=torch.float32, device=hidden.device)
        gradient = torch.empty_like(hidden) if wants_gradient else None
        size = (min(CHUNK, len(targets)), head.weight.shape[0])
        computed, exact = hidden.new_empty(size), torch.empty(size, dtype=torch.float32, device=hidden.device)
        for start in range(0, len(targets), CHUNK):
            piece = slice(start, start + CHUNK)
            rows, chosen = hidden[piece], targets[piece].unsqueeze(-1)
            low, high = computed[: len(rows)], exact[: len(rows)]
            head.logits(rows, low)
            _chosen(low, high, chosen, head.cap, logprobs[piece], wants_gradient)
            if gradient is not None:
                torch.mm(low, head.weight, out=gradient[piece])
        ctx.save_for_backward(None if gradient is None else gradient[:count])
        return logprobs[:count]

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (by_hidden,) = ctx.saved_tensors
        return (by_hidden * gradients[0].unsqueeze(-1)).to(by_hidden.dtype), None, None


def _chosen(
    low: torch.Tensor,
    high: torch.Tensor,
    chosen: torch.Tensor,
    cap: float | None,
    logprobs: torch.Tensor,
    wants_gradient: bool,
) -> None:
    """Log-probabilities of the chosen tokens [N, 1] into `logprobs` [N], from logits `low` [N, V]; their gradient by the
    logits, which is 1 at the token minus the softmax, then stands in `low`. `high` [N, V] is float32 to compute in."""
    high.copy_(low)
    if cap is not None:
        high.div_(cap).tanh_().mul_(cap)
    high.sub_(high.amax(dim=-1, keepdim=True))
    score = high.gather(-1, chosen)
    total = high.exp_().sum(dim=-1, keepdim=True)
    logprobs.copy_((score - total.log()).squeeze(-1))
    if not wants_gradient:
        return
    high.div_(total).neg_()
    high.scatter_add_(-1, chosen, torch.ones_like(score))
    if cap is not None:
        high.mul_(1 - torch.tanh(low.float() / cap).square_())
    low.copy_(high)


def chosen_logprobs(hidden: torch.Tensor, targets: torch.Tensor, head: Head) -> torch.Tensor:
    """Natural-log probability of each target [N] (float32) given the hidden state before it, hidden [N, D]."""
    if hidden.ndim != 2 or targets.shape != hidden.shape[:1]:
        raise ValueError(f"hidden states [N, D] and targets [N] expected, not {hidden.shape} and {targets.shape}")
    result: torch.Tensor = _ChosenLogprobs.apply(hidden, targets, head)
    return result


def preference_loss(
    chosen: torch.Tensor, rejected: torch.Tensor, base_chosen: torch.Tensor, base_rejected: torch.Tensor, beta: float
) -> torch.Tensor:
    """DPO's loss of each pair [B] from log-probabilities of whole texts under the adapter and under its reference
    (Rafailov et al. 2023, arXiv 2305.18290, equation 7)."""
    margin = (chosen - base_chosen) - (rejected - base_rejected)
    return -torch.nn.functional.logsigmoid(beta * margin)


def hold_loss(own: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Half the squared change of each token's log-probability [N] since before: none as it begins, and then it only pulls back, where
    learning a text again goes on sharpening it (replay of the model's own answers, Buzzega et al. 2020, arXiv 2004.07211)."""
    return 0.5 * (own - before).square()
