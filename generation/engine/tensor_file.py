"""The header of a safetensors file, read without the library: what a stranger's file says is checked before it is used.

A file is the header's length (8 bytes, little-endian), the header (JSON: a name, and dtype, shape and data_offsets for each
tensor), and the tensors one after the other (github.com/huggingface/safetensors, "Format").
"""

import json
import math
import struct
from pathlib import Path
from typing import Any

from generation.engine.errors import ModelFolderError

_MOST_HEADER = 100_000_000  # bytes, as the library has it
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16,
    "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor by its name. Raises `ModelFolderError` for a header that is not possible: longer than the file or than
    the library allows, no JSON, or tensors that overlap, leave gaps, lie outside the file or are not as long as their
    shape says."""
    name, size = f"{path.parent.name}: {path.name}", path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size - 8, _MOST_HEADER):
            raise ModelFolderError(f"{name}: the header is longer than the file or than is possible")
        header = file.read(length)
    try:
        tensors = {key: one for key, one in json.loads(header).items() if key != "__metadata__"}
        spans = sorted(map(_span, tensors.values()))
        shapes = {key: _shape(one) for key, one in tensors.items()}
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ModelFolderError(f"{name}: the header cannot be read ({type(error).__name__})") from error
    end = 0
    for first, last in spans:
        if first != end or last < first:
            raise ModelFolderError(f"{name}: tensors overlap or leave gaps")
        end = last
    if end != size - 8 - length:
        raise ModelFolderError(f"{name}: the file is cut off or longer than its header says")
    return shapes


def _span(tensor: dict[str, Any]) -> tuple[int, int]:
    first, last = tensor["data_offsets"]
    if type(first) is not int or type(last) is not int:
        raise TypeError("offsets are whole numbers")
    return first, last


def _shape(tensor: dict[str, Any]) -> tuple[int, ...]:
    shape, (first, last) = tuple(tensor["shape"]), _span(tensor)
    if any(type(side) is not int or side < 0 for side in shape):
        raise TypeError("sides are whole numbers")
    if math.prod(shape) * _BITS[tensor["dtype"]] != 8 * (last - first):
        raise ValueError("a tensor is as long as its shape says")
    return shape
