"""A bounded, locked cache of loaded models: a process loads a model once and keeps it. No torch here."""

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Self, TypeVar

from generation.engine.errors import EngineError
from generation.engine.manifest import folder_hash

Loaded = TypeVar("Loaded")


@dataclass(frozen=True, slots=True)
class ModelKey:
    """Which model: the folders' paths and the hashes of what is in them, so a replaced folder is loaded anew, and in what
    numbers it computes."""

    folder: str
    folder_hash: str
    adapter: str = ""
    adapter_hash: str = ""
    numbers: str = ""

    @classmethod
    def of(cls, folder: Path, adapter: Path | None = None, numbers: str = "") -> Self:
        if adapter is None:
            return cls(str(folder), folder_hash(folder), numbers=numbers)
        return cls(str(folder), folder_hash(folder), str(adapter), folder_hash(adapter), numbers)

    @property
    def base(self) -> Self:
        """The same without an adapter."""
        return replace(self, adapter="", adapter_hash="")


class ModelCache(Generic[Loaded]):
    """At most `size` loaded models of `most_bytes` together, the least recently used put out first; one is kept however large
    it is. Safe to use from several threads."""

    def __init__(self, size: int = 1, most_bytes: int | None = None) -> None:
        if size < 1:
            raise ValueError("a model cache holds at least one model")
        self._size, self._most = size, most_bytes
        self._lock = threading.Lock()
        self._models: OrderedDict[ModelKey, tuple[Loaded, int]] = OrderedDict()

    def get_or_load(
        self,
        key: ModelKey,
        load: Callable[[], Loaded],
        *,
        size: int = 0,
        change: Callable[[Loaded], Loaded | None] | None = None,
    ) -> Loaded:
        """The model under `key`; if it is not here, made by `change` out of one over the same base, else loaded by `load()`.

        A model that was changed is the new one from then on; `change` gives nothing where it cannot be, and raises
        `EngineError` where it has left it as it was. `size` is about how many bytes it will take. What does not fit leaves
        before the new one comes, so that both are never in memory. An error passes on and leaves nothing behind.
        """
        with self._lock:
            if key in self._models:
                self._models.move_to_end(key)
                return self._models[key][0]
            if change is not None and (changed := self._changed(key, change)) is not None:
                return changed
            self._make_room(size)
            loaded = load()
            self._models[key] = (loaded, size)
            return loaded

    def _changed(self, key: ModelKey, change: Callable[[Loaded], Loaded | None]) -> Loaded | None:
        for other in [one for one in self._models if one.base == key.base]:
            model, size = self._models[other]
            try:
                changed = change(model)
            except EngineError:
                raise
            except BaseException:
                del self._models[other]  # nobody knows what it is now
                raise
            if changed is not None:
                del self._models[other]
                self._models[key] = (changed, size)
                return changed
        return None

    def _make_room(self, size: int) -> None:
        count = len(self._models)
        while self._models and (len(self._models) >= self._size or not self._fits(size)):
            self._models.popitem(last=False)
        if len(self._models) < count:
            gc.collect()  # a model's modules name each other, and would stay beside the new one

    def _fits(self, size: int) -> bool:
        return self._most is None or size + sum(taken for _, taken in self._models.values()) <= self._most

    def clear(self) -> None:
        with self._lock:
            self._models.clear()

    def __len__(self) -> int:
        return len(self._models)
