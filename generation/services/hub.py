"""A model by its name on the Hugging Face hub: ``owner/name`` becomes a folder in MODEL_ROOT.

The local cache is looked at first, without network. Only what a model is loaded from is taken: safetensors, JSON and the
tokenizer's files; code never.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from copystudio.errors import InvalidInputError, Text
from generation.engine.errors import ModelFolderError
from generation.engine.folders import summary
from generation.engine.hub_download import DISK_FULL, UNEXPECTED, UNUSABLE
from generation.engine.whole_folder import written_whole
from generation.models.language_model import folder_name

WANTED = (
    "*.safetensors",
    "*.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.txt",
    "merges.txt",
)
DEEPER = "*/*"  # other formats of the same weights
BUSY, OFF = "busy", "off"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*", re.ASCII)  # a branch, a tag, a commit, refs/pr/1
_ODD = re.compile(r"--|\.\.|\.git$")  # what the hub itself refuses
_LONGEST = 96
_PATIENCE = 30.0  # seconds to wait for another fetch: a worker that was taken over from needs some to notice
_LOOK = 0.25  # seconds between two looks at a download

# hears the step, bytes done and bytes in all, several times a second; what it raises ends the fetch and leaves nothing
Tell = Callable[[str, int, int], None]


class HubError(Exception):
    """Why a model could not be fetched: a code of this module or of ``engine.hub_download``, and what the system said."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


def hub_fetch(name: str, tell: Tell, *, revision: str = "", check: Callable[[Path, Path], object] = summary) -> str:
    """Bring the model ``owner/name`` into MODEL_ROOT and return its folder's name there, ``owner--name``.

    Without a ``revision`` it is the newest one. ``check`` looks through what came, a folder below a root, and raises
    ModelFolderError for what is of no use. What is there already stays as it is, and is looked through too. With MODEL_HUB off only the local
    Hugging Face cache is looked at; with it on, the call lasts as long as the download, so never make it inside a
    transaction or a web request. Raises HubError, and InvalidInputError (field ``folder``) for what is no such name.
    """
    folder = hub_folder(name, revision)
    root = Path(settings.MODEL_ROOT)
    with _alone(root, tell):
        try:
            if (root / folder).is_dir():
                check(root / folder, root)
                return folder
            with written_whole(root / folder) as beside:
                _fill(beside, name.strip(), revision, tell, lambda: check(beside, root))
        except ModelFolderError as error:
            raise HubError(UNUSABLE, str(error).replace(f".partial-{folder}", name.strip())) from error
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            raise HubError(DISK_FULL if full else UNEXPECTED, f"{type(error).__name__}: {error}") from error
    return folder


def hub_folder(name: str, revision: str = "") -> str:
    """The folder's name for ``owner/name`` and a revision: one for one, since none may have two dashes in a row."""
    wanted = name.strip()
    folder = wanted.replace("/", "--")
    try:
        if not _NAME.fullmatch(wanted) or _ODD.search(wanted) or len(folder) > _LONGEST:
            raise ValidationError("")
        folder_name(folder)
    except ValidationError as error:
        raise refused(_("Write it as owner/name: letters, digits, dot, dash and underscore.")) from error
    if not revision:
        return folder
    if not _REVISION.fullmatch(revision) or _ODD.search(revision) or len(revision) > _LONGEST:
        raise refused(_("A revision is a branch, a tag or a commit: letters, digits, dot, dash, underscore and slash."))
    return f"{folder}--{revision.replace('/', '--')}"


def hub_check(name: str) -> str:
    """The folder's name, where the model can be fetched as far as this machine alone can tell: no network is asked."""
    folder = hub_folder(name)
    if settings.MODEL_HUB or (Path(settings.MODEL_ROOT) / folder).is_dir() or _cached(name.strip()) is not None:
        return folder
    raise refused(
        _("“%(name)s” is not in the local Hugging Face cache, and fetching from the hub is off. Put the model's folder into MODEL_ROOT, or set MODEL_HUB=1.")
        % {"name": name.strip()}
    )  # fmt: skip


def refused(reason: Text) -> InvalidInputError:
    return InvalidInputError(fields={"folder": [reason]})


