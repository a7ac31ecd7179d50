"""Load a causal language model from a folder. Imports torch: only a worker's child process imports this module."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported: a folder is all there is

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

from generation.engine.adapters import is_plain
from generation.engine.attention import use_grouped_attention
from generation.engine.errors import ModelFolderError
from generation.engine.folders import check_folder
from generation.engine.gpu import best_dtype
from generation.engine.head import quicken_head
from generation.engine.overlay import Overlay, read_layers
from generation.engine.tokens import TextTokenizer

transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory, ready to be called, with its tokenizer."""

    model: Any  # transformers.PreTrainedModel, possibly wrapped by peft
    tokenizer: TextTokenizer
    device: torch.device
    dtype: torch.dtype
    overlay: Overlay | None = None  # none where the adapter cannot be taken off again


def load(
    folder: Path, *, model_root: Path, adapter: Path | None = None, threads: int | None = None, numbers: str = ""
) -> LoadedModel:
    """Load the model in `folder`, a folder inside `model_root`, with a LoRA adapter over it if one is given.

    `threads` bounds the cores that torch uses (default: all), `numbers` is float32 or bfloat16 (default: what the machine
    computes fastest). Takes the GPU when there is one. Raises
    `ModelFolderError` when the folder may not be loaded or cannot be.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = getattr(torch, numbers) if numbers else best_dtype(device)
    real = check_folder(folder, model_root)
    real_adapter = None if adapter is None else check_folder(adapter, model_root, needs="adapter_config.json")
    tokenizer = TextTokenizer.from_folder(real)
    wrapping = None if real_adapter is None or is_plain(real_adapter) else real_adapter
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            real, dtype=dtype, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
        if wrapping is not None:
            model = _with_adapter(model, wrapping)
    except MemoryError:
        raise
    except Exception as error:  # settings that nobody foresaw end in errors of every type
        raise ModelFolderError(f"{folder.name} cannot be loaded: {error}") from error
    model.eval().requires_grad_(False).to(device)
    use_grouped_attention(model)
    quicken_head(model.get_output_embeddings())
    overlay = Overlay() if wrapping is None else None
    loaded = LoadedModel(model=model, tokenizer=tokenizer, device=device, dtype=dtype, overlay=overlay)
    if overlay is not None:
        lay_adapter(loaded, adapter, model_root=model_root)
    return loaded


def lay_adapter(loaded: LoadedModel, adapter: Path | None, *, model_root: Path) -> bool:
    """Lay an adapter over a loaded base, in place of the one that lay there; `None` leaves the base alone.

    The model computes then what it would if base and adapter were loaded from nothing; what it has read before was read with
    the other adapter. False where this adapter or the one that lies there is more than pairs of matrices. Raises
    `ModelFolderError` where the adapter may not be loaded or cannot be. In both cases nothing has changed.
    """
    real = None if adapter is None else check_folder(adapter, model_root, needs="adapter_config.json")
    if loaded.overlay is None or not (real is None or is_plain(real)):
        return False
    loaded.overlay.lay([] if real is None else read_layers(real, loaded.model, loaded.device))
    return True


def _with_adapter(model: Any, adapter: Path) -> Any:
    from peft import PeftModel  # costs a second; most adapters are plain

    return PeftModel.from_pretrained(model, str(adapter), is_trainable=False, local_files_only=True)
