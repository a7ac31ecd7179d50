"""Whether an adapter folder is whole and may be loaded, and gone on from. No torch here."""

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from generation.engine.errors import ModelFolderError
from generation.engine.folders import check_folder, read_config
from generation.engine.manifest import Manifest, sha256_of
from generation.engine.tensor_file import tensor_shapes
from generation.engine.training.adapter_folder import WEIGHTS
from generation.engine.training.config import PROJECTIONS

PREFIX, DOWN, UP = "base_model.model.", ".lora_A.weight", ".lora_B.weight"  # as peft calls an adapter's matrices
_CONFIG = "adapter_config.json"
_EXPERT = "experts"  # their matrices are stored apart and may be computed as one


def check_adapter(folder: Path, model_root: Path, *, sha256: str = "") -> None:
    """Raises `ModelFolderError` naming what is missing, changed or must not be loaded."""
    real = check_folder(folder, model_root, needs=_CONFIG)
    Manifest.read(real).verify(real, hashes=True)
    if sha256 and sha256_of(real / WEIGHTS) != sha256:
        raise ModelFolderError(f"{folder.name}: these are other weights than those that were trained")


@dataclass(frozen=True, slots=True)
class AdapterShape:
    """What decides whether a training can go on from an adapter: its rank, its scale, the projections that it is put on."""

    rank: int
    alpha: float
    targets: frozenset[str]


# peft's settings that change nothing in what pairs of matrices compute, whatever they say; any other must be off
_HARMLESS = frozenset(
    {
        "auto_mapping", "base_model_name_or_path", "bias", "exclude_modules", "fan_in_fan_out", "inference_mode",
        "init_lora_weights", "layers_pattern", "layers_to_transform", "lora_alpha", "lora_dropout", "megatron_core",
        "peft_type", "peft_version", "qalora_group_size", "r", "revision", "target_modules", "task_type", "use_rslora",
    }
)  # fmt: skip


def is_plain(folder: Path) -> bool:
    """Whether the adapter is LoRA and nothing more, a pair of matrices for each matrix of the base: what can be laid over a
    loaded model and taken off again. Reads headers only. Raises `ModelFolderError` for what is not possible."""
    config, weights = read_config(folder, _CONFIG), folder / WEIGHTS
    if config.get("peft_type") != "LORA" or config.get("bias", "none") != "none":
        return False
    if config.get("init_lora_weights", True) not in (True, False, None, "gaussian"):  # the others change the base
        return False
    if any(value for name, value in config.items() if name not in _HARMLESS) or not weights.is_file():
        return False
    return all(name.startswith(PREFIX) and name.endswith((DOWN, UP)) for name in tensor_shapes(weights))


def adapter_shape(folder: Path) -> AdapterShape:
    """As the adapter's own settings have it. Raises `ModelFolderError` where they are missing or say something else."""
    config = read_config(folder, _CONFIG)
    rank, alpha, targets = config.get("r"), config.get("lora_alpha"), config.get("target_modules")
    if type(rank) is not int or not isinstance(alpha, int | float) or not isinstance(targets, list):
        raise ModelFolderError(f"{folder.name}: no usable {_CONFIG}")
    return AdapterShape(rank, float(alpha), frozenset(map(str, targets)))


def fits_base(targets: Set[str], base: Path) -> bool:
    """Whether a new adapter over the base would be put on just these projections, by the names of the base's weights.

    Reads headers only. Raises `ModelFolderError` for a header that is not possible.
    """
    names = {name.split(".")[-2] for path in base.glob("*.safetensors") for name in tensor_shapes(path) if _plain(name)}
    return set(targets) == names & set(PROJECTIONS)


def _plain(name: str) -> bool:
    """Whether the tensor is the matrix of one module."""
    parts = name.split(".")
    return len(parts) > 1 and parts[-1] == "weight" and _EXPERT not in parts
