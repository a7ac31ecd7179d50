"""Draw the next token of every row of a batch. Imports torch: only backends import this module.

Top-k is taken from the raw logits first, and only those k are sorted, tempered and drawn from by inverse CDF: the same
distribution as softmax and `torch.multinomial` over the whole vocabulary, at a twentieth of the time when that has
262,144 entries.
"""

from collections.abc import Sequence

import torch

from generation.engine.config import SamplingConfig


def uniforms(seeds: Sequence[int], steps: int, device: torch.device) -> torch.Tensor:
    """[len(seeds), steps] numbers in [0, 1): row i depends on seed i alone, whatever else is in the batch."""
    rows = [torch.rand(steps, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in seeds]
    return torch.stack(rows).to(device)


def draw(
    logits: torch.Tensor,
    chance: torch.Tensor,
    config: SamplingConfig,
    *,
    banned: torch.Tensor,
    history: torch.Tensor,
    bonus: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw one token for each row; return tokens [B] and their log-probabilities [B].

    logits   [B, V] of the model, any float type
    chance   [B] uniform numbers in [0, 1), one for each row
    banned   [B, V] true where a token must not be drawn for a row
    history  [B, t] tokens drawn so far, for the repetition penalty
    bonus    [B, V] added to the logits before drawing

    The log-probability is under softmax(logits): untempered, without bonus, over the whole vocabulary, banned tokens
    included. So it says how likely the model itself finds the token, not how we drew it.
    """
    logits = logits.float()
    total = torch.logsumexp(logits, dim=-1)
    shifted = logits if bonus is None else logits + bonus
    allowed = shifted.masked_fill(banned, -torch.inf)
    values, ids = _candidates(allowed, config.top_k)
    values = _penalise(values, ids, history, config.repetition_penalty)
    values, order = values.sort(dim=-1, descending=True)
    ids = ids.gather(-1, order)
    share = torch.softmax(values.double() / config.temperature, dim=-1)
    cumulated = share.cumsum(dim=-1)
    if config.top_p < 1:
        share = share * ((cumulated - share) < config.top_p)
        cumulated = share.cumsum(dim=-1)
    target = chance.unsqueeze(-1).double() * cumulated[:, -1:]
    place = (cumulated <= target).sum(dim=-1, keepdim=True).clamp_(max=values.shape[-1] - 1)
    tokens = ids.gather(-1, place)
    logprobs = logits.gather(-1, tokens).squeeze(-1) - total
    return tokens.squeeze(-1), logprobs.clamp_(max=0.0)


def _candidates(logits: torch.Tensor, top_k: int) -> tuple[torch.Tensor, torch.Tensor]:
    if 0 < top_k < logits.shape[-1]:
        values, ids = torch.topk(logits, top_k, dim=-1)
        return values, ids
    values, ids = logits.sort(dim=-1, descending=True)
    return values, ids


def _penalise(values: torch.Tensor, ids: torch.Tensor, history: torch.Tensor, penalty: float) -> torch.Tensor:
    """Keskar et al. 2019 (CTRL), section 4.1, on the candidates only: a penalty never lifts a token into the top k."""
    if penalty == 1 or history.shape[-1] == 0:
        return values
    seen = (ids.unsqueeze(-1) == history.unsqueeze(1)).any(dim=-1)
    lowered = torch.where(values > 0, values / penalty, values * penalty)
    return torch.where(seen, lowered, values)
