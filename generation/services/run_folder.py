"""Where a training run keeps its snapshot, checkpoints and event files."""

from __future__ import annotations

import errno
from pathlib import Path

from django.conf import settings

from generation.models import TrainingRun

# what the system says when a file finds no room: disk full, over a quota, over a limit of file size
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def run_folder(run: TrainingRun) -> Path:
    return Path(settings.VAR_DIR) / "training" / str(run.pk)
