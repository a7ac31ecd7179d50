"""Keys and values of texts that are written side by side, in buffers that never move. Imports torch: only backends import it.

Every text in progress has a row. Rows end at the same column and reach as far to the left as they are long, so that one
more token is one more column for all of them:

    row 0    . . p p p t t t
    row 1    p p p p p p t t
    row 2    . . . . p p p t
                           ^ last column

A text that has ended leaves its row to the last one in use; a new text takes the next free row with what the model has read
of its prompt. Nothing else is copied: a step writes one column, where `DynamicCache` would copy everything.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

_SPARE = 64  # columns to begin with beyond the first prompt, and least that are added
KeysValues = Sequence[tuple[torch.Tensor, torch.Tensor]]  # of one text: for every layer [heads, tokens, width], twice


class _Columns:
    """Which columns are in use: the same for all layers."""

    def __init__(self) -> None:
        self.end = self.width = self.capacity = 0

    @property
    def used(self) -> slice:
        return slice(self.end - self.width, self.end)


class _SlotLayer(CacheLayerMixin):
    """One layer's buffers: keys and values [rows, heads, columns, width]."""

    is_sliding = False  # every column is kept, and the mask bounds what a sliding layer sees
    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, columns: _Columns, rows: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Keys and values [heads, tokens, width] say of what kind the buffers are."""
        super().__init__()
        self._columns = columns
        self.keys, self.values = (one.new_empty((rows, one.shape[0], 0, one.shape[-1])) for one in (keys, values))
        self.is_initialized = True

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Nothing is left to do."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, cache_kwargs: dict[str, Any] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows, new, end = key_states.shape[0], key_states.shape[-2], self._columns.end
        self.keys[:rows, :, end : end + new] = key_states
        self.values[:rows, :, end : end + new] = value_states
        seen = slice(self._columns.used.start, end + new)
        return self.keys[:rows, :, seen], self.values[:rows, :, seen]

    def renew(self, end: int) -> None:
        """New buffers, in which the columns in use lie before `end`. Zeros: what is masked must still be a number."""
        columns = self._columns
        for name in ("keys", "values"):
            old = getattr(self, name)
            new = old.new_zeros((*old.shape[:2], columns.capacity, old.shape[-1]))
            new[:, :, end - columns.width : end] = old[:, :, columns.used]
            setattr(self, name, new)

    def get_mask_sizes(self, cache_position: torch.Tensor) -> tuple[int, int]:
        return self._columns.width + cache_position.shape[0], 0

    def get_seq_length(self) -> int:
        return self._columns.width

    def get_max_cache_shape(self) -> int:
        return -1


class SlotCache(Cache):
    """What the model remembers of up to `rows` texts. Rows 0 to `len(lengths)` are in use."""

    def __init__(self, rows: int) -> None:
        super().__init__(layers=[])
        self._columns = _Columns()
        self._rows = rows
        self._slots: list[_SlotLayer] = []
        self.lengths: list[int] = []

    @property
    def width(self) -> int:
        """Columns in use: tokens of the longest text."""
        return self._columns.width

    def mask(self, device: torch.device) -> torch.Tensor | None:
        """[rows, width + 1] 1 at tokens, the next one included; None where all rows are as long."""
        if min(self.lengths) == self.width:
            return None
        first = self.width - torch.tensor(self.lengths, device=device)
        return (torch.arange(self.width + 1, device=device) >= first.unsqueeze(-1)).long()

    @torch.inference_mode()
    def add(self, states: KeysValues) -> None:
        """Take up a text: what the model has read of it goes into the next free row."""
        tokens = states[0][0].shape[-2]
        if not self._slots:
            self._slots = [_SlotLayer(self._columns, self._rows, keys, values) for keys, values in states]
            self.layers = list(self._slots)
        self._make_room(tokens)
        row, end = len(self.lengths), self._columns.end
        for layer, (keys, values) in zip(self._slots, states, strict=True):
            layer.keys[row, :, end - tokens : end] = keys
            layer.values[row, :, end - tokens : end] = values
        self.lengths.append(tokens)
        self._columns.width = max(self.lengths)

    @torch.inference_mode()
    def drop(self, row: int) -> None:
        """The text of this row has ended: the last row in use moves here."""
        last = len(self.lengths) - 1
        if row != last:
            used = slice(self._columns.end - self.lengths[last], self._columns.end)
            for layer in self._slots:
                layer.keys[row, :, used] = layer.keys[last, :, used]
                layer.values[row, :, used] = layer.values[last, :, used]
            self.lengths[row] = self.lengths[last]
        self.lengths.pop()
        self._columns.width = max(self.lengths, default=0)

    @torch.inference_mode()
    def advance(self) -> None:
        """The model has written a column: it belongs to every text now. Makes room for the next one."""
        self._columns.end += 1
        self._columns.width += 1
        self.lengths = [length + 1 for length in self.lengths]
        self._make_room(self._columns.width)

    def _make_room(self, tokens: int) -> None:
        """Let `tokens` columns lie before the end and one after it, in new buffers where the old ones do not reach."""
        columns = self._columns
        if tokens <= columns.end < columns.capacity:
            return
        end = max(tokens, columns.width)
        columns.capacity = max(columns.capacity, end + max(_SPARE, end // 2))
        for layer in self._slots:
            layer.renew(end)
        columns.end = end
