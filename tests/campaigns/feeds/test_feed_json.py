"""JSON lines and small JSON lists."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from campaigns.feeds import FeedError, FeedFormat, Mapping, open_feed
from tests.campaigns.feeds.files import Read, Write


def lines(*items: object) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def test_lines_become_products(write: Write, read: Read) -> None:
    path = write(
        lines(
            {
                "sku": 6901234567892, "title": "保温杯", "price": 199.90, "currency": "CNY", "tags": ["户外", "a, b"],
                "images": ["https://cdn.example/1.jpg", "https://cdn.example/2.jpg"],
                "attributes": {"color": ["blue", "red"], "vegan": True, "volume": "500 ml"}, "brand": None,
            }
        )
    )  # fmt: skip
    assert open_feed(path).format is FeedFormat.JSON_LINES
    (cup,), errors = read(path)
    assert not errors
    assert (cup.sku, cup.title, cup.price, cup.currency, cup.vendor) == (
        "6901234567892",
        "保温杯",
        Decimal("199.90"),
        "CNY",
        "",
    )
    assert (cup.tags, cup.image_url) == (("户外", "a, b"), "https://cdn.example/1.jpg")
    assert ("Volume", "500", "ml") in [
        (f.attribute.rpartition(".")[2].capitalize(), f.value, f.unit) for f in cup.facts
    ]


def test_numbers_stay_as_written(write: Write, read: Read) -> None:
    path = write(
        '{"sku": 12345678901234567890123, "title": "Mug", "price": 1.5e2, "currency": "USD"}\n{"sku": "0", "title": "x"}\n'
    )
    products, _ = read(path)
    assert (products[0].sku, products[0].price) == ("12345678901234567890123", 150)


def test_each_bad_line_is_its_own_error(write: Write, read: Read) -> None:
    text = (
        lines({"sku": 1, "title": "Mug"})
        + '{"sku": 2, "title": }\n'
        + "[1]\n\n"
        + '{"sku": 3, "title": NaN}\n'
        + '{"sku": 4, "title": "\\ud800"}\n'
        + '{"sku": 5, "title": "a\\u0000b"}\n'
        + "{" * 3
        + "\n"
        + '{"a":' * 100_000
        + "\n"
        + lines({"sku": 9, "title": "Cup"}).rstrip()[:-4]
    )
    products, errors = read(write(text))
    assert [p.sku for p in products] == ["1"]
    assert [(e.line, e.code) for e in errors] == [
        (2, "json_row_malformed"), (3, "json_row_not_object"), (5, "json_row_malformed"), (6, "surrogate"), (7, "nul"),
        (8, "json_row_malformed"), (9, "json_row_too_deep"), (10, "json_row_malformed"),
    ]  # fmt: skip


def test_what_json_hides_in_a_list_is_refused_too(write: Write, read: Read) -> None:
    path = write('sku,title,image\n1,"[""\\ud800"", ""b""]",\n2,Mug,"[""https://x.example/\\u0000""]"\n')
    mapping = Mapping(columns=(("sku", "sku"), ("title", "title"), ("image", "image_url")))
    products, errors = read(path, mapping)
    assert (products, [(e.line, e.code) for e in errors]) == ([], [(2, "surrogate"), (3, "url_invalid")])
    assert all(str(value).isprintable() for error in errors for value in error.params.values())


def test_names_from_the_file_are_printable(write: Write) -> None:
    assert open_feed(write('{"sku": 1, "title": "x", "a\\ud800\\u0000b": 1}')).columns == ("sku", "title", "a\ufffdb")


def test_columns_that_come_late_are_reported(write: Write) -> None:
    with open_feed(
        write(lines(*({"sku": i, "title": "x", **({"glaze": "matt"} if i == 250 else {})} for i in range(300))))
    ) as feed:
        assert "glaze" not in feed.columns
        assert len(list(feed.products())) == 300
        assert feed.late_columns == {"glaze"}


def test_a_list_is_read_with_the_lines_of_its_items(write: Write, read: Read) -> None:
    path = write('[\n {"sku": "1", "title": "Mug"},\n\n {"sku": "2",\n "title": "Cup"}, 5\n]\n')
    products, errors = read(path)
    assert [(p.line, p.sku) for p in products] == [(2, "1"), (4, "2")]
    assert [(e.line, e.code) for e in errors] == [(5, "json_row_not_object")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[\n{"sku": 1,\n"title": }]', 3),
        ('[{"sku": 1}\n{"sku": 2}]', 2),
        ('[{"sku": 1},', 1),
        ('[{"sku":1}] x', 1),
        ('[\n{"sku":NaN}]', 2),
    ],
)
def test_a_broken_list_names_its_line(write: Write, text: str, line: int) -> None:
    with pytest.raises(FeedError) as caught, open_feed(write(text)) as feed:
        list(feed.products())
    assert (caught.value.code, caught.value.params["line"]) == ("json_malformed", line)


def test_too_many_names_are_refused(write: Write) -> None:
    with pytest.raises(FeedError) as caught:
        open_feed(write(lines({f"k{i}": 1 for i in range(501)})))
    assert caught.value.code == "too_many_columns"
