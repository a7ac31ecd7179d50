"""Delimited text: separators, headers, quotes, cut lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from campaigns.feeds import FeedError, Mapping, open_feed
from campaigns.feeds import delimited as delimited_module
from tests.campaigns.feeds.files import Read, Write

HEADER = ("sku", "title", "price", "currency", "description")
ROWS = [("A1", "Mug", "12.50", "EUR", "Warm, round; blue | matt"), ("A2", "Cup", "1,299.00", "EUR", "Two\nlines")]


def table(delimiter: str, end: str = "\r\n") -> str:
    quoted = [[f'"{cell}"' for cell in row] for row in ROWS]
    return end.join([delimiter.join(HEADER), *(delimiter.join(row) for row in quoted)]) + end


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_separator_and_line_end_is_read(write: Write, read: Read, delimiter: str, end: str) -> None:
    path = write(table(delimiter, end))
    assert open_feed(path).delimiter == delimiter
    products, errors = read(path)
    assert not errors
    assert [(p.line, p.sku, p.price, p.description) for p in products] == [
        (2, "A1", Decimal("12.50"), "Warm, round; blue | matt"),
        (3, "A2", Decimal("1299.00"), "Two\nlines"),
    ]


def test_a_semicolon_file_with_commas_in_its_text_is_not_cut_at_commas(write: Write) -> None:
    path = write("Artikelnummer;Titel;Preis\nA1;Tasse, blau;29,99 €\nA2;Becher, rot, klein;5,00 €\n")
    with open_feed(path) as feed:
        assert feed.delimiter == ";"
        assert [str(p.price) for p in feed.products()] == ["29.99", "5.00"]


def test_the_sep_line_of_excel_is_honoured(write: Write, read: Read) -> None:
    products, errors = read(write("sep=;\nsku;title\nA1;Mug\n", encoding="utf-8-sig"))
    assert ([(p.line, p.sku, p.title) for p in products], errors) == ([(3, "A1", "Mug")], [])


def test_a_header_below_a_title_is_found(write: Write, read: Read) -> None:
    products, errors = read(write("商品导出,,\n,,\n商品编码,商品名称,品牌\nA1,保温杯,茉莉\n"))
    assert ([(p.line, p.sku, p.vendor) for p in products], errors) == ([(4, "A1", "茉莉")], [])


def test_without_a_header_the_columns_are_numbered_and_a_mapping_reads_them(write: Write, read: Read) -> None:
    path = write("A1,Mug,12.50\nA2,Cup,13.50\n")
    with open_feed(path) as feed:
        assert (feed.has_header, feed.columns) == (False, ("Column 1", "Column 2", "Column 3"))
        with pytest.raises(FeedError, match="title"):
            list(feed.products())
    mapping = Mapping(columns=(("Column 1", "sku"), ("Column 2", "title")))
    assert [p.title for p in read(path, mapping)[0]] == ["Mug", "Cup"]


def test_header_names_that_repeat_or_lack_are_told_apart(write: Write) -> None:
    assert open_feed(write("sku,title,note,note,,\n1,Mug,a,b,c,\n")).columns == (
        "sku", "title", "note", "note (2)", "Column 5",
    )  # fmt: skip
    assert open_feed(write("sku,title,,\n1,Mug,,\n")).columns == ("sku", "title")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sku~title~price\nA1~Mug~5\n", "delimiter_unknown"),
        ("hello world\nthis is no table\n", "delimiter_unknown"),
        ("sku;title;price\nA1,Mug,5\nA2,Cup,6\nA3,Jug,7\n", "delimiter_inconsistent"),
        ("sku,title\n", "no_rows"),
        (",".join(f"c{i}" for i in range(501)) + "\n" + "," * 500 + "\n", "too_many_columns"),
    ],
)
def test_a_wrong_layout_gets_a_clear_answer(write: Write, text: str, code: str) -> None:
    with pytest.raises(FeedError) as caught:
        open_feed(write(text))
    assert caught.value.code == code
    assert str(caught.value)


def test_the_wrong_separator_names_both_lines(write: Write) -> None:
    with pytest.raises(FeedError) as caught:
        open_feed(write("\nsku;title;price\nA1,Mug,5\nA2,Cup,6\n"))
    assert caught.value.params == {"header_line": 2, "expected": 3, "delimiter": "semicolons", "line": 3, "found": 1}


def test_rows_of_another_width_are_errors_of_their_line(write: Write, read: Read) -> None:
    text = (
        "sku,title,price,currency,note\nA1,Mug,5,EUR,n\nA2,Cup\nA3,Jug,6,EUR,n,more\nA4,Pot,7,EUR,n,,\nA5,Pan,8,EUR\n"
    )
    products, errors = read(
        write(text), Mapping(columns=(("sku", "sku"), ("title", "title"), ("price", "price"), ("currency", "currency")))
    )
    assert [p.sku for p in products] == ["A1", "A4", "A5"]  # A5 lacks only a cell that nobody reads
    assert [(e.line, e.code, dict(e.params)) for e in errors] == [
        (3, "too_few_cells", {"found": 2, "expected": 5}),
        (4, "too_many_cells", {"found": 6, "expected": 5}),
    ]


def test_half_a_file_is_noticed_wherever_it_was_cut(write: Write, read: Read) -> None:
    whole = "sku,title,description,note\n" + "".join(f'A{i},Mug {i},"Line one\nline two",n\n' for i in range(30))
    for cut in range(whole.index("A29"), len(whole) - 3):
        products, errors = read(write(whole[:cut]))
        complete = whole[:cut].count(",n")
        assert len(products) <= max(complete, 29)
        if not whole[:cut].endswith("\n"):
            assert [e.code for e in errors][-1:] in (["last_line_cut_off"], ["ends_in_quotes"]), whole[:cut][-20:]


def test_quotes_are_minded(write: Write, read: Read) -> None:
    products, errors = read(write('sku,title\nA1,"say ""hi"""\nA2,"a"b\nA3,5" pipe\n'))
    assert [(p.sku, p.title) for p in products] == [("A1", 'say "hi"'), ("A3", '5" pipe')]
    assert [(e.line, e.code) for e in errors] == [(3, "stray_quote")]


def test_a_quote_that_never_closes_stops_the_import_at_its_line(write: Write) -> None:
    text = 'sku,title\nA1,Mug\nA2,"open\n' + "A3,Cup\n" * 40_000
    with pytest.raises(FeedError) as caught:
        open_feed(write(text))
    assert (caught.value.code, caught.value.params["line"]) == ("quote_not_closed", 3)


def test_a_line_without_end_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    from campaigns.feeds import textstream

    monkeypatch.setattr(textstream, "MAX_LINE_CHARS", 1000)
    with pytest.raises(FeedError) as caught:
        open_feed(write("sku,title\n" + "x" * 5000))
    assert (caught.value.code, caught.value.params) == ("line_too_long", {"line": 2, "limit": 1000})


def test_blank_lines_do_not_shift_line_numbers(write: Write, read: Read) -> None:
    products, _ = read(write("\n\nsku,title\n\nA1,Mug\n,\n\nA2,Cup\n"))
    assert [(p.line, p.sku) for p in products] == [(5, "A1"), (8, "A2")]


def test_the_header_is_looked_for_in_the_first_rows_only() -> None:
    rows = [["x", "y"]] * 20 + [["sku", "title"]]
    assert delimited_module.layout_of(list(enumerate(rows, start=1)), ",").columns == ("x", "y")
