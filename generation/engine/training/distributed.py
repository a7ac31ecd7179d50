"""Several processes training together, as `torchrun` starts them; one process alone needs nothing. Imports torch.

Each process works on its share of every step's examples, and gradients are added up, so that the step is the one that a
single process would make.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import torch
import torch.distributed as dist

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class World:
    """This process's place among all."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls) -> Self:
        """Read torchrun's environment and meet the other processes: over NCCL between GPUs, else over Gloo."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls()
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        if not dist.is_initialized():
            dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        return cls(rank=dist.get_rank(), size=size)

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def share(self, items: Sequence[T]) -> list[T]:
        """The items that this process works on."""
        return list(items[self.rank :: self.size])

    def add_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Replace every gradient by its sum over all processes."""
        if self.size == 1:
            return
        for parameter in parameters:
            dist.all_reduce(parameter.grad)

    def total(self, values: torch.Tensor) -> torch.Tensor:
        """The sum of `values` over all processes."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def any(self, flag: bool) -> bool:
        """Whether any process says so; all get the same answer."""
        return bool(self.total(torch.tensor([float(flag)], device=_device()))[0] > 0)

    def agree(self, number: int) -> bool:
        """Whether the number is this process's in every other too; where it is not, at least one of them says no."""
        return bool(self.total(torch.tensor([float(number)], device=_device()))[0] == number * self.size)

    def wait(self) -> None:
        """Go on when all have come here."""
        self.total(torch.zeros(1, device=_device()))


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() and dist.is_initialized() else "cpu")
