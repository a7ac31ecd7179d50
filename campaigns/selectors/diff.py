"""The difference between two texts, as pieces that a template can mark without building any markup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

# a Latin word, a number, a run of white space, or any single other character: Chinese is compared character by character
_TOKEN = re.compile(r"[A-Za-z\u00c0-\u024f'’]+|\d+|\s+|.", re.DOTALL)
_MOST_TOKENS = 1500


@dataclass(frozen=True)
class Piece:
    """``kind`` is "same", "ins" (only in the new text) or "del" (only in the old one)."""

    kind: str
    text: str


def diff(old: str, new: str) -> list[Piece]:
    """Pieces that without "ins" join to ``old`` and without "del" to ``new``.

    Texts of more than 1,500 words (or Chinese characters) are shown as wholly replaced: comparing them takes quadratic time.
    """
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if max(len(before), len(after)) > _MOST_TOKENS and old != new:
        return [Piece(kind, text) for kind, text in (("del", old), ("ins", new)) if text]
    pieces: list[Piece] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(before[old_from:old_to])))
            continue
        pieces += [
            Piece(kind, text)
            for kind, text in (("del", "".join(before[old_from:old_to])), ("ins", "".join(after[new_from:new_to])))
            if text
        ]
    return pieces
