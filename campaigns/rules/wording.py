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
_READ_BEFORE = 40  # characters in which a word can be denied
# a must word that is an offer: copy that denies it says the opposite of what was asked, where "no fragrance" says a thing of the product
_OFFER = re.compile(
    r"\bfree\s|\b(?:shipping|delivery|postage|returns?|refunds?|exchanges?|gifts?|discounts?|coupons?|vouchers?|sale|deals?|offers?|"
    r"trial|samples?|warrant\w+|guarantees?|off)\b|免费|免邮|包邮|赠|送|优惠|打折|折扣|\d折|立减|满减|券|礼品|特价|促销|大促|"
    r"保修|质保|联保|退货|退款|退换|包退|包换|返现|试用|秒杀|现货"
)
# directly before a word: it is denied ("no free shipping", 不包邮); "not only" and 不仅 say it all the more
_DENIED = re.compile(
    r"(?:\b(?:no|not|without|never|neither|nor|excluding|excludes?)|n['’]t)(?:\s+(?:a|an|any|the|have|has|offer|include|get|come with))*\s*$|"
    r"(?:[不没无未非]|没有|不[含享提支]供?持?|不是)\s*$"
)


def missing_must_words(text: str, words: Iterable[str]) -> list[Finding]:
    """A warning for every one of `words` that `text` lacks, with the span 0 to 0, or that is an offer and only denied ("no free
    shipping"), where it is so first; in their order. Blank words are skipped."""
    folded, findings = fold(text, ignore_case=True), []
    for word in _distinct(words):
        places = list(_occurrences(folded, word))
        is_offer = _OFFER.search(_key(word)) is not None
        if not places or (is_offer and all(_is_denied(text, start) for start, _ in places)):
            code = Code.WORDING_MUST_DENIED if places else Code.WORDING_MUST_MISSING
            start, end = places[0] if places else (0, 0)
            findings.append(
                Finding.in_text(text, code=code, severity=Severity.WARNING, start=start, end=end, params={"word": word})
            )
    return findings


def _is_denied(text: str, start: int) -> bool:
    return _DENIED.search(text[max(0, start - _READ_BEFORE) : start].casefold()) is not None


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
