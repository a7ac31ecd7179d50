"""The difference between two texts, as segments that a template can mark without building any markup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

# a Latin word, a number, a run of white space, or any single other character: Chinese is compared character by character
_TOKEN = re.compile(r"[A-Za-z\u00c0-\u024f'’]+|\d+|\s+|.", re.DOTALL)
_MOST_TOKENS = 1500


@dataclass(frozen=True)
class Segment:
    """``op`` is "equal", "insert" (only in the new text) or "delete" (only in the old one)."""

    op: str
    text: str


def diff(old: str, new: str) -> list[Segment]:
    """Segments that without "insert" join to ``old`` and without "delete" to ``new``.

    Texts of more than 1,500 words (or Chinese characters) are shown as wholly replaced: comparing them takes quadratic time.
    """
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if max(len(before), len(after)) > _MOST_TOKENS and old != new:
        return [Segment(op, text) for op, text in (("delete", old), ("insert", new)) if text]
    segments: list[Segment] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            segments.append(Segment("equal", "".join(before[old_from:old_to])))
            continue
        segments += [
            Segment(op, text)
            for op, text in (("delete", "".join(before[old_from:old_to])), ("insert", "".join(after[new_from:new_to])))
            if text
        ]
    return segments
