"""Every code has its sentence, with exactly the placeholders that the code fills."""

from __future__ import annotations

import ast
import json
import re
import xml.parsers.expat
from collections.abc import Iterator
from pathlib import Path

import pytest

import campaigns.feeds
from campaigns.feeds import MESSAGES, FeedError, RowError, message
from campaigns.feeds.headers import KNOWN
from campaigns.feeds.mapping import Target
from campaigns.feeds.reasons import JSON_REASONS, XML_REASONS

FOLDER = Path(campaigns.feeds.__file__).parent
RAISING = {"FeedError", "RowError", "RowWarning", "BadCell", "PriceError", "TextError", "error"}


def uses() -> Iterator[tuple[str, set[str] | None, str]]:
    """Yield code, names of its parameters (None where they are built elsewhere) and place of every use."""
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in RAISING:
                continue
            literals = [
                arg
                for arg in node.args
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str) and arg.value in MESSAGES
            ]
            if not literals:
                continue
            names: set[str] | None = {str(keyword.arg) for keyword in node.keywords}
            last = node.args[-1]
            if isinstance(last, ast.Dict):
                names = {str(ast.literal_eval(key)) for key in last.keys if key is not None}
            elif last is not literals[0]:
                names = None
            yield str(literals[0].value), names, f"{path.name}:{node.lineno}"


def test_every_use_fills_its_sentence() -> None:
    for code, names, place in uses():
        if names is not None:
            assert set(re.findall(r"%\((\w+)\)s", MESSAGES[code])) <= names, place


def test_every_sentence_is_used() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py") if path.name != "messages.py")
    assert not [code for code in MESSAGES if f'"{code}"' not in source]


def test_no_code_lacks_its_sentence() -> None:
    pattern = re.compile(
        r"(?:FeedError|PriceError|TextError|BadCell)\(\s*\"(\w+)\"|self\.error\([^\"()]*(?:\([^)]*\)|\[[^\]]*\])?[^\"()]*\"(\w+)\""
    )
    found = {a or b for path in FOLDER.glob("*.py") for a, b in pattern.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 40
    assert found <= set(MESSAGES)


def test_sentences_have_only_named_placeholders_and_end_well() -> None:
    for code, text in MESSAGES.items():
        assert "%" not in re.sub(r"%\(\w+\)s", "", text), code
        assert text.endswith((".", "…}.")), code


def test_errors_speak() -> None:
    assert str(FeedError("nul_character", line=3)).startswith("Line 3 contains a NUL")
    assert RowError(2, "title", "too_long", {"length": 501, "limit": 500}).text == "501 characters; at most 500 fit."
    with pytest.raises(KeyError):
        message("no_such_code")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": }', '{"a": 1 2}', '{"a" 1}', '{a: 1}', '{"a": 1} x', '{"a": "\\u12"}', '{"a": "\x01"}', '{"a": "b',
    ],
)  # fmt: skip
def test_what_the_json_parser_says_is_marked_for_translation(text: str) -> None:
    with pytest.raises(json.JSONDecodeError) as refused:
        json.loads(text)
    assert refused.value.msg in JSON_REASONS


def test_what_the_xml_parser_says_is_marked_for_translation() -> None:
    assert set(XML_REASONS) <= set(xml.parsers.expat.errors.codes)


def test_known_headers_lead_to_known_targets() -> None:
    assert {target for target, _ in KNOWN.values()} <= {target.value for target in Target}
