"""Downloading a model from the Hugging Face hub in a process of its own: ``python -m generation.engine.hub_download``.

A process can be ended at any moment, whatever a library in it waits for, and nothing of it is left. It takes one line of
JSON on its standard input, ``{"name", "folder", "wanted", "unwanted"}``, and says lines of JSON: ``{"total": bytes}`` when
it knows how much there is, and ``{"error": code, "detail": text}`` where it fails. When its input ends, so does it: whoever
started it is gone then.
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

NOT_FOUND, UNREACHABLE, DISK_FULL, UNEXPECTED = "not_found", "unreachable", "disk_full", "unexpected"


def main() -> int:
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_starter, daemon=True).start()
    code, detail = _failure(asked["name"], asked["folder"], asked["wanted"], asked["unwanted"])
    if code:
        _say(error=code, detail=detail)
    return 1 if code else 0


def _end_with_starter() -> None:
    sys.stdin.read()
    os._exit(2)


def _say(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _failure(name: str, folder: str, wanted: Sequence[str], unwanted: Sequence[str]) -> tuple[str, str]:
    """Download; what went wrong as a code and a detail, both empty where nothing did."""
    import httpx
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        return _download(name, folder, wanted, unwanted)
    except RepositoryNotFoundError:
        return NOT_FOUND, ""
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, httpx.HTTPError, ConnectionError) as error:
        return UNREACHABLE, f"{type(error).__name__}: {error}"
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return DISK_FULL if full else UNEXPECTED, f"{type(error).__name__}: {error}"


def _download(name: str, folder: str, wanted: Sequence[str], unwanted: Sequence[str]) -> tuple[str, str]:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    found = HfApi().model_info(name, files_metadata=True)
    sizes = {one.rfilename: one.size or 0 for one in found.siblings or ()}
    total = sum(size for file, size in sizes.items() if _matches(file, wanted) and not _matches(file, unwanted))
    _say(total=total)
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
