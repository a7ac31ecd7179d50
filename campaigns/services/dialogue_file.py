"""Reading a file of service dialogues: CSV, XLSX or JSON lines with the columns question, answer and SKU.

The readers are those of product files; what stands in a cell becomes plain text on one line, since copy for training is
one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from campaigns.feeds import FeedError, FeedFormat, RowError
from campaigns.feeds.cells import RowCells
from campaigns.feeds.delimited import DelimitedReader, detect_layout
from campaigns.feeds.headers import normalise_header
from campaigns.feeds.jsonlines import JsonArrayReader, JsonLinesReader
from campaigns.feeds.limits import MAX_SKU_CHARS, MAX_TITLE_CHARS
from campaigns.feeds.reader import Reader
from campaigns.feeds.records import Record
from campaigns.feeds.sniff import sniff
from campaigns.feeds.values import language_code
from campaigns.feeds.xlsx import XlsxReader
from campaigns.models.dialogue import MOST_ANSWER, MOST_QUESTION
from campaigns.services.product_import import feed_message
from copystudio.errors import InvalidInputError, Text
from generation.engine.config import Language
from generation.engine.language import matches_language

MOST_ROWS = 20_000
COLUMNS = {
    "question": "question query customerquestion 问题 提问 客户问题 顾客问题 买家问题 咨询问题 問題",
    "answer": "answer reply response serviceanswer 回答 答案 回复 答复 客服回复 客服回答 回覆",
    "product": "sku product productsku productcode itemsku producttitle productname 商品 产品 商品sku sku编码 商品编码"
    " 商品编号 产品编码 货号 商品名称 产品名称",
    "language": "language lang locale 语言 语种",
}
NEEDED = ("question", "answer", "product")
MESSAGES: dict[str, Text] = {
    "question_missing": _("The question is empty."),
    "answer_missing": _("The answer is empty."),
    "product_missing": _("Name the product that the answer is about, by its SKU or its title."),
    "product_unknown": _("No product of this workspace has the SKU or the title “%(value)s”."),
    "product_ambiguous": _("Several products have the title “%(value)s”. Name the SKU."),
    "language_unsupported": _("“%(value)s” is neither English (en) nor Simplified Chinese (zh-hans)."),
    "language_other": _("The row says “%(value)s”, but the answer is in the other language."),
    "language_unclear": _("The answer reads as neither English nor Simplified Chinese. Name its language."),
}
# what the feeds would explain with products: the sentence that is shown instead
FILE_MESSAGES: dict[str, Text] = {
    "no_rows": _("The file has no dialogues."),
    **dict.fromkeys(
        ("file_binary", "json_not_lines", "xlsx_not", "xml"),
        _("This is no table of dialogues. Upload CSV, XLSX or JSON lines, one dialogue a row."),
    ),
}
LEAST_LETTERS = 4  # of an answer that tells its language by itself: "320 g" does not


@dataclass(frozen=True, slots=True)
class DialogueRow:
    """One row of the file. ``product`` is its SKU or title as written; ``language`` is one of ``Language``."""

    line: int
    question: str
    answer: str
    product: str
    product_column: str
    language: str


def problem_message(problem: RowError) -> str:
    """What is wrong in a row, in the reader's language."""
    if problem.code in MESSAGES:
        return str(MESSAGES[problem.code]) % problem.params
    return feed_message(problem.code, dict(problem.params))


def file_message(error: FeedError) -> Text:
    """Why the file as a whole cannot be read."""
    return FILE_MESSAGES.get(error.code) or feed_message(error.code, error.params)


def read_dialogues(path: Path) -> Iterator[DialogueRow | RowError]:
    """Stream the rows, and what is wrong with others.

    Raises InvalidInputError for a file of another kind, without the needed columns or with more than ``MOST_ROWS`` rows,
    and FeedError where the file itself breaks.
    """
    reader = _open(path)
    try:
        columns = _columns(reader.columns)
        for count, record in enumerate(reader.records(), 1):
            if count > MOST_ROWS:
                raise FeedError("too_many_rows", limit=MOST_ROWS)
            yield from [record] if isinstance(record, RowError) else _parsed(record, columns)
    finally:
        reader.close()


