"""Whether a model or adapter folder may be loaded at all. Weights are safetensors; nothing in a folder is ever run."""

import json
from pathlib import Path
from typing import Any

from generation.engine.errors import ModelFolderError

# formats that can run code when they are read, and code itself
_REFUSED = frozenset(
    {".bin", ".ckpt", ".h5", ".joblib", ".npy", ".npz", ".pickle", ".pkl", ".pt", ".pth", ".py", ".so"}
)
_CONFIGS = ("config.json", "tokenizer_config.json", "generation_config.json", "adapter_config.json")


def check_folder(folder: Path, model_root: Path, *, needs: str = "config.json") -> Path:
    """Return the folder's real path if it lies in `model_root` and holds only what may be loaded.

    Raises `ModelFolderError` when the folder is outside, has links that lead outside, has weights or code in a format
    that can execute, asks for code of its own (`auto_map`), or lacks `needs` or safetensors.
    """
    root, real = model_root.resolve(), folder.resolve()
    if root not in real.parents:
        raise ModelFolderError(f"{folder.name} is not a folder inside the model folder {model_root}")
    if not (real / needs).is_file():
        raise ModelFolderError(f"{folder.name}: {needs} is missing")
    for path in real.rglob("*"):
        inside = path.relative_to(real)
        if root not in path.resolve().parents:
            raise ModelFolderError(f"{folder.name}: {inside} is a link that leads out of the model folder")
        if path.suffix.lower() in _REFUSED:
            raise ModelFolderError(f"{folder.name}: {inside} is not loaded; weights must be safetensors, without code")
    if not any(real.glob("*.safetensors")):
        raise ModelFolderError(f"{folder.name}: no safetensors file")
    for name in _CONFIGS:
        if "auto_map" in read_config(real, name):
            raise ModelFolderError(f"{folder.name}: {name} asks for code of its own (auto_map)")
    return real


def read_config(folder: Path, name: str) -> dict[str, Any]:
    """A JSON object from the folder, empty when there is no such file. Raises `ModelFolderError` when unreadable."""
    path = folder / name
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelFolderError(f"{folder.name}: {name} is not JSON ({error})") from error
    if not isinstance(data, dict):
        raise ModelFolderError(f"{folder.name}: {name} is not a JSON object")
    return data
