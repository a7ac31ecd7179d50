"""Attention for one new token, fast on a CPU. Imports torch: only the loader imports this module.

With grouped heads, torch's CPU kernel first copies keys and values for every query head. For a single position the
query heads of a group can instead stand where positions stand, over the same keys: the same numbers, 10–70 times
faster here (8 rows, 4 heads over 1, 260 keys, width 256: 1.7 ms → 0.1 ms a layer).
"""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "grouped_sdpa"


def grouped_sdpa(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """As `sdpa_attention_forward`: query [B, H, Q, D], key and value [B, G, L, D] → [B, Q, H, D]."""
    rows, heads, positions, width = query.shape
    groups = key.shape[1]
    if positions != 1 or heads == groups or dropout or (attention_mask is not None and attention_mask.shape[1] != 1):
        output, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
        return output, None
    stacked = query.reshape(rows, groups, heads // groups, width)
    found = torch.nn.functional.scaled_dot_product_attention(
        stacked, key, value, attn_mask=attention_mask, scale=scaling, is_causal=False
    )
    return found.reshape(rows, 1, heads, width), None


def use_grouped_attention(model: Any) -> None:
    """Let the model use it, if it would use torch's own attention otherwise."""
    AttentionInterface.register(NAME, grouped_sdpa)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    if model.config._attn_implementation == "sdpa":
        model.set_attn_implementation(NAME)
