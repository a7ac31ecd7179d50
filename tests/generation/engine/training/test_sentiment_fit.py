"""A sentiment head is learned from labelled texts: what it reads, what it keeps apart, and that learning works."""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from generation.engine.encoder import BundledEncoder
from generation.engine.sentiment import SentimentHead, SentimentLabel, read_head
from generation.engine.training.sentiment_data import (
    POLARITY,
    PROS_CONS,
    STARTER,
    TWO_WAY,
    LabelledText,
    Part,
    product_facts,
    read_own,
    read_set,
    training_parts,
)
from generation.engine.training.sentiment_fit import FitConfig, description, fit

NEGATIVE, NEUTRAL, POSITIVE = SentimentLabel


def write_set(path: Path, rows: list[tuple[str, str]], columns: tuple[str, str] = ("text", "label")) -> None:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


GOOD = ["lovely", "wonderful", "beautiful", "perfect", "delightful"]
BAD = ["awful", "broken", "horrible", "useless", "ugly"]
THINGS = ["shoes", "lamp", "kettle", "jacket", "radio", "chair", "knife", "bag"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        (f"A {word} {thing}.", label)
        for words, label in ((GOOD, "1"), (BAD, "0"))
        for word in words
        for thing in THINGS
    ]
    write_set(tmp_path / PROS_CONS, rows[::2])
    write_set(tmp_path / POLARITY, rows[1::2])
    return tmp_path


def test_a_set_is_read_mixed_and_without_texts_of_two_minds(tmp_path: Path) -> None:
    rows = [("good", "1"), ("bad", "0"), ("price", "1"), ("price", "0"), (" good ", "1"), ("  ", "1"), ("fine", "1")]
    write_set(tmp_path / "set.csv.gz", rows)
    found = read_set(tmp_path / "set.csv.gz", "label", TWO_WAY)
    assert {one.text: one.label for one in found} == {"good": POSITIVE, "bad": NEGATIVE, "fine": POSITIVE}
    write_set(tmp_path / "set.csv.gz", rows[::-1])
    assert read_set(tmp_path / "set.csv.gz", "label", TWO_WAY) == found


