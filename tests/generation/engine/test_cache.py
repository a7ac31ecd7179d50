"""Models are loaded once and kept within a bound; one over the same base is made out of another."""

from __future__ import annotations

import shutil
import weakref
from pathlib import Path

import pytest

from generation.engine.cache import ModelCache, ModelKey
from generation.engine.errors import ModelFolderError
from generation.engine.loader import LoadedModel, load
from tests.tiny_model import make_tiny_model


@pytest.fixture
def folder(tmp_path: Path, model_root: Path) -> Path:
    return Path(shutil.copytree(model_root / "tiny", tmp_path / "models" / "copy"))


def test_the_cache_loads_once_and_puts_out_the_least_used_first() -> None:
    calls: list[str] = []
    cache: ModelCache[str] = ModelCache(2)

    def get(name: str) -> str:
        return cache.get_or_load(ModelKey(name, "hash"), lambda: calls.append(name) or name.upper())

    assert [get("a"), get("a"), get("b"), get("a"), get("c"), get("a"), get("b")] == list("AABACAB")
    assert calls == ["a", "b", "c", "b"]
    assert len(cache) == 2
    cache.clear()
    assert len(cache) == 0
    with pytest.raises(ValueError):
        ModelCache(0)


def test_a_failed_load_leaves_room_for_the_next_try() -> None:
    cache: ModelCache[str] = ModelCache(1)
    key = ModelKey("a", "hash")
    with pytest.raises(OSError):
        cache.get_or_load(key, lambda: (_ for _ in ()).throw(OSError()))
    assert cache.get_or_load(key, lambda: "loaded") == "loaded"


def test_a_folder_that_was_replaced_is_loaded_anew(folder: Path) -> None:
    cache: ModelCache[LoadedModel] = ModelCache(1)

    def get() -> LoadedModel:
        return cache.get_or_load(ModelKey.of(folder), lambda: load(folder, model_root=folder.parent, threads=1))

    first = get()
    assert get() is first
    shutil.rmtree(folder)
    make_tiny_model(folder, seed=1)
    assert get() is not first


# -- by bytes --------------------------------------------------------------------------------------------------------


def test_as_many_are_kept_as_fit_and_one_in_any_case() -> None:
    calls: list[str] = []
    cache: ModelCache[str] = ModelCache(3, most_bytes=100)

    def get(name: str, size: int) -> None:
        cache.get_or_load(ModelKey(name, "hash"), lambda: calls.append(name) or name, size=size)

    for name in "abcabc":
        get(name, 30)
    assert calls == ["a", "b", "c"]
    get("d", 50)  # the count puts a out, the bytes b
    assert len(cache) == 2
    get("giant", 1000)
    assert len(cache) == 1
    get("giant", 1000)
    get("a", 30)
    assert calls == ["a", "b", "c", "d", "giant", "a"] and len(cache) == 1


def test_what_is_put_out_is_gone_before_the_next_one_comes() -> None:
    """A model's parts name each other, so it does not go by itself."""

    class Part:
        def __init__(self) -> None:
            self.other = self

    cache: ModelCache[Part] = ModelCache(1)
    gone = weakref.ref(cache.get_or_load(ModelKey("a", "hash"), Part))

    def following() -> Part:
        assert gone() is None
        return Part()

    cache.get_or_load(ModelKey("b", "hash"), following)


# -- one out of another ----------------------------------------------------------------------------------------------


class Changing:
    """A cache of texts in which a model over the same base can be changed."""

    def __init__(self, size: int = 2) -> None:
        self.cache: ModelCache[str] = ModelCache(size)
        self.loads: list[str] = []
        self.error: BaseException | None = None
        self.gives = True

    def get(self, adapter: str, base: str = "base", numbers: str = "") -> str:
        def change(model: str) -> str | None:
            if self.error is not None:
                raise self.error
            return f"{model} → {adapter}" if self.gives else None

        key = ModelKey(base, "hash", adapter, "hash" if adapter else "", numbers)
        return self.cache.get_or_load(key, lambda: self.loads.append(adapter) or adapter, change=change)


def test_a_model_over_the_same_base_is_changed_and_takes_the_others_place() -> None:
    made = Changing()
    assert [made.get(name) for name in ("a", "b", "b", "a")] == ["a", "a → b", "a → b", "a → b → a"]
    assert made.loads == ["a"] and len(made.cache) == 1


def test_another_base_or_other_numbers_are_loaded() -> None:
    made = Changing(size=3)
    made.get("a")
    assert made.get("b", base="other") == "b" and made.get("b", numbers="bfloat16") == "b"
    assert made.loads == ["a", "b", "b"] and made.get("c", base="other") == "b → c"


def test_where_nothing_can_be_changed_it_is_loaded() -> None:
    made = Changing()
    made.get("a")
    made.gives = False
    assert made.get("b") == "b" and len(made.cache) == 2


def test_a_refused_change_leaves_the_model_and_any_other_error_empties_its_place() -> None:
    made = Changing()
    made.get("a")
    made.error = ModelFolderError("broken")
    with pytest.raises(ModelFolderError):
        made.get("b")
    assert made.get("a") == "a" and made.loads == ["a"]
    made.error = MemoryError()
    with pytest.raises(MemoryError):
        made.get("b")
    assert len(made.cache) == 0 and made.get("a") == "a" and made.loads == ["a", "a"]
