"""Shop words in English and Chinese, and the phrases of a text that are made of them. No model, no torch.

Looked up is the longest term that the glossary knows (`generation/starter/glossary.tsv`: English, Chinese, kind).
Terms that stand beside each other form a phrase, and their translations stand in the same order: both languages put what
describes before what is described. What is not known is left out, and so is a part of a sentence that denies something:
less is told, nothing is made up.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path

from generation.engine.config import Language
from generation.engine.language import script_of

TERMS = Path(__file__).parents[1] / "starter" / "glossary.tsv"
KINDS = frozenset(["type", "colour", "material", "feature", "part", "attribute", "use", "pattern", "audience", "value"])
NUMBER = "number"  # the kind of what needs no translation: 250 ml, 50 %, 28 × 12 cm
_WORDS_IN_TERM = 4
_SENTENCE_END = re.compile(r"[;!?•·]+|[.](?=\s|$)|[。；！？]+|\n(?!\s*[a-z])|\s[-–—]+\s")  # a line may be wrapped
_PART = re.compile(
    r"(?<!\s)\s*(?:(?<!\d),|,(?!\d{3})|(?<!\d)/(?!(?:m[23²³]|min|h|s|kg|L)\b|平方米|小时|分钟)|(?<=\d)/(?!\d)|[、，&+|:：()\[\]（）【】])\s*|(?P<and>(?<!\s)\s+(?:and|or|plus)\s+|[和与或]|及(?![膝踝地时]))"
)
REMARK = re.compile(r"\s*[(（\[][^)）\]]*[)）\]]")  # in brackets, behind what it is about
_HIDDEN = "\x00"
_AMOUNT = re.compile(
    r"(?<![A-Za-z0-9_.])\d+(?:[.,/]\d+)*(?:\s?[x×*–-]\s?\d+(?:[.,]\d+)*)*(?:[\s-]?(?:%|°C|°F|(?:mm|cm|m|km|kg|g|mg|ml|L|l|oz|lbs?|W|V|mAh|"
    r"Wh|GB|TB|Hz|dB|lm|in|h|min)(?![A-Za-z])))?(?![A-Za-z\d])"
)
_TOKEN = re.compile(
    rf"(?P<number>{_AMOUNT.pattern})|(?P<word>[A-Za-z]+(?:['’][a-z]+)?)|(?P<han>[\u3400-\u4dbf\u4e00-\u9fff]+)"
)
_NO = r"no|none|n/?a|false|not\b[^.]*|否|无|不[^，。]*|没有|×"
_ANSWERED = re.compile(rf"\s*[?？]?\s*(?:{_NO})\s*(?:[.。;；!！\n]|$)", re.IGNORECASE)  # behind a question
_IS_ANSWERED_NO = re.compile(rf"[:：?？]\s*(?:{_NO})\s*$", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:no|not|non|without|never|neither|nor|except|unlike|instead|excluding|optional|compatible|lacks?|lacking|hardly|barely|"
    r"cannot)\b|n['’]t\b|\b(?:free|far) (?:of|from)\b|\b(?:sold out|out of stock|anything but)\b|[不无非没未勿免除禁]|可选|另购|另售|缺货|"
    r"售罄|兼容|拒绝|避免|告别|难以",
    re.IGNORECASE,
)
_DENIES_NOT = re.compile(
    r"\b(?:not only|no doubt|without doubt|no less)\b|不仅|不但|不止|不可思议|非常|无比|无惧|无疑", re.IGNORECASE
)
_TURNS = re.compile(r"\b(?:but|yet|instead)\b|但|而是|却", re.IGNORECASE)
# rows of characters in which a word only seems to stand
_NO_WORDS = ("有机会", "一次性付", "一次性说", "太阳能量", "属于", "木质地", "玻璃心", "雕刻时光", "手动脚动")
_FALSE_HAN = re.compile(r"(?:[仿假似类非伪比]|人造|类似)$")  # in front of a material
_ARTICLES = "a an the its their this these is are"
_BETWEEN = frozenset(_ARTICLES.split())  # words that do not part what they stand between
_BETWEEN_HAN = re.compile(r"[的之款个为是有用由]+")
_BEFORE = {"for": "适合", "with": "带"}
_THINGS = frozenset(("part", "type", "audience", "use"))
# words beside which a phrase may stand alone
_SMALL = (
    "of in on at to from by as and or with for plus made crafted built so that which you your it will can while when "
    "featuring has have than into onto over under inside through until but"
)
_SMALL_WORDS = _BETWEEN | frozenset(_SMALL.split())
_FALSE = (
    "vegan",
    "faux",
    "fake",
    "mock",
    "imitation",
    "simulated",
    "synthetic",
    "artificial",
    "made",
)  # in front of a material
_SMALL_HAN = "的了款色版制质面料用是为有配选以采及和与或，、"  # characters beside which a phrase may stand alone
_LAST_WORD, _NEXT_WORD = re.compile(r"([A-Za-z]+)[\s-]$"), re.compile(r"[\s-]([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class Term:
    """One translation and what kind of word it is."""

    text: str
    kind: str


@dataclass(frozen=True)
class Phrase:
    """Known terms one after the other. `start` and `end` are places in the text that was read, `before` is what a
    preposition before it says."""

    terms: tuple[Term, ...]
    start: int
    end: int
    language: Language
    before: str = ""

    @cached_property
    def text(self) -> str:
        said = self.terms[0].text
        for left, right in pairwise(self.terms):
            said += _between(left, right, self.language) + right.text
        return said

    @property
    def said(self) -> str:
        """With the preposition where it ends with a thing: "with a soft lining", but not "with a soft"."""
        return f"{self.before}{self.text}" if self.terms[-1].kind in _THINGS else self.text

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(term.kind for term in self.terms)


class Glossary:
    """Terms in both directions; of several with one Chinese name the first is its English one.

    Raises `ValueError` with the line that is no term.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._english: dict[str, Term] = {}
        self._chinese: dict[str, Term] = {}
        for number, line in enumerate(lines, 1):
            parts = line.rstrip("\n").split("\t")
            if len(parts) != 3 or not all(parts) or parts[2] not in KINDS:
                raise ValueError(f"line {number} of the glossary is not: English, Chinese, kind")
            english, chinese, kind = parts
            self._english.setdefault(_key(english), Term(chinese, kind))
            self._chinese.setdefault(chinese, Term(english, kind))
        self._longest = max(map(len, self._chinese), default=0)
        numbered = sorted((key for key in self._english if key[0].isdigit()), key=len, reverse=True)
        spelled = "|".join(re.escape(key).replace(r"\ ", r"[\s-]") for key in numbered)
        self._numbered = re.compile(rf"(?:{spelled or '(?!)'})(?!\w)", re.IGNORECASE)

    def phrases(self, text: str, language: Language) -> list[Phrase]:
        """What the text says, as far as it is known, in the language given; what is denied or asked is left out."""
        return [phrase for span in self.affirmed(text) for phrase in self._read(text, *span, language)]

    def affirmed(self, text: str) -> list[tuple[int, int]]:
        """The parts of sentences that affirm, as places. A denial goes on to the end of its sentence, or to a "but" or a
        Chinese comma; it may be the answer to what stands before it ("Waterproof: no")."""
        found = []
        for start, end in sentences_of(text):
            sentence = text[start:end]
            if (
                sentence.rstrip().endswith(("?", "？"))
                or _IS_ANSWERED_NO.search(sentence)
                or _ANSWERED.match(text, end)
            ):
                continue
            is_denied, last = False, 0
            for begin, stop in _spans(sentence):
                part = sentence[begin:stop]
                goes_on = is_denied and "，" not in sentence[last:begin] and not _TURNS.search(part)
                is_denied, last = goes_on or self.denies(part), stop
                if not is_denied:
                    found.append((start + begin, start + stop))
        return found

    def places(self, text: str, language: Language) -> list[Phrase]:
        """All phrases of the text, whatever it says of them."""
        return [phrase for span in _spans(text) for phrase in self._read(text, *span, language)]

    def terms(self, text: str) -> Iterator[tuple[Term, int, int]]:
        """Every known word of a text in either language by its Chinese name, with its place."""
        for known in self._terms(text, 0, len(text), Language.ZH_HANS):
            if not isinstance(known, str):
                yield known

    def stated(self, text: str) -> Iterator[tuple[Term, int, int]]:
        """As `terms`, without the parts of sentences that deny something."""
        for start, end in self.affirmed(text):
            for term, begin, stop in self.terms(text[start:end]):
                yield term, start + begin, start + stop

    def whole(self, text: str, language: Language, *, columns: bool = False) -> str:
        """The text in the language given where every word of it is known, else nothing. Of a column's name, which is made of
        other words ("fit", "across"), where `columns` says that it is one."""
        spans = _spans(text)
        found = [self._read(text, *span, language, columns=columns) for span in spans]
        if not found or not all(
            len(part) == 1 and _covers(part[0], text, span) for part, span in zip(found, spans, strict=True)
        ):
            return ""
        return joined([part[0].text for part in found], language)

    def denies(self, part: str) -> bool:
        """Whether something is denied by other words than those that the glossary knows (`sugar-free`, `non-slip`)."""
        if not _DENIES.search(part):
            return False
        left, last = list[str](), 0
        for _, start, end in self.terms(part):
            left += [part[last:start], "·"]
            last = end
        return _DENIES.search(_DENIES_NOT.sub("·", "".join([*left, part[last:]]))) is not None

    def _read(self, text: str, start: int, end: int, language: Language, *, columns: bool = False) -> list[Phrase]:
        """Names of columns ("fit", "finish") are words of their own only where `columns` says so."""
        found: list[Phrase] = []
        last_end, before = -1, ""
        for known in self._terms(text, start, end, language):
            if isinstance(known, str):
                last_end, before = -1, known
                continue
            term, begin, stop = known
            if term.kind == "attribute" and not columns:
                last_end, before = -1, ""
                continue
            if last_end >= 0 and _is_near(text[last_end:begin]):
                last = found.pop()
                found.append(Phrase((*last.terms, term), last.start, stop, language, last.before))
            else:
                found.append(Phrase((term,), begin, stop, language, before))
            last_end, before = stop, ""
        return [one for one in found if one.kinds != {NUMBER}]

    def _terms(self, text: str, start: int, end: int, language: Language) -> Iterator[tuple[Term, int, int] | str]:
        """Known terms with their places, amounts among them; a string is what a preposition says before the next phrase."""
        tokens = list(_TOKEN.finditer(text, start, end))
        place = 0
        while place < len(tokens):
            token, count = tokens[place], 1
            if numbered := self._numbered.match(text, token.start(), end):
                term = self._english[_key(numbered.group())]
                yield _said(term, numbered.group(), is_own=language is Language.EN), numbered.start(), numbered.end()
                count = sum(token.start() <= other.start() < numbered.end() for other in tokens)
            elif token["number"]:
                if not (place and _is_of_a_name(tokens[place - 1], token)):
                    yield Term(token.group().strip(), NUMBER), token.start(), token.end()
            elif token["han"]:
                for term, begin, stop in self._in_chinese(token):
                    yield _said(term, text[begin:stop], is_own=language is Language.ZH_HANS), begin, stop
            else:
                count, known = self._in_english(text, tokens, place)
                if known:
                    begin, stop = token.start(), tokens[place + count - 1].end()
                    yield _said(known, text[begin:stop], is_own=language is Language.EN), begin, stop
                elif language is Language.ZH_HANS and token.group().casefold() in _BEFORE:
                    yield _BEFORE[token.group().casefold()]
            place += count

    def _in_english(self, text: str, tokens: Sequence[re.Match[str]], place: int) -> tuple[int, Term | None]:
        """How many words from `place` on are the longest known term, the last of them in the singular where need be."""
        for count in range(min(_WORDS_IN_TERM, len(tokens) - place), 0, -1):
            some = tokens[place : place + count]
            apart = (text[one.end() : other.start()] for one, other in pairwise(some))
            if not all(token["word"] for token in some) or any(space not in (" ", "-") for space in apart):
                continue
            *first, last = [_plain(token.group()) for token in some]
            keys = (" ".join([*first, form]) for form in (last, *_singulars(last)))
            if key := next((key for key in keys if key in self._english), ""):
                return count, self._english[key]
        return 1, None

    def _in_chinese(self, token: re.Match[str]) -> Iterator[tuple[Term, int, int]]:
        """Known terms of a row of characters. One character is a word only where it stands alone."""
        said, place = token.group(), 0
        while place < len(said):
            lengths = range(min(self._longest, len(said) - place), 1 if len(said) > 1 else 0, -1)
            count = next((count for count in lengths if said[place : place + count] in self._chinese), 0)
            silent = next((len(word) for word in _NO_WORDS if said.startswith(word, place)), 0)
            if count and not silent:
                start, term = token.start() + place, self._chinese[said[place : place + count]]
                if term.kind != "material" or not _FALSE_HAN.search(said[:place]):
                    yield term, start, start + count
            place += silent or count or 1


