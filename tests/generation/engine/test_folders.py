"""Hostile model folders are refused before anything in them is run or fills the memory (M1), wherever a name leads (M2)."""

from __future__ import annotations

import json
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from generation.engine.adapters import check_adapter
from generation.engine.errors import ModelFolderError
from generation.engine.folders import check_folder, count_parameters, summary
from generation.engine.loader import load
from tests.generation.engine.hostile import HOSTILE, Bomb
from tests.generation.engine.traversals import TRAVERSALS, leads_out, listening

SENTINEL = "sentinel"
SECONDS = 5.0  # for a refusal: nothing is loaded
GROWTH = 300_000  # kilobytes that a refusal may cost at most


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "var" / "models"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def folder(root: Path, model_root: Path) -> Path:
    return Path(shutil.copytree(model_root / "tiny", root / "model"))


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_folder_is_refused_and_nothing_of_it_is_run(
    folder: Path, root: Path, tmp_path: Path, name: str
) -> None:
    sentinel = tmp_path / SENTINEL
    HOSTILE[name](folder, sentinel)
    began, before = time.monotonic(), peak()
    for ask in (
        lambda: check_folder(folder, root),
        lambda: summary(folder, root),
        lambda: load(folder, model_root=root, threads=1),
    ):
        with pytest.raises(ModelFolderError, match=r"^model: "):
            ask()
    assert not sentinel.exists()
    assert time.monotonic() - began < 3 * SECONDS and peak() - before < GROWTH


def test_the_sentinel_would_be_written(tmp_path: Path) -> None:
    """Or the test above could not fail."""
    import pickle

    pickle.loads(pickle.dumps(Bomb(tmp_path / SENTINEL)))
    assert (tmp_path / SENTINEL).read_text() == "ran"


def test_there_are_twelve_kinds_and_more() -> None:
    assert len(HOSTILE) >= 40


def test_the_same_folder_unharmed_is_taken(folder: Path, root: Path) -> None:
    found = summary(folder, root)
    assert found.architecture == "Gemma3ForCausalLM" and found.layers == 2 and found.width == 32
    assert load(folder, model_root=root, threads=1).model.num_parameters() == found.parameters


def test_weights_in_several_files_are_taken(folder: Path, root: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    files = {"model-1-of-2.safetensors": names[::2], "model-2-of-2.safetensors": names[1::2]}
    for file, some in files.items():
        save_file({name: tensors[name] for name in some}, folder / file, metadata={"format": "pt"})
    weight_map = {name: file for file, some in files.items() for name in some}
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert summary(folder, root).parameters == sum(tensor.numel() for tensor in tensors.values())
    assert load(folder, model_root=root, threads=1).model is not None


def test_a_link_inside_the_model_folder_is_followed(folder: Path, root: Path) -> None:
    (root / "alias").symlink_to(folder)
    assert check_folder(root / "alias", root) == folder.resolve()


def test_parameters_are_counted_from_the_header_alone(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "x.safetensors"
    save_file({"a": torch.zeros(3, 5), "b": torch.zeros(7, dtype=torch.bfloat16), "c": torch.zeros(())}, path)
    assert count_parameters(path) == 15 + 7 + 1


# -- adapters --------------------------------------------------------------------------------------------------------


@pytest.fixture
def adapter(root: Path, folder: Path) -> Path:
    """An adapter as peft writes it."""
    from peft import LoraConfig, get_peft_model

    model = load(folder, model_root=root, threads=1).model
    lora = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False))
    lora.save_pretrained(root / "adapter")
    return root / "adapter"


@pytest.mark.parametrize("name", ["pickle beside", "bin", "pt2", "code", "link in a circle"])
def test_a_hostile_adapter_is_refused(folder: Path, root: Path, adapter: Path, tmp_path: Path, name: str) -> None:
    load(folder, model_root=root, adapter=adapter, threads=1)
    (adapter / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    HOSTILE[name](adapter, tmp_path / SENTINEL)
    for ask in (
        lambda: check_adapter(adapter, root),
        lambda: load(folder, model_root=root, adapter=adapter, threads=1),
    ):
        with pytest.raises(ModelFolderError):
            ask()
    assert not (tmp_path / SENTINEL).exists()


def test_an_adapter_that_has_a_module_imported_is_refused(
    folder: Path, root: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """peft imports the module that `megatron_core` names."""
    (tmp_path / "evil_core.py").write_text(f"open({str(tmp_path / SENTINEL)!r}, 'w').close()")
    monkeypatch.syspath_prepend(tmp_path)
    config = json.loads((adapter / "adapter_config.json").read_text())
    hostile = {**config, "megatron_config": {"x": 1}, "megatron_core": "evil_core"}
    (adapter / "adapter_config.json").write_text(json.dumps(hostile))
    with pytest.raises(ModelFolderError, match="megatron_config"):
        load(folder, model_root=root, adapter=adapter, threads=1)
    assert not (tmp_path / SENTINEL).exists()


def test_hostile_adapter_weights_are_refused(folder: Path, root: Path, adapter: Path, tmp_path: Path) -> None:
    import pickle

    (adapter / "adapter_model.safetensors").write_bytes(pickle.dumps(Bomb(tmp_path / SENTINEL)))
    with pytest.raises(ModelFolderError, match="header"):
        load(folder, model_root=root, adapter=adapter, threads=1)
    assert not (tmp_path / SENTINEL).exists()


# -- names that lead elsewhere (M2) ----------------------------------------------------------------------------------


@pytest.fixture
def opened() -> Iterator[list[str]]:
    with listening() as paths:
        yield paths


@pytest.mark.parametrize("name", TRAVERSALS, ids=ascii)
def test_no_name_opens_anything_outside(root: Path, folder: Path, name: str, opened: list[str]) -> None:
    """A whole, harmless model lies outside: whoever follows the name would load it."""
    secret = root.parent / "secret"
    if not secret.exists():
        shutil.copytree(folder, secret)
    opened.clear()
    for ask in (check_folder, summary):
        try:
            ask(root / name, root)
        except (ModelFolderError, OSError, ValueError):
            continue
        assert (root / name).resolve() == folder, "only what lies inside may be taken"
    assert leads_out(opened, root) == []


def test_the_hook_hears_what_is_opened_outside(root: Path, opened: list[str]) -> None:
    (root.parent / "secret").write_text("x")
    (root.parent / "secret").read_text()
    assert len(leads_out(opened, root)) == 2


def test_there_are_enough_names() -> None:
    assert len(set(TRAVERSALS)) >= 200
