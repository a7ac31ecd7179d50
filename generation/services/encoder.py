"""The sentence encoder that the settings name, else the bundled one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from copystudio.errors import InvalidInputError
from generation.engine.encoder import Encoder, open_encoder
from generation.engine.errors import ModelFolderError
from generation.services.hub import Tell, hub_fetch, hub_folder

HOW_TO_FETCH = "Run `manage.py fetch_encoder` once, with MODEL_HUB=1: nothing is fetched by itself."


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """Where a sentence encoder lies, and of which repository of the hub it is, where it is of one."""

    folder: Path
    repository: str = ""
    revision: str = ""

    @property
    def is_missing(self) -> bool:
        return not self.folder.is_dir()


def encoder_source() -> EncoderSource | None:
    """What ``settings.ENCODER_MODEL`` names: a folder of MODEL_ROOT, or a repository and its folder there, whether it is
    there or not; None for the bundled encoder. A folder of just that name goes first.

    Raises ``ModelFolderError`` for what is neither.
    """
    name = settings.ENCODER_MODEL
    if not name:
        return None
    root = Path(settings.MODEL_ROOT)
    if "/" not in name or (root / name).is_dir():
        return EncoderSource(root / name)
    repository, at, revision = name.partition("@")
    try:
        if at and not revision:
            raise ModelFolderError(f"ENCODER_MODEL={name!r}: no revision after the @")
        return EncoderSource(root / hub_folder(repository, revision), repository, revision)
    except InvalidInputError as error:
        raise ModelFolderError(f"ENCODER_MODEL={name!r}: {error.fields['folder'][0]}") from error


def encoder_open(*, with_torch: bool = False, threads: int | None = None) -> Encoder:
    """The encoder, from this machine alone; ``with_torch`` the bundled one several times as fast, for processes that have torch
    anyway, on so many ``threads`` (default: all cores). Raises ``ModelFolderError`` where ``settings.ENCODER_MODEL`` names a folder that may not be loaded, or a repository
    that was not fetched."""
    source = encoder_source()
    if source is None:
        return open_encoder(with_torch=with_torch, threads=threads)
    if source.repository and source.is_missing:
        raise ModelFolderError(f"{settings.ENCODER_MODEL} is not fetched yet. {HOW_TO_FETCH}")
    return open_encoder(source.folder, Path(settings.MODEL_ROOT))


def encoder_fetch(source: EncoderSource, tell: Tell) -> None:
    """Bring the repository into its folder, which is there when it can be opened as an encoder, or not at all.

    Never make it inside a transaction or a web request. Raises ``HubError``.
    """
    hub_fetch(source.repository, tell, revision=source.revision, check=open_encoder)
