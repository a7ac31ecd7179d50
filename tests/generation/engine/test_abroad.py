"""A product of an English catalogue told in Chinese, and the other way round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generation.engine.abroad import in_own_language
from generation.engine.config import ChannelView, CopyBrief, Fact, Language
from generation.engine.plan import make_angles, make_plan, next_turn, with_plan

CHANNEL = ChannelView("sms", "SMS", "characters", 400)
JACKET = (
    "Long-sleeved navy waterproof jacket in thin, polyester fabric with a soft mesh lining. It is not windproof, and its "
    "vegan leather patch is by another maker."
)


def brief(language: Language, title: str, description: str = "", *facts: tuple[str, ...]) -> CopyBrief:
    return CopyBrief(
        product_title=title,
        product_description=description,
        facts=tuple(Fact(*fact) for fact in facts),
        channel=CHANNEL,
        language=language,
    )


def told(one: CopyBrief) -> list[str]:
    return [f"{fact.attribute}: {fact.value} {fact.unit}".strip() for fact in one.facts]


def test_an_english_description_becomes_chinese_facts_and_nothing_that_it_denies() -> None:
    one = in_own_language(brief(Language.ZH_HANS, "Ridgeline Navy Jacket", JACKET))
    assert one.product_title == "Ridgeline 藏青色外套" and one.product_description == ""
    assert {"特点: 长袖", "特点: 防水"} <= set(told(one))
    assert any("涤纶" in fact for fact in told(one)) and any("网布" in fact for fact in told(one))
    assert not any(word in fact for fact in told(one) for word in ("防风", "皮"))


@pytest.mark.parametrize(
    ("fact", "chinese"),
    [
        (("Color", "Black"), ["颜色: 黑色"]),
        (("Material", "Leather, mesh"), ["材质: 皮革、网布"]),
        (("Weight", "310", "g"), ["重量: 310 g"]),
        (("Charging port", "USB-C"), ["充电口: Type-C"]),
        (("Blade replaced free for", "5 years"), []),
        (("Battery life", "up to 30 hours"), ["续航时间: 最多 30小时"]),
        (("Waterproof", "No"), []),
        (("Care", "Not dishwasher or microwave safe"), []),
        (("Material", "Cotton (excluding trim), leather"), []),
        (("Colour", "Red (sold out), blue"), []),
        (("Lid", "closes for fridge or bag"), []),  # of what is joined all or nothing
        (("Colour", "grey, oat and frobnium"), ["颜色: 灰色"]),
        (("Colour", "olive, white, XL"), ["颜色: 橄榄色、白色、XL"]),
        (("特色", "cotton"), ["特色: 棉"]),  # which is no colour
        (("Frob", "white"), []),  # which says nothing of the product
        (("Frob", "waterproof"), ["特点: 防水"]),
        (("Fabric", "cotton, 260 g/m²"), ["面料: 棉、260 g/m2"]),
        (("Features", "sewn-in frob"), []),
        (("Frobnication", "12 mm"), []),  # an amount of nothing that is known
        (("Frobnication", "does what it can for you"), []),
        (("防水等级", "IPX7"), ["防水等级: IPX7"]),
        (("材质", "Frobnium weave of the old kind"), ["材质: Frobnium weave of the old kind"]),
    ],
)
def test_facts_are_told_in_chinese_as_far_as_they_are_known(fact: tuple[str, ...], chinese: list[str]) -> None:
    assert told(in_own_language(brief(Language.ZH_HANS, "Kettle", "", fact))) == chinese


@pytest.mark.parametrize(
    ("fact", "english"),
    [
        (("颜色", "黑、白"), ["Color: black, white"]),
        (("重量", "310", "克"), ["Weight: 310 g"]),
        (("容量", "1.5 升"), ["Capacity: 1.5 L"]),
        (("质保", "2 年"), ["Warranty: 2 years"]),
        (("单元", "10 毫米纸盆"), []),
        (("成分", "不含香精、精油"), ["Ingredients: without fragrance"]),  # nor is there what comes behind
        (("屏幕", "13、14 英寸"), ["Screen: 13, 14 in"]),
    ],
)
def test_facts_are_told_in_english_with_their_units(fact: tuple[str, ...], english: list[str]) -> None:
    assert told(in_own_language(brief(Language.EN, "Kettle", "", fact))) == english


@pytest.mark.parametrize(
    ("title", "chinese"),
    [
        ("Cairnelle Marrow Ridge Frob Lip Balm", "Cairnelle Marrow Ridge Frob 润唇膏"),
        ("Racer TR21 Shoes", "Racer TR21 鞋"),  # hardly anything is known, but what the thing is
        ("Adicolor 3-Stripes Shorts", "Adicolor 三条纹短裤"),  # terms that begin with a number
        ("Black 1/4 Zip Jacket", "黑色 1/4拉链外套"),
        ("Response Super 2.0 Shoes", "Response Super 2.0鞋"),  # a version is not how many there are
        ("Shoes Racer TR21 Frob", "Shoes Racer TR21 Frob"),
        ("Racer TR21 Frob without Shoes", "Racer TR21 Frob without Shoes"),
    ],
)
def test_a_title_of_names_says_what_the_thing_is(title: str, chinese: str) -> None:
    assert in_own_language(brief(Language.ZH_HANS, title)).product_title == chinese


def test_an_english_title_has_no_chinese_left() -> None:
    assert in_own_language(brief(Language.EN, "Marrowell 防水外套 叠叠")).product_title == "Marrowell waterproof jacket"


@pytest.mark.parametrize(
    "description",
    [
        "Not for marble, leather or wood.",
        "Without BPA, lead, leather or silicone.",
        "This jacket is not\nwaterproof",
        "<p><b>not</b> waterproof.</p>",
        "Waterproof: No. Bluetooth: No\nFoldable: no; Wireless charging: none",
        "Is it waterproof? No.",
        "Glue for wood, glass, metal and ceramic.",
        "Lighter than leather and stronger than cotton.",
        "Model wears navy trousers and black leather shoes.",
        "If you need a waterproof jacket, choose our Storm model.",
        "Neither waterproof nor breathable",
        "Lacks wireless charging",
        "Holds for 30 hours",
        "We are replacing all virgin polyester with recycled wool by 2030.",
    ],
)
def test_nothing_is_read_from_what_a_description_denies_asks_or_says_of_others(description: str) -> None:
    assert told(in_own_language(brief(Language.ZH_HANS, "外套", description))) == []


@pytest.mark.parametrize(
    "description", ["禁止用于大理石、木地板和皮革", "仿真皮沙发。", "比真皮更耐磨", "有机会赢取大奖", "红色款已售罄"]
)
def test_nor_from_a_chinese_one(description: str) -> None:
    assert told(in_own_language(brief(Language.EN, "Sofa", description))) == []


def test_what_stands_behind_a_colon_belongs_to_what_stands_before_it() -> None:
    one = in_own_language(brief(Language.ZH_HANS, "鞋", "Outsole: rubber. Lining: polyester. Frobnicator: leather."))
    assert told(one) == ["外底: 橡胶", "内里: 涤纶"]


def test_a_word_of_the_other_language_makes_no_description_foreign() -> None:
    one = brief(Language.EN, "Fridge", "A quiet fridge with two drawers. Made by 海尔 in Qingdao.")
    assert in_own_language(one).product_description == one.product_description


def test_the_brand_in_a_title_is_no_word() -> None:
    one = brief(Language.ZH_HANS, "Blue Bottle Coffee Mug", "")
    assert in_own_language(replace(one, brand_name="Blue Bottle")).product_title.startswith("Blue Bottle")


def test_what_stands_in_the_language_of_the_copy_stays() -> None:
    facts = [("Colour", "navy"), ("Weight", "310", "g"), ("Water column", "10,000 mm"), ("Sizes", "S to XL")]
    one = brief(Language.EN, "Ridgeline Jacket", JACKET, *facts[:3])
    assert in_own_language(one) is one
    chinese = brief(
        Language.ZH_HANS,
        "Ridgeline 外套",
        "防水外套。",
        ("颜色", "藏青"),
        ("型号", "RX-7"),
        ("面料", "涤纶"),
        ("接口", "USB"),
    )
    assert in_own_language(chinese) is chinese


def test_a_description_that_is_not_known_at_all_is_better_than_nothing() -> None:
    one = brief(Language.ZH_HANS, "Frobnicator", "It frobnicates.")
    assert in_own_language(one) == one


def test_few_facts_are_joined_by_those_that_the_description_tells_and_the_title_does_not() -> None:
    one = in_own_language(brief(Language.ZH_HANS, "Navy Jacket", JACKET, ("Fit", "regular")))
    assert told(one)[0] == "版型: 常规" and "特点: 防水" in told(one)
    assert not any("藏青" in fact for fact in told(one))


def test_round_the_neck_is_no_shape_and_a_round_lid_has_one() -> None:
    for description, shaped in (
        ("A strap with a steel clip, worn round the neck.", False),
        ("A round steel lid.", True),
    ):
        one = in_own_language(brief(Language.ZH_HANS, "Strap", description))
        assert any("圆" in fact for fact in told(one)) is shaped


def test_plans_and_prompts_are_made_of_what_is_told() -> None:
    one = brief(Language.ZH_HANS, "Ridgeline Navy Jacket", JACKET)
    plan = make_plan(one)
    asked = with_plan(one, plan)
    assert asked.product_title == "Ridgeline 藏青色外套" and asked.facts == plan.facts and not asked.product_description
    assert all(character < "a" or character > "z" for fact in asked.facts for character in fact.value)
    assert next_turn(one, {(0, 0)}, 0) == 1 and make_angles(one)[0] == plan


def test_a_text_gets_the_room_that_its_leading_facts_fill_unless_its_length_is_asked_for() -> None:
    poor = brief(Language.EN, "Pillow")
    rich = brief(Language.EN, "Pillow", "", *((f"Part {n}", f"{n} cm") for n in range(8)))
    short, longer = (with_plan(one, make_plan(one)).channel.limit or 0 for one in (poor, rich))
    assert short < longer < 200
    assert with_plan(rich, make_plan(rich), full=True).channel == CHANNEL
    tight = replace(rich, channel=replace(CHANNEL, limit=30))
    assert with_plan(tight, make_plan(tight)).channel == tight.channel


def test_sentences_of_a_short_description_take_turns_where_hardly_any_fact_can_and_none_is_lost() -> None:
    description = "The head tilts and turns. It runs 20 hours on the lowest step. Ships within 2 days."
    lamp = brief(Language.EN, "Drift Desk Lamp", description)
    plans = make_angles(lamp)
    assert len({plan.about.split(".")[0] for plan in plans}) == len(plans) == 3
    assert all(len(plan.about) >= len(description) - 1 for plan in plans)
    assert [plan.to_dict()["about"] for plan in plans] == [
        plan.about.split(". ")[0].rstrip(".") + "." for plan in plans
    ]
    known = brief(Language.EN, "Lamp", description, ("Material", "steel"), ("Size", "40 cm"))
    assert {plan.about for plan in make_angles(known)} == {description}
