"""Read a GGUF file: its metadata, and its tensors as bfloat16 bits.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3, little endian). `gguf.GGUFReader` reads
the same, but turns each of a vocabulary's 262,144 strings into a numpy array first (9 s here; this takes 0.1 s). The
dequantisation formulas do come from the `gguf` package.
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY, _UINT32, _UINT64 = 8, 9, 4, 10
_ROWS_AT_ONCE = 8192

Bits = npt.NDArray[np.uint16]


class GGUFError(ValueError):
    """The file is not a GGUF file that this reader understands."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Where one tensor lies. `shape` is in row-major order, as torch and numpy write it."""

    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int


def to_bfloat16(values: npt.NDArray[np.float32]) -> Bits:
    """Round float32 to bfloat16 (nearest, ties to even) and return the 16 bits; the values must be finite."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return ((bits + (((bits >> 16) & 1) + np.uint32(0x7FFF))) >> 16).astype(np.uint16)


class GGUFFile:
    """An open GGUF file: `metadata`, `tensors`, and `bfloat16_rows()` to read one tensor piece by piece."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            try:
                self._read_header()
            except (struct.error, KeyError, UnicodeDecodeError) as error:
                self._map.close()
                raise GGUFError(f"{path.name}: damaged header ({error})") from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._map.close()
        self._file.close()

    def _read_header(self) -> None:
        if self._map[:4] != b"GGUF":
            raise GGUFError("not a GGUF file: it does not begin with GGUF")
        self._pos = 4
        version = self._value(_UINT32)
        if version != 3:
            raise GGUFError(f"GGUF version {version} is not supported, only 3")
        tensor_count, entry_count = self._value(_UINT64), self._value(_UINT64)
        self.metadata: dict[str, Any] = {}
        for _ in range(entry_count):
            key = self._value(_STRING)
            self.metadata[key] = self._value(self._value(_UINT32))
        infos = [self._tensor_info() for _ in range(tensor_count)]
        alignment = int(self.metadata.get("general.alignment", 32))
        self._data = -(-self._pos // alignment) * alignment
        self.tensors = {info.name: info for info in infos}

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            length = self._value(_UINT64)
            start, self._pos = self._pos, self._pos + length
            return self._map[start : self._pos].decode()
        if kind == _ARRAY:
            item, count = self._value(_UINT32), self._value(_UINT64)
            if item == _STRING:
                return [self._value(_STRING) for _ in range(count)]
            return list(self._unpack(f"<{count}{_SCALARS[item]}"))
        return self._unpack(f"<{_SCALARS[kind]}")[0]

    def _unpack(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._map, self._pos)
        self._pos += struct.calcsize(layout)
        return values

    def _tensor_info(self) -> TensorInfo:
        name = self._value(_STRING)
        shape = tuple(self._value(_UINT64) for _ in range(self._value(_UINT32)))
        kind, offset = self._value(_UINT32), self._value(_UINT64)
        return TensorInfo(name=name, shape=shape[::-1], kind=kind, offset=offset)

    def bfloat16_rows(self, name: str, add: float = 0.0) -> Iterator[Bits]:
        """Yield the tensor in blocks of rows, dequantised, with `add` added to every value, as bfloat16 bits.

        Blocks keep memory bounded: the token embedding would be 0.7 GB as float32.
        """
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
        from gguf.quants import dequantize

        info = self.tensors[name]
        kind = GGMLQuantizationType(info.kind)
        block_size, block_bytes = GGML_QUANT_SIZES[kind]
        columns = info.shape[-1]
        if columns % block_size:
            raise GGUFError(f"{name}: {columns} columns do not divide into blocks of {block_size}")
        row_bytes = columns // block_size * block_bytes
        rows = int(np.prod(info.shape[:-1], dtype=np.int64))
        for first in range(0, rows, _ROWS_AT_ONCE):
            count = min(_ROWS_AT_ONCE, rows - first)
            start = self._data + info.offset + first * row_bytes
            raw = np.frombuffer(self._map[start : start + count * row_bytes], dtype=np.uint8).reshape(count, row_bytes)
            values = np.asarray(dequantize(raw, kind), dtype=np.float32)
            yield to_bfloat16(values + np.float32(add) if add else values)