def _fill(beside: Path, name: str, revision: str, tell: Tell, check: Callable[[], object]) -> None:
    """From the local cache, else over the network straight into the folder: also where the cache has a part of the model only,
    as other programs leave one. Raises what ``check`` raises."""
    cached = _cached(name, revision)
    if cached is not None:
        _copy(cached, beside, tell)
        try:
            check()
        except ModelFolderError:
            if not settings.MODEL_HUB:
                raise
        else:
            return
        for path in beside.iterdir():
            path.unlink()
    if not settings.MODEL_HUB:
        raise HubError(OFF)
    _download(beside, name, revision, tell)
    check()


def _cached(name: str, revision: str = "") -> Path | None:
    """The model's snapshot in the local cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            name,
            revision=revision or None,
            local_files_only=True,
            allow_patterns=list(WANTED),
            ignore_patterns=[DEEPER],
        )
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise refused(str(error)) from error
    return Path(found)


def _copy(snapshot: Path, beside: Path, tell: Tell) -> None:
    """The wanted files of a snapshot in the cache; they are links to blobs of the same repository, and to nothing else."""
    repository = snapshot.parent.parent.resolve()
    wanted = [path for path in sorted(snapshot.iterdir()) if any(fnmatch(path.name, pattern) for pattern in WANTED)]
    total, done = sum(path.stat().st_size for path in wanted if path.is_file()), 0
    for path in wanted:
        tell("copying", done, total)
        real = path.resolve()
        if repository not in real.parents:
            raise ModelFolderError(f"{beside.name}: {path.name} is a link that leads out of the model folder")
        if real.is_file():
            shutil.copyfile(real, beside / path.name)
            done += real.stat().st_size
    tell("checking", done, total)


def _download(beside: Path, name: str, revision: str, tell: Tell) -> None:
    """In a process of its own, so that a fetch ends at once when ``tell`` raises. See ``engine.hub_download``."""
    asked = {"name": name, "revision": revision, "folder": str(beside), "wanted": WANTED, "unwanted": [DEEPER]}
    with TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "generation.engine.hub_download"],
            stdin=subprocess.PIPE,
            stdout=said,
            cwd=settings.BASE_DIR,
        )
        try:
            _ask(child, asked)
            while child.poll() is None:
                total = _said(said).get("total")
                tell("asking" if total is None else "downloading", min(_size(beside), total or 0), total or 0)
                time.sleep(_LOOK)
        finally:
            child.kill()
            child.communicate()
        heard = _said(said)
        if child.returncode:
            raise HubError(heard.get("error", UNEXPECTED), heard.get("detail", ""))
        tell("checking", heard["total"], heard["total"])
    shutil.rmtree(beside / ".cache", ignore_errors=True)  # the client's own notes


def _ask(child: subprocess.Popen[bytes], asked: dict[str, Any]) -> None:
    """The input stays open: it ends with us, and the process with it."""
    assert child.stdin is not None
    try:
        child.stdin.write(json.dumps(asked).encode() + b"\n")
        child.stdin.flush()
    except BrokenPipeError:
        return  # it ended at once; its exit code says so


def _said(file: IO[bytes]) -> dict[str, Any]:
    """All that the process has said in whole lines. Its place in the file is ours too, so it is not moved."""
    text = os.pread(file.fileno(), 2**20, 0)
    lines = [line for line in text.splitlines(keepends=True) if line.endswith(b"\n")]
    return {key: value for line in lines for key, value in json.loads(line).items()}


def _size(folder: Path) -> int:
    """Bytes that lie in the folder now; files that come and go meanwhile count as none."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


@contextmanager
def _alone(root: Path, tell: Tell) -> Iterator[None]:
    """One fetch at a time: each fills the disk, and a folder that is being written belongs to one."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".hub.lock").open("w") as handle:  # the lock goes away with the process, however that ends
        patience = time.monotonic() + _PATIENCE
        while not _locked(handle):
            tell("waiting", 0, 0)
            if time.monotonic() > patience:
                raise HubError(BUSY)
            time.sleep(_LOOK)
        yield


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
