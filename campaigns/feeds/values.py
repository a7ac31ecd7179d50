"""What a cell means for one field: a web address, a language, a status, tags, a category path."""

from __future__ import annotations

import hashlib
import json
import re
from urllib.parse import urlsplit

from campaigns.feeds.facts import scalar_text
from campaigns.feeds.vocabulary import words

LANGUAGE_NAMES = {
    "english": "en", "英语": "en", "英文": "en", "chinese": "zh-hans", "中文": "zh-hans", "汉语": "zh-hans",
    "简体中文": "zh-hans", "简体": "zh-hans", "simplified chinese": "zh-hans", "繁体中文": "zh-hant", "繁體中文": "zh-hant",
    "繁体": "zh-hant", "traditional chinese": "zh-hant", "german": "de", "deutsch": "de", "french": "fr", "français": "fr",
    "spanish": "es", "español": "es", "italian": "it", "italiano": "it", "japanese": "ja", "日本語": "ja", "日语": "ja",
    "korean": "ko", "한국어": "ko", "portuguese": "pt", "russian": "ru", "русский": "ru",
}  # fmt: skip
LANGUAGE_CODE = re.compile(r"([a-z]{2})(?:[-_]([a-z]{2,4}))?(?:[-_][a-z0-9]+)*", re.IGNORECASE)
TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})

ACTIVE = words(
    "active true yes y 1 published enabled on live onsale on_sale on-sale available 上架 在售 已上架 在架 销售中 出售中 启用 是"
    " 有效"
) | {"on sale"}
ARCHIVED = words(
    "archived false no n 0 draft unlisted disabled off inactive discontinued deleted unpublished hidden 下架 停售 已下架"
    " 草稿 停用 否 无效 已删除 仓库中 未上架"
)

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
KANA = re.compile(r"[\u3040-\u30ff]")
HANGUL = re.compile(r"[\uac00-\ud7af]")

TAG_BREAK = re.compile(r"[,，;；、|\n\r]+")
PATH_BREAK = re.compile(r"\s*(?:>>|>|»|›|＞)\s*")
IMAGE_BREAK = re.compile(r"[~|;,\s]+(?=https?://|//)")
URL_UNSAFE = re.compile(r'[ "<>\\^`{|}]')
PORT = re.compile(r":\d*$")
HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)*[^\W_](?:[\w-]{0,61}[^\W_])?\.?|\[[0-9a-fA-F:.]+\]")


def cell_items(text: str) -> list[str]:
    """Return the items of a JSON list in a cell (``["a", "b"]``), or the text alone."""
    if text.startswith("[") and text.endswith("]"):
        try:
            data = json.loads(text, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            return [text]
        return [item for value in data if (item := scalar_text(value).strip())]
    return [text] if text else []


def http_url(text: str) -> str:
    """Return ``text`` as an absolute web address, spaces and quotes percent-encoded.

    Raises ``ValueError`` for another scheme, no host, a user name in it, control characters or line breaks.
    """
    url = text.strip().replace("&amp;", "&")
    if url.startswith("//"):
        url = f"https:{url}"
    url = URL_UNSAFE.sub(lambda match: f"%{ord(match.group()):02X}", url)
    if not url.isprintable() or any(char.isspace() for char in url):
        raise ValueError("characters that no URL has")
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or parts.username is not None or parts.password is not None:
        raise ValueError("not a web address")
    if not HOST.fullmatch(PORT.sub("", parts.netloc)) or parts.port == 0:  # .port raises for a number that is none
        raise ValueError("no host")
    return url


def first_image(text: str) -> str:
    """Return the first address of a list of images, however they are joined (JSON, ``~``, ``|``, comma, space)."""
    items = cell_items(text)
    parts = [part for part in IMAGE_BREAK.split(items[0]) if part] if items else []
    return parts[0] if parts else ""


def language_code(text: str) -> str:
    """Return ``en``, ``zh-hans``, ``zh-hant`` or another two-letter code. Raises ``ValueError``."""
    folded = text.strip().casefold()
    if folded in LANGUAGE_NAMES:
        return LANGUAGE_NAMES[folded]
    match = LANGUAGE_CODE.fullmatch(folded)
    if match is None:
        raise ValueError("not a language")
    primary, rest = match.group(1), set(re.split("[-_]", folded)[1:])
    if primary == "zh":
        return "zh-hant" if rest & TRADITIONAL else "zh-hans"
    return primary


def language_of(text: str) -> str:
    """Guess from the script: ``ja``, ``ko``, ``zh-hans``, or nothing for scripts that many languages share."""
    if KANA.search(text):
        return "ja"
    if HANGUL.search(text):
        return "ko"
    letters = sum(char.isalpha() for char in text)
    return "zh-hans" if letters and len(HAN.findall(text)) * 4 >= letters else ""


def status_value(text: str) -> str:
    """Return ``active`` or ``archived`` (also for drafts: neither is on sale). Raises ``ValueError``."""
    folded = text.strip().casefold()
    if folded in ACTIVE:
        return "active"
    if folded in ARCHIVED:
        return "archived"
    raise ValueError("not a status")


def split_tags(text: str) -> list[str]:
    """Return the tags of a cell, each once, in their order."""
    items = cell_items(text)
    parts = items if len(items) > 1 else [part for item in items for part in TAG_BREAK.split(item)]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def category_path(text: str) -> str:
    """Return "Clothing > Shorts" for "Clothing >> Shorts", ``["Clothing >> Shorts"]`` and the like."""
    items = cell_items(text)
    parts = PATH_BREAK.split(items[0]) if len(items) == 1 else items
    return " > ".join(part.strip() for part in parts if part.strip())


def derived_key(text: str) -> str:
    """Return a SKU that follows from a URL or title: its last words and a hash of all of it, the same each time."""
    words = re.findall(r"\w+", re.sub(r"^https?://[^/]*", "", text))
    slug = "-".join(words)[-60:].strip("-").casefold()
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f"{slug}-{digest}" if slug else digest
