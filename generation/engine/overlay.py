"""A LoRA adapter laid over a loaded model and taken off again, in milliseconds. Imports torch: only the loader imports this module.

The base's weights are never touched: each adapted matrix gets a hook that adds the adapter's share to what the matrix computes.
So nothing that was packed from the weights grows old, no number is rounded away, and off is off to the bit. peft computes the
same numbers, but builds its layers anew for half a second; it still loads the adapters that are more than pairs of
matrices (`adapters.is_plain`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from generation.engine.adapters import DOWN, PREFIX, UP
from generation.engine.errors import ModelFolderError
from generation.engine.folders import read_config
from generation.engine.training.adapter_folder import WEIGHTS


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """What an adapter adds to one matrix: input [..., in] → scale · up [out, r] · down [r, in] · input."""

    module: torch.nn.Module
    down: torch.Tensor
    up: torch.Tensor
    scale: float

    def __call__(self, module: torch.nn.Module, given: tuple[torch.Tensor, ...], result: torch.Tensor) -> torch.Tensor:
        """The hook. In rows, never in three dimensions: `head` says why."""
        rows = given[0].reshape(-1, given[0].shape[-1]).contiguous().to(self.down.dtype)
        linear = torch.nn.functional.linear
        added = linear(linear(rows, self.down), self.up) * self.scale
        return (result + added.view(result.shape)).to(result.dtype)


class Overlay:
    """What lies over one model: nothing, or one adapter."""

    def __init__(self) -> None:
        self.changes = 0  # so that what was begun with another adapter can tell
        self._handles: list[Any] = []

    def lay(self, layers: Sequence[LowRank]) -> None:
        """These in place of what lay here before. Nothing lies here if it fails."""
        self.changes += 1
        self._take_off()
        try:
            for one in layers:
                self._handles.append(one.module.register_forward_hook(one))
        except BaseException:
            self._take_off()
            raise

    def _take_off(self) -> None:
        while self._handles:
            self._handles.pop().remove()


def read_layers(folder: Path, model: Any, device: torch.device) -> list[LowRank]:
    """An adapter's matrices by the modules of the model they belong to, in float32 as peft computes with them.

    Expects a folder that `check_folder` and `is_plain` have passed. Raises `ModelFolderError` where it cannot be read or
    belongs to another base. Changes nothing.
    """
    config = read_config(folder, "adapter_config.json")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if type(rank) is not int or rank < 1 or not isinstance(alpha, int | float):
        raise ModelFolderError(f"{folder.name}: no usable adapter_config.json")
    scale = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    try:
        tensors = load_file(folder / WEIGHTS)
    except MemoryError:
        raise
    except Exception as error:  # the library's own, for every way in which a file can be broken
        raise ModelFolderError(f"{folder.name} cannot be loaded: {error}") from error
    modules = dict(model.named_modules())
    layers = []
    for name in sorted(tensors):
        if name.endswith(UP):
            continue
        module = modules.get(name.removeprefix(PREFIX).removesuffix(DOWN))
        down, up = tensors.pop(name), tensors.pop(name.removesuffix(DOWN) + UP, None)
        if module is None or up is None or not _fits(module, down, up, rank):
            raise ModelFolderError(f"{folder.name} belongs to another base model: {name}")
        down, up = (one.to(device=device, dtype=torch.float32) for one in (down, up))
        layers.append(LowRank(module, down, up, scale))
    if tensors or not layers:
        raise ModelFolderError(f"{folder.name} is not whole: {len(tensors)} matrices have no counterpart")
    return layers


def _fits(module: torch.nn.Module, down: torch.Tensor, up: torch.Tensor, rank: int) -> bool:
    weight = getattr(module, "weight", None)
    if weight is None or not weight.dim() == down.dim() == up.dim() == 2 or not down.shape[0] == up.shape[1] == rank:
        return False
    shape = (up.shape[0], down.shape[1])
    # a Conv1D, as GPT-2 has it, keeps its matrix the other way round
    return tuple(weight.shape) == (shape if isinstance(module, torch.nn.Linear) else shape[::-1])
