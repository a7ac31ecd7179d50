"""Words that copy must have and words that it must never have.

Both are compared without case, width and invisible characters ("ＳＡＬＥ", "s\u200bale"). A word that begins or ends in a
Latin letter or digit must stand alone on that side ("art" is not in "smart"); Chinese has no word boundaries, so it
is looked for anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from campaigns.rules.finding import Code, Finding, Severity
from campaigns.rules.folding import Folded, fold

# A letter of a script that puts spaces between words, or a digit: \w without Han, kana and Hangul.
_SPACED = "[^\\W\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
_SPACED_CHARACTER = re.compile(_SPACED)


def missing_must_words(text: str, words: Iterable[str]) -> list[Finding]:
    """A warning for every one of `words` that `text` lacks, in their order; the spans are 0 to 0. Blank words are skipped."""
    folded = fold(text, ignore_case=True)
    return [
        Finding.in_text(
            text, code=Code.WORDING_MUST_MISSING, severity=Severity.WARNING, start=0, end=0, params={"word": word}
        )
        for word in _distinct(words)
        if next(_occurrences(folded, word), None) is None
    ]


def present_never_words(text: str, words: Iterable[str]) -> list[Finding]:
    """A blocking finding for every place where one of `words` stands in `text`, by position. Blank words are skipped."""
    folded = fold(text, ignore_case=True)
    found = [
        Finding.in_text(
            text,
            code=Code.WORDING_NEVER_PRESENT,
            severity=Severity.BLOCKING,
            start=start,
            end=end,
            params={"word": word},
        )
        for word in _distinct(words)
        for start, end in _occurrences(folded, word)
    ]
    return sorted(found, key=lambda finding: (finding.start, finding.end))


def spans_of(folded: Folded, words: Iterable[str]) -> list[tuple[int, int]]:
    """Where any of `words` stands, as spans of the original text, by word and position. Blank words are skipped."""
    return [span for word in _distinct(words) for span in _occurrences(folded, word)]


def _distinct(words: Iterable[str]) -> Iterator[str]:
    seen = set()
    for word in words:
        key = _key(word)
        if key and key not in seen:
            seen.add(key)
            yield word.strip()


def _key(word: str) -> str:
    return " ".join(fold(word, ignore_case=True).text.split())


def _occurrences(folded: Folded, word: str) -> Iterator[tuple[int, int]]:
    """The spans, in the original text, where `word` stands; any white space matches any other."""
    key = _key(word)
    pattern = r"\s{1,8}".join(re.escape(part) for part in key.split(" "))
    if _SPACED_CHARACTER.match(key[0]):
        pattern = f"(?<!{_SPACED})" + pattern
    if _SPACED_CHARACTER.match(key[-1]):
        pattern += f"(?!{_SPACED})"
    for match in re.finditer(pattern, folded.text):
        yield folded.span(match.start(), match.end())
