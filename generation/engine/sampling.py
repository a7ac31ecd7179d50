"""Draw the next token of every row of a batch. Imports torch: only backends import this module.

Top-k is taken from the raw logits first, and only those k are sorted, tempered and drawn from by inverse CDF: the same
distribution as softmax and `torch.multinomial` over the whole vocabulary, at a twentieth of the time when that has
262,144 entries. The k are looked for in the blocks of tokens that have the largest maxima, which is where they are.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch

from generation.engine.config import SamplingConfig

_PIECE = 8192  # columns; at 32 rows 1 MB of float32
_BELOW_ONE = 1 - 2**-53
_BLOCK = 64  # tokens; of 262,144 logits 4,096 maxima are sorted instead
Refuses = Callable[[int, int], bool]  # row, token


class Drawn(NamedTuple):
    """One token for each row.

    tokens    [B]
    logprobs  [B] under softmax(logits): untempered, nothing added, over the whole vocabulary, banned tokens included. So it
              says how likely the model itself finds the token, not how we drew it
    rests     of each row where in its token's share the chance fell, in [0, 1): as uniform as the chance, and free to draw the
              next token with
    shares    of each row the share of its token among the candidates; 0 where another was drawn after one was refused
    """

    tokens: torch.Tensor
    logprobs: torch.Tensor
    rests: list[float]
    shares: list[float]


def uniforms(seeds: Sequence[int], steps: int, device: torch.device) -> torch.Tensor:
    """[len(seeds), steps] numbers in [0, 1): row i depends on seed i alone, whatever else is in the batch."""
    rows = [torch.rand(steps, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in seeds]
    return torch.stack(rows).to(device)


def log_sum(logits: torch.Tensor) -> torch.Tensor:
    """[B] log of the summed exponentials of [B, V], in float32.

    In pieces that stay in the processor's cache: `torch.logsumexp` makes several temporaries of the whole size, which
    at 32 rows of 262,144 cost more than the multiplication that the logits come from.
    """
    best = logits.amax(dim=-1, keepdim=True).float()
    total = torch.zeros_like(best)
    for part in logits.split(_PIECE, dim=-1):
        total += part.sub(best).exp_().sum(dim=-1, keepdim=True)  # float32 as `best` is
    return (total.log_() + best).squeeze(-1)


def draw(
    logits: torch.Tensor,
    chance: torch.Tensor,
    config: SamplingConfig,
    *,
    banned: torch.Tensor,
    history: torch.Tensor,
    raised: Mapping[int, tuple[torch.Tensor, float]] | None = None,
    refuses: Refuses | None = None,
) -> Drawn:
    """Draw one token for each row.

    logits   [B, V] of the model, any float type
    chance   [B] uniform numbers in [0, 1), one for each row
    banned   [B, V] true where a row must not draw a token
    history  [B, t] tokens drawn so far, for the repetition penalty
    raised   of some rows: tokens [n] and what is added to their logits before drawing
    refuses  whether a row must not take this token after all; then another is drawn from the rest
    """
    total = log_sum(logits)
    ids, share = _shares(logits, banned, config, history, raised or {})
    place, rests, shares = _place(share, chance)
    tokens = ids.gather(-1, place).squeeze(-1)
    if refuses is not None:
        for row, token in enumerate(tokens.tolist()):
            if refuses(row, token):
                left = logits[row : row + 1].masked_fill(banned[row : row + 1], -torch.inf)
                one = _Refused(left, banned[row : row + 1], ids[row], share[row], history[row : row + 1])
                tokens[row] = one.redraw(int(place[row].item()), chance[row].item(), config, partial(refuses, row))
                shares[row] = 0
    logprobs = logits.gather(-1, tokens.unsqueeze(-1)).squeeze(-1).float() - total
    return Drawn(tokens, logprobs.clamp_(max=0.0), rests.tolist(), shares.tolist())


def _shares(
    logits: torch.Tensor,
    banned: torch.Tensor,
    config: SamplingConfig,
    history: torch.Tensor,
    raised: Mapping[int, tuple[torch.Tensor, float]],
) -> tuple[torch.Tensor, torch.Tensor]:
    """The candidates of every row [B, k], the likeliest first, and the share of each [B, k]; shares need not sum to 1."""
    values, ids = likeliest(logits, banned, config.top_k)
    for row, (tokens, bonus) in raised.items():
        _raise(values[row], ids[row], logits[row], banned[row], tokens, bonus)
    values = _penalise(values, ids, history, config.repetition_penalty)
    values, order = values.sort(dim=-1, descending=True)
    ids = ids.gather(-1, order)
    share = torch.softmax(values.double() / config.temperature, dim=-1)
    if config.top_p < 1:
        share = share * ((share.cumsum(dim=-1) - share) < config.top_p)
    return ids, share


def _place(share: torch.Tensor, chance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """[B, 1] where each row's chance falls, [B] where in that share, in [0, 1), and [B] how much of all shares it is."""
    cumulated = share.cumsum(dim=-1)
    target = chance.unsqueeze(-1).double() * cumulated[:, -1:]
    place = (cumulated <= target).sum(dim=-1, keepdim=True).clamp_(max=share.shape[-1] - 1)
    own = share.gather(-1, place)
    rest = (target - cumulated.gather(-1, place)) / own + 1
    return place, rest.clamp_(0, _BELOW_ONE).squeeze(-1), (own / cumulated[:, -1:]).squeeze(-1)


