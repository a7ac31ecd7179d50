"""A trained adapter as a whole folder: weights, peft's settings, what it was trained from, and a manifest.

adapter_model.safetensors   LoRA weights, bfloat16
adapter_config.json         as peft reads it
training.json               lineage: base and data by hash, settings, prompt template, how the training went
manifest.json               every file with size and SHA-256
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.engine.errors import ModelFolderError
from generation.engine.manifest import Manifest, sha256_of
from generation.engine.whole_folder import written_whole

WEIGHTS, TRAINING = "adapter_model.safetensors", "training.json"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a version came from. Everything but `state` is known before training."""

    base_name: str
    base_sha256: str
    template: str
    data_sha256: str
    data_counts: dict[str, int]
    config: dict[str, Any]
    code_revision: str
    parent: str = ""
    licence: str = ""
    licence_url: str = ""
    scope: str = ""  # the part of a workspace's data that was learned, by name; empty: all

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def write_folder(target: Path, name: str, lineage: Lineage, state: Mapping[str, Any], write_weights: Any) -> str:
    """Write the folder beside `target` and rename it. `write_weights(folder)` writes weights and peft's settings.

    Returns the SHA-256 of the weights. Raises `ModelFolderError` when `target` is there already with other weights;
    with the same ones nothing changes.
    """
    with written_whole(target) as beside:
        write_weights(beside)
        training = {"format": FORMAT_VERSION, "name": name, **lineage.to_dict(), "state": dict(state)}
        text = json.dumps(training, ensure_ascii=False, indent=1, sort_keys=True)
        (beside / TRAINING).write_text(text + "\n", encoding="utf-8")
        manifest = Manifest.describe(
            beside,
            name=name,
            source=f"trained over {lineage.base_name}",
            source_sha256=lineage.data_sha256,
            licence=lineage.licence,
            licence_url=lineage.licence_url,
        )
        manifest.write(beside)
        digest = sha256_of(beside / WEIGHTS)
        if target.exists():
            if not (target / WEIGHTS).is_file() or sha256_of(target / WEIGHTS) != digest:
                raise ModelFolderError(f"{target.name} is there already, with other weights")
            shutil.rmtree(beside)
    return digest


def read_lineage(folder: Path) -> dict[str, Any]:
    """What `training.json` says. Raises `ModelFolderError` when it is missing, unreadable or of another format."""
    try:
        found: dict[str, Any] = json.loads((folder / TRAINING).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFolderError(f"{folder.name}: no usable {TRAINING} ({error})") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT_VERSION:
        raise ModelFolderError(f"{folder.name}: {TRAINING} is of another format")
    return found