@cache
def glossary() -> Glossary:
    with TERMS.open(encoding="utf-8") as lines:
        return Glossary(lines)


def parts_of(text: str) -> list[list[str]]:
    """What stands between commas, "and" and the like, with the remarks in brackets behind it; what "and" or "or" joins is
    together in one."""
    hidden = REMARK.sub(lambda match: _HIDDEN * len(match.group()), text)
    found, last, goes_on = list[list[str]](), 0, False
    for cut in [*_PART.finditer(hidden), None]:
        if part := text[last : cut.start() if cut else None].strip():
            found = [*found[:-1], [*found[-1], part]] if goes_on and found else [*found, [part]]
        last, goes_on = (cut.end(), bool(cut["and"])) if cut else (last, False)
    return found


def joined(parts: Iterable[str], language: Language) -> str:
    return ("、" if language is Language.ZH_HANS else ", ").join(parts)


def is_amount(text: str) -> bool:
    """Whether no word is left of the text but its amounts."""
    return not re.search(r"[^\W\d_]", _AMOUNT.sub("", text))


def share_known(text: str, found: Sequence[Phrase]) -> float:
    """How much of the text the phrases are, 0 to 1: of its words, of Chinese its characters."""
    return sum(_size(text[one.start : one.end]) for one in found) / max(1, _size(text))


