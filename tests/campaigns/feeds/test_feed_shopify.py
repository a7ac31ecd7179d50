"""Shopify exports: the lines of one handle are one product."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from campaigns.feeds import FeedFormat, Mapping, open_feed
from tests.campaigns.feeds.files import Read, Write

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,"
    "Variant Grams,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Cost per item,Status\n"
)
SHIRT = (
    'shirt,Blue Shirt,"<p>Soft <b>cotton</b></p>",Acme,Shirts,"men, blue",true,Size,S,Color,Blue,S-1,200,20.00,25.00,111,'
    "https://cdn.example/1.jpg,9,active\n"
    "shirt,,,,,,,,M,,Blue,S-2,200,18.00,30.00,112,https://cdn.example/2.jpg,9,\n"
    "shirt,,,,,,,,M,,Navy,S-3,210,19.00,,113,,9,\n"
    "shirt,,,,,,,,,,,,,,,,https://cdn.example/3.jpg,,\n"
)
MUG = "mug,Mug,,Acme,,,true,Title,Default Title,,,M-1,0,9.99,,4006381333931,,3,draft\n"


def mapping_of(path: Path, currency: str = "USD") -> Mapping:
    return open_feed(path).suggested_mapping.to_mapping(default_currency=currency)


def test_variants_become_facts_and_the_cheapest_price_is_taken(write: Write, read: Read) -> None:
    path = write(HEADER + SHIRT + MUG)
    assert open_feed(path).format is FeedFormat.SHOPIFY_CSV
    (shirt, mug), errors = read(path, mapping_of(path))
    assert not errors
    assert (shirt.line, shirt.sku, shirt.title, shirt.description) == (2, "shirt", "Blue Shirt", "Soft cotton")
    assert (shirt.price, shirt.was_price, shirt.currency) == (Decimal("18.00"), Decimal("30.00"), "USD")
    assert [(f.attribute, f.value) for f in shirt.facts] == [("Size", "S, M"), ("Color", "Blue, Navy")]
    assert (shirt.image_url, shirt.tags, shirt.category, shirt.status) == (
        "https://cdn.example/1.jpg", ("men", "blue"), "Shirts", "active",
    )  # fmt: skip
    assert (mug.line, mug.sku, mug.status, mug.facts) == (6, "mug", "archived", (("GTIN", "4006381333931", ""),))


def test_the_weight_of_a_single_variant_has_its_unit(write: Write, read: Read) -> None:
    path = write(HEADER + MUG.replace(",0,9.99", ",350,9.99"))
    (mug,), _ = read(path, mapping_of(path))
    assert ("Weight", "350", "g") in mug.facts


def test_a_price_that_cannot_be_read_names_the_line_of_its_variant(write: Write, read: Read) -> None:
    path = write(HEADER + SHIRT.replace("18.00", "cheap") + MUG)
    products, errors = read(path, mapping_of(path))
    assert [p.sku for p in products] == ["mug"]
    assert [(e.line, e.column, e.code) for e in errors] == [(3, "Variant Price", "price_unreadable")]


def test_a_handle_that_comes_back_later_is_an_error(write: Write, read: Read) -> None:
    path = write(HEADER + MUG + SHIRT + MUG)
    products, errors = read(path, mapping_of(path))
    assert [p.sku for p in products] == ["mug", "shirt"]
    assert [(e.line, e.code, e.params["first_line"]) for e in errors] == [(7, "handle_scattered", 2)]


def test_a_line_cut_short_or_without_handle_is_an_error(write: Write, read: Read) -> None:
    path = write(HEADER + MUG + SHIRT + ",,,,,,,,,,,,,5,,,,,\nshirt,,,\n")
    _, errors = read(path, mapping_of(path))
    assert [(e.line, e.code) for e in errors] == [(7, "key_missing"), (8, "too_few_cells")]


def test_without_a_currency_the_feed_says_that_one_is_needed(write: Write, read: Read) -> None:
    path = write(HEADER + MUG)
    with open_feed(path) as feed:
        assert "Variant Price" in feed.bare_price_columns()
    assert [e.code for e in read(path)[1]] == ["currency_missing"]


def test_the_newer_export_and_a_workbook_are_merged_too(write: Write, workbook: Write, read: Read) -> None:
    header = "Title,URL handle,Description,Vendor,Product category,Type,Tags,Status,SKU,Option1 name,Option1 value,Price,Compare-at price"
    rows = ["Shirt,shirt,Soft,Acme,Apparel,,,Active,S-1,Size,S,20,", ",shirt,,,,,,,S-2,,M,18,25"]
    path = write("\n".join([header, *rows]) + "\n")
    (shirt,), errors = read(path, mapping_of(path))
    assert (shirt.sku, shirt.price, shirt.was_price, shirt.category, errors) == ("shirt", 18, 25, "Apparel", [])
    assert [fact.attribute for fact in shirt.facts] == ["Size"]
    path = workbook([header.split(","), *(row.split(",") for row in rows)])
    (shirt,), errors = read(path, mapping_of(path))
    assert (shirt.sku, shirt.price, open_feed(path).format) == ("shirt", 18, FeedFormat.XLSX)
