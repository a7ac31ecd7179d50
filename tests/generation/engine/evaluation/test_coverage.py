"""Which facts a text tells."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from generation.engine.config import CopyBrief, Fact, Language
from generation.engine.evaluation.coverage import attribute_coverage, facts_told, is_expressed

MakeBrief = Callable[..., CopyBrief]


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (Fact("Battery", "14", "h"), "One charge, 14 hours."),
        (Fact("Battery", "14", "h"), "A fourteen-hour battery"),
        (Fact("续航", "14", "h"), "一次充电，十四小时不断"),
        (Fact("Price", "$1,299"), "Now only $1299!"),
        (Fact("价格", "199 元"), "到手￥１９９"),
        (Fact("Folded", "52 × 44 × 18 cm"), "It folds to 52 x 44 x 18 centimetres"),
        (Fact("Lining", "brushed fleece"), "Fleece inside, brushed on both sides"),
        (Fact("Fabric", "breathable mesh"), "Breathability? It is mesh."),
        (Fact("内里", "拉毛抓绒"), "里面一层拉毛抓绒，贴身暖"),
        (Fact("壶塞", "半开即倒，可锁紧"), "壶塞可锁紧，放包里不漏"),
        (Fact("Water", "IPX7"), "IPX7: rain may come"),
        (Fact("Waterproof", "Yes"), "Waterproof to the last seam"),
        (Fact("袋内", "12 块"), "一袋 12 块，囤着"),
        (Fact("Warranty", "5 years"), "Five years of warranty"),
    ],
)
def test_a_told_fact_is_found_however_it_is_put(fact: Fact, text: str) -> None:
    assert is_expressed(fact, text)


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (Fact("Battery", "14", "h"), "Charges in 14 minutes"),
        (Fact("Battery", "14", "h"), "Lasts 140 hours"),
        (Fact("Weight", "2.5", "kg"), "Weighs 12.5 kg"),
        (Fact("续航", "14", "h"), "续航很久"),
        (Fact("Price", "$1,299"), "Now €1,299"),
        (Fact("Folded", "52 × 44 × 18 cm"), "It folds to 52 × 44 × 19 cm"),
        (Fact("Warranty", "5 years"), "3 years of warranty"),
        (Fact("质保", "5 年"), "三年质保"),
        (Fact("Lining", "brushed fleece"), "A lining that is soft and warm"),
        (Fact("内里", "拉毛抓绒"), "内里柔软"),
        (Fact("Water", "IPX7"), "IPX4 against rain"),
        (Fact("袋内", "12 块"), "陪你走 12 公里"),
        (Fact("Bag", "12 bars"), "12 flavours"),
        (Fact("Waterproof", "Yes"), "Yes! For every day"),
        (Fact("Lining", "brushed fleece"), ""),
    ],
)
def test_another_number_another_unit_or_other_words_are_not_the_fact(fact: Fact, text: str) -> None:
    assert not is_expressed(fact, text)


def test_a_value_of_several_parts_is_told_by_half_of_them() -> None:
    fact = Fact("Care", "wash at 30 °C, dry flat, iron cool, no bleach")
    assert is_expressed(fact, "Wash at 30 °C and dry flat.")
    assert not is_expressed(fact, "Dry flat.")


FACTS = (Fact("Weight", "480", "g"), Fact("Lining", "brushed fleece"), Fact("Zip", "two-way"), Fact("Price", "$99"))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("A two-way zip, fleece brushed soft, and only 480 g.", (2, 1, 0)),
        ("480 g. Two-way zip.", (0, 2)),
        ("Two-way zip at 480 g", (0, 2)),  # one clause: the facts' own order
        ("Now $99", (3,)),
        ("Warm as ever", ()),
        ("", ()),
    ],
)
def test_facts_are_told_in_the_order_of_the_clauses(text: str, places: tuple[int, ...]) -> None:
    assert facts_told(FACTS, text) == places


def test_chinese_clauses_have_an_order_too() -> None:
    facts = (Fact("重量", "480", "g"), Fact("内里", "拉毛抓绒"), Fact("续航", "14", "h"))
    assert facts_told(facts, "里面一层拉毛抓绒，贴身暖；才480克") == (1, 0)


def test_coverage_is_the_share_of_facts_told(make_brief: MakeBrief) -> None:
    brief = make_brief(facts=(Fact("Weight", "480", "g"), Fact("Lining", "brushed fleece"), Fact("Zip", "two-way")))
    scores = attribute_coverage([brief, brief], ["480 g, fleece brushed soft", "Two-way zip"])
    assert scores.rows.tolist() == [[2, 3], [1, 3]]
    assert scores.value == pytest.approx(3 / 6)
    assert scores.per_text.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_only_planned_facts_count_where_there_is_a_plan(make_brief: MakeBrief) -> None:
    brief = make_brief(language=Language.ZH_HANS, facts=(Fact("重量", "480", "g"), Fact("内里", "拉毛抓绒")))
    scores = attribute_coverage([brief, brief], ["拉毛抓绒，贴身暖"] * 2, [(1,), ()])
    assert scores.rows.tolist() == [[1, 1], [1, 2]]


def test_a_brief_without_facts_has_no_coverage(make_brief: MakeBrief) -> None:
    assert math.isnan(attribute_coverage([make_brief()], ["Warm"]).value)


def test_nothing_and_lists_that_do_not_match_are_refused(make_brief: MakeBrief) -> None:
    for briefs, texts, plans in (([], [], None), ([make_brief()], ["a", "b"], None), ([make_brief()], ["a"], [])):
        with pytest.raises(ValueError):
            attribute_coverage(briefs, texts, plans)


def test_hostile_text_takes_no_time() -> None:
    fact = Fact("Size", "1,234,567 × 8 cm, soft")
    several = (*FACTS, fact)
    assert facts_told(several, "480 g, " * 10_000 + "two-way.") == (0, 2)
    for text in ("1," * 20_000, "9" * 20_000, "十" * 20_000, "1x" * 20_000, "a-" * 20_000):
        assert not is_expressed(fact, text)
