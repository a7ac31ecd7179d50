"""Absolute terms of advertising law: what is one, and what only looks like one."""

from __future__ import annotations

import pytest

from campaigns.rules.absolute import absolute_terms
from campaigns.rules.finding import Code, Severity

HITS = [
    ("最佳伴侣，为秋天而来", "最佳"),
    ("全城最好喝的咖啡", "最好喝"),
    ("最优质的羊毛", "最优质"),
    ("最舒适的睡眠", "最舒适"),
    ("全网最低价", "最低价"),
    ("最高品质的保证", "最高品质"),
    ("最高级的享受", "最高级"),
    ("最大优惠，只在今天", "最大优惠"),
    ("最热销的一款", "最热销"),
    ("户外之最", "之最"),
    ("销量第一", "第一"),
    ("国货第一品牌", "第一品牌"),
    ("全国第一名的选择", "第一名"),
    ("国家级工艺", "国家级"),
    ("世界级设计", "世界级"),
    ("顶级羽绒", "顶级"),
    ("顶尖工艺", "顶尖"),
    ("极致轻盈", "极致"),
    ("唯一不漏水的杯子", "唯一"),
    ("独一无二的图案", "独一无二"),
    ("送礼首选", "首选"),
    ("全球首创的面料", "全球首创"),
    ("行业领先的保温", "行业领先"),
    ("绝对不漏", "绝对"),
    ("永久防水", "永久"),
    ("百分百安全", "百分百安全"),
    ("100%有效", "100%有效"),
    ("无与伦比的触感", "无与伦比"),
    ("最\u200b佳礼物", "最\u200b佳"),
    ("The best jacket for rain", "The best"),
    ("It is simply THE BEST", "simply THE BEST"),
    ("the very best of autumn", "the very best"),
    ("World's best coffee", "World's best"),
    ("The world’s lightest tent", "The world’s lightest"),
    ("World-class comfort", "World-class"),
    ("The lightest jacket we know on the market", "lightest jacket we know on the market"),
    ("The softest towel in the world", "softest towel in the world"),
    ("Best-in-class battery", "Best-in-class"),
    ("Our best-selling mug", "best-selling"),
    ("The no. 1 choice of hikers", "no. 1"),
    ("Number one in comfort", "Number one"),
    ("#1 in comfort", "#1"),
    ("ＮＯ．１ in comfort", "ＮＯ．１"),
    ("100% guaranteed to keep you dry", "100% guaranteed"),
    ("100 % satisfaction", "100 % satisfaction"),
    ("Guaranteed results in a week", "Guaranteed results"),
    ("Unbeatable value", "Unbeatable"),
    ("Second to none", "Second to none"),
    ("At the lowest price", "lowest price"),
    ("Industry-leading warmth", "Industry-leading"),
    ("The ultimate rain jacket", "The ultimate"),
    ("The only jacket you'll ever need", "The only jacket you'll ever need"),
]
MISSES = [
    "最近上新",
    "最后三天",
    "最多装下两瓶水",
    "最少的步骤",
    "最终价以页面为准",
    "最初的样子",
    "最新一季的颜色",
    "最高可减50元",
    "最高温度 100 度",
    "最长续航 30 小时",
    "最大承重 20 公斤",
    "给最爱的人",
    "最适合雨天",
    "最冷的清晨，也有热咖啡",
    "最佳食用时间：开封后三天",
    "最佳赏味期见包装",
    "最好冷藏后饮用",
    "第一次露营",
    "第一天上学",
    "第一眼就喜欢",
    "清晨的第一杯咖啡",
    "第一时间发货",
    "顾客第一，认真做好每一件",
    "安全第一",
    "唯一需要带上的，是好心情",
    "绝对湿度 60%",
    "万能胶不需要",
    "一级羽绒，轻三成",
    "顶层口袋",
    "首发价",
    "Best before March",
    "Best for wet days",
    "The best for your little one",
    "The best with milk",
    "All the best for the new year",
    "The best of both worlds",
    "The best part: it folds",
    "The best time to plant",
    "Look your best",
    "For your best friend",
    "Step no. 1: fold it",
    "Tip #1: air it",
    "Model no. 12",
    "Number 10",
    "#10 in the series",
    "100% cotton",
    "Satisfaction comes with the first sip",
    "A guaranteed seat",
    "The only pocket is inside",
    "The forest in the world of tea",
    "Ultimately light",
    "Made for the world outside",
]


@pytest.mark.parametrize(("text", "term"), HITS)
def test_an_absolute_term_is_found_where_it_stands(text: str, term: str) -> None:
    found = absolute_terms(text)
    assert [one.excerpt for one in found] == [term]
    only = found[0]
    assert text[only.start : only.end] == term == only.params["word"]
    assert (only.code, only.severity, only.rule) == (Code.LAW_ABSOLUTE, Severity.WARNING, "law")


@pytest.mark.parametrize("text", MISSES)
def test_what_only_looks_like_one_is_not(text: str) -> None:
    assert absolute_terms(text) == []


def test_every_term_of_a_text_is_found_by_position() -> None:
    assert [one.excerpt for one in absolute_terms("顶级羽绒，极致轻盈，the best of all")] == [
        "顶级",
        "极致",
        "the best",
    ]


def test_a_term_inside_a_name_of_the_goods_is_no_claim() -> None:
    assert absolute_terms("极致系列 2 代，轻得多", ["极致系列"]) == []
    assert [one.start for one in absolute_terms("极致系列，极致轻盈", ["极致系列"])] == [5]
    assert absolute_terms("The Best Western towel", ["the best western"]) == []
    assert absolute_terms("极致轻盈", ["", " "])
