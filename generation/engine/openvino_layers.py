"""What a model's layers attend to, as it stands beside an exported graph. Neither torch nor openvino here."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Attention:
    """One layer's attention: heads that ask, heads that are asked, numbers in each, and how far back it sees (0: all)."""

    layer: int
    heads: int
    groups: int
    width: int
    scale: float
    window: int

    def to_dict(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Raises `ValueError` or `TypeError` for what is none."""
        found = cls(**data)
        if any(type(one) is not int or one < 0 for one in (found.layer, found.window)):
            raise ValueError("an attention's layer and window are whole numbers from 0 up")
        if any(type(one) is not int or one < 1 for one in (found.heads, found.groups, found.width)) or found.scale <= 0:
            raise ValueError("an attention's heads, groups, width and scale are positive")
        return found
