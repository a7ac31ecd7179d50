"""A product of a catalogue in one language, told in the other: a small model writes nonsense from a description that it
cannot read. By the glossary, so that the same always comes out and nothing is made up. No model, no torch.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from generation.engine.config import FEATURE, CopyBrief, Fact, Language
from generation.engine.evaluation.quantities import with_latin_units
from generation.engine.glossary import (
    NUMBER,
    REMARK,
    Phrase,
    glossary,
    is_amount,
    is_han,
    joined,
    parts_of,
    sentences_of,
    share_known,
    stands_alone,
)

_MOST_READ, _FEW = 6, 4  # facts read from a description at most; facts of its own from which on none are read
_MOST_DESCRIPTION = 2000  # characters of a description that are read
_LEAST_TITLE = 0.34  # share of a title that must be known, or it stays as it is
_LEAST_KNOWN = 0.6  # share of a part of a fact that must be known for it to be told
# what a description tells becomes facts of these names, English and Chinese
_NAMES = {"colour": ("Colour", "颜色"), "material": ("Material", "材质"), "pattern": ("Pattern", "图案")}
_AFFIRMED = {Language.EN: "Yes", Language.ZH_HANS: "是"}
_YES, _NO = ("yes", "true", "是", "有", "支持"), ("no", "none", "n/a", "false", "否", "无", "不支持", "没有", "-")
_ABBREVIATED = re.compile(r"\b(approx|incl|excl|max|min)\.", re.IGNORECASE)
_TAG = re.compile(r"</?(?:p|li|br|div|h\d|ul|ol|tr|td)\b[^>]{0,200}>", re.IGNORECASE), re.compile(r"<[^>]{1,200}>")
_ABOUT_IT = re.compile(r"(?<!\ba )\bround (?=(?:the|it|its|your)\b)", re.IGNORECASE)  # which is no shape
_COLUMN = re.compile(r"(?:^|[.;。；\n])\s*([A-Za-z][A-Za-z ]{1,30}|[\u4e00-\u9fff]{1,8})\s*[:：]\s*$")
# sentences that speak of other things, of choices, or of what the product is for or does something to
_ASIDE = re.compile(
    r"\b(?:than|like|if|unless|rarely|replac(?:es?|ing)|alternative|substitute|separately|also (?:available|sold|comes?)|soon|previous|"
    r"model wears|pairs? (?:well|with)|pictured|removes?|cleans?|avoid|suitable|(?:safe|ideal|perfect|great|glue|care) (?:for|on)|detergent|"
    r"cleaner|contact with|goodbye|shaped)\b|比|似|像|如需|如果|若|另选|模特|搭配|替代|取代|严禁|缺乏|适用于|去除|\b0\s?%",
    re.IGNORECASE,
)
_DENYING = re.compile(r"(?:no|without|free (?:of|from))\b|不[含加添用]|[无零]添加", re.IGNORECASE)
_THINGLIKE = frozenset(("type", "material", "value", "part"))  # kinds of words that are no colours by themselves
_TELLING = frozenset(("colour", "material", "feature", "pattern", NUMBER))


def in_own_language(brief: CopyBrief) -> CopyBrief:
    """The brief with what its catalogue says in the other language said in that of the copy, as far as the glossary knows
    it. The description becomes facts where there are few; what is written in the language of the copy stays."""
    language = brief.language
    is_told = not _is_mostly_abroad(brief.product_description, language)
    title = brief.product_title
    if _is_abroad(title, language):
        title = _title(title, brief.brand_name, language)
    facts = [told for fact in brief.facts if (told := _fact(fact, language))]
    if not is_told and len(facts) < _FEW:
        facts += _facts_read(brief.product_description, [title, *(fact.value for fact in facts)], language)
    if is_told and title == brief.product_title and tuple(facts) == brief.facts:
        return brief
    is_read = is_told or not (facts or title != brief.product_title)
    description = brief.product_description if is_read else ""
    return replace(brief, product_title=title, product_description=description, facts=tuple(facts))


def _title(title: str, brand: str, language: Language) -> str:
    """The title with every known phrase in the language given. Brand and names stay, but no Chinese in English; so does a
    title that denies something, or of which little is known and not even what the thing is."""
    plain = _plain(title)
    if language is Language.EN:
        plain = with_latin_units(plain)
    found = glossary().places(plain, language)
    affirmed = glossary().phrases(plain, language)
    start = plain.casefold().find(brand.casefold()) if brand else -1
    kept = range(start, start + len(brand)) if start >= 0 else range(0)
    unbranded = plain[: kept.start] + plain[kept.stop :]
    is_known = share_known(unbranded, glossary().places(unbranded, language)) >= _LEAST_TITLE
    if not (is_known or _names_thing(plain, found)) or len(affirmed) < len(found):
        return title
    parts, last = list[str](), 0
    for phrase in found:
        if phrase.start not in kept:
            parts += [plain[last : phrase.start], phrase.text]
            last = phrase.end
    parts.append(plain[last:])
    if language is Language.EN:
        parts = ["".join(" " if is_han(character) else character for character in part) for part in parts]
    return " ".join(" ".join(part.strip(" -") for part in parts).split()) or title


def _names_thing(title: str, found: Sequence[Phrase]) -> bool:
    """Whether the last known words say what the thing is, and end the title as both languages have it: "Racer TR21 Shoes"."""
    return bool(found) and found[-1].terms[-1].kind == "type" and not title[found[-1].end :].strip()


def _fact(fact: Fact, language: Language) -> Fact | None:
    """The fact in the language given; None where nothing of it is known. Names and amounts stay as they are."""
    attribute, name = fact.attribute, ""
    if is_foreign := _is_abroad(attribute, language):
        name = glossary().whole(attribute, language, columns=True)
        attribute = name[:1].upper() + name[1:] or FEATURE[language is Language.ZH_HANS]
    if language is Language.EN:
        told, unit = (f"{fact.value} {fact.unit}", "") if _is_abroad(fact.unit, language) else (fact.value, fact.unit)
        fact = replace(fact, value=re.sub("[、，] ?", ", ", with_latin_units(told)), unit=unit)
    if fact.value.strip().casefold() in (*_YES, *_NO) and is_foreign:
        is_yes = fact.value.strip().casefold() in _YES
        return Fact(attribute, _AFFIRMED[language]) if name and is_yes else None
    if is_amount(fact.value):  # which says nothing without its attribute
        return None if is_foreign and not name else replace(fact, attribute=attribute)
    if not _is_abroad(fact.value, language):
        return replace(fact, attribute=attribute)
    said = dict.fromkeys(_value(fact.value, language, is_named=bool(name) or not is_foreign))
    if attribute.endswith(("颜色", "配色")):
        said = dict.fromkeys(map(_colour, said))
    if said:
        return Fact(attribute, joined(said, language), fact.unit)
    return None if is_foreign else fact


def _value(value: str, language: Language, *, is_named: bool) -> Iterator[str]:
    """What the value says, part by part; where one denies something, no further. Of what "and" or "or" joins all or nothing:
    "closes for fridge or bag" does not say "bag". A known word may deny what follows: 不含香精、精油."""
    for together in parts_of(_plain(value)):
        if any(map(glossary().denies, together)):
            return
        plain = [part for one in together if (part := REMARK.sub("", one).strip())]
        denying = next((place for place, part in enumerate(plain) if _DENYING.match(part)), len(plain))
        told = [list(_part(part, language, is_named=is_named)) for part in plain[: denying + 1]]
        if all(told):
            yield from chain.from_iterable(told)
        if denying < len(plain):
            return


def _part(part: str, language: Language, *, is_named: bool) -> Iterator[str]:
    """What a part says. Without the name of what it is about, only what speaks of the product whatever that is: "Button: large"
    and "Shade: white" do not make the product large or white."""
    whole = glossary().whole(part, language) or glossary().whole(f"{part}色", language) if is_named else ""
    if whole:
        yield whole
    elif _is_name(part) or is_amount(part):
        if is_named or not is_amount(part):
            yield part
    else:
        found = [phrase for phrase in glossary().phrases(part, language) if is_named or _tells_alone(phrase)]
        if share_known(part, found) >= _LEAST_KNOWN:
            yield from (phrase.said for phrase in found)


def _colour(said: str) -> str:
    """What is told of a colour in Chinese, as a colour: olive and oat are things besides."""
    terms = [term for term, *_ in glossary().terms(said)]
    is_thing = len(terms) == 1 and terms[0].kind in _THINGLIKE and terms[0].text == said
    return f"{said}色" if is_thing and is_han(said[-1]) else said


def _facts_read(description: str, said: Sequence[str], language: Language) -> list[Fact]:
    """What a description tells and nothing has `said`, as facts."""
    text, known = _ABOUT_IT.sub("", _plain(description)), " ".join(said).casefold()
    found: list[Fact] = []
    for start, end in sentences_of(text):
        sentence = text[start:end]
        if _ASIDE.search(sentence):
            continue
        for phrase in glossary().phrases(sentence, language):
            if not _tells(phrase) or not stands_alone(phrase, sentence):
                continue
            for name, value in _told_apart(phrase, sentence, language):
                if value.casefold() not in known:
                    found.append(Fact(name, value))
                    known = f"{known} {value.casefold()}"
    return found[:_MOST_READ]


def _told_apart(phrase: Phrase, sentence: str, language: Language) -> Iterator[tuple[str, str]]:
    """What describes the product itself, word by word, with the name of each; a part of it with what describes that part,
    as one; what stands behind a colon, by what stands before it where that is known, or not at all."""
    column = _COLUMN.search(sentence[: phrase.start])
    *rest, last = phrase.terms
    if column:
        if name := glossary().whole(column[1], language, columns=True):
            yield name[:1].upper() + name[1:], phrase.said
    elif last.kind in ("type", "audience") and all(term.kind in _TELLING | {"audience", "use"} for term in rest):
        yield from (
            (_name(term.kind, language), term.text) for term in rest if term.kind in _NAMES or term.kind == "feature"
        )
    else:
        kinds = {term.kind for term in phrase.terms}
        yield _name(kinds.pop() if len(kinds) == 1 else "", language), phrase.said


def _name(kind: str, language: Language) -> str:
    return _NAMES.get(kind, FEATURE)[language is Language.ZH_HANS]


def _tells(phrase: Phrase) -> bool:
    """Whether it says something of the product: "jacket", "size" and "30 hours" do not, "waterproof" and "large pockets" do."""
    if phrase.terms[-1].kind == "part" and len(phrase.terms) > 1:
        return True
    return bool(phrase.kinds & _TELLING) and not phrase.kinds <= {NUMBER, "value"}


def _tells_alone(phrase: Phrase) -> bool:
    """Whether it says the same of the product whatever it was said of: not "large", "white", "cotton", but "waterproof"."""
    return _tells(phrase) and (phrase.terms[-1].kind == "part" or "feature" in phrase.kinds)


def _plain(text: str) -> str:
    """The text without tags, in usual characters."""
    block, inline = _TAG
    text = inline.sub(" ", block.sub("\n\n", text[:_MOST_DESCRIPTION]))
    return _ABBREVIATED.sub(r"\1", unicodedata.normalize("NFKC", text).replace("\u2011", "-"))


def _is_abroad(text: str, language: Language) -> bool:
    """Whether the text is in the other language's script. English has no Chinese in it, Chinese may have English names."""
    has_han = any(map(is_han, text))
    return has_han if language is Language.EN else not has_han and bool(re.search(r"[A-Za-z]", text))


def _is_mostly_abroad(text: str, language: Language) -> bool:
    """Whether most of a longer text is in the other language; a word or two of it are names."""
    han, latin = sum(map(is_han, text)), len(re.findall(r"[A-Za-z]+", text))
    return latin > han if language is Language.ZH_HANS else han > 2 * latin


def _is_name(part: str) -> bool:
    """Whether it is written as a name, a size or a standard is: USB-C, IPX7, XL, Bluetooth 5.3."""
    words = part.split()
    if re.search(r"[()\[\]（）]", part) or part.casefold() in (*_YES, *_NO):
        return False
    return 0 < len(words) <= 3 and not any(
        (word.islower() and not re.search(r"\d", word)) or any(map(is_han, word)) for word in words
    )
