"""An adapter that is laid over a loaded base computes what it would if both were loaded from nothing, to the bit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from generation.engine import overlay
from generation.engine.adapters import is_plain
from generation.engine.backends.base import Request
from generation.engine.backends.torch import TorchBackend
from generation.engine.config import Prompt, SamplingConfig
from generation.engine.errors import ModelFolderError
from generation.engine.loader import LoadedModel, lay_adapter, load
from tests.tiny_model import make_tiny_model

CONFIG = SamplingConfig(max_new_tokens=8, batch_size=2)
PROMPT = Prompt("Product: rain jacket\nHeadline:", "never")
KINDS: dict[str, dict[str, Any]] = {
    "narrow": {"r": 2, "target_modules": ["q_proj", "v_proj"]},
    "wide": {"r": 8, "lora_alpha": 32, "target_modules": ["q_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]},
    "head": {"r": 3, "target_modules": ["lm_head", "k_proj"], "use_rslora": True},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bases, and adapters of every kind over the first as peft writes them."""
    root = tmp_path_factory.mktemp("adapters")
    make_tiny_model(root / "base")
    for number, (name, values) in enumerate(KINDS.items()):
        write_adapter(root / "base", root / name, number, **values)
    write_adapter(root / "base", root / "directions", 5, r=2, target_modules=["q_proj"], use_dora=True)
    return root


def write_adapter(base: Path, folder: Path, seed: int, **values: Any) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model: Any = AutoModelForCausalLM.from_pretrained(base, local_files_only=True)
    adapted: Any = get_peft_model(model, LoraConfig(**values))
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data.normal_(std=0.3)
    adapted.save_pretrained(folder, save_embedding_layers=False)


def loaded_with(root: Path, adapter: str, numbers: str = "float32") -> LoadedModel:
    return load(root / "base", model_root=root, adapter=root / adapter if adapter else None, threads=1, numbers=numbers)


def logits(loaded: LoadedModel) -> torch.Tensor:
    ids = torch.tensor([loaded.tokenizer.encode("Product: rain jacket"), loaded.tokenizer.encode("Product: warm coat")])
    with torch.inference_mode():
        found: torch.Tensor = loaded.model(input_ids=ids).logits
    return found


def lay(loaded: LoadedModel, root: Path, adapter: str) -> bool:
    return lay_adapter(loaded, root / adapter if adapter else None, model_root=root)


@pytest.mark.parametrize("numbers", ["float32", "bfloat16"])
def test_swapped_is_loaded_from_nothing_to_the_bit(root: Path, numbers: str) -> None:
    """Other ranks, other modules, the output layer among them, and back to the base."""
    expected = {name: logits(loaded_with(root, name, numbers)) for name in ("", *KINDS)}
    one = loaded_with(root, "wide", numbers)
    for name in ("narrow", "head", "", "wide", "head", "narrow", ""):
        assert lay(one, root, name)
        assert torch.equal(logits(one), expected[name]), name
    assert len({tuple(found.flatten().tolist()) for found in expected.values()}) == 1 + len(KINDS)


@pytest.mark.parametrize("numbers", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", KINDS)
def test_it_computes_what_peft_computes(root: Path, name: str, numbers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = logits(loaded_with(root, name, numbers))
    monkeypatch.setattr("generation.engine.loader.is_plain", lambda folder: False)
    assert torch.equal(ours, logits(loaded_with(root, name, numbers)))


def test_a_swap_leaves_the_weights_where_and_as_they_are(root: Path) -> None:
    one = loaded_with(root, "")
    before = {name: (tensor.data_ptr(), tensor.clone()) for name, tensor in one.model.state_dict().items()}
    lay(one, root, "wide")
    after = one.model.state_dict()
    assert after.keys() == before.keys()
    for name, (address, tensor) in before.items():
        assert after[name].data_ptr() == address and torch.equal(after[name], tensor)


def test_swapping_leaves_nothing_behind(root: Path) -> None:
    one = loaded_with(root, "")
    for _ in range(3):
        lay(one, root, "wide")
    hooks = sum(len(module._forward_hooks) for module in one.model.modules())
    assert hooks == len(load_file(root / "wide" / "adapter_model.safetensors")) / 2
    lay(one, root, "")
    assert not any(module._forward_hooks for module in one.model.modules())


Break = Callable[[Path], None]


def without_a_half(folder: Path) -> None:
    tensors = load_file(folder / "adapter_model.safetensors")
    save_file(dict(sorted(tensors.items())[:-1]), folder / "adapter_model.safetensors")


def of_another_base(folder: Path) -> None:
    tensors = load_file(folder / "adapter_model.safetensors")
    save_file(
        {name.replace("layers.1", "layers.7"): tensor for name, tensor in tensors.items()},
        folder / "adapter_model.safetensors",
    )


def of_another_width(folder: Path) -> None:
    tensors = load_file(folder / "adapter_model.safetensors")
    wide = {name: torch.zeros(2, 48) if "lora_A" in name else tensor for name, tensor in tensors.items()}
    save_file(wide, folder / "adapter_model.safetensors")


def of_another_rank(folder: Path) -> None:
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "r": 4}))


