"""Models written for OpenVINO: base and adapter in one graph, weights of 8 bits, beside them all that running needs.

An export is kept under the hash of what it was made from, so it is made once, and made anew where the base or the adapter is
another. Torch is imported only to export, OpenVINO to export and to load.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.engine.errors import (
    EngineError,
    ModelFolderError,
    OpenVinoError,
    OpenVinoExportError,
    is_out_of_memory,
)
from generation.engine.folders import check_folder, read_config
from generation.engine.manifest import MANIFEST_NAME, Manifest, folder_hash
from generation.engine.memory import Span, mapped
from generation.engine.openvino_layers import Attention
from generation.engine.processor import multiplies_tiles
from generation.engine.tokens import TextTokenizer
from generation.engine.whole_folder import written_whole

FORMAT = 1
_GRAPH, _WEIGHTS, _LAYERS = "model.xml", "model.bin", "layers.json"
_COPIED = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")
# A layer's input in 8 bits with one scale a token, where the processor multiplies such numbers in tiles: prompts are read a
# third faster, and the loss of what people wrote rises by 0.5 % (tests/bench/RESULTS.md). Elsewhere it is not measured.
_WHOLE_ROWS = {"DYNAMIC_QUANTIZATION_GROUP_SIZE": str(2**64 - 1)}


@dataclass(frozen=True, slots=True)
class OpenVinoModel:
    """An exported model, compiled for this machine's CPU, with its tokenizer."""

    compiled: Any  # openvino.CompiledModel
    layers: tuple[Attention, ...]
    tokenizer: TextTokenizer
    vocabulary: int
    weights: tuple[Span, ...]  # where their file is mapped


def export_key(folder: Path, adapter: Path | None) -> str:
    """What an export is called by: the hash of base, adapter and how we export."""
    from generation.engine.openvino_quiet import VERSION

    parts = [f"format {FORMAT}", VERSION, folder_hash(folder), folder_hash(adapter) if adapter else ""]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def export_name(folder: Path, adapter: Path | None) -> str:
    """What the folder of an export is called, by what base and adapter hold now."""
    return f"{(adapter or folder).name}-{export_key(folder, adapter)[:16]}"


def export(folder: Path, adapter: Path | None, target: Path, *, model_root: Path) -> Path:
    """The export of a base model with an adapter merged into it, a folder inside `target`; made if it is not there whole.

    Takes about half a minute and 3 GB of memory for the starter model. Raises `ModelFolderError` for a folder that may not be
    loaded, `OpenVinoExportError` saying why a model cannot be converted, `OpenVinoError` where OpenVINO is missing.
    """
    base = check_folder(folder, model_root)
    merged = None if adapter is None else check_folder(adapter, model_root, needs="adapter_config.json")
    key = export_key(base, merged)
    place = target / export_name(base, merged)
    if _is_whole(place, key):
        return place
    if read_config(base, "config.json").get("is_encoder_decoder"):
        raise OpenVinoExportError(f"{folder.name} is no causal language model")
    try:
        with written_whole(place) as beside:
            _write(base, merged, beside, key)
    except OSError as error:
        raise OpenVinoExportError(f"{folder.name} could not be exported to {target.name}: {error}") from error
    return place


def _is_whole(place: Path, key: str) -> bool:
    try:
        manifest = Manifest.read(place)
        manifest.verify(place, hashes=True)
    except ModelFolderError:
        return False
    return manifest.source_sha256 == key


