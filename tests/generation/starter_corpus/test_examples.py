"""What a model learns from: the brief as a shop's catalogue would make it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from generation.engine.about import MOST_ABOUT
from generation.engine.evaluation.coverage import is_expressed
from generation.engine.prompts import render
from generation.engine.training.augment import planned
from generation.starter.examples import CORPUS, Example
from tests.generation.starter_corpus import corpus

ABOUT_EN = "A slide for after the match. The midsole is soft cushioning, and the strap is padded. It dries within 2 h."
PRODUCT: dict[str, Any] = {
    "key": "p01", "brand": "Morwenny", "title_en": "Morwenny Slides", "title_zh": "Morwenny 凉拖",
    "about": {"en": ABOUT_EN, "zh": "赛后穿的凉拖。中底软弹缓震，绑带有衬垫，2 小时就干。"},
    "facts": [
        {"theme": "look", "en": ["Colour", "sand"], "zh": ["颜色", "沙色"]},
        {"theme": "comfort", "about": True, "en": ["Midsole", "soft cushioning"], "zh": ["中底", "软弹缓震"]},
        {"theme": "speed", "about": True, "en": ["Dries within", "2 h"], "zh": ["晾干", "2 小时"]},
        {"theme": "comfort", "about": True, "en": ["Footbed", "cork, 8 mm"], "zh": ["鞋床", "软木，8 毫米"]},
        {"theme": "price", "en": ["Price", "$30"], "zh": ["售价", "199 元"]},
    ],
}  # fmt: skip
BARE: dict[str, Any] = {
    "key": "p02", "brand": "Morwenny", "title_en": "Linen Wide-Leg Trousers", "title_zh": "亚麻阔腿裤",
    "facts": [
        {"theme": "fit", "about": True, "en": ["Cut", "Wide-Leg"], "zh": ["裤型", "阔腿"]},
        {"theme": "material", "about": True, "en": ["Material", "Linen"], "zh": ["面料", "亚麻"]},
    ],
}  # fmt: skip
LINE: dict[str, Any] = {
    "product": "p01", "language": "en", "segment": "slow_evenings", "channel": "product_blurb", "purpose": "ad",
    "tone": "plain", "uses": [1, 0], "lead": "Soft cushioning",
    "text": "Soft cushioning in the midsole, in sand.",
}  # fmt: skip


def read(folder: Path, *lines: dict[str, Any]) -> list[Example]:
    shutil.copy(CORPUS / "segments.jsonl", folder)
    for name, rows in (("products-shoes", [PRODUCT, BARE]), ("copy-shoes", lines)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return corpus.examples(folder)


def test_what_the_description_tells_is_no_fact_and_its_sentence_comes_first(tmp_path: Path) -> None:
    trained = read(tmp_path, LINE)[0].to_training()
    assert trained.brief.product_description.startswith("The midsole is soft cushioning")
    assert [fact.attribute for fact in trained.brief.facts] == ["Colour", "Price"]
    assert trained.uses == (0,)


def test_what_the_text_speaks_of_stays_a_fact_where_the_description_has_it_not(tmp_path: Path) -> None:
    line = {
        **LINE,
        "uses": [3, 1],
        "lead": "A cork footbed",
        "text": "A cork footbed of 8 mm and soft cushioning below.",
    }
    trained = read(tmp_path, line)[0].to_training()
    assert [fact.attribute for fact in trained.brief.facts] == ["Colour", "Footbed", "Price"]
    assert trained.uses == (1,)


def test_of_what_the_title_tells_a_model_learns_from_the_title(tmp_path: Path) -> None:
    line = {
        **LINE,
        "product": "p02",
        "segment": "style_minded",
        "uses": [0, 1],
        "lead": "Wide-leg",
        "text": "Wide-leg linen.",
    }
    trained = read(tmp_path, line)[0].to_training()
    assert (trained.brief.product_title, trained.brief.product_description) == ("Linen Wide-Leg Trousers", "")
    assert trained.brief.facts == () and trained.uses == ()


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return corpus.examples()


def test_everything_that_a_text_speaks_of_stands_in_its_brief(examples: list[Example]) -> None:
    for example in examples:
        trained = example.to_training()
        assert len(trained.brief.product_description) <= MOST_ABOUT
        read = render("brief-1", planned(trained)).text
        for place in example.uses:
            fact = example.brief.facts[place]
            assert f"{fact.value} {fact.unit}".strip().rstrip(".。;；")[:60] in read or is_expressed(fact, read), (
                example.id
            )