def stands_alone(phrase: Phrase, text: str) -> bool:
    """Whether no unknown word stands where it would change what is meant: behind an adjective ("soft jelly upper" is not
    soft), or one that makes the material another ("vegan leather")."""
    first, last = phrase.terms[0].kind, phrase.terms[-1].kind
    left, right = text[max(0, phrase.start - 1) : phrase.start], text[phrase.end : phrase.end + 1]
    if _is_unknown(left) or (last not in _THINGS and _is_unknown(right)):
        return False
    before, behind = (
        _LAST_WORD.search(text[max(0, phrase.start - 40) : phrase.start]),
        _NEXT_WORD.match(text, phrase.end),
    )
    if behind and last not in _THINGS and behind[1].casefold() not in _SMALL_WORDS:
        return False
    return not (before and first == "material" and before[1].casefold() in _FALSE)


def _is_unknown(neighbour: str) -> bool:
    return bool(neighbour) and is_han(neighbour) and neighbour not in _SMALL_HAN


def is_han(character: str) -> bool:
    return script_of(character) == "han"


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Sentences as places, a question with its mark."""
    found, last = [], 0
    for match in _SENTENCE_END.finditer(text):
        is_asked = match.group()[0] in "?？"
        found.append((last, match.start() + is_asked))
        last = match.end()
    return [(start, end) for start, end in [*found, (last, len(text))] if text[start:end].strip()]


def _spans(text: str) -> list[tuple[int, int]]:
    """The parts of the sentences of a text that may stand alone, as places."""
    found = []
    for start, end in sentences_of(text):
        last = start
        for begin, stop in [*(match.span() for match in _PART.finditer(text, start, end)), (end, end)]:
            if text[last:begin].strip():
                found.append((last, begin))
            last = stop
    return found


def _covers(phrase: Phrase, text: str, span: tuple[int, int]) -> bool:
    rest = text[span[0] : phrase.start] + text[phrase.end : span[1]]
    return not _DENIES.search(rest) and _is_near(rest)


def _is_near(between: str) -> bool:
    """Whether only words without meaning of their own stand between two terms."""
    words = re.findall(r"[^\W_]+", _BETWEEN_HAN.sub("", between))
    return all(word.casefold() in _BETWEEN for word in words)


def _is_of_a_name(before: re.Match[str], number: re.Match[str]) -> bool:
    """Whether a bare number stands behind a capital letter: Finale 21, Model 3."""
    is_name = bool(before["word"]) and before.group()[0].isupper()
    return number.group().isdigit() and is_name and before.end() + 1 == number.start()


def _said(term: Term, original: str, *, is_own: bool) -> Term:
    return Term(original, term.kind) if is_own else term


def _between(left: Term, right: Term, language: Language) -> str:
    if language is Language.EN:
        return " "
    if left.kind == NUMBER and right.kind in ("part", "type") and left.text.isdigit():
        return "个"
    is_latin = right.text[0].isascii() and (left.text[-1].isascii() or right.text[0].isdigit())
    return " " if is_latin else ""


def _size(text: str) -> int:
    words = [word for word in re.findall(r"[A-Za-z]+|\d+", text) if word.casefold() not in _BETWEEN]
    return len(words) + sum(map(is_han, _BETWEEN_HAN.sub("", text)))


def _key(english: str) -> str:
    return " ".join(_plain(word) for word in re.split(r"[\s-]+", english.strip()))


def _plain(word: str) -> str:
    return word.casefold().replace("’", "'")


def _singulars(word: str) -> Iterator[str]:
    if len(word) > 3 and word != "glasses" and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s")):
        if word.endswith("ies"):
            yield f"{word[:-3]}y"
        if word.endswith(("ches", "shes", "sses", "xes", "zes", "oes")):
            yield word[:-2]
        yield word[:-1]
