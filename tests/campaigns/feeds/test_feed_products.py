"""A feed as a whole: fields, errors of rows, keys, progress, limits, memory."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from campaigns.feeds import FeedError, KeySource, Mapping, ParsedProduct, open_feed
from campaigns.feeds import feed as feed_module
from tests.campaigns.feeds.files import Read, Write


def table(*rows: dict[str, str], columns: list[str] | None = None) -> str:
    names = columns or list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def errors_of(write: Write, read: Read, **cells: str) -> list[tuple[str | None, str]]:
    row = {"sku": "1", "title": "Mug", **cells}
    mapping = Mapping(columns=tuple((name, name) for name in row))
    _, errors = read(write(table(row)), mapping)
    assert all(error.text for error in errors)
    return [(error.column, error.code) for error in errors]


def product_of(write: Write, read: Read, options: dict[str, object] | None = None, **cells: str) -> ParsedProduct:
    row = {"sku": "1", "title": "Mug", **cells}
    (product,), errors = read(
        write(table(row)), Mapping(columns=tuple((name, name) for name in row), **(options or {}))
    )
    assert not errors
    return product


def test_every_field_is_read(write: Write, read: Read) -> None:
    product = product_of(
        write, read, description="<p>Warm</p>", category="Home >> Kitchen", vendor="Acme", language="en-US",
        url="https://shop.example/1", image_url="//cdn.example/1.jpg", price="€ 19,99", was_price="25,00 €", currency="eur",
        tags="a;b", status="active", specifications="Volume: 500 ml; Color: blue", **{"fact:Lid": "n/a"},
    )  # fmt: skip
    assert product == ParsedProduct(
        line=2, sku="1", title="Mug", description="Warm", category="Home > Kitchen", vendor="Acme", language="en",
        url="https://shop.example/1", image_url="https://cdn.example/1.jpg", price=Decimal("19.99"),
        was_price=Decimal("25.00"), currency="EUR", tags=("a", "b"), status="active",
        facts=(("Volume", "500", "ml"), ("Color", "blue", "")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"title": " "}, [("title", "title_missing")]),
        ({"sku": ""}, [("sku", "key_missing")]),
        ({"title": "x" * 501}, [("title", "too_long")]),
        ({"sku": "x" * 121}, [("sku", "too_long")]),
        ({"description": "x" * 20_001}, [("description", "too_long")]),
        ({"description": "x" * 100_001}, [("description", "cell_too_long")]),
        ({"vendor": "x" * 201, "category": "x" * 201}, [("category", "too_long"), ("vendor", "too_long")]),
        ({"tags": "x" * 61}, [("tags", "too_long")]),
        ({"tags": ",".join(map(str, range(101)))}, [("tags", "too_many_tags")]),
        ({"fact:Color": "x" * 1001}, [("fact:Color", "too_long")]),
        ({"url": "javascript:alert(1)"}, [("url", "url_invalid")]),
        ({"image_url": "https://x.example/" + "y" * 1000}, [("image_url", "too_long")]),
        ({"price": "cheap", "currency": "EUR"}, [("price", "price_unreadable")]),
        ({"price": "-1", "currency": "EUR"}, [("price", "price_negative")]),
        ({"price": "5"}, [("price", "currency_missing")]),
        ({"price": "5", "currency": "credits"}, [("currency", "currency_unknown"), ("price", "currency_missing")]),
        ({"price": "$5", "currency": "EUR"}, [("price", "currency_conflict")]),
        ({"price": "$5", "was_price": "7 €"}, [("price", "currency_conflict")]),
        ({"language": "Klingon"}, [("language", "language_unknown")]),
        ({"status": "perhaps"}, [("status", "status_unknown")]),
        ({"specifications": "just words"}, [("specifications", "specifications_unreadable")]),
        ({"specifications": ";".join(f"a{i}: {i}" for i in range(201))}, [(None, "too_many_facts")]),
    ],
)
def test_what_is_wrong_in_a_row_is_said(
    write: Write, read: Read, cells: dict[str, str], found: list[tuple[str | None, str]]
) -> None:
    assert errors_of(write, read, **cells) == found


def test_all_errors_of_a_row_come_together(write: Write, read: Read) -> None:
    assert len(errors_of(write, read, title="", price="x", url="y", language="z", status="w")) == 5


def test_cells_like_formulas_and_html_are_safe_text(write: Write, read: Read) -> None:
    product = product_of(
        write, read, title="=cmd|'/C calc'!A0<img src=x onerror=alert(1)>", vendor="@SUM(A1)", category="+1"
    )
    assert (product.title, product.vendor, product.category) == ("=cmd|'/C calc'!A0", "@SUM(A1)", "+1")


def test_prices_fall_back_sensibly(write: Write, read: Read) -> None:
    eur = {"default_currency": "EUR"}
    only_regular = product_of(write, read, eur, price="", was_price="25")
    assert (only_regular.price, only_regular.was_price) == (25, None)
    equal = product_of(write, read, eur, price="25", was_price="25.00")
    assert (equal.price, equal.was_price, equal.warnings) == (25, None, ())
    lower = product_of(write, read, eur, price="25", was_price="20")
    assert (lower.was_price, [warning.code for warning in lower.warnings]) == (None, ["was_price_dropped"])
    nothing = product_of(write, read, eur, price="", was_price="")
    assert (nothing.price, nothing.currency) == (None, "")


def test_a_sign_with_several_meanings_follows_the_column_then_the_default(write: Write, read: Read) -> None:
    assert product_of(write, read, price="$5").currency == "USD"
    assert product_of(write, read, {"default_currency": "CAD"}, price="$5").currency == "CAD"
    assert product_of(write, read, {"default_currency": "CAD"}, price="$5", currency="AUD").currency == "AUD"
    assert product_of(write, read, {"default_currency": "EUR"}, price="¥5").currency == "CNY"


def test_the_decimal_mark_of_the_column_settles_ambiguous_prices(write: Write, read: Read) -> None:
    rows = [{"sku": "1", "title": "a", "price": "29,99"}, {"sku": "2", "title": "b", "price": "1.299"}]
    path = write(table(*rows))
    mapping = Mapping(columns=(("sku", "sku"), ("title", "title"), ("price", "price")), default_currency="USD")
    assert [p.price for p in read(path, mapping)[0]] == [Decimal("29.99"), 1299]


def test_a_key_twice_names_both_lines(write: Write, read: Read) -> None:
    rows = [{"sku": sku, "title": "x"} for sku in ("A", "B", "A", "A")]
    products, errors = read(write(table(*rows)))
    assert [p.sku for p in products] == ["A", "B"]
    assert [(e.line, e.column, e.code, dict(e.params)) for e in errors] == [
        (4, "sku", "duplicate_key", {"key": "A", "first_line": 2}),
        (5, "sku", "duplicate_key", {"key": "A", "first_line": 2}),
    ]


def test_without_a_sku_the_key_follows_from_the_address_or_the_title(write: Write, read: Read) -> None:
    path = write("title,url\n法式连衣裙,https://shop.example/p/1\n杯子,https://shop.example/p/2\n")
    by_url, _ = read(path)
    by_title, _ = read(path, Mapping(columns=(("title", "title"),), key=KeySource.TITLE))
    assert [p.sku for p in by_url] == [p.sku for p in read(path)[0]]
    assert len({p.sku for p in (*by_url, *by_title)}) == 4
    assert by_title[1].sku.startswith("杯子-")


def test_a_long_specification_is_left_out_with_a_warning(write: Write, read: Read) -> None:
    product = product_of(write, read, specifications=f"Care: {'wash ' * 300}; Color: blue")
    assert [f.attribute for f in product.facts] == ["Color"]
    assert [(w.code, w.params["attribute"]) for w in product.warnings] == [("fact_skipped", "Care")]


def test_same_value_in_two_units_stays_two_facts(write: Write, read: Read) -> None:
    facts = product_of(write, read, specifications="Size: 500 ml; Size: 500 g; Size: 500 ml").facts
    assert [tuple(f) for f in facts] == [("Size", "500", "ml"), ("Size", "500 g", "")]


def test_the_language_comes_from_column_hint_or_script(write: Write, read: Read) -> None:
    path = write("sku,title,language\n1,保温杯,\n2,Mug,\n3,Tasse,de\n")
    assert [p.language for p in read(path)[0]] == ["zh-hans", "", "de"]
    assert [p.language for p in read(path, None, language_hint="en")[0]] == ["en", "en", "de"]


def test_the_sample_shows_plain_values_of_each_column(write: Write) -> None:
    path = write('sku,title,price\n1,"<b>Mug</b>",5 €\n2,,7\n2,Jug,7\n3,a"b,\n4,Cup,8\n"4"x,y,z\n')
    with open_feed(path) as feed:
        values = feed.sample_values()
        assert values == {"sku": ["1", "2", "3"], "title": ["Mug", "Jug", 'a"b'], "price": ["5 €", "7", "8"]}
        assert feed.sample_values(1)["sku"] == ["1"]


def test_prices_without_a_currency_are_named_by_their_column(write: Write) -> None:
    with open_feed(write("sku,title,price,sale\nA,Mug,5 €,4\nB,Jug,¥7,\n")) as feed:
        assert feed.bare_price_columns() == ["sale"]


def test_a_mapping_for_another_file_is_refused(write: Write) -> None:
    with pytest.raises(FeedError) as caught:
        open_feed(write("sku,title\n1,Mug\n"), Mapping(columns=(("Name", "title"), ("sku", "sku"))))
    assert (caught.value.code, caught.value.params) == ("mapping_column_unknown", {"column": "Name"})


def test_rows_are_counted_against_the_limit(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "MAX_ROWS", 5)
    with (
        open_feed(write(table(*({"sku": str(i), "title": "x"} for i in range(6))))) as feed,
        pytest.raises(FeedError) as caught,
    ):
        list(feed.products())
    assert (caught.value.code, caught.value.params) == ("too_many_rows", {"limit": 5})


@pytest.mark.parametrize("kind", ["csv", "json", "xml", "xlsx"])
def test_progress_grows_to_the_total_and_a_second_pass_starts_again(write: Write, workbook: Write, kind: str) -> None:
    rows = [(str(i), f"Mug {i} " + "x" * 100) for i in range(3000)]
    if kind == "xlsx":
        path = workbook([("sku", "title"), *rows])
    elif kind == "json":
        path = write("".join(f'{{"sku": "{sku}", "title": "{title}"}}\n' for sku, title in rows))
    elif kind == "xml":
        items = "".join(f"<item><id>{sku}</id><title>{title}</title></item>\n" for sku, title in rows)
        path = write(f"<rss><channel>{items}</channel></rss>")
    else:
        path = write("sku,title\n" + "".join(f"{sku},{title}\n" for sku, title in rows))
    with open_feed(path) as feed:
        for _ in range(2):
            seen = [feed.position for _ in feed.products()]
            assert len(seen) == 3000
            assert seen == sorted(seen)
            assert 0 < seen[0] < feed.total / 4 and feed.position == feed.total


MEASURE = """
import resource, sys
from campaigns.feeds import open_feed
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open_feed(sys.argv[1]) as feed:
    count = sum(1 for _ in feed.products())
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("kind", ["csv", "json", "xml"])
def test_memory_does_not_grow_with_the_file(write: Write, kind: str) -> None:
    text = "真空双层 soft and warm " * 40
    shapes = {
        "csv": ("sku,title,description\n", "{0},Mug,{1}\n", ""),
        "json": ("", '{{"sku": "{0}", "title": "Mug", "description": "{1}"}}\n', ""),
        "xml": (
            "<rss><channel>",
            "<item><id>{0}</id><title>Mug</title><description>{1}</description></item>\n",
            "</channel></rss>",
        ),
    }
    head, row, tail = shapes[kind]
    path: Path = write(head + "".join(row.format(i, text) for i in range(15_000)) + tail)
    assert path.stat().st_size > 15_000_000
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    count, growth_mb = map(int, done.stdout.split())
    assert count == 15_000
    assert growth_mb < 30
