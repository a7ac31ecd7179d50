"""An export is made once, is whole, and says why where it cannot be; what is imported for it and what is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("openvino")

from generation.engine.backends.openvino import OpenVinoBackend
from generation.engine.backends.torch import TorchBackend
from generation.engine.errors import (
    ModelFolderError,
    OpenVinoError,
    OpenVinoExportError,
)
from generation.engine.openvino_export import export, load_export
from generation.engine.openvino_quiet import openvino as ov
from tests.generation.engine.backends.prompts import PROMPT, TEXTS
from tests.tiny_model import make_tiny_model


def test_an_export_is_made_once_and_anew_for_other_weights(tmp_path: Path) -> None:
    make_tiny_model(tmp_path / "one")
    first = export(tmp_path / "one", None, tmp_path / "exports", model_root=tmp_path)
    written = (first / "model.bin").stat().st_mtime_ns
    assert export(tmp_path / "one", None, tmp_path / "exports", model_root=tmp_path) == first
    assert (first / "model.bin").stat().st_mtime_ns == written
    (first / "layers.json").unlink()
    assert export(tmp_path / "one", None, tmp_path / "exports", model_root=tmp_path) == first
    assert (first / "layers.json").is_file(), "what is not whole is made again"
    make_tiny_model(tmp_path / "one", seed=1)
    other = export(tmp_path / "one", None, tmp_path / "exports", model_root=tmp_path)
    assert other != first
    assert sorted(path.name for path in (tmp_path / "exports").iterdir()) == sorted([first.name, other.name])


def test_an_adapter_is_merged(model_root: Path, exports: Path, loaded: Any, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    root = tmp_path
    make_tiny_model(root / "base")
    model: Any = AutoModelForCausalLM.from_pretrained(root / "base", dtype=torch.float32)
    adapted: Any = get_peft_model(model, LoraConfig(r=4, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM"))
    torch.manual_seed(3)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data.normal_(std=0.3)
    adapted.save_pretrained(root / "adapter")
    from generation.engine.loader import load

    torch_model = load(root / "base", model_root=root, adapter=root / "adapter", threads=1)
    torch_model.model.float()
    with_adapter = OpenVinoBackend(load_export(export(root / "base", root / "adapter", root / "x", model_root=root)))
    without = OpenVinoBackend(load_export(export(root / "base", None, root / "x", model_root=root)))
    expected = TorchBackend(torch_model).score(TEXTS, PROMPT)
    assert with_adapter.score(TEXTS, PROMPT) == pytest.approx(expected, abs=0.06)
    assert without.score(TEXTS, PROMPT) != pytest.approx(expected, abs=0.06)


def test_a_folder_that_is_not_an_export_or_not_whole_is_refused(place: Path, tmp_path: Path) -> None:
    import shutil

    with pytest.raises(ModelFolderError, match=r"manifest\.json"):
        load_export(tmp_path)
    changed = tmp_path / "changed"
    shutil.copytree(place, changed)
    weights = bytearray((changed / "model.bin").read_bytes())
    weights[100] ^= 255
    (changed / "model.bin").write_bytes(weights)
    with pytest.raises(ModelFolderError, match=r"model\.bin was changed"):
        load_export(changed)


def test_what_cannot_be_exported_says_why_and_leaves_nothing(model_root: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError):
        export(tmp_path / "nowhere", None, tmp_path / "x", model_root=tmp_path)
    make_tiny_model(tmp_path / "odd")
    config = json.loads((tmp_path / "odd" / "config.json").read_text(encoding="utf-8"))
    config["model_type"], config["architectures"] = "bloom", ["BloomForCausalLM"]
    (tmp_path / "odd" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises((OpenVinoExportError, ModelFolderError), match="odd"):
        export(tmp_path / "odd", None, tmp_path / "x", model_root=tmp_path)
    assert not (tmp_path / "x").exists() or not list((tmp_path / "x").iterdir())


def test_a_layer_whose_attention_cannot_be_paged_is_named(loaded: Any) -> None:
    from transformers import BloomConfig, BloomForCausalLM

    from generation.engine.openvino_graph import to_graph

    model = BloomForCausalLM(BloomConfig(vocab_size=50, hidden_size=16, n_layer=1, n_head=2)).eval()
    with pytest.raises(OpenVinoExportError):
        to_graph(model)


def test_importing_openvino_loads_nothing_that_sends() -> None:
    code = (
        "import sys\nimport generation.engine.backends.openvino, generation.engine.openvino_graph\n"
        "assert 'openvino' in sys.modules\n"
        "assert not [name for name in sys.modules if name.startswith('openvino_telemetry') and sys.modules[name]]\n"
        "from openvino.tools.ovc import telemetry_utils\nassert 'stub' in telemetry_utils.tm.__name__\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_without_openvino_the_error_says_what_to_install() -> None:
    code = (
        "import sys\nimport importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'openvino' else find(name, *more)\n"
        "import generation.engine.openvino_export as e\nfrom pathlib import Path\n"
        "from generation.engine.errors import OpenVinoError\n"
        "assert not any(name == 'openvino' for name in sys.modules)\n"
        "try:\n    e.load_export(Path('x'))\nexcept OpenVinoError as error:\n    assert 'pip install openvino==' in str(error)\n"
        "else:\n    raise SystemExit('no error')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert issubclass(OpenVinoExportError, OpenVinoError)


def test_loading_an_export_imports_no_transformers(place: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nimport generation.engine.backends.openvino\n"
        "from generation.engine.openvino_export import load_export\nload_export(Path(sys.argv[1]), threads=1)\n"
        "assert 'openvino' in sys.modules and 'transformers' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, str(place)], check=True, timeout=120)


@pytest.mark.parametrize("tiles", [True, False])
def test_what_layers_read_is_in_8_bits_where_tiles_are_multiplied_and_the_layers_are_of_such_a_size(
    place: Path, monkeypatch: pytest.MonkeyPatch, tiles: bool
) -> None:
    asked, whole = [], ov.Core.compile_model

    def compile_model(self: Any, graph: Any, device: str, settings: dict[str, Any]) -> Any:
        asked.append("DYNAMIC_QUANTIZATION_GROUP_SIZE" in settings)
        if asked[-1]:
            raise RuntimeError("Check '(K % reg_blk_K_size) == 0' failed")
        return whole(self, graph, device, settings)

    monkeypatch.setattr(ov.Core, "compile_model", compile_model)
    monkeypatch.setattr("generation.engine.openvino_export.multiplies_tiles", lambda: tiles)
    assert load_export(place).compiled
    assert asked == [True, False] if tiles else [False]
