"""The starter adapter: trained by this project on its own corpus, shipped with it, copied into MODEL_ROOT once. No torch."""

import shutil
from pathlib import Path
from typing import Any

from generation.engine.errors import ModelFolderError, StarterModelError
from generation.engine.manifest import MANIFEST_NAME, Manifest, sha256_of
from generation.engine.training.adapter_folder import WEIGHTS, read_lineage
from generation.engine.whole_folder import one_at_a_time, written_whole

SHIPPED = Path(__file__).resolve().parent.parent / "starter" / "adapter"
NAME = "gemma-3-270m-starter-5"


def install(model_root: Path, shipped: Path = SHIPPED) -> Path:
    """The adapter's folder in `model_root`, copied there if it is missing or not whole. Two processes may call this at once.

    Raises `StarterModelError` when what was shipped is not whole, or the copy cannot be written.
    """
    target = model_root / NAME
    try:
        Manifest.read(shipped).verify(shipped, hashes=True)
        if _is_whole(target, shipped):
            return target
        model_root.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(model_root / f".{NAME}.lock"):
            if not _is_whole(target, shipped):
                with written_whole(target) as beside:
                    shutil.copytree(shipped, beside, dirs_exist_ok=True)
    except ModelFolderError as error:
        raise StarterModelError(f"The starter adapter is not as it was shipped: {error}") from error
    except OSError as error:
        raise StarterModelError(f"The starter adapter could not be written to {model_root}: {error}") from error
    return target


def _is_whole(target: Path, shipped: Path) -> bool:
    """Whether the copy is of this very adapter, with every file of the right size."""
    if not target.is_dir() or sha256_of(shipped / MANIFEST_NAME) != _sha256_or_nothing(target / MANIFEST_NAME):
        return False
    try:
        Manifest.read(target).verify(target)
    except ModelFolderError:
        return False
    return True


def _sha256_or_nothing(path: Path) -> str:
    return sha256_of(path) if path.is_file() else ""


def is_shipped() -> bool:
    return (SHIPPED / MANIFEST_NAME).is_file()


def shipped_lineage() -> dict[str, Any]:
    """What the shipped adapter came from, as its `training.json` has it."""
    return read_lineage(SHIPPED)


def shipped_sha256() -> str:
    """Of the shipped weights."""
    return Manifest.read(SHIPPED).files[WEIGHTS].sha256
