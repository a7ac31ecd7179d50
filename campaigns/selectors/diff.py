"""The difference between two texts, as segments that a template can mark without building any markup."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TypedDict

# a Latin word, a number, a run of white space, or any single other character: Chinese is compared character by character
_TOKEN = re.compile(r"[A-Za-z\u00c0-\u024f'’]+|\d+|\s+|.", re.DOTALL)
_MOST_PAIRS = 60_000  # equal words at any two places: what the comparison's time grows with
_LEAST_EQUAL = 1  # characters that must stay between two changes to be shown as staying
_LEAST_RATIO = 0.35  # of words in common, white space included, below which a text counts as replaced


class Segment(TypedDict):
    """``op`` is "equal", "insert" (only in the new text) or "delete" (only in the old one)."""

    op: str
    text: str


def diff(old: str, new: str) -> list[Segment]:
    """Segments that without "insert" join to ``old`` and without "delete" to ``new``.

    What stays between two changes but is only white space or a sign or two counts as changed: a sentence that was
    replaced reads as one replacement. Texts with almost nothing in common, and long ones that repeat themselves so
    often that a comparison would take seconds, are shown as wholly replaced.
    """
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if old == new:
        return [Segment(op="equal", text=old)] if old else []
    if _pairs(before, after) > _MOST_PAIRS:
        return _changed(old, new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _LEAST_RATIO:
        return _changed(old, new)
    segments: list[Segment] = []
    gone, come = "", ""
    codes = matcher.get_opcodes()
    for position, (tag, old_from, old_to, new_from, new_to) in enumerate(codes):
        was, now = "".join(before[old_from:old_to]), "".join(after[new_from:new_to])
        inside = 0 < position < len(codes) - 1
        if tag == "equal" and not (inside and len(was.strip()) <= _LEAST_EQUAL):
            segments += [*_changed(gone, come), Segment(op="equal", text=was)]
            gone, come = "", ""
        else:
            gone, come = gone + was, come + now
    return segments + _changed(gone, come)


def _pairs(before: list[str], after: list[str]) -> int:
    counts = Counter(after)
    return sum(count * counts[token] for token, count in Counter(before).items())


def _changed(gone: str, come: str) -> list[Segment]:
    return [Segment(op=op, text=text) for op, text in (("delete", gone), ("insert", come)) if text]
