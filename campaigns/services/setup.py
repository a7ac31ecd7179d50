"""What a new workspace gets: the channels, from the versioned data of this release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from campaigns.models import Channel
from copystudio.models import Workspace

CHANNELS = Path(__file__).resolve().parent.parent / "data" / "channels.json"


def channels_known() -> list[dict[str, Any]]:
    """The fields of every channel that this release knows."""
    found: list[dict[str, Any]] = json.loads(CHANNELS.read_text(encoding="utf-8"))
    return found


def workspace_setup(*, workspace: Workspace) -> None:
    Channel.objects.bulk_create(Channel(workspace=workspace, **fields) for fields in channels_known())