def likeliest(logits: torch.Tensor, banned: torch.Tensor, top_k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The `top_k` largest of logits [B, V] that are not banned [B, V], largest first, and their tokens: [B, k] float32, and [B, k].
    All V of them where `top_k` is 0. -inf stands where a row has fewer."""
    size = logits.shape[-1]
    if not 0 < top_k < size:
        values, ids = logits.masked_fill(banned, -torch.inf).sort(dim=-1, descending=True)
        return values.float(), ids
    if size % _BLOCK or size <= 2 * top_k * _BLOCK:
        values, ids = logits.masked_fill(banned, -torch.inf).topk(top_k, dim=-1)
        return values.float(), ids
    values, ids, beyond = _of_blocks(logits, banned, top_k)
    for row in torch.nonzero(~(values[:, -1] >= beyond)).flatten().tolist():  # too many of the likeliest are banned
        values[row], ids[row] = logits[row].masked_fill(banned[row], -torch.inf).topk(top_k)
    return values.float(), ids


def _of_blocks(
    logits: torch.Tensor, banned: torch.Tensor, top_k: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`likeliest` among the 2k blocks with the largest maxima, and [B] what no other block exceeds."""
    rows, count = logits.shape[0], logits.shape[-1] // _BLOCK
    maxima, blocks = logits.view(rows, count, _BLOCK).amax(dim=-1).topk(2 * top_k + 1, dim=-1)
    blocks = blocks[:, :-1]
    places = (blocks + count * torch.arange(rows, device=logits.device).unsqueeze(-1)).flatten()
    near, marks = (one.reshape(-1, _BLOCK).index_select(0, places).view(rows, -1) for one in (logits, banned))
    values, found = near.masked_fill_(marks, -torch.inf).topk(top_k, dim=-1)
    return values, blocks.gather(-1, found // _BLOCK) * _BLOCK + found % _BLOCK, maxima[:, -1]


def _raise(
    values: torch.Tensor,
    ids: torch.Tensor,
    logits: torch.Tensor,
    banned: torch.Tensor,
    tokens: torch.Tensor,
    bonus: float,
) -> None:
    """Give one row's candidates [k] the bonus, and let raised tokens in that come among the likeliest by it."""
    others = ids[~torch.isin(ids, tokens)]
    every = torch.cat([others, tokens])
    lifted = logits[every].float().masked_fill_(banned[every], -torch.inf)
    lifted[len(others) :] += bonus
    best, place = lifted.topk(len(values))
    values.copy_(best)
    ids.copy_(every[place])


@dataclass(frozen=True, slots=True)
class _Refused:
    """A row [1, V] whose token may not stand, -inf where it is banned [1, V]: its candidates [k], their shares [k], and its
    history [1, t]."""

    logits: torch.Tensor
    banned: torch.Tensor
    ids: torch.Tensor
    share: torch.Tensor
    history: torch.Tensor

    def redraw(self, place: int, chance: float, config: SamplingConfig, refuses: Callable[[int], bool]) -> int:
        """Another token: from the other candidates in their proportion or, where all are refused, from the next ones.

        Without any token left, the refused one stands: nothing else could be written.
        """
        ids, share, refused = self.ids, self.share.clone(), int(self.ids[place])
        draws = random.Random(chance)  # noqa: S311 no secret: the same seed must give the same text
        token = refused
        while refuses(token):
            self.logits[0, token] = -torch.inf
            share[place] = 0
            if not share.any():
                if not torch.isfinite(self.logits).any():
                    return refused
                ids, share = (one[0] for one in _shares(self.logits, self.banned, config, self.history, {}))
            chances = torch.tensor([draws.random()], dtype=torch.float64, device=share.device)
            place = int(_place(share.unsqueeze(0), chances)[0])
            token = int(ids[place])
        return token


def _penalise(values: torch.Tensor, ids: torch.Tensor, history: torch.Tensor, penalty: float) -> torch.Tensor:
    """Keskar et al. 2019 (CTRL), section 4.1, on the candidates only: a penalty never lifts a token into the top k."""
    if penalty == 1 or history.shape[-1] == 0:
        return values
    seen = (ids.unsqueeze(-1) == history.unsqueeze(1)).any(dim=-1)
    lowered = torch.where(values > 0, values / penalty, values * penalty)
    return torch.where(seen, lowered, values)
