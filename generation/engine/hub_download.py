"""Downloading a model from the Hugging Face hub in a process of its own: ``python -m generation.engine.hub_download``.

A process can be ended at any moment, whatever a library in it waits for, and nothing of it is left. It takes one line of
JSON on its standard input, ``{"name", "revision", "folder", "wanted", "unwanted"}``; without a revision (a branch, tag or
commit) it takes the newest one of the main branch. It says lines of JSON: ``{"total": bytes}`` when it knows how much there
is, and ``{"error": code, "detail": text}`` where it fails. When its input ends, so does it: whoever started it is gone then.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import threading
from collections.abc import Sequence
from fnmatch import fnmatch
from typing import Any

NOT_FOUND, NO_REVISION, UNREACHABLE = "not_found", "no_revision", "unreachable"
UNUSABLE, DISK_FULL, UNEXPECTED = "unusable", "disk_full", "unexpected"


def main() -> int:
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_starter, daemon=True).start()
    code, detail = _failure(
        asked["name"], asked.get("revision") or None, asked["folder"], asked["wanted"], asked["unwanted"]
    )
    if code:
        _say(error=code, detail=detail)
    return 1 if code else 0


def _end_with_starter() -> None:
    sys.stdin.read()
    os._exit(2)


def _say(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _failure(
    name: str, revision: str | None, folder: str, wanted: Sequence[str], unwanted: Sequence[str]
) -> tuple[str, str]:
    """Download; what went wrong as a code and a detail, both empty where nothing did."""
    import httpx
    from huggingface_hub.errors import (
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        return _download(name, revision, folder, wanted, unwanted)
    except RepositoryNotFoundError:
        return NOT_FOUND, ""
    except RevisionNotFoundError:
        return NO_REVISION, f"{name}@{revision}"
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, httpx.HTTPError, ConnectionError) as error:
        return UNREACHABLE, f"{type(error).__name__}: {error}"
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return DISK_FULL if full else UNEXPECTED, f"{type(error).__name__}: {error}"


def _download(
    name: str, revision: str | None, folder: str, wanted: Sequence[str], unwanted: Sequence[str]
) -> tuple[str, str]:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    found = HfApi().model_info(name, revision=revision, files_metadata=True)
    there = {one.rfilename: one.size or 0 for one in found.siblings or ()}
    sizes = {file: size for file, size in there.items() if _matches(file, wanted) and not _matches(file, unwanted)}
    total = sum(sizes.values())
    _say(total=total)
    if not any(file.endswith(".safetensors") for file in sizes):
        return UNUSABLE, f"{name}: no safetensors file"
    if total > shutil.disk_usage(folder).free:
        return DISK_FULL, f"{total} bytes"
    snapshot_download(
        name, revision=found.sha, local_dir=folder, allow_patterns=list(wanted), ignore_patterns=list(unwanted)
    )
    return "", ""


def _matches(file: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(file, pattern) for pattern in patterns)


if __name__ == "__main__":
    sys.exit(main())
