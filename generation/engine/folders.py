"""Whether a model or adapter folder may be loaded at all. Weights are safetensors; nothing in a folder is ever run."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.engine.errors import ModelFolderError
from generation.engine.tensor_file import tensor_shapes

# formats that can run code when they are read, and code itself
_REFUSED = frozenset(
    {
        ".bin", ".ckpt", ".dill", ".dll", ".dylib", ".h5", ".joblib", ".keras", ".mar", ".nemo", ".npy", ".npz", ".pickle",
        ".pkl", ".pt", ".pt2", ".pth", ".py", ".pyc", ".pyd", ".so",
    }
)  # fmt: skip
_CONFIGS = ("config.json", "tokenizer_config.json", "generation_config.json", "adapter_config.json")
_MOST_CONFIG = 20_000_000  # bytes; the index of a model of thousands of tensors has one
_MOST_LAYERS = 1_000  # also of experts in a layer; no known model comes near
# architectures call the same things by several names (the `attribute_map`s of transformers)
_LAYERS = (
    "num_hidden_layers", "n_layer", "n_layers", "num_layers", "layers", "decoder_layers", "num_decoder_layers",
    "encoder_layers", "num_encoder_layers", "encoder_num_hidden_layers", "depth",
)  # fmt: skip
_WIDTH = ("hidden_size", "n_embd", "d_model", "dim", "hidden_dim", "emb_dim", "embed_dim", "embedding_size", "n_embed")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads", "decoder_attention_heads", "encoder_attention_heads")
_WIDE = (
    "intermediate_size", "n_inner", "d_ff", "ffn_dim", "ffn_hidden_size", "decoder_ffn_dim", "encoder_ffn_dim", "vocab_size",
)  # fmt: skip
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
# settings by which the libraries would import what the folder names, or read other files than are checked here
_CODE = ("auto_map", "megatron_config")
_FILES = ("configuration_files", "transformers_weights")


def check_folder(folder: Path, model_root: Path, *, needs: str = "config.json") -> Path:
    """Return the folder's real path if it lies in `model_root` and holds only what may be loaded.

    Raises `ModelFolderError` when the folder is outside, has links that lead outside, has weights or code in a format
    that can execute, names code or files of its own to load, lacks `needs` or safetensors, has weights whose header is
    not possible, or settings that no weights of that size can belong to.
    """
    root, real = _real(model_root), _real(folder)
    if root not in real.parents:
        raise ModelFolderError(f"{folder.name} is not a folder inside the model folder {model_root}")
    if not (real / needs).is_file():
        raise ModelFolderError(f"{folder.name}: {needs} is missing")
    if needs == "config.json" and (real / "adapter_config.json").exists():
        raise ModelFolderError(f"{folder.name}: adapter_config.json would put another base in this one's place")
    _check_files(real, root)
    for name in _CONFIGS:
        _check_config(real, name)
    shapes = [shape for path in _weights(real) for shape in tensor_shapes(path).values()]
    if needs == "config.json":
        _check_index(real)
        _check_size(real, shapes)
    return real


def read_config(folder: Path, name: str) -> dict[str, Any]:
    """A JSON object from the folder, empty when there is no such file. Raises `ModelFolderError` when unreadable."""
    path = folder / name
    if not path.is_file():
        return {}
    if path.stat().st_size > _MOST_CONFIG:
        raise ModelFolderError(f"{folder.name}: {name} is larger than settings can be")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelFolderError(f"{folder.name}: {name} is not JSON ({error})") from error
    if not isinstance(data, dict):
        raise ModelFolderError(f"{folder.name}: {name} is not a JSON object")
    return data


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle; a name with a zero byte
        raise ModelFolderError(f"{path.parent.name}: {path.name!r} leads to no file or folder") from error


def _check_files(real: Path, root: Path) -> None:
    for path in real.rglob("*"):
        inside = path.relative_to(real)
        if root not in _real(path).parents:
            raise ModelFolderError(f"{real.name}: {inside} is a link that leads out of the model folder")
        if not path.is_file() and not path.is_dir():  # a pipe, from which reading would wait for ever
            raise ModelFolderError(f"{real.name}: {inside} is no file")
        if path.suffix.lower() in _REFUSED:
            raise ModelFolderError(f"{real.name}: {inside} is not loaded; weights must be safetensors, without code")
    if not _weights(real):
        raise ModelFolderError(f"{real.name}: no safetensors file")


def _weights(real: Path) -> list[Path]:
    return sorted(real.glob("*.safetensors"))


def _check_config(real: Path, name: str) -> None:
    config = read_config(real, name)
    code = [setting for setting in _CODE if config.get(setting) is not None]
    if "/" in str(config.get("attn_implementation", "")):
        code.append("attn_implementation")
    if code:
        raise ModelFolderError(f"{real.name}: {name} asks for code of its own ({code[0]})")
    if files := [setting for setting in _FILES if config.get(setting) is not None]:
        raise ModelFolderError(f"{real.name}: {name} names other files to be read ({files[0]})")


def _check_index(real: Path) -> None:
    """Weights in several files: each that the index names is one of the folder's own."""
    own = {path.name for path in _weights(real)}
    for path in real.glob("*.index.json"):
        named = read_config(real, path.name).get("weight_map")
        if not isinstance(named, dict) or not all(isinstance(name, str) and name in own for name in named.values()):
            raise ModelFolderError(f"{real.name}: {path.name} names weights that are not in the folder")


