"""Log lines that nobody can forge."""

from __future__ import annotations

import logging
import re

import pytest

from copystudio.logs import LineFormatter


def line(message: str, *args: object, error: bool = False) -> str:
    info = None
    if error:
        try:
            raise ValueError("inner\nforged")
        except ValueError as caught:
            info = (type(caught), caught, caught.__traceback__)
    record = logging.LogRecord("studio", logging.WARNING, "file.py", 1, message, args, info)
    return LineFormatter().format(record)


def test_a_line_has_the_time_in_utc_the_level_and_the_place() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING studio 5 things", line("%d things", 5))


@pytest.mark.parametrize("forged", ["\n", "\r\n", "\x1b[31m", "\x00", "\u2028", "\x85", "\x7f"])
def test_control_characters_are_written_out(forged: str) -> None:
    written = line("user %s said", f"ada{forged}2026-01-01 ERROR fake")
    assert len(written.splitlines()) == 1
    assert forged not in written and "\\" in written


def test_words_of_any_language_stay_readable() -> None:
    assert line("品牌 “Größe” 👍").endswith("品牌 “Größe” 👍")


def test_a_traceback_keeps_its_lines() -> None:
    assert "ValueError: inner" in line("failed", error=True)
