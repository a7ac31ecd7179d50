"""Web addresses, e-mail addresses and telephone numbers in a text, in a form that compares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from campaigns.rules.claim import Claim, ClaimKind

# Letters without the Chinese ones: "请访问shop.example.com查看" ends the host where the Chinese begins. Look-alike letters
# of other alphabets stay in, so that a forged host is found (and does not equal the real one).
_LETTER = "[^\\W_\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]"
_LABEL = f"{_LETTER}(?:{_LETTER}|-){{0,62}}"
_TLD = (
    "com|cn|net|org|io|co|shop|store|info|biz|me|app|dev|ai|uk|de|fr|it|es|eu|jp|kr|hk|tw|sg|in|us|ca|au|nz|ru|br|top|xyz|"
    "vip|site|online|club|link|ly|tv|cc|edu|gov"
)
_PATH = "[/?#][A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]*+"
_URL = re.compile(
    f"(?i:(?:https?|ftp)://(?:{_LETTER}|[._~:@%-])++(?:{_PATH})?"
    f"|(?<!{_LETTER})(?<![@._-])(?:{_LABEL}\\.){{1,6}}(?-i:{_TLD}|{_TLD.upper()})(?!{_LETTER}|-|\\.{_LETTER})(?::\\d{{1,5}})?(?:{_PATH})?"
    "|[\u4e00-\u9fff\\w-]{1,20}\\.(?:中国|公司|网络|商城|网址))"
)
_EMAIL = re.compile(f"(?<![\\w.+-])[A-Za-z0-9._%+-]{{1,64}}+@(?:{_LABEL}\\.){{1,6}}[A-Za-z]{{2,24}}")
_PHONE = re.compile(
    r"(?<![\w.,+-])(?:"
    r"\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,4}"
    r"|1[3-9]\d[ -]?\d{4}[ -]?\d{4}"
    r"|[48]00[ -]?\d{3}[ -]?\d{4}|[48]00[ -]\d{4}[ -]?\d{3}"
    r"|\(?0\d{2,3}\)?[ -]?\d{7,8}"
    r"|(?:1[ .-])?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}"
    r")(?!\d|[.,]\d)"
)
_TRAILING = ".,;:!?)]}'\"。，"


def contacts(text: str, rest: str) -> Iterator[Claim]:
    """E-mail addresses, then web addresses, then telephone numbers. `rest` is `text` with earlier claims blanked out."""
    taken: list[tuple[int, int]] = []
    for kind, pattern, key in (
        (ClaimKind.EMAIL, _EMAIL, str.lower),
        (ClaimKind.URL, _URL, url_key),
        (ClaimKind.PHONE, _PHONE, phone_key),
    ):
        for match in pattern.finditer(rest):
            found = match.group().rstrip(_TRAILING) if kind is ClaimKind.URL else match.group()
            start, end = match.start(), match.start() + len(found)
            if found and all(end <= first or last <= start for first, last in taken):
                taken.append((start, end))
                yield Claim(kind=kind, start=start, end=end, text="", keys=(key(found),))


def url_key(url: str) -> str:
    """Host and path in one form: no scheme, no "www.", no fragment, no trailing slash, host in lower case."""
    bare = re.sub(r"^[a-z]{3,5}://", "", url.strip(), flags=re.IGNORECASE).partition("#")[0]
    host, slash, path = bare.partition("/")
    return (host.lower().removeprefix("www.") + slash + path).rstrip("/")


def phone_key(phone: str) -> str:
    """The digits; a leading country code of mainland China or North America is dropped."""
    digits = re.sub(r"\D", "", phone)
    if phone.lstrip().startswith("+86"):
        return digits[2:]
    return (
        digits[1:] if len(digits) == 11 and digits[0] == "1" and digits[1] in "23456789" and "+1" in phone else digits
    )
