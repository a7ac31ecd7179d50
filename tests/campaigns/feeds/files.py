"""What the fixtures of the feed tests are: functions that write a file, and one that reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from campaigns.feeds import ParsedProduct, RowError

Write = Callable[..., Path]
Read = Callable[..., tuple[list[ParsedProduct], list[RowError]]]
