"""Checkpoints of a training run: whole folders of safetensors and JSON, written beside and renamed. Imports torch.

step-00000150/adapter.safetensors    trained parameters, float32
              best.safetensors       the parameters with the best held-out loss so far
              optimizer.safetensors  AdamW's two moments and step of every parameter
              state.json             where training stands, what it is a training of, and the size of every file
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from generation.engine.errors import TrainingError
from generation.engine.whole_folder import written_whole

FORMAT_VERSION = 1
KEPT = 2
_ADAPTER, _BEST, _OPTIMIZER, _STATE = "adapter.safetensors", "best.safetensors", "optimizer.safetensors", "state.json"


@dataclass(slots=True)
class TrainState:
    """Where a training stands.

    step        steps made
    skipped     steps over the examples that patience left out: they were never made
    best_loss   lowest held-out loss so far, in nats per token; None before the first evaluation
    since_best  evaluations since then
    seconds     of computing so far, over all attempts
    before      of them before the first step
    tokens      that went through the model so far
    speed       tokens a second of the last step, measuring left out
    history     one entry an evaluation: step, training loss since the last one, held-out loss, pair accuracy
    recent      training losses since the last evaluation; any at a step to measure after: it is not measured yet
    stopped     why training ended before its last step: "patience", "time", or empty
    left_out    examples and pairs that were longer than the settings allow
    """

    step: int = 0
    best_loss: float | None = None
    since_best: int = 0
    seconds: float = 0.0
    before: float = 0.0
    tokens: int = 0
    speed: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    recent: list[float] = field(default_factory=list)
    stopped: str = ""
    left_out: int = 0
    skipped: int = 0

    @property
    def place(self) -> int:
        """Where it stands in the plan of all steps, of which each has its seed and its rate."""
        return self.step + self.skipped


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that training goes on from."""

    state: TrainState
    weights: dict[str, torch.Tensor]
    best: dict[str, torch.Tensor]
    optimizer: dict[str, torch.Tensor]


def write_checkpoint(folder: Path, checkpoint: Checkpoint, of: Mapping[str, Any]) -> Path:
    """Write it below `folder` and remove all but the newest `KEPT`. `of` says what is trained (base, data, settings)."""
    target = folder / f"step-{checkpoint.state.step:08d}"
    tensors = {_ADAPTER: checkpoint.weights, _BEST: checkpoint.best, _OPTIMIZER: checkpoint.optimizer}
    with written_whole(target) as beside:
        for name, named in tensors.items():
            write_tensors(beside / name, named)
        sizes = {name: (beside / name).stat().st_size for name in tensors}
        state = {"format": FORMAT_VERSION, "of": dict(of), "state": asdict(checkpoint.state), "sizes": sizes}
        (beside / _STATE).write_text(json.dumps(state, indent=1, sort_keys=True), encoding="utf-8")
    for old in _folders(folder)[KEPT:]:
        shutil.rmtree(old)
    return target


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file. A full disk is an `OSError` as for every other file; safetensors' own `save_file` would
    make an error without a number of it."""
    path.write_bytes(save({key: tensor.contiguous() for key, tensor in tensors.items()}, metadata))


def read_newest(folder: Path, of: Mapping[str, Any]) -> Checkpoint | None:
    """The newest whole checkpoint below `folder`; None when there is none. What a killed writer left is passed over.

    Raises `TrainingError` when it belongs to another training: other data, base or settings.
    """
    for path in _folders(folder):
        try:
            found = json.loads((path / _STATE).read_text(encoding="utf-8"))
            if any((path / name).stat().st_size != size for name, size in found["sizes"].items()):
                continue
            tensors = [load_file(path / name) for name in (_ADAPTER, _BEST, _OPTIMIZER)]
            state = TrainState(**found["state"])
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            continue
        if found.get("format") != FORMAT_VERSION or found.get("of") != json.loads(json.dumps(dict(of))):
            raise TrainingError("The checkpoint is of another training: other data, base or settings.")
        return Checkpoint(state, *tensors)
    return None


def _folders(folder: Path) -> list[Path]:
    """Checkpoints, the newest first."""
    return sorted(folder.glob("step-*"), reverse=True) if folder.is_dir() else []