def _open(path: Path) -> Reader:
    found = sniff(path)
    if found.format is FeedFormat.XLSX:
        return XlsxReader(path)
    if found.format is FeedFormat.JSON_LINES:
        return JsonLinesReader(path, found.encoding)
    if found.format is FeedFormat.JSON_ARRAY:
        return JsonArrayReader(path, found.encoding)
    if found.format is FeedFormat.MERCHANT_XML:
        raise refused(FILE_MESSAGES["xml"])
    return DelimitedReader(path, found.encoding, detect_layout(path, found.encoding))


def refused(text: Text) -> InvalidInputError:
    return InvalidInputError(fields={"file": [text]})


def _columns(names: Sequence[str]) -> dict[str, str]:
    """The file's name of each column that is read: the first in the order of ``COLUMNS``, so that a SKU precedes a title."""
    known = {normalise_header(name): name for name in reversed(names)}
    found = {target: _first(known, spellings.split()) for target, spellings in COLUMNS.items()}
    if missing := [target for target in NEEDED if not found[target]]:
        text = _("The file needs the columns question, answer and sku. Not found: %(missing)s. It has: %(found)s.")
        shown = ["sku" if target == "product" else target for target in missing]
        raise refused(text % {"missing": ", ".join(shown), "found": ", ".join(names)[:300] or "–"})
    return found


def _first(known: dict[str, str], spellings: Iterable[str]) -> str:
    return next((known[spelling] for spelling in spellings if spelling in known), "")


def _parsed(record: Record, columns: dict[str, str]) -> list[DialogueRow | RowError]:
    cells = RowCells(record)
    texts = {
        target: cells.fitting(columns[target], cells.plain(columns[target], cells.cell(columns[target])), limit)
        for target, limit in {"question": MOST_QUESTION, "answer": MOST_ANSWER}.items()
    }
    product = cells.fitting(columns["product"], cells.raw(columns["product"]), max(MAX_SKU_CHARS, MAX_TITLE_CHARS))
    wrong = {error.column for error in cells.errors}
    for target, text in {**texts, "product": product}.items():
        if not text and columns[target] not in wrong:
            cells.error(columns[target], f"{target}_missing")
    language = _language(cells, columns["language"], texts) if not cells.errors else ""
    if cells.errors:
        return list(cells.errors)
    return [DialogueRow(record.line, texts["question"], texts["answer"], product, columns["product"], language)]


def _language(cells: RowCells, column: str, texts: dict[str, str]) -> str:
    """The language that the row names, else that of the answer; a very short one is read together with its question."""
    named = cells.raw(column or None)
    if named:
        try:
            code = language_code(named)
        except ValueError:
            code = ""
        if code not in dict(settings.LANGUAGES):
            cells.error(column, "language_unsupported", value=named[:40])
        elif _is_plainly_another(texts["answer"], code):
            cells.error(column, "language_other", value=named[:40])
        return code
    answer, both = texts["answer"], f"{texts['question']} {texts['answer']}"
    says_enough = sum(map(str.isalpha, answer)) >= LEAST_LETTERS
    for text in (answer, both) if says_enough else (both, answer):
        for language in Language:
            if matches_language(text, language):
                return language.value
    cells.error(column or None, "language_unclear")
    return ""


def _is_plainly_another(answer: str, code: str) -> bool:
    """Whether the answer says enough to be read as the other language, and does not read as the one that its row names."""
    others = [language for language in Language if language.value != code]
    says_enough = sum(map(str.isalpha, answer)) >= LEAST_LETTERS
    return (
        says_enough
        and not matches_language(answer, Language(code))
        and any(matches_language(answer, one) for one in others)
    )


def problem_lines(problems: Iterable[RowError]) -> list[dict[str, Any]]:
    """Problems as the lines of a page's table: line, column, message."""
    return [{"line": one.line, "column": one.column, "message": problem_message(one)} for one in problems]
