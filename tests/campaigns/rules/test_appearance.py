"""Colours and materials that no record of the product has are found; true ones, idioms and other people's things are not."""

from __future__ import annotations

import pytest

from campaigns.rules.appearance import known_appearances
from campaigns.rules.evidence import SupportedValue
from campaigns.rules.finding import Code
from campaigns.rules.grounding import unsupported
from tests.generation.starter_corpus.corpus import examples

COLOUR, MATERIAL = Code.GROUNDING_COLOUR, Code.GROUNDING_MATERIAL


def found(text: str, *known: str) -> list[tuple[Code, str]]:
    facts = [SupportedValue(*fact.split("=", 1)) for fact in known if "=" in fact]
    texts = [fact for fact in known if "=" not in fact]
    return [(finding.code, finding.excerpt) for finding in unsupported(text, facts, allowed_texts=texts)]


@pytest.mark.parametrize(
    ("text", "known", "claims"),
    [
        ("Slides in Black or Navy", ["Color=Black"], [(COLOUR, "Navy")]),
        ("A red jacket of soft wool", ["Colour=blue", "Material=polyester"], [(COLOUR, "red"), (MATERIAL, "wool")]),
        ("这件外套有黑色和米白可选", ["颜色=黑"], [(COLOUR, "米白")]),
        ("真皮鞋面，深蓝配色", ["材质=帆布", "颜色=红"], [(MATERIAL, "真皮"), (COLOUR, "深蓝")]),
        ("不锈钢内胆", [], [(MATERIAL, "不锈钢")]),
    ],
)
def test_what_no_record_has_is_found(text: str, known: list[str], claims: list[tuple[Code, str]]) -> None:
    assert found(text, *known) == claims


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("藏青色的外套，羊毛混纺", ["Colour=Navy", "Material=70% wool"]),  # the record is in the other language
        ("A blue shirt in cotton", ["颜色=靛青", "材质=全棉"]),
        ("In navy, grey or white", ["Colours=multicoloured"]),
        ("In blue and grey", ["Sky & slate edition of the bottle"]),
        ("Black Friday, with green tea beside it", []),
        ("It goes with your black jeans and a white wall", []),
        ("No plastic, and a plastic-free box; soft like silk", []),
        ("绿色环保，无塑料，喝红茶也行", []),
    ],
)
def test_what_a_record_tells_of_and_what_states_nothing_is_left_alone(text: str, known: list[str]) -> None:
    assert found(text, *known) == []


def test_every_colour_and_material_of_the_corpus_rests_on_its_brief() -> None:
    wrong = [
        (example.id, claim)
        for example in examples()
        for claim in found(
            example.text,
            *(f"{fact.attribute}={fact.value} {fact.unit}" for fact in example.brief.facts),
            example.brief.product_title,
            example.brief.product_description,
            example.brief.instructions,
        )
        if claim[0] in (COLOUR, MATERIAL)
    ]
    assert wrong == []


def test_a_record_tells_of_families() -> None:
    assert [claim.keys for claim in known_appearances("Navy; brushed steel")] == [("colour:blue",), ("material:steel",)]
