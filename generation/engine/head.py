"""The output layer, fast on a CPU. Imports torch: only the loader imports this module.

It is the largest product of a step by far (the starter model's is 262,144 × 640), and over a frozen weight in the usual
order torch loses time twice: it re-orders the whole weight at every call (24 → 12 ms for one row, 42 → 32 ms for 32), and
it multiplies a three-dimensional slice of last positions as a broadcast product that copies the weight (0.54 s).
"""

from typing import Any

import torch


def quicken_head(head: torch.nn.Module) -> None:
    """Give the output layer [rows, width], never [rows, positions, width], and its weight in the order it is read in.

    `contiguous()` would not cure the broadcast product for a single row.
    """
    inner = Packed(head) if type(head) is torch.nn.Linear and head.bias is None else head.forward

    def forward(hidden: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = inner(hidden.reshape(-1, hidden.shape[-1]).contiguous())
        return scores.unflatten(0, hidden.shape[:-1])

    head.forward = forward  # type: ignore[method-assign]


class Packed:
    """hidden [n, width] → scores [n, V] by a copy of the weight that is packed once, where torch can do so.

    The copy takes as much memory as the weight, which the embedding needs as it is. It is made again when the weight has
    changed. Elsewhere, on a GPU or in float32, the weight itself is used.
    """

    def __init__(self, head: torch.nn.Linear) -> None:
        self._head = head
        self._packed: torch.Tensor | None = None
        self._state: Any = None

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        weight = self._head.weight
        if hidden.dtype != weight.dtype or hidden.requires_grad or not can_pack(weight):
            self._packed = self._state = None
            return torch.nn.functional.linear(hidden, weight)
        state = (weight.data_ptr(), 0 if weight.is_inference() else weight._version)
        if self._packed is None or state != self._state:
            self._packed = None  # frees the old copy before the new one is made
            self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), None)
            self._state = state
        scores: torch.Tensor = torch.ops.mkldnn._linear_pointwise(hidden, self._packed, None, "none", [], "")
        return scores


def can_pack(weight: torch.Tensor) -> bool:
    """Whether torch multiplies by a packed copy of this weight: bfloat16 on a processor that oneDNN computes it on."""
    ops = torch.ops.mkldnn
    return (
        weight.device.type == "cpu"
        and weight.dtype == torch.bfloat16
        and not weight.requires_grad
        and torch.backends.mkldnn.is_available()
        and all(hasattr(ops, name) for name in ("_reorder_linear_weight", "_linear_pointwise"))
        and bool(ops._is_mkldnn_bf16_supported())
    )
