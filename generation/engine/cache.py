"""A bounded, locked cache of loaded models: a process loads a model once and keeps it. No torch here."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Self, TypeVar

from generation.engine.manifest import folder_hash

Loaded = TypeVar("Loaded")


@dataclass(frozen=True, slots=True)
class ModelKey:
    """Which model: the folders' paths and the hashes of what is in them, so a replaced folder is loaded anew."""

    folder: str
    folder_hash: str
    adapter: str = ""
    adapter_hash: str = ""

    @classmethod
    def of(cls, folder: Path, adapter: Path | None = None) -> Self:
        if adapter is None:
            return cls(folder=str(folder), folder_hash=folder_hash(folder))
        return cls(str(folder), folder_hash(folder), str(adapter), folder_hash(adapter))


class ModelCache(Generic[Loaded]):
    """At most `size` loaded models, the least recently used put out first. Safe to use from several threads."""

    def __init__(self, size: int = 1) -> None:
        if size < 1:
            raise ValueError("a model cache holds at least one model")
        self._size = size
        self._lock = threading.Lock()
        self._models: OrderedDict[ModelKey, Loaded] = OrderedDict()

    def get_or_load(self, key: ModelKey, load: Callable[[], Loaded]) -> Loaded:
        """The model under `key`, loaded by `load()` if it is not here. What does not fit leaves before the new one
        comes, so that both are never in memory. An error from `load` passes on and leaves nothing behind."""
        with self._lock:
            if key in self._models:
                self._models.move_to_end(key)
                return self._models[key]
            while len(self._models) >= self._size:
                self._models.popitem(last=False)
            loaded = load()
            self._models[key] = loaded
            return loaded

    def clear(self) -> None:
        with self._lock:
            self._models.clear()

    def __len__(self) -> int:
        return len(self._models)
