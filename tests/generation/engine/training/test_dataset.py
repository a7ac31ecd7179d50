"""Training data: frozen values that refuse nonsense, their lines, their hash, and the split by product."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation.engine.training.dataset import (
    HELD_OUT_SHARE,
    PreferencePair,
    Source,
    TrainingExample,
    data_hash,
    is_held_out,
    read_lines,
    write_lines,
)
from tests.generation.engine.training.conftest import example_for, pair_for

Change = Callable[[dict[str, Any]], object]


def test_examples_and_pairs_survive_their_lines(tmp_path: Path) -> None:
    examples = [replace(example_for(n), text=f"第 {n} 句，带“引号”与\u2028分隔", weight=0.5 + n) for n in range(5)]
    pairs = [pair_for(n) for n in range(5)]
    write_lines(tmp_path / "examples.jsonl", examples)
    write_lines(tmp_path / "pairs.jsonl", pairs)
    assert read_lines(tmp_path / "examples.jsonl", TrainingExample) == examples
    assert read_lines(tmp_path / "pairs.jsonl", PreferencePair) == pairs
    assert len((tmp_path / "examples.jsonl").read_text(encoding="utf-8").split("\n")) == 6


def test_the_hash_is_of_the_data_whatever_their_order() -> None:
    data = [*(example_for(n) for n in range(8)), *(pair_for(n) for n in range(4))]
    shuffled = random.Random(1).sample(data, len(data))
    assert data_hash(data) == data_hash(shuffled) and len(data_hash(data)) == 64
    assert data_hash([]) != data_hash(data)


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "another text"},
        {"weight": 1.0000001},
        {"id": "other"},
        {"product": "other"},
        {"uses": (1,)},
        {"source": Source.EDITED},
    ],
)
def test_any_change_changes_the_hash(changed: dict[str, Any]) -> None:
    data = [example_for(n) for n in range(3)]
    assert data_hash(data) != data_hash([replace(data[0], **changed), *data[1:]])
    assert data_hash(data) != data_hash(data[:-1])
    assert data_hash(data) != data_hash([*data, data[0]]), "twice is not once"


@pytest.mark.parametrize(
    "values",
    [
        {"id": " "},
        {"product": ""},
        {"text": "  "},
        {"text": "two\nlines"},
        {"weight": 0},
        {"weight": -1},
        {"weight": float("nan")},
        {"weight": float("inf")},
        {"uses": (3,)},
        {"uses": (-1,)},
        {"source": "nobody"},
    ],
)
def test_an_example_refuses_nonsense(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(example_for(0), **values)


@pytest.mark.parametrize(
    "values", [{"chosen": ""}, {"rejected": " "}, {"chosen": "a\nb"}, {"rejected": pair_for(0).chosen}, {"weight": 0}]
)
def test_a_pair_refuses_nonsense(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(pair_for(0), **values)


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.pop("text"),
        lambda line: line.pop("brief"),
        lambda line: line.update(brief="x"),
        lambda line: line.update(unknown=1),
        lambda line: line.update(text=7),
        lambda line: line.update(uses=["a"]),
        lambda line: line.update(weight="1"),
        lambda line: line["brief"].update(unknown=1),
    ],
)
def test_a_line_of_another_kind_is_refused_by_its_number(tmp_path: Path, change: Change) -> None:
    path = tmp_path / "examples.jsonl"
    write_lines(path, [example_for(0)])
    line = example_for(1).to_dict()
    change(line)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    with pytest.raises(ValueError, match=r"examples\.jsonl, line 2"):
        read_lines(path, TrainingExample)


@pytest.mark.parametrize("line", ["", "{", "[]", "null", "7", '"text"'])
def test_what_is_no_object_is_refused_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ValueError, match="line 1"):
        read_lines(path, PreferencePair)


def test_one_product_in_eight_is_held_out_for_ever() -> None:
    held = [is_held_out(f"product/{number}") for number in range(8000)]
    assert 0.11 < sum(held) / len(held) < 0.14 and HELD_OUT_SHARE == 8
    assert [number for number in range(40) if held[number]] == [0, 3, 11, 26, 30, 33], (
        "or versions could not be compared"
    )
