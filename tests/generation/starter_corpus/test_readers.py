"""Drafts for readers are told as a run tells them, and their verdicts come back to the drafts that they are of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from generation.engine.config import Language
from generation.engine.plan import with_plan
from generation.starter.edits import read_told
from generation.starter.examples import CORPUS
from tests.generation.starter_corpus import corpus, readers
from tests.generation.starter_corpus.drafts import Asked, asked

TEXTS = ("Warm", "Light", "Dry")


@pytest.fixture(scope="module")
def briefs() -> list[Asked]:
    return list(asked(60, seed=3, encode=None))


def drafts_of(briefs: list[Asked], path: Path) -> Path:
    lines = [{"category": one.category, "by": "some", **one.line, "drafts": list(TEXTS)} for one in briefs]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def read(folder: Path, verdicts: dict[str, str]) -> None:
    """Every text of every sheet gets the verdict of its words."""
    for sheet in folder.glob("sheet-*.txt"):
        texts = [line.split("  ", 1) for line in sheet.read_text(encoding="utf-8").splitlines() if "  " in line]
        said = [f"{number} {verdicts[text]}" for number, text in texts if text in verdicts]
        sheet.with_suffix(".verdicts").write_text("\n".join(said) + "\n", encoding="utf-8")


def test_briefs_are_drawn_of_all_kinds(briefs: list[Asked]) -> None:
    assert {one.brief.language for one in briefs} == set(Language)
    assert 0 < sum("tone" in one.line for one in briefs) < len(briefs)
    assert any("title" in one.line for one in briefs), "known in the other language only"
    assert len({(one.category, one.line["product"]) for one in briefs}) > len(briefs) / 2


def test_a_line_that_was_kept_tells_the_brief_that_the_model_read(briefs: list[Asked], tmp_path: Path) -> None:
    path, folder, kept = drafts_of(briefs, tmp_path / "drafts.jsonl"), tmp_path / "sheets", tmp_path / "corpus"
    kept.mkdir()
    for one in (*CORPUS.glob("products-*.jsonl"), CORPUS / "segments.jsonl"):
        shutil.copy(one, kept)
    readers.write_sheets(readers.of_drafts(path), [path], folder, parts=3)
    read(folder, dict(zip(TEXTS, "ABC", strict=True)))
    readers.keep(path, folder, kept)
    found = read_told("reads", lambda _id, product, brief, line: (product, brief, line), corpus.channels(), kept)
    expected = {
        (f"{one.category}/{one.line['product']}", json.dumps(one.line, sort_keys=True)): with_plan(one.brief, one.plan)
        for one in briefs
    }
    assert len(found) == len(briefs)
    for product, brief, line in found:
        assert line.pop("by") == "some" and line.pop("drafts") == [
            list(pair) for pair in zip(TEXTS, "ABC", strict=True)
        ]
        assert brief == expected[product, json.dumps(line, sort_keys=True)]
    with pytest.raises(ValueError, match="before"):
        readers.keep(path, folder, kept)


def line_of(text: str, **values: Any) -> dict[str, Any]:
    return {
        "source": "feeds", "key": "a/1", "product": "Jacket", "brand": "", "language": "en", "segment": "hikers", "tone": "",
        "channel": "sms", "about": "", "leads": [], "facts": [["Weight", "320", "g"]], "text": text, **values,
    }  # fmt: skip


def texts_of(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_blind_reading_is_counted_for_the_file_that_a_text_is_of(tmp_path: Path, capsys: Any) -> None:
    one = texts_of(tmp_path / "first.jsonl", line_of("Warm"), line_of("Dry", key="a/2"))
    other = texts_of(tmp_path / "second.jsonl", line_of("Light"), line_of("Dry", key="a/2"))
    folder = tmp_path / "sheets"
    readers.write_sheets(readers.of_files([one, other]), [one, other], folder, parts=1)
    sheet = (folder / "sheet-1.txt").read_text(encoding="utf-8")
    assert sheet.count("--- ") == 2 and "first" not in sheet and "second" not in sheet
    read(folder, {"Warm": "A", "Light": "B", "Dry": "C"})
    readers.tally([one, other], folder)
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[-5:] for line in said[-2:]] == [
        ["as", "is", "0.500", "usable", "0.500"], ["as", "is", "0.000", "usable", "0.500"],
    ]  # fmt: skip
    with pytest.raises(ValueError, match="in another order"):
        readers.tally([other, one], folder)


def test_two_products_of_one_title_are_two_briefs_and_one_brief_is_told_once(tmp_path: Path) -> None:
    path = texts_of(tmp_path / "one.jsonl", line_of("Warm"), line_of("Dry", key="a/2"))
    assert len(readers.of_files([path])) == 2
    path = texts_of(path, line_of("Warm"), line_of("Dry", facts=[]))
    with pytest.raises(ValueError, match="line 2: another brief"):
        readers.of_files([path])


@pytest.mark.parametrize("said", ["0.0 D", "9.9 A", "0.0 A\n0.0 B", "A"])
def test_what_is_no_verdict_is_told_with_its_line(tmp_path: Path, said: str) -> None:
    path, folder = texts_of(tmp_path / "one.jsonl", line_of("Warm")), tmp_path / "sheets"
    readers.write_sheets(readers.of_files([path]), [path], folder, parts=1)
    (folder / "sheet-1.verdicts").write_text(said, encoding="utf-8")
    with pytest.raises(ValueError, match=r"sheet-1\.verdicts, line \d"):
        readers.verdicts([path], folder)


def test_it_is_said_how_many_texts_were_not_read(tmp_path: Path, capsys: Any) -> None:
    path, folder = texts_of(tmp_path / "one.jsonl", line_of("Warm"), line_of("Dry")), tmp_path / "sheets"
    readers.write_sheets(readers.of_files([path]), [path], folder, parts=1)
    (folder / "sheet-1.verdicts").write_text("0.1 A\n", encoding="utf-8")
    assert list(readers.verdicts([path], folder).values()) == ["A"]
    assert "1 of 2 texts have no verdict" in capsys.readouterr().out
