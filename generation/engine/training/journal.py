"""Figures of a training run for TensorBoard, and for Weights & Biases where its key is set."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary

from generation.engine.errors import TrainingError


class Journal:
    """Writes event files into `folder`. With `WANDB_API_KEY` set, the same figures go there too.

    Each figure is written by the caller itself: tensorboardX's usual writer has a thread, which a full disk ends, and
    whoever then waits for it waits for ever. Raises `OSError` for a full disk, and `TrainingError` when that key is set
    and the package `wandb` is not installed.
    """

    def __init__(self, folder: Path, name: str, settings: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._events = EventsWriter(str(folder / "events"), f".{os.getpid()}")
        self._elsewhere = _weights_and_biases(folder, name, settings) if os.environ.get("WANDB_API_KEY") else None

    def note(self, step: int, **figures: float) -> None:
        named = {name.replace("__", "/"): value for name, value in figures.items()}
        values = [Summary.Value(tag=name, simple_value=value) for name, value in named.items()]
        self._events.write_event(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))
        if "held_out" in figures:  # seldom enough to bring everything to the disk
            self._events.flush()
        if self._elsewhere is not None:
            self._elsewhere.log(named, step=step)

    def close(self) -> None:
        with suppress(OSError):  # what ended the training is told, not that its figures found no room
            self._events.close()
        if self._elsewhere is not None:
            self._elsewhere.finish()


def _weights_and_biases(folder: Path, name: str, settings: Mapping[str, Any]) -> Any:
    try:
        import wandb  # not required: only who has a key needs it
    except ImportError as error:
        raise TrainingError("WANDB_API_KEY is set, but wandb is not installed: pip install wandb") from error
    return wandb.init(project="copy-studio", name=name, config=dict(settings), dir=str(folder), resume="allow", id=name)
