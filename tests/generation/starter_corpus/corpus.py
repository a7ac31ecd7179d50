"""The starter corpus as its checks read it: the channels of the studio, the themes of the segments, every example."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from generation.engine.config import ChannelView, Language
from generation.starter.examples import CORPUS, Example, read_corpus

CHANNELS_FILE = Path(__file__).resolve().parents[3] / "campaigns" / "data" / "channels.json"


@cache
def channels() -> Mapping[str, ChannelView]:
    """Every channel in both languages, its limit the recommended length where it has one, else what the platform takes."""
    found = {}
    for one in json.loads(CHANNELS_FILE.read_text(encoding="utf-8")):
        limit = one["soft_limit"] or one["hard_limit"]
        for language, name in ((Language.EN, one["name_en"]), (Language.ZH_HANS, one["name_zh"])):
            found[f"{one['key']}/{language}"] = ChannelView(one["key"], name, one["unit"], limit)
    return found


@cache
def themes() -> Mapping[str, frozenset[str]]:
    """What each segment cares about."""
    lines = (CORPUS / "segments.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["key"]: frozenset(one["theme"] for one in line["interests"]) for line in map(json.loads, lines)}


def examples(folder: Path = CORPUS) -> list[Example]:
    return read_corpus(channels(), folder)
