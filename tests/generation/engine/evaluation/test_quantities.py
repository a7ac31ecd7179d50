"""Numbers and units, however they are written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from generation.engine.evaluation.quantities import folded, quantities, with_latin_units


def read(text: str, *, spelled: bool = True) -> list[tuple[str, str]]:
    return [(str(one.number), one.unit) for one in quantities(folded(text), spelled=spelled)]


@pytest.mark.parametrize(
    "text", ["14 h", "14h", "14-hour", "14 hours", "fourteen hours", "14 小时", "14个小时", "十四小时", "１４小时"]
)
def test_one_quantity_written_in_many_ways(text: str) -> None:
    assert read(text) == [("14", "h")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1,299.50 or ￥99", [("1299.50", "$"), ("99", "¥")]),
        ("售价 199 元", [("199", "¥")]),
        ("2.5 kg, 60 °C, 80 %", [("2.5", "kg"), ("60", "°c"), ("80", "%")]),
        ("60℃ 机洗", [("60", "°c")]),
        ("52 × 44 × 18 cm", [("52", "cm"), ("44", "cm"), ("18", "cm")]),
        ("30–52 厘米", [("30", "cm"), ("52", "cm")]),
        ("0.5 升、1 升", [("0.5", "l"), ("1", "l")]),
        ("6 to 18 months", [("6", "month"), ("18", "month")]),
        ("12 块", [("12", "")]),
        ("三年质保，二十五克", [("3", "year"), ("25", "g")]),
        ("IPX7, USB3, v2.0", []),
        ("5 minutes or 5 mints", [("5", "min"), ("5", "")]),
        ("100 克/平方米", [("100", "g/m2")]),
        ("第三代", []),
        ("1,2999", [("1", ""), ("2999", "")]),
        ("", []),
    ],
)
def test_numbers_carry_their_units(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


def test_spelled_numbers_count_only_where_asked() -> None:
    assert read("two years, 三年, 4 years", spelled=False) == [("4", "year")]


def test_a_quantity_matches_the_same_number_with_the_same_unit_alone() -> None:
    hours, minutes, more = (quantities(text)[0] for text in ("14 h", "14 min", "14.0 h"))
    assert hours.matches(more)
    assert hours.number == Decimal(14)
    assert not hours.matches(minutes)
    assert not hours.matches(quantities("15 h")[0])


def test_folding_takes_away_what_only_looks_different() -> None:
    assert folded("ＡＢ\u200bc — Ｄ’s × ５") == "abc - d's x 5"


@pytest.mark.parametrize(
    ("chinese", "latin"),
    [
        ("2024年夏季连衣裙", "2024夏季连衣裙"), ("2024年3月15日", "2024-03-15"), ("2024 年 12 月", "2024-12"), ("质保2年", "质保2 years"),
        ("2024年天猫双11", "2024天猫双11"), ("2023年度新品", "2023新品"), ("2024年3月15日24小时发货", "2024-03-15 24 h发货"), ("2024年元旦", "2024元旦"),
        ("2024年3个月质保", "2024 3 months质保"), ("2024年500强", "2024 500强"), ("拥有2000年历史", "拥有2000 years历史"), ("10周年", "10周年"), ("12个月", "12 months"), ("360度旋转", "360°旋转"), ("60摄氏度", "60 °C"), ("199 元", "¥199"),
    ],
)  # fmt: skip
def test_units_are_named_in_latin_letters_and_dates_and_angles_stay_what_they_are(chinese: str, latin: str) -> None:
    assert with_latin_units(chinese) == latin
