"""Turn raw model output into the copy in it: no delimiters, labels, quotes or half sentences around it."""

import re
import unicodedata
from collections.abc import Iterable

_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_QUOTES = {'"': '"', "“": "”", "‘": "’", "「": "」", "『": "』", "«": "»", "'": "'", "《": "》", "【": "】"}
_LEADING = re.compile(r"^(?:[-*•·–—#>|~]+\s+|\d{1,2}[.)、]\s+|[:：,，;；、。.!?！？)）]+\s*)+")
_SENTENCE_END = re.compile(r"[.!?。！？…~～♥❤✨🎉🔥](?:[\"'”’」』)）】]*)(?=\s|$|[^\d\s])")
_TRAILING = re.compile(r"[\s,，;；:：、\-–—/|(（\[【{<«“‘「『#*_=]+$")


def clean(raw: str, *, labels: Iterable[str] = (), complete: bool = True) -> str:
    """The copy in `raw`, possibly empty.

    `labels` are the template's field names: what follows one of them is another field, and a label in front is cut off.
    `complete` says that the model ended the text itself; otherwise a half sentence at the end goes, and a text with no
    finished sentence comes back empty, because nobody can use it.
    """
    text = "".join(_plain(character) for character in unicodedata.normalize("NFC", raw))
    text = _without_labels(_SPACES.sub(" ", text).strip(), labels)
    text = _LEADING.sub("", text)
    text = _TRAILING.sub("", _unquoted(text))
    if not complete:
        text = _finished(text)
    return text.strip()


def _plain(character: str) -> str:
    if character in "\n\r\t\v\f\u2028\u2029\x85":
        return " "
    # variation selectors and joiners belong to emoji; other invisible characters have no place in copy
    if unicodedata.category(character) in {"Cc", "Cf", "Co", "Cn", "Cs"} and character not in "\u200d":
        return ""
    return "" if character == "\ufffd" else character


def _without_labels(text: str, labels: Iterable[str]) -> str:
    names = [re.escape(label) for label in labels if label]
    if not names:
        return text
    label = re.compile(
        rf"(?:^|(?<=[\s.!?。！？]))(?:{'|'.join(names)})\s*(?:[(（][^()（）]{{0,40}}[)）])?\s*[:：]", re.IGNORECASE
    )
    while (first := label.match(text)) is not None:
        text = text[first.end() :].strip()
    found = label.search(text)
    return text if found is None else text[: found.start()].strip()


def _unquoted(text: str) -> str:
    """Without the quotes around all of it, and without one that is opened or closed only."""
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    for opening, closing in (('"', '"'), ("“", "”"), ("「", "」"), ("『", "』"), ("（", "）"), ("(", ")")):
        if opening == closing:
            if text.count(opening) == 1:
                text = text.replace(opening, "")
        elif text.count(opening) != text.count(closing):
            text = text.replace(opening, "").replace(closing, "")
    return text.strip()


def _finished(text: str) -> str:
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else ""
