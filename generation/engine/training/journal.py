"""Figures of a training run for TensorBoard, and for Weights & Biases where its key is set."""

import logging
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary

from generation.engine.errors import TrainingError

TRIALS = "trials"  # folder of the trials of a search, whose figures are nobody's business elsewhere
_ID = "wandb-id"
log = logging.getLogger(__name__)


class Journal:
    """Writes event files into `folder`. With `WANDB_API_KEY` set, the same figures go there too, but those of trials.

    Each figure is written by the caller itself: tensorboardX's usual writer has a thread, which a full disk ends, and
    whoever then waits for it waits for ever. Raises `OSError` for a full disk, and `TrainingError` when that key is set
    and the package `wandb` is not installed. What else goes wrong with Weights & Biases is a warning, and the training
    goes on without it.
    """

    def __init__(self, folder: Path, name: str, settings: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._events = EventsWriter(str(folder / "events"), f".{os.getpid()}")
        wanted = os.environ.get("WANDB_API_KEY") and folder.parent.parent.name != TRIALS
        self._elsewhere = _weights_and_biases(folder, name, settings) if wanted else None

    def note(self, step: int, **figures: float) -> None:
        named = {name.replace("__", "/"): value for name, value in figures.items()}
        values = [Summary.Value(tag=name, simple_value=value) for name, value in named.items()]
        self._events.write_event(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))
        if "held_out" in figures:  # seldom enough to bring everything to the disk
            self._events.flush()
        if self._elsewhere is not None:
            try:
                self._elsewhere.log(named, step=step)
            except Exception as error:  # noqa: BLE001 (whatever it is, the training matters more)
                _warn(error)
                self._elsewhere = None

    def close(self) -> None:
        with suppress(OSError):  # what ended the training is told, not that its figures found no room
            self._events.close()
        if self._elsewhere is not None:
            try:
                self._elsewhere.finish()
            except Exception as error:  # noqa: BLE001 (the same)
                _warn(error)


def _weights_and_biases(folder: Path, name: str, settings: Mapping[str, Any]) -> Any:
    """The run there; None where it cannot be had."""
    try:
        import wandb  # not required: only who has a key needs it
    except ImportError as error:
        raise TrainingError("WANDB_API_KEY is set, but wandb is not installed: pip install wandb") from error
    told = {"project": "copy-studio", "name": name, "config": dict(settings), "dir": str(folder)}
    identity = _identity(folder)
    try:
        return wandb.init(**told, resume="allow", id=identity)
    except Exception as error:  # noqa: BLE001 (a wrong key, no network)
        _warn(error)
        return None


def _identity(folder: Path) -> str:
    """Drawn once and kept beside the figures: the same when the training is gone on with, and no other installation's."""
    path = folder.parent / _ID
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    if not known:
        known = secrets.token_hex(8)
        path.write_text(known, encoding="utf-8")
    return known


def _warn(error: Exception) -> None:
    log.warning("Weights & Biases is left out from here on: %s: %s", type(error).__name__, error)
