"""Mappings: suggested from names, refused where they make no sense."""

from __future__ import annotations

import pytest

from campaigns.feeds import FeedError, FeedFormat, KeySource, Mapping, MappingSuggestion
from campaigns.feeds.mapping import suggest_mapping

ADIDAS = [
    "index",
    "url",
    "name",
    "sku",
    "selling_price",
    "original_price",
    "currency",
    "availability",
    "color",
    "category",
    "source",
    "source_website",
    "breadcrumbs",
    "description",
    "brand",
    "images",
    "country",
    "language",
    "average_rating",
    "reviews_count",
    "crawled_at",
]
FLIPKART = [
    "uniq_id",
    "crawl_timestamp",
    "product_url",
    "product_name",
    "product_category_tree",
    "pid",
    "retail_price",
    "discounted_price",
    "image",
    "is_FK_Advantage_product",
    "description",
    "product_rating",
    "overall_rating",
    "brand",
    "product_specifications",
]
MERCHANT = [
    "g:id",
    "g:title",
    "g:description",
    "g:link",
    "g:image_link",
    "g:price",
    "g:sale_price",
    "g:brand",
    "g:gtin",
    "g:product_type",
]


def suggest(*columns: str) -> MappingSuggestion:
    return suggest_mapping(columns, {column: ["value"] for column in columns}, FeedFormat.CSV)


def targets(*columns: str) -> dict[str, str]:
    return {item.column: item.target for item in suggest(*columns).columns if item.target}


def test_the_headers_of_a_brand_feed_are_known() -> None:
    found = targets(*ADIDAS)
    assert found["sku"] == "sku"
    assert (found["name"], found["url"], found["images"], found["brand"]) == ("title", "url", "image_url", "vendor")
    assert (found["selling_price"], found["original_price"], found["category"]) == ("price", "was_price", "category")
    assert (found["color"], found["breadcrumbs"]) == ("fact:Color", "fact:Breadcrumbs")
    assert not {"index", "source", "source_website", "crawled_at"} & set(found)


def test_the_headers_of_a_marketplace_are_known() -> None:
    found = targets(*FLIPKART)
    assert (found["pid"], found["product_name"], found["product_url"]) == ("sku", "title", "url")
    assert (found["discounted_price"], found["retail_price"]) == ("price", "was_price")
    assert (found["product_category_tree"], found["product_specifications"]) == ("category", "specifications")
    assert "uniq_id" not in found and "crawl_timestamp" not in found


def test_google_names_are_known_with_their_prefix() -> None:
    found = targets(*MERCHANT)
    assert (found["g:id"], found["g:link"], found["g:image_link"]) == ("sku", "url", "image_url")
    assert (found["g:sale_price"], found["g:price"], found["g:gtin"]) == ("price", "was_price", "fact:GTIN")


def test_chinese_headers_are_known() -> None:
    found = targets(
        "货号",
        "商品名称",
        "商品描述",
        "售价（元）",
        "市场价",
        "品牌",
        "类目",
        "颜色",
        "净含量(ml)",
        "商品链接",
        "主图",
        "标签",
        "状态",
        "库存",
        "成本价",
    )
    assert found == {
        "货号": "sku", "商品名称": "title", "商品描述": "description", "售价（元）": "price", "市场价": "was_price", "品牌": "vendor",
        "类目": "category", "颜色": "fact:颜色", "净含量(ml)": "fact:净含量(ml)", "商品链接": "url", "主图": "image_url", "标签": "tags",
        "状态": "status",
    }  # fmt: skip


def test_a_list_price_alone_is_the_price_and_one_price_is_enough() -> None:
    assert targets("sku", "title", "MSRP")["MSRP"] == "price"
    assert targets("sku", "title", "Price") == {"sku": "sku", "title": "title", "Price": "price"}


def test_an_empty_column_gives_way_to_a_filled_one() -> None:
    samples = {"title": ["Mug"], "Type": [], "breadcrumbs": ["Kitchen"]}
    suggestion = suggest_mapping(tuple(samples), samples, FeedFormat.CSV)
    assert {item.column: item.target for item in suggestion.columns}["breadcrumbs"] == "category"


def test_the_purchase_cost_is_never_suggested() -> None:
    assert not {"Cost per item", "成本价", "进价"} & set(targets("title", "Cost per item", "成本价", "进价"))


def test_unknown_columns_become_facts_only_where_their_values_look_like_facts() -> None:
    samples = {
        "title": ["Mug"],
        "Glaze": ["matt"],
        "blob": ["{...}"],
        "seen": ["2024-01-01 10:00"],
        "long": ["x" * 100],
        "none": [],
    }
    found = {item.column: item for item in suggest_mapping(tuple(samples), samples, FeedFormat.CSV).columns}
    assert (found["Glaze"].target, found["Glaze"].confidence) == ("fact:Glaze", 0.4)
    assert {name for name, item in found.items() if not item.target} == {"blob", "seen", "long", "none"}


def test_what_identifies_a_product_follows_from_what_there_is() -> None:
    assert suggest("sku", "title", "url").key is KeySource.SKU
    assert suggest("title", "url").key is KeySource.URL
    assert suggest("title", "price").key is KeySource.TITLE


@pytest.mark.parametrize(
    ("columns", "options", "code"),
    [
        ((("a", "sku"),), {}, "mapping_title_missing"),
        ((("a", "title"),), {}, "mapping_key_missing"),
        ((("a", "title"),), {"key": KeySource.URL}, "mapping_key_missing"),
        ((("a", "title"), ("b", "sku"), ("c", "sku")), {}, "mapping_target_twice"),
        ((("a", "title"), ("b", "sku"), ("c", "cost")), {}, "mapping_target_unknown"),
        ((("a", "title"), ("b", "sku"), ("c", "fact: ")), {}, "mapping_fact_name"),
        ((("a", "title"), ("b", "sku"), ("c", "fact:" + "x" * 121)), {}, "mapping_fact_name"),
        ((("a", "title"), ("b", "sku")), {"default_currency": "Euro"}, "mapping_currency"),
    ],
)
def test_a_mapping_without_sense_is_refused(
    columns: tuple[tuple[str, str], ...], options: dict[str, object], code: str
) -> None:
    with pytest.raises(FeedError) as caught:
        Mapping(columns=columns, **options)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_mapping_survives_json() -> None:
    pairs = (("a", "title"), ("b", "tags"), ("c", "tags"), ("d", "fact:Color"))
    mapping = Mapping(columns=pairs, key=KeySource.TITLE, default_currency="CNY")
    assert Mapping.from_dict(mapping.to_dict()) == mapping
    for broken in ({}, {"columns": "x"}, {"columns": [["a", "title"]], "key": "row"}):
        with pytest.raises(ValueError):
            Mapping.from_dict(broken)