def cut_off(folder: Path) -> None:
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])


def with_code(folder: Path) -> None:
    (folder / "modeling.py").write_text("")


@pytest.mark.parametrize(
    "harm", [without_a_half, of_another_base, of_another_width, of_another_rank, cut_off, with_code]
)
def test_an_adapter_that_cannot_be_loaded_changes_nothing(root: Path, harm: Break) -> None:
    one = loaded_with(root, "wide")
    backend, expected = TorchBackend(one), logits(one)
    broken = root / f"broken-{harm.__name__}"
    shutil.copytree(root / "narrow", broken)
    harm(broken)
    with pytest.raises(ModelFolderError, match="broken"):
        backend.wearing(broken, root)
    assert torch.equal(logits(one), expected)
    assert len(backend.generate([PROMPT], CONFIG, [1])) == 1


def test_a_swap_that_breaks_off_leaves_the_base_and_no_backend_that_writes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = loaded_with(root, "narrow")
    backend, real = TorchBackend(one), torch.nn.Linear.register_forward_hook

    def failing(module: Any, hook: Any) -> Any:
        if hook.up.shape[0] == one.model.config.hidden_size:  # not the first of them
            raise MemoryError
        return real(module, hook)

    monkeypatch.setattr(torch.nn.Linear, "register_forward_hook", failing)
    with pytest.raises(MemoryError):
        backend.wearing(root / "wide", root)
    assert torch.equal(logits(one), logits(loaded_with(root, "")))
    with pytest.raises(RuntimeError, match="another adapter"):
        backend.generate([PROMPT], CONFIG, [1])


def test_an_adapter_that_is_more_than_matrices_is_loaded_by_peft_and_not_swapped(root: Path) -> None:
    assert is_plain(root / "wide") and not is_plain(root / "directions")
    one, wrapped = loaded_with(root, "wide"), loaded_with(root, "directions")
    assert wrapped.overlay is None and not lay(wrapped, root, "wide") and not lay(wrapped, root, "")
    expected = logits(one)
    assert not lay(one, root, "directions") and torch.equal(logits(one), expected)
    assert TorchBackend(wrapped).wearing(None, root) is None


@pytest.mark.parametrize(
    "values",
    [
        {"peft_type": "IA3"},
        {"bias": "all"},
        {"init_lora_weights": "pissa"},
        {"rank_pattern": {"q_proj": 4}},
        {"modules_to_save": ["lm_head"]},
        {"a_setting_of_tomorrow": 1},
    ],
)
def test_only_settings_that_change_nothing_are_plain(root: Path, tmp_path: Path, values: dict[str, Any]) -> None:
    folder = tmp_path / "adapter"
    shutil.copytree(root / "narrow", folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "a_setting_of_tomorrow": None}))
    assert is_plain(folder)
    (folder / "adapter_config.json").write_text(json.dumps({**config, **values}))
    assert not is_plain(folder)


def test_what_was_begun_with_another_adapter_does_not_go_on(root: Path) -> None:
    one = loaded_with(root, "narrow")
    first = TorchBackend(one)
    begun = first.stream([Request(PROMPT, seed) for seed in range(6)], CONFIG)
    next(begun)
    second = first.wearing(root / "wide", root)
    assert second is not None
    with pytest.raises(RuntimeError, match="another adapter"):
        list(begun)
    with pytest.raises(RuntimeError, match="another adapter"):
        first.score([" lamp"], PROMPT)
    assert len(second.generate([PROMPT], CONFIG, [1])) == 1


def test_a_prompt_that_was_read_with_another_adapter_is_read_again(root: Path) -> None:
    texts, scores = {}, {}
    for name in ("narrow", "wide"):
        fresh = TorchBackend(loaded_with(root, name))
        texts[name] = fresh.generate([PROMPT] * 3, CONFIG, [1, 2, 3])
        scores[name] = fresh.score([" soft wool"], PROMPT)
    backend: TorchBackend | None = TorchBackend(loaded_with(root, ""))
    for name in ("narrow", "wide", "narrow"):
        assert backend is not None
        backend = backend.wearing(root / name, root)
        assert backend is not None
        assert backend.generate([PROMPT] * 3, CONFIG, [1, 2, 3]) == texts[name]
        assert backend.score([" soft wool"], PROMPT) == scores[name]
    assert texts["narrow"] != texts["wide"]


def test_the_share_of_an_adapter_on_the_head_is_multiplied_in_rows(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, ...]] = []
    inner = torch.nn.functional.linear

    def watching(given: torch.Tensor, *rest: Any) -> torch.Tensor:
        shapes.append(tuple(given.shape))
        assert given.is_contiguous()
        return inner(given, *rest)

    one = loaded_with(root, "head")
    hidden = torch.randn(2, 5, one.model.config.hidden_size)
    head = one.model.get_output_embeddings()
    monkeypatch.setattr(overlay.torch.nn.functional, "linear", watching)
    assert head(hidden[:, -1:]).shape == (2, 1, head.weight.shape[0])
    assert all(len(shape) == 2 for shape in shapes) and len(shapes) >= 2