def _write(base: Path, adapter: Path | None, beside: Path, key: str) -> None:
    from generation.engine.openvino_graph import compress, to_graph
    from generation.engine.openvino_quiet import openvino

    model = _merged(base, adapter)
    try:
        graph, layers = to_graph(model)
    except OpenVinoExportError as error:
        raise OpenVinoExportError(f"{base.name} cannot be exported: {error}") from error
    del model
    if not compress(graph):
        raise OpenVinoExportError(f"{base.name} cannot be exported: its weights were not found in the graph")
    openvino.save_model(graph, beside / _GRAPH)
    (beside / _LAYERS).write_text(json.dumps([one.to_dict() for one in layers], indent=1) + "\n", encoding="utf-8")
    for name in _COPIED:
        if (base / name).is_file():
            shutil.copyfile(base / name, beside / name)
    licence = _licence(base)
    source = f"{base.name} + {adapter.name}" if adapter else base.name
    Manifest.describe(
        beside, name=beside.name, source=source, source_sha256=key, licence=licence[0], licence_url=licence[1]
    ).write(beside)


def _merged(base: Path, adapter: Path | None) -> Any:
    """The model in float32 on the CPU, the adapter's weights added to its own."""
    from transformers import AutoModelForCausalLM

    from generation.engine.loader import torch  # the loader keeps transformers from asking its hub

    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            base, dtype=torch.float32, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
        if adapter is not None:
            from peft import PeftModel

            wrapped: Any = PeftModel.from_pretrained(model, str(adapter), is_trainable=False, local_files_only=True)
            model = wrapped.merge_and_unload()
    except MemoryError:
        raise
    except Exception as error:  # settings that nobody foresaw end in errors of every type
        raise ModelFolderError(f"{(adapter or base).name} cannot be loaded: {error}") from error
    return model.eval().requires_grad_(False)


def _licence(base: Path) -> tuple[str, str]:
    try:
        manifest = Manifest.read(base)
    except ModelFolderError:
        return "", ""
    return manifest.licence, manifest.licence_url


def load_export(place: Path, *, threads: int | None = None) -> OpenVinoModel:
    """Check every file of an export against its hash and compile it; `threads` bounds the cores (default: all).

    Raises `ModelFolderError` for a folder that is not whole, `OpenVinoError` where OpenVINO is missing or refuses.
    """
    from generation.engine.openvino_quiet import openvino

    manifest = Manifest.read(place)
    if missing := [name for name in (_GRAPH, _WEIGHTS, _LAYERS, "tokenizer.json") if name not in manifest.files]:
        raise ModelFolderError(f"{place.name}: {MANIFEST_NAME} names no {missing[0]}")
    manifest.verify(place, hashes=True)
    layers = _read_layers(place)
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "KV_CACHE_PRECISION": "u8"}
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    from generation.engine.openvino_paged import with_paged_attention

    try:
        core, before = openvino.Core(), mapped(place / _WEIGHTS)
        graph = with_paged_attention(core.read_model(place / _GRAPH), list(layers))
        compiled = _compiled(core, graph, settings)
        vocabulary = int(compiled.output(0).get_partial_shape()[1].get_length())
    except EngineError:
        raise
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        raise OpenVinoError(f"OpenVINO cannot load {place.name}: {error}") from error
    weights = tuple(span for span in mapped(place / _WEIGHTS) if span not in before)
    return OpenVinoModel(compiled, layers, TextTokenizer.from_folder(place), vocabulary, weights)


def _compiled(core: Any, graph: Any, settings: dict[str, Any]) -> Any:
    if multiplies_tiles():
        try:
            return core.compile_model(graph, "CPU", settings | _WHOLE_ROWS)
        except RuntimeError as error:  # layers of a size that tiles do not divide
            if is_out_of_memory(error):
                raise
    return core.compile_model(graph, "CPU", settings)


def _read_layers(place: Path) -> tuple[Attention, ...]:
    try:
        found = json.loads((place / _LAYERS).read_text(encoding="utf-8"))
        layers = tuple(Attention.from_dict(one) for one in found)
    except (OSError, ValueError, TypeError) as error:
        raise ModelFolderError(f"{place.name}: {_LAYERS} cannot be read ({error})") from error
    if not layers:
        raise ModelFolderError(f"{place.name}: {_LAYERS} names no layer")
    return layers
