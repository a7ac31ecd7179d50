"""Only safe folders are loaded, once, and no module that the web process imports brings torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine.errors import ModelFolderError
from generation.engine.folders import check_folder
from generation.engine.gpu import best_dtype
from generation.engine.loader import load
from generation.engine.tokens import TextTokenizer

CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path: Path, model_root: Path) -> Path:
    return Path(shutil.copytree(model_root / "tiny", tmp_path / "models" / "copy"))


def test_a_model_is_loaded_frozen_and_ready(loaded: Any) -> None:
    assert not loaded.model.training
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
    assert loaded.dtype == next(loaded.model.parameters()).dtype


@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights.pt", "x.pkl", "sub/x.ckpt", "modeling.py", "x.npy"])
def test_a_folder_with_what_could_run_code_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    with pytest.raises(ModelFolderError, match="must be safetensors"):
        load(folder, model_root=folder.parent)


def test_a_link_out_of_the_model_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (folder / "extra.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(ModelFolderError, match="leads out"):
        check_folder(folder, folder.parent)


def test_a_folder_outside_the_model_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link").symlink_to(folder)
    for outside in (folder / "..", tmp_path, tmp_path / "elsewhere" / ".." / ".."):
        with pytest.raises(ModelFolderError, match="not a folder inside"):
            check_folder(outside, folder.parent)
    with pytest.raises(ModelFolderError, match="not a folder inside"):
        check_folder(tmp_path / "elsewhere" / "link", tmp_path / "elsewhere")


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_a_model_that_asks_for_code_of_its_own_is_refused(folder: Path, file: str) -> None:
    config = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**config, "auto_map": {"AutoModel": "modeling.Evil"}}))
    with pytest.raises(ModelFolderError, match="auto_map"):
        load(folder, model_root=folder.parent)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_that_lacks_a_part_is_refused(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(ModelFolderError):
        load(folder, model_root=folder.parent)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_part_ends_in_a_clear_error(folder: Path, file: str) -> None:
    (folder / file).write_bytes(b"{")
    with pytest.raises(ModelFolderError, match="copy"):
        load(folder, model_root=folder.parent)


def test_an_adapter_is_laid_over_the_model(folder: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    lora = get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights=False))
    adapter = folder.parent / "adapter"
    lora.save_pretrained(adapter)
    plain, adapted = (load(folder, model_root=folder.parent, adapter=which) for which in (None, adapter))
    ids = torch.tensor([plain.tokenizer.encode("Product: rain jacket")])
    with torch.inference_mode():
        first, second = (one.model(input_ids=ids).logits for one in (plain, adapted))
    assert not torch.allclose(first, second)
    with pytest.raises(ModelFolderError, match=r"adapter_config\.json"):
        load(folder, model_root=folder.parent, adapter=folder)


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        ({"avx2"}, torch.float32),
        ({"avx512_bf16"}, torch.bfloat16),
        ({"amx_bf16"}, torch.bfloat16),
        (set(), torch.float32),
    ],
)
def test_bfloat16_is_used_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], dtype: torch.dtype
) -> None:
    monkeypatch.setattr("generation.engine.gpu.cpu_flags", lambda: frozenset(flags))
    assert best_dtype(CPU) is dtype


def test_the_head_sees_no_slices_and_gives_the_same_numbers(loaded: Any) -> None:
    head = loaded.model.get_output_embeddings()
    hidden = torch.randn(2, 5, head.weight.shape[1], dtype=loaded.dtype)
    expected = torch.nn.functional.linear(hidden[:, -1:].contiguous(), head.weight)
    found = head(hidden[:, -1:])
    assert found.shape == expected.shape
    assert torch.allclose(found.float(), expected.float(), atol=0.05)


def test_tokens_come_back_as_text(loaded: Any) -> None:
    tokenizer: TextTokenizer = loaded.tokenizer
    ids = tokenizer.encode("soft knit for winter\nlamp")
    assert ids[0] == 2
    assert tokenizer.decode(ids).split() == ["soft", "knit", "for", "winter", "lamp"] or "knit" in tokenizer.decode(ids)
    assert tokenizer.encode("", start=False) == []


def test_what_the_web_process_imports_brings_no_torch() -> None:
    names = "cache clean config dedupe errors folders language manifest prompts seeds starter backends.base"
    script = ";".join(f"import generation.engine.{name}" for name in names.split())
    check = "import sys; sys.exit(bool({'torch', 'transformers', 'numpy', 'django'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{script};{check}"], cwd=Path(__file__).parents[3], check=False, timeout=60
    )
    assert done.returncode == 0
