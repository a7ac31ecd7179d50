"""The checks find what they claim to find: a sound small corpus passes, and each planted fault is named."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation.engine.config import Language
from generation.engine.encoder import BundledEncoder
from generation.starter.examples import CORPUS, Example
from tests.generation.starter_corpus import corpus
from tests.generation.starter_corpus.balance import shortfalls
from tests.generation.starter_corpus.likeness import (
    alike_sisters,
    closest,
    filled_templates,
    near_copies,
    paired,
    shared_shingles,
)
from tests.generation.starter_corpus.single import problems

Line = dict[str, Any]


def product(key: str, title_en: str, title_zh: str, grams: int, steep: int) -> Line:
    return {
        "key": key,
        "brand": "Morwenny",
        "title_en": f"Morwenny {title_en}",
        "title_zh": f"Morwenny {title_zh}",
        "facts": [
            {"theme": "taste", "en": ["Taste", "malty, a little honey"], "zh": ["味道", "麦芽香，微带蜜味"]},
            {"theme": "simplicity", "en": ["Steep", f"{steep} min"], "zh": ["冲泡", f"{steep} 分钟"]},
            {"theme": "size", "en": ["Contents", f"{grams} g"], "zh": ["净含量", f"{grams} 克"]},
            {"theme": "price", "en": ["Price", "£9"], "zh": ["售价", "59 元"]},
        ],
    }


PRODUCTS = [product("p01", "Black Tea", "红茶", 125, 4), product("p02", "Oolong", "乌龙茶", 80, 3)]
EN: Line = {
    "product": "p01", "language": "en", "segment": "home_cooks", "channel": "product_blurb", "purpose": "brand",
    "tone": "warm", "must": ["honey"], "never": ["tea time"], "uses": [0, 1], "lead": "malty",
    "text": "A malty tea with a little honey behind it. Give it 4 min, then come back to the stove.",
}  # fmt: skip
ZH: Line = {
    "product": "p02", "language": "zh", "segment": "home_cooks", "channel": "product_blurb", "purpose": "care",
    "tone": "calm", "must": ["蜜味"], "never": ["下午茶"], "uses": [0, 1], "lead": "麦芽香",
    "text": "先是麦芽香，隔一会儿才尝到微微的蜜味。泡 3 分钟就够，锅里的菜还来得及翻面。",
}  # fmt: skip


def read(folder: Path, *lines: Line) -> list[Example]:
    shutil.copy(CORPUS / "segments.jsonl", folder)
    for name, rows in (("products-tea", PRODUCTS), ("copy-tea", lines)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return corpus.examples(folder)


@pytest.fixture(scope="module")
def encoder() -> BundledEncoder:
    return BundledEncoder()


def test_a_sound_small_corpus_has_no_problem(tmp_path: Path, encoder: BundledEncoder) -> None:
    examples = read(tmp_path, EN, ZH)
    assert [problem for example in examples for problem in problems(example)] == []
    assert list(shared_shingles(examples)) == list(filled_templates(examples)) == []
    assert list(near_copies(closest(examples, encoder))) == list(alike_sisters(examples, encoder)) == []


def en(text: str, **values: Any) -> Line:
    return {**EN, "must": [], "lead": text.split()[0], "text": text, **values}


def zh(text: str, **values: Any) -> Line:
    return {**ZH, "must": [], "lead": text[:2], "text": text, **values}


SINGLE: dict[str, tuple[Line, str]] = {
    "too long": (en("Malty tea, and honey far behind it", channel="rsa_headline"), r"too long: 34 of 30"),
    "too long in Chinese": (zh("麦芽香和蜜味，泡好了别急着揭盖看", channel="rsa_headline"), r"too long: 32 of 30"),
    "hardly a text": (en("Malty tea."), "hardly a text"),
    "a law term": (en("Malty tea with a little honey: the best cup of the day."), "law term: best"),
    "a Chinese law term": (zh("麦芽香里有蜜味，冬天早上的首选。"), "law term: 首选"),
    "a medical term": (zh("麦芽香里有蜜味，睡前一杯，助眠。"), "law term: 助眠"),
    "Chinese in English": (en("Malty tea with a little honey 好喝 every day."), "Chinese characters in an English"),
    "English in Chinese": (zh("A malty tea with a little honey behind it."), "hardly any Chinese"),
    "half-width punctuation": (zh("麦芽香里有蜜味,泡好了再叫我。"), "half-width punctuation"),
    "a number without a fact": (en("Malty tea with a little honey, 6 g of sugar a cup."), "no fact supports: .*6 g"),
    "another product's number": (en("Malty tea with a little honey. Steep 3 min."), "no fact supports: .*3 min"),
    "a price of its own": (zh("麦芽香里有蜜味，今天只要 49 元。"), "no fact supports: .*49 元"),
    "a discount without an offer": (en("Malty tea with a little honey, 20% off."), "no fact supports: .*20%"),
    "a missing must word": (en("A malty tea with something sweet behind it.", must=["honey"]), "missing: honey"),
    "a never word": (en("A malty tea with honey, for tea time."), "present: tea time"),
    "a Chinese never word": (zh("麦芽香里有蜜味，给下午茶的。"), "present: 下午茶"),
    "a lead that is not there": (en("A malty tea with a little honey.", lead="sweet"), "does not stand in the text"),
    "a lead at the end": (en("Come back to the stove, and find it malty.", lead="malty"), "last part of the text"),
    "a lead for others": (en("Give it 4 min and a little honey.", segment="style_minded", uses=[1]), "leads with"),
    "a fact used twice": (en("Malty tea with a little honey.", uses=[0, 0]), "used twice"),
    "an unknown purpose": (en("Malty tea with a little honey.", purpose="spam"), "purpose spam"),
    "an unknown tone": (en("Malty tea with a little honey.", tone="shrill"), "tone shrill"),
    "an answer elsewhere": (
        en("Malty tea with a little honey.", purpose="service_answer", note="How does it taste?"),
        "belong together",
    ),
    "an answer to nothing": (
        en("Malty tea with a little honey.", purpose="service_answer", channel="service_answer"),
        "needs the shopper's question",
    ),
    "two spaces": (en("Malty tea  with a little honey."), "white space"),
    "a line break": (en("Malty tea\nwith a little honey."), "white space"),
}  # fmt: skip


@pytest.mark.parametrize("name", SINGLE)
def test_a_fault_in_one_text_is_found_and_no_other(tmp_path: Path, name: str) -> None:
    line, expected = SINGLE[name]
    if name == "an unknown tone":
        example = replace(read(tmp_path, en(line["text"]))[0], tone="shrill")
    else:
        example = read(tmp_path, line)[0]
    found = list(problems(example))
    assert any(re.search(expected, problem) for problem in found), found
    assert len(found) == 1


def test_words_in_a_row_from_another_text_are_found(tmp_path: Path) -> None:
    copied = "Rain all day. A malty tea with a little honey behind it. Give it 4 min, and wait."
    assert len(list(shared_shingles(read(tmp_path, EN, en(copied))))) == 1
    eleven = "Rain again. A malty tea with a little honey behind it, for 4 min."
    assert list(shared_shingles(read(tmp_path, EN, en(eleven)))) == []
    chinese = "下雨天。先是麦芽香，隔一会儿才尝到微微的甜。"
    assert len(list(shared_shingles(read(tmp_path, ZH, zh(chinese))))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (en("Morwenny Black Tea, 125 g: put the kettle on."), en("Morwenny Oolong, 80 g: put the kettle on.", product="p02")),
        (zh("Morwenny 红茶泡 4 分钟，去叫孩子", product="p01"), zh("Morwenny 乌龙茶泡 3 分钟，去叫孩子")),
    ],
)  # fmt: skip
def test_a_filled_template_is_found(tmp_path: Path, one: Line, other: Line) -> None:
    assert len(list(filled_templates(read(tmp_path, one, EN, ZH, other)))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            en("A malty tea that waits for you, the honey in it too."),
            en("A malty tea that waits for you, and the honey too."),
        ),
        (zh("麦芽香先到，蜜味后到，都在等你回家。"), zh("麦芽香先到，蜜味后到，都等着你回家。")),
    ],
)
def test_a_near_copy_is_found(tmp_path: Path, encoder: BundledEncoder, one: Line, other: Line) -> None:
    examples = read(tmp_path, one, EN, ZH, other)
    assert list(shared_shingles(examples)) == list(filled_templates(examples)) == []
    assert len(list(near_copies(closest(examples, encoder)))) == 1


SISTER: Line = {"segment": "flat_dwellers", "uses": [2]}


def test_sisters_with_the_same_words_are_found(tmp_path: Path, encoder: BundledEncoder) -> None:
    examples = read(tmp_path, EN, en("125 g of malty tea with a little honey behind it.", **SISTER))
    assert paired(examples) == {example.id for example in examples}
    assert "of their words" in next(alike_sisters(examples, encoder))


def test_sisters_with_the_same_meaning_are_found(
    tmp_path: Path, encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.generation.starter_corpus.likeness.SISTERS_SHARED", 0.5)
    sense = en("Malty tea, honey in the background, 125 g. Leave it 4 min and then return to your stove.", **SISTER)
    assert "say the same" in next(alike_sisters(read(tmp_path, EN, sense), encoder))


def test_sisters_that_differ_are_welcome(tmp_path: Path, encoder: BundledEncoder) -> None:
    different = en("125 g in the cupboard, flat as a paperback, next to nothing at all.", **SISTER)
    assert list(alike_sisters(read(tmp_path, EN, different), encoder)) == []


@pytest.mark.parametrize(
    "values", [{"segment": "home_cooks", "uses": [1]}, {"segment": "flat_dwellers"}, {"channel": "sms", "uses": [2]}]
)
def test_sisters_differ_in_segment_and_lead_and_share_the_channel(tmp_path: Path, values: Line) -> None:
    assert paired(read(tmp_path, EN, en("Malty tea with a little honey.", **values))) == set()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({**EN, "uses": [9]}, r"copy-tea\.jsonl, line 2: ValueError"),
        ({**EN, "product": "p99"}, r"copy-tea\.jsonl, line 2: KeyError"),
        ({**EN, "channel": "pigeon"}, "line 2: KeyError"),
        ({**EN, "segment": "nobody"}, "line 2: KeyError"),
        ({**EN, "language": "fr"}, "line 2: ValueError"),
        ({key: value for key, value in EN.items() if key != "lead"}, "line 2: KeyError"),
    ],
)
def test_a_line_that_is_no_example_is_named(tmp_path: Path, line: Line, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, EN, line)


@pytest.fixture(scope="module")
def everything() -> list[Example]:
    return corpus.examples()


def without(test: Callable[[Example], bool]) -> Callable[[Sequence[Example]], list[Example]]:
    return lambda examples: [example for example in examples if not test(example)]


def without_sisters(examples: Sequence[Example]) -> list[Example]:
    pairs = paired(examples)
    return [example for example in examples if example.id not in pairs or example.id.endswith("1")]


def renamed(examples: Sequence[Example]) -> list[Example]:
    first, second = examples[0], next(one for one in examples if one.product != examples[0].product)
    named = replace(second.brief, product_title=first.brief.product_title, language=first.brief.language)
    return [*examples, replace(second, brief=named)]


IMBALANCE: dict[str, tuple[Callable[[Sequence[Example]], list[Example]], str]] = {
    "few examples": (lambda examples: list(examples[:1500]), "1500 examples of 2000"),
    "little Chinese": (
        without(lambda one: one.brief.language is Language.ZH_HANS and one.id[-1] in "02468"),
        r"% of the texts are Chinese",
    ),
    "a category in one language": (
        without(lambda one: one.category == "food" and one.brief.language is Language.EN),
        "100% of the texts in food are Chinese",
    ),
    "few categories": (without(lambda one: one.category > "g"), "categories of 14"),
    "a category that is thin": (
        without(lambda one: one.category == "food" and int(one.id.split("/")[1]) > 90),
        "texts in food, of 100",
    ),
    "few products": (without(lambda one: one.product[-2:] > "10"), "240 products of 250"),
    "a name used twice": (renamed, "has the name of"),
    "a channel without texts": (
        without(lambda one: one.brief.channel.key == "push_oppo_body"),
        "0 texts for channel push_oppo_body",
    ),
    "one segment missing": (without(lambda one: one.segment == "students"), "segments of 16"),
    "one tone missing in a language": (
        without(lambda one: one.tone == "elegant" and one.brief.language is Language.EN),
        "9 tones of 10 have 6% of the en texts",
    ),
    "one purpose missing": (without(lambda one: one.purpose == "care"), "purposes of 7"),
    "few pairs": (without_sisters, "have a sister"),
    "few must words": (without(lambda one: bool(one.brief.must_words)), "0% of the texts have must words"),
    "few never words": (without(lambda one: bool(one.brief.never_words)), "0% of the texts have never words"),
    "nothing to test on": (without(lambda one: one.is_test), "0.0% of the texts are for testing"),
    "a category that is not tested": (without(lambda one: one.is_test and one.category == "food"), "food is in one side"),
    "a tone that is not tested": (without(lambda one: one.is_test and one.tone == "calm"), "calm is in one side"),
}  # fmt: skip


@pytest.mark.parametrize("name", IMBALANCE)
def test_what_there_is_too_little_of_is_found(everything: list[Example], name: str) -> None:
    change, expected = IMBALANCE[name]
    assert not any(re.search(expected, found) for found in shortfalls(everything))
    assert any(re.search(expected, found) for found in shortfalls(change(everything)))
