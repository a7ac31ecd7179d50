"""Reading the demonstration's content (``campaigns/data/demo``), with its days counted back from now."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "data" / "demo"
LANGUAGES = {"en": "en", "zh-hans": "zh"}


@cache
def read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return data


def both(row: dict[str, Any], name: str, joint: str = " · ") -> str:
    """The English and the Chinese text of a field, for rows that people of both languages share."""
    return joint.join(text for text in (row[f"{name}_en"], row[f"{name}_zh"]) if text)


def moment(now: dt.datetime, row: dict[str, Any]) -> dt.datetime:
    """The time of a step: so many days ago, at so many o'clock (UTC), and never in the future."""
    hour, minute = (int(part) for part in row["at"].split(":"))
    then = (now - dt.timedelta(days=row["days_ago"])).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return min(then, now)


def sku_in(sku: str, language: str) -> str:
    """Each product stands in the catalogue once for each language, as in the feeds of a shop with two storefronts."""
    return sku if language == "en" else f"{sku}-ZH"
