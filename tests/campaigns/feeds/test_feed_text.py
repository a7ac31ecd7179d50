"""Plain text out of cells."""

from __future__ import annotations

import pytest

from campaigns.feeds.limits import MAX_CELL_CHARS
from campaigns.feeds.text import TextError, plain_lines, plain_text, printable, raw_text
from tests.timing import timed


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<p>Soft &amp; warm</p><p>Washable</p>", "Soft & warm Washable"),
        ("a<b>b</b>c", "abc"),
        ("one<br>two<br/>three", "one two three"),
        ("<script>alert(1)</script>Mug", "Mug"),
        ("<SCRIPT src=x>alert(1)</SCRIPT >Mug", "Mug"),
        ("Mug<style>p{}", "Mug"),
        ("<a title='5 > 4' href=\"x\">Mug</a>", "Mug"),
        ("<!-- <b>never</b> -->Mug<!-->!", "Mug!"),
        ("<svg/onload=alert(1)>Mug", "Mug"),
        ("<img src=x onerror=alert(1)>Mug", "Mug"),
        ("5 < 6 > 4 <3", "5 < 6 > 4 <3"),
        ("&lt;script&gt;", "<script>"),
        ("AT&T R&D ?a=1&copy=2 &copy; &#x4F60;&#20320;", "AT&T R&D ?a=1&copy=2 © 你你"),
        ('=HYPERLINK("http://x")', '=HYPERLINK("http://x")'),
        ("@SUM(A1)", "@SUM(A1)"),
        ("  a\u3000b\u00a0 c\t\n", "a b c"),
        ("a\x07b\x1b[31m\x9fc", "ab[31mc"),
        ("abc\u202edef\u2066g\ufeff\u200b", "abcdefg"),
        ("👩\u200d🍳", "👩\u200d🍳"),
        ("e\u0301", "é"),
        ("价格<br>199元", "价格 199元"),
    ],
)
def test_a_cell_becomes_one_line_of_plain_text(cell: str, text: str) -> None:
    assert plain_text(cell) == text


def test_a_description_keeps_its_lines() -> None:
    assert plain_lines("<p>Warm.</p>\r\n\r\n<ul><li>wool</li><li>soft </li></ul>end") == "Warm.\nwool\nsoft\nend"


@pytest.mark.parametrize(
    ("cell", "code"), [("a\0b", "nul"), ("\ud800", "surrogate"), ("x" * (MAX_CELL_CHARS + 1), "cell_too_long")]
)
def test_what_no_database_holds_is_refused(cell: str, code: str) -> None:
    for convert in (plain_text, plain_lines, raw_text):
        with pytest.raises(TextError) as caught:
            convert(cell)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<",
        "<!--",
        "<a x='",
        "<!",
        "<![ ",
        "</",
        '<a ">"',
        "<!-->",
        "<script ",
        "<script></script ",
        "<a '\">'\"",
        "&",
        "&#",
    ],
)
def test_hostile_markup_costs_linear_time(piece: str) -> None:
    cell = (piece * MAX_CELL_CHARS)[:MAX_CELL_CHARS]
    with timed() as watch:
        plain_text(cell)
    assert watch.seconds < 1


def test_names_and_quotations_are_made_printable() -> None:
    assert printable("a\ud800\0b\nc") == "a\ufffdb\nc"