def _check_size(real: Path, shapes: list[tuple[int, ...]]) -> None:
    """Refuse settings that would fill the memory before anybody notices that the weights are others: more layers than
    tensors, or a matrix several times as large as all weights together."""
    config = read_config(real, "config.json")
    numbers = sum(math.prod(shape) for shape in shapes)
    for part in (config, *(one for one in config.values() if isinstance(one, dict))):
        layers, experts = _largest(part, *_LAYERS), _largest(part, *_EXPERTS)
        width = max(_largest(part, *_WIDTH), _largest(part, *_HEADS) * (_largest(part, "head_dim") or 1))
        matrix = width * max(width, _largest(part, *_WIDE))
        if layers > len(shapes) or max(layers, experts) > _MOST_LAYERS or matrix > 4 * numbers:
            raise ModelFolderError(f"{real.name}: config.json describes a larger model than the weights can be")


def _largest(config: dict[str, Any], *names: str) -> int:
    return max((_number(config, name) or 0 for name in names), default=0)


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """What a model folder holds, read from its settings and the headers of its weights: nothing is loaded."""

    architecture: str
    parameters: int
    layers: int | None
    width: int | None
    vocabulary: int | None
    bytes: int


def summary(folder: Path, model_root: Path) -> ModelSummary:
    """Raises `ModelFolderError` where `check_folder` does."""
    real = check_folder(folder, model_root)
    config = read_config(real, "config.json")
    inner = config.get("text_config")
    text: dict[str, Any] = inner if isinstance(inner, dict) else config
    names = config.get("architectures")
    return ModelSummary(
        architecture=str(names[0]) if isinstance(names, list) and names else str(config.get("model_type", "")),
        parameters=sum(count_parameters(path) for path in _weights(real)),
        layers=_largest(text, *_LAYERS[:4]) or None,
        width=_largest(text, *_WIDTH) or None,
        vocabulary=_number(text, "vocab_size"),
        bytes=sum(path.stat().st_size for path in _weights(real)),
    )


def count_parameters(path: Path) -> int:
    """How many numbers a safetensors file holds. Raises `ModelFolderError` where `tensor_shapes` does."""
    return sum(math.prod(shape) for shape in tensor_shapes(path).values())


def _number(config: dict[str, Any], name: str) -> int | None:
    value = config.get(name)
    return value if isinstance(value, int) else None