def test_a_set_that_is_missing_or_broken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.csv.gz"
    with pytest.raises(ValueError, match=r"set\.csv\.gz cannot be read"):
        read_set(path, "label", TWO_WAY)
    path.write_bytes(b"no gzip")
    with pytest.raises(ValueError):
        read_set(path, "label", TWO_WAY)
    for rows, columns in (([("good", "1")], ("text", "stars")), ([("good", "5")], ("text", "label"))):
        write_set(path, rows, columns)
        with pytest.raises(ValueError, match="KeyError"):
            read_set(path, "label", TWO_WAY)
    write_set(path, [("good " * 200, "1")])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError):
        read_set(path, "label", TWO_WAY)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"label": "negative"}', '{"label": "angry", "text": "a"}', '{"label": "neutral", "text": " "}']
)
def test_a_broken_line_of_our_own_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "own.jsonl").write_text('{"label": "neutral", "text": "a"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"own\.jsonl cannot be read"):
        read_own(tmp_path / "own.jsonl")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_our_own_sentences_are_all_different_and_of_every_label(language: str) -> None:
    path = STARTER / "sentiment" / f"own_{language}.jsonl"
    own = read_own(path)
    assert len({one.text for one in own}) == len(own) == len(path.read_text(encoding="utf-8").splitlines())
    for label in SentimentLabel:
        assert sum(one.label is label for one in own) >= 20


def test_facts_are_neutral_and_in_both_languages() -> None:
    facts = product_facts(STARTER / "corpus")
    assert {one.label for one in facts} == {NEUTRAL}
    chinese = sum("：" in one.text for one in facts)
    assert 300 < chinese < len(facts) - 300


def test_nothing_held_out_is_learned(data: Path) -> None:
    parts = training_parts(data, most=20, held_out=10)
    assert [part.name for part in parts] == [
        "en_pros_cons",
        "en_sentence_polarity",
        "own_zh",
        "own_en",
        "copy",
        "facts",
    ]
    for part in parts:
        assert part.learned and part.held_out
        assert not {one.text for one in part.learned} & {one.text for one in part.held_out}
    assert [(len(part.learned), len(part.held_out)) for part in parts[:2]] == [(20, 10)] * 2
    with pytest.raises(ValueError):
        training_parts(data, most=0)


@pytest.fixture(scope="module")
def encoder() -> BundledEncoder:
    return BundledEncoder()


def small_parts() -> list[Part]:
    own = read_own(STARTER / "sentiment" / "own_en.jsonl")
    return [
        Part("own_en", [one for one in own if one.order[0] % 4], [one for one in own if one.order[0] % 4 == 0], 1.0)
    ]


def test_a_head_learns_from_sixty_sentences_and_the_same_ones_give_the_same_head(encoder: BundledEncoder) -> None:
    parts, config, heard = small_parts(), FitConfig((0.003, 0.03), steps=60), []
    fitted = fit(encoder, parts, config, lambda done, of: heard.append((done, of)))
    assert heard == [(len(parts[0].learned), len(parts[0].learned))]
    assert fitted.unseen_loss < np.log(3)
    assert fitted.penalty in config.penalties
    again = fit(encoder, parts, config)
    assert np.array_equal(again.weights.weight, fitted.weights.weight)
    head = SentimentHead(fitted.weights, encoder)
    right = [
        one.label is found.label
        for one, found in zip(parts[0].held_out, head.score([one.text for one in parts[0].held_out]), strict=True)
    ]
    assert np.mean(right) > 0.5


def test_labels_count_alike_however_many_texts_each_has(encoder: BundledEncoder) -> None:
    many = [LabelledText(f"The lamp is {height} cm high.", NEUTRAL) for height in range(10, 70)]
    rare = [
        LabelledText(f"A {word} lamp.", label) for words, label in ((GOOD, POSITIVE), (BAD, NEGATIVE)) for word in words
    ]
    texts = many + rare
    fitted = fit(encoder, [Part("uneven", texts, rare, 1.0)], FitConfig(penalties=(0.03,)))
    plain = replace(fitted.weights, temperature=1.0)
    shares = plain.probabilities(encoder.encode([one.text for one in texts]))
    by_label = [shares[[one.label is label for one in texts]].mean(axis=0) for label in SentimentLabel]
    # free biases: what is expected of a label is its share of what was learned, here a third for each
    assert np.mean(by_label, axis=0) == pytest.approx([1 / 3] * 3, abs=1e-3)
    assert shares.mean(axis=0)[1] > 0.5


def test_a_label_without_texts_is_refused(encoder: BundledEncoder) -> None:
    with pytest.raises(ValueError, match="every label"):
        fit(encoder, [Part("one", [LabelledText("fine", POSITIVE)] * 9, [], 1.0)], FitConfig())
    for wrong in ((), (0.0,), (1.0, -1.0)):
        with pytest.raises(ValueError):
            FitConfig(penalties=wrong)


def test_the_description_changes_with_the_texts(encoder: BundledEncoder) -> None:
    parts = small_parts()
    fitted = fit(encoder, parts, FitConfig(penalties=(0.01,)))
    said = description(parts, fitted)
    fewer = [Part("own_en", parts[0].learned[1:], parts[0].held_out, 1.0)]
    assert said["data_sha256"] != description(fewer, fitted)["data_sha256"]
    assert said["sources"][0]["learned"] == len(parts[0].learned)


def test_the_command_writes_a_head_and_replaces_only_a_head(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "generation.engine.training.sentiment_data.product_facts",
        lambda corpus: [LabelledText(f"Height: {n} cm", NEUTRAL) for n in range(40)],
    )
    monkeypatch.setattr(
        "generation.engine.training.sentiment_data.corpus_copy",
        lambda corpus: [LabelledText(f"A lamp of {n} cm for your desk.", NEUTRAL, POSITIVE) for n in range(40)],
    )
    monkeypatch.setattr(
        "generation.management.commands.train_sentiment.training_parts",
        lambda folder, most: training_parts(folder, most, 10),
    )
    monkeypatch.setattr("generation.engine.training.sentiment_fit.FitConfig", lambda: FitConfig((0.03,), steps=40))
    out = tmp_path / "made" / "head"
    for _ in range(2):
        call_command("train_sentiment", data=data, out=out, most=20)
        assert read_head(out).weight.shape == (3, 384)
        assert [path.name for path in out.parent.iterdir()] == ["head"]
    with pytest.raises(CommandError, match="manifest"):
        call_command("train_sentiment", data=data, out=data)
    assert (data / POLARITY).is_file()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("train_sentiment", data=tmp_path / "nothing", out=tmp_path / "other")
    assert not (tmp_path / "other").exists()
