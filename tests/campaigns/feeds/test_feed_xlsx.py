"""Workbooks: cells as text, formulas refused, bombs not unpacked."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from campaigns.feeds import FeedError, FeedFormat, Mapping, ParsedProduct, open_feed
from campaigns.feeds import xlsx as xlsx_module
from tests.campaigns.feeds.files import Read, Write
from tests.timing import timed

SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def refusal(path: Path) -> str:
    with timed() as watch, pytest.raises(FeedError) as caught, open_feed(path) as feed:
        list(feed.products())
    assert watch.seconds < 2
    assert str(caught.value)
    return caught.value.code


def facts_of(product: ParsedProduct) -> dict[str, str]:
    return {fact.attribute: f"{fact.value} {fact.unit}".strip() for fact in product.facts}


def test_cells_become_the_text_that_a_person_sees(workbook: Write, read: Read) -> None:
    header = ["sku", "title", "price", "currency", "gtin", "pages", "made", "seen", "share", "weight", "vegan", "code"]
    row = [
        1001, "保温杯", 29.990000000000002, "CNY", 6901234567892, 160.0, date(2026, 5, 1), datetime(2026, 5, 1, 13, 30),
        0.125, 0.1 + 0.2, True, 42,
    ]  # fmt: skip
    path = workbook([header, row], {"I2": "0.0%", "L2": "000000"})
    assert open_feed(path).format is FeedFormat.XLSX
    columns = [(name, name if name in ("sku", "title", "price", "currency") else f"fact:{name}") for name in header]
    (cup,), errors = read(path, Mapping(columns=tuple(columns)))
    assert not errors
    assert (cup.line, cup.sku, cup.title, cup.price) == (2, "1001", "保温杯", Decimal("29.99"))
    assert facts_of(cup) == {
        "gtin": "6901234567892", "pages": "160", "made": "2026-05-01", "seen": "2026-05-01 13:30:00", "share": "12.5 %",
        "weight": "0.3", "vegan": "true", "code": "000042",
    }  # fmt: skip


def test_the_currency_of_a_number_format_is_seen(workbook: Write, read: Read) -> None:
    path = workbook(
        [["sku", "title", "price"], ["1", "Mug", 199], ["2", "Cup", 5.5]],
        {"C2": '"¥"#,##0.00', "C3": "#,##0.00\\ [$€-407]"},
    )
    products, errors = read(path)
    assert ([(p.price, p.currency) for p in products], errors) == ([(199, "CNY"), (Decimal("5.5"), "EUR")], [])


def test_formulas_errors_and_lost_digits_are_refused_where_they_are_read(workbook: Write, read: Read) -> None:
    path = workbook(
        [
            ["sku", "title", "price", "currency", "margin"],
            ["1", "Mug", 5, "EUR", "=C2*2"],
            ["2", '=UPPER("x")', 5, "EUR", 1],
            ["3", "Cup", "#N/A", "EUR", 1],
            [1.2345678901234567e19, "Jug", 5, "EUR", 1],
        ]
    )
    products, errors = read(path)
    assert [p.sku for p in products] == ["1"]  # the margin is not read
    assert [(e.line, e.column, e.code, e.params["cell"]) for e in errors] == [
        (3, "title", "formula", "B3"),
        (4, "price", "cell_error", "C4"),
        (5, "sku", "number_inexact", "A5"),
    ]


def test_text_that_begins_like_a_formula_stays_text(workbook: Write, repack: Write, read: Read) -> None:
    sheet = (
        f'<worksheet xmlns="{NAMESPACE}"><dimension ref="A1:XFD1048576"/><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>sku</t></is></c><c r="B1" t="inlineStr"><is><t>title</t></is></c></row>'
        '<row r="5"><c r="A5" t="inlineStr"><is><t>-1</t></is></c><c r="B5" t="inlineStr"><is><t>=cmd|x</t></is></c></row>'
        "</sheetData></worksheet>"
    )
    (product,), errors = read(repack(workbook([["x"]]), {SHEET: sheet.encode()}))
    assert (product.line, product.sku, product.title, errors) == (5, "-1", "=cmd|x", [])


def test_shared_strings_with_runs_are_joined(workbook: Write, repack: Write, read: Read) -> None:
    strings = f'<sst xmlns="{NAMESPACE}">' + "".join(
        f"<si>{text}</si>"
        for text in (
            "<t>sku</t>",
            "<t>title</t>",
            "<t>A1</t>",
            "<r><t>保温</t></r><r><t>杯</t></r><rPh><t>bao</t></rPh>",
        )
    )
    sheet = (
        f'<worksheet xmlns="{NAMESPACE}"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" t="s"><v>3</v></c></row></sheetData></worksheet>'
    )
    book = workbook([["x"]])
    kinds = (
        zipfile.ZipFile(book)
        .read("[Content_Types].xml")
        .replace(
            b"</Types>",
            b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            b'spreadsheetml.sharedStrings+xml"/></Types>',
        )
    )
    parts = {SHEET: sheet.encode(), "[Content_Types].xml": kinds}
    (cup,), _ = read(repack(book, {**parts, "xl/sharedStrings.xml": f"{strings}</sst>".encode()}))
    assert (cup.sku, cup.title) == ("A1", "保温杯")
    assert refusal(repack(book, {**parts, "xl/sharedStrings.xml": strings.encode()})) == "xlsx_damaged"
    assert (
        refusal(repack(book, {**parts, "xl/sharedStrings.xml": f'<sst xmlns="{NAMESPACE}"/>'.encode()}))
        == "xlsx_damaged_row"
    )


def test_hidden_sheets_are_passed_over(tmp_path: Path, read: Read) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["secret"])
    book.active.sheet_state = "hidden"
    sheet = book.create_sheet("Products")
    sheet.append(["sku", "title"])
    sheet.append(["1", "Mug"])
    book.save(tmp_path / "x")
    assert [p.title for p in read(tmp_path / "x")[0]] == ["Mug"]


def test_bombs_are_refused_from_their_directory(
    workbook: Write, repack: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = workbook([["sku", "title"], ["1", "Mug"]])
    assert refusal(repack(book, {SHEET: b" " * 60_000_000})) == "xlsx_ratio"
    assert refusal(repack(book, {"xl/styles.xml": b" " * 17 * 2**20})) == "xlsx_unpacks_too_large"
    many = {f"xl/media/{index}.png": b"" for index in range(2_001)}
    assert refusal(repack(book, many)) == "xlsx_too_many_entries"
    monkeypatch.setattr(xlsx_module, "MAX_XLSX_BYTES", 1000)
    assert refusal(book) == "xlsx_unpacks_too_large"


def test_a_row_that_never_ends_is_refused(workbook: Write, repack: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_module, "MAX_XLSX_ROW_BYTES", 100_000)
    cells = b"".join(b'<c t="inlineStr"><is><t>%d</t></is></c>' % (index * 7919) for index in range(20_000))
    sheet = f'<worksheet xmlns="{NAMESPACE}"><sheetData><row r="1">'.encode() + cells
    assert refusal(repack(workbook([["x"]]), {SHEET: sheet})) == "xlsx_row_too_large"


def test_entities_row_numbers_and_columns_are_bounded(workbook: Write, repack: Write) -> None:
    book = workbook([["sku", "title"], ["1", "Mug"]])
    original = zipfile.ZipFile(book).read(SHEET).decode()
    entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + original[original.index("<worksheet") :]
    assert refusal(repack(book, {SHEET: entity.encode()})) == "xlsx_damaged_row"
    assert (
        refusal(repack(book, {SHEET: original.replace('<row r="2"', '<row r="9999999"').encode()}))
        == "xlsx_damaged_row"
    )
    assert refusal(repack(book, {SHEET: original.replace('r="B1"', 'r="ZZZ1"').encode()})) == "too_many_columns"
    assert refusal(workbook([[f"c{index}" for index in range(501)], range(501)])) == "too_many_columns"


def test_what_is_no_workbook_is_named(workbook: Write, repack: Write, write: Write, tmp_path: Path) -> None:
    book = workbook([["sku", "title"], ["1", "Mug"]])
    assert refusal(write(book.read_bytes()[:3000], name="half")) == "xlsx_damaged"
    assert refusal(repack(book, {SHEET: b"<worksheet"})) == "xlsx_damaged_row"
    assert refusal(repack(book, {"xl/workbook.xml": b"<workbook"})) == "xlsx_damaged"
    assert refusal(repack(book, {"[Content_Types].xml": None})) == "xlsx_not"
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("../../etc/products.csv", "sku,title\n")
    assert refusal(tmp_path / "zip") == "xlsx_not"
    assert refusal(workbook([])) == "no_rows"
    assert refusal(workbook([["sku", "title"]])) == "no_rows"
