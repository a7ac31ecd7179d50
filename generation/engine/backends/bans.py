"""The tokens that each row must not draw, in one buffer that changes with the rows. Imports torch: only backends import it."""

import torch


class Bans:
    """[rows, V] true where a row must not draw a token. Rows come and go as those of `slots.SlotCache`."""

    def __init__(self, rows: int, vocabulary: int, device: torch.device) -> None:
        self._buffer = torch.empty((rows, vocabulary), dtype=torch.bool, device=device)
        self._used = 0

    @property
    def marks(self) -> torch.Tensor:
        return self._buffer[: self._used]

    def add(self, banned: torch.Tensor) -> None:
        """A text takes the next free row, with what it may not hold [V]."""
        self._buffer[self._used] = banned
        self._used += 1

    def drop(self, row: int) -> None:
        """The text of this row has ended: the last row in use moves here."""
        self._used -= 1
        if row != self._used:
            self._buffer[row] = self._buffer[self._used]
