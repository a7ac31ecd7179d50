"""The shipped sentiment head hears what is plain to hear in both languages, and broken files are refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from generation.engine.encoder import BundledEncoder, CachedEncoder, Vectors
from generation.engine.errors import ModelFolderError
from generation.engine.manifest import Manifest
from generation.engine.sentiment import (
    SETTINGS,
    SHIPPED,
    WEIGHTS,
    HeadWeights,
    Sentiment,
    SentimentHead,
    SentimentLabel,
    read_head,
    write_head,
)
from generation.engine.training.sentiment_data import STARTER, read_own

NEGATIVE, NEUTRAL, POSITIVE = SentimentLabel


@pytest.fixture(scope="module")
def head() -> SentimentHead:
    return SentimentHead.load(CachedEncoder(BundledEncoder()))


CLEAR = [
    ("This is the worst blender I have ever bought, it broke within a week.", NEGATIVE),
    ("Terrible service, rude staff and my money is gone.", NEGATIVE),
    ("The scarf is scratchy, ugly and far too expensive.", NEGATIVE),
    ("I absolutely love these boots, they are beautiful and so comfortable!", POSITIVE),
    ("Fantastic quality and lightning-fast delivery, thank you!", POSITIVE),
    ("A delicious tea that makes every morning a delight.", POSITIVE),
    ("The lamp is 40 cm high and weighs 1.2 kg.", NEUTRAL),
    ("Your order number is printed on the invoice.", NEUTRAL),
    ("The bag is made of canvas.", NEUTRAL),
    ("质量太差了，用一天就坏，客服也不理人。", NEGATIVE),
    ("非常失望，再也不会买这个牌子。", NEGATIVE),
    ("衣服又臭又硬，退货还要扣钱。", NEGATIVE),
    ("太喜欢了，又漂亮又舒服，强烈推荐！", POSITIVE),
    ("服务热情周到，发货很快，非常满意。", POSITIVE),
    ("口感香甜，一家人都吃得很开心。", POSITIVE),
    ("台灯高 40 厘米，重 1.2 千克。", NEUTRAL),
    ("订单编号印在发票上。", NEUTRAL),
]


@pytest.mark.parametrize(("text", "label"), CLEAR)
def test_what_is_plain_to_hear_is_heard(head: SentimentHead, text: str, label: SentimentLabel) -> None:
    (found,) = head.score([text])
    assert found.label is label
    assert found.probability(label) > 0.5
    assert found.negative + found.neutral + found.positive == pytest.approx(1)


KNOWN_WRONG = [("The hotel room was spotless and quiet.", POSITIVE), ("包身材质为帆布。", NEUTRAL)]


@pytest.mark.parametrize(("text", "label"), KNOWN_WRONG)
@pytest.mark.xfail(strict=True, reason="the model card names these mistakes; a head without them changes both")
def test_what_the_shipped_head_is_known_to_mishear(head: SentimentHead, text: str, label: SentimentLabel) -> None:
    assert head.score([text])[0].label is label


def test_the_clear_texts_were_not_learned_from() -> None:
    learned = {
        one.text for language in ("zh", "en") for one in read_own(STARTER / "sentiment" / f"own_{language}.jsonl")
    }
    assert len(learned) > 200
    assert not learned & {text for text, _ in CLEAR}


@pytest.mark.parametrize(
    ("kinder", "harsher"),
    [
        ("房间干净又安静。", "房间又脏又吵。"),
        ("你的礼物让我非常开心", "你的礼物让我非常生气"),
    ],
)
def test_one_word_turns_the_polarity(head: SentimentHead, kinder: str, harsher: str) -> None:
    good, bad = head.score([kinder, harsher])
    assert good.polarity > 0 > bad.polarity


def test_scores_keep_the_order_and_do_not_depend_on_the_company(
    head: SentimentHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [text for text, _ in CLEAR]
    together = head.score(texts)
    alone = [head.score([text])[0] for text in reversed(texts)][::-1]
    monkeypatch.setattr("generation.engine.sentiment._AT_ONCE", 4)
    for other in (alone, head.score(texts)):
        assert all(abs(a.polarity - b.polarity) < 1e-4 for a, b in zip(together, other, strict=True))
    assert [one.label for one in together] == [label for _, label in CLEAR]


def test_no_texts_have_no_scores(head: SentimentHead) -> None:
    assert head.score([]) == []


@pytest.mark.parametrize("empty", ["", " \n\t", "\u3000"])
def test_an_empty_text_is_refused_with_its_place(head: SentimentHead, empty: str) -> None:
    with pytest.raises(ValueError, match="text 2 of 3 is empty"):
        head.score(["warm boots", empty, "coffee"])


@pytest.mark.parametrize("text", ["😀" * 50, "好" * 10_000, "\ud800", "!?", "a\0b"])
def test_any_other_text_has_a_sentiment(head: SentimentHead, text: str) -> None:
    (found,) = head.score([text])
    assert found.negative + found.neutral + found.positive == pytest.approx(1)


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (-0.1, 0.6, 0.5), (float("nan"), 0.5, 0.5), (0, 0, 0), (2, 0, -1)])
def test_what_is_no_probability_is_no_sentiment(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError):
        Sentiment(*shares)


def test_label_and_polarity_follow_from_the_probabilities() -> None:
    assert Sentiment(0.7, 0.2, 0.1).label is NEGATIVE
    assert Sentiment(0.7, 0.2, 0.1).polarity == pytest.approx(-0.6)
    assert Sentiment(0.4, 0.4, 0.2).label is NEUTRAL
    assert Sentiment(0.4, 0.2, 0.4).label is POSITIVE
    assert [Sentiment(0.2, 0.3, 0.5).probability(label) for label in SentimentLabel] == [0.2, 0.3, 0.5]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "head"))


def emptied(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"")


def one_bit_off(folder: Path) -> None:
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(data)


def other_format(folder: Path) -> None:
    text = (folder / SETTINGS).read_text(encoding="utf-8")
    (folder / SETTINGS).write_text(text.replace('"format": 1', '"format": 2'), encoding="utf-8")


@pytest.mark.parametrize(
    "harm",
    [
        emptied,
        one_bit_off,
        other_format,
        lambda folder: (folder / WEIGHTS).unlink(),
        lambda folder: (folder / SETTINGS).unlink(),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text("[]", encoding="utf-8"),
        shutil.rmtree,
    ],
)
def test_missing_and_changed_files_are_refused(copied: Path, harm: Callable[[Path], object]) -> None:
    read_head(copied)
    harm(copied)
    with pytest.raises(ModelFolderError):
        read_head(copied)


def rehashed(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    Manifest.describe(folder, name="", source="", source_sha256="", licence="", licence_url="").write(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (WEIGHTS, b"no tensors"),
        (SETTINGS, b"{"),
        (SETTINGS, b"[]"),
        (SETTINGS, b"{}"),
        (SETTINGS, b'{"format": 1, "labels": ["positive", "neutral", "negative"], "encoder": "x", "temperature": 1}'),
        (SETTINGS, b'{"format": 1, "labels": ["negative", "neutral", "positive"], "encoder": "x", "temperature": 0}'),
        (SETTINGS, b'{"format": 1, "labels": ["negative", "neutral", "positive"], "encoder": "", "temperature": 1}'),
    ],
)
def test_files_that_fit_their_hash_and_mean_nothing_are_refused(copied: Path, name: str, content: bytes) -> None:
    (copied / name).write_bytes(content)
    rehashed(copied)
    with pytest.raises(ModelFolderError):
        read_head(copied)


def test_a_manifest_that_lists_no_weights_is_refused(copied: Path) -> None:
    (copied / WEIGHTS).unlink()
    rehashed(copied)
    with pytest.raises(ModelFolderError, match="does not list"):
        read_head(copied)


def weights(**changed: object) -> HeadWeights:
    given = {
        "weight": np.eye(3, 4, dtype=np.float32),
        "bias": np.zeros(3, np.float32),
        "temperature": 0.5,
        "encoder": "e",
    }
    return HeadWeights(**(given | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        {"weight": np.eye(2, 4, dtype=np.float32)},
        {"weight": np.zeros(3, np.float32)},
        {"weight": np.full((3, 4), np.nan, np.float32)},
        {"bias": np.zeros(2, np.float32)},
        {"bias": np.full(3, np.inf, np.float32)},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"encoder": ""},
    ],
)
def test_weights_of_other_shapes_or_no_numbers_are_refused(changed: dict[str, object]) -> None:
    weights()
    with pytest.raises(ValueError):
        weights(**changed)


def test_probabilities_are_the_softmax_of_the_tempered_logits() -> None:
    found = weights().probabilities(np.array([[1, 0, 0, 0]], np.float32))
    assert found[0].tolist() == pytest.approx([np.exp(2) / (np.exp(2) + 2)] + [1 / (np.exp(2) + 2)] * 2)
    with pytest.raises(ValueError, match="4 dimensions"):
        weights().probabilities(np.zeros((1, 5), np.float32))


class OtherEncoder:
    model_id, dimensions = "other", 4

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.eye(len(texts), 4, dtype=np.float32)


def test_a_head_of_another_encoder_is_refused() -> None:
    SentimentHead(weights(encoder="other"), OtherEncoder())
    for wrong in (weights(), weights(encoder="other", weight=np.eye(3, 5, dtype=np.float32))):
        with pytest.raises(ModelFolderError, match="made for the encoder"):
            SentimentHead(wrong, OtherEncoder())


def test_a_written_head_is_read_back_and_never_overwrites(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    write_head(folder, weights(), {"data_sha256": "0" * 64})
    back = read_head(folder)
    assert np.array_equal(back.weight, weights().weight)
    assert (back.temperature, back.encoder) == (0.5, "e")
    with pytest.raises(FileExistsError):
        write_head(folder, weights(), {"data_sha256": "0" * 64})


def test_the_shipped_head_is_small_and_of_the_bundled_encoder(head: SentimentHead) -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 20_000
    assert len(head.version) == 16
    assert 0.2 < head.weights.temperature < 5


def test_scoring_brings_no_torch_and_no_django() -> None:
    script = (
        "from generation.engine.encoder import open_encoder\n"
        "from generation.engine.sentiment import SentimentHead\n"
        "import sys\n"
        "SentimentHead.load(open_encoder()).score(['wool'])\n"
        "sys.exit(bool({'torch', 'transformers', 'django'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[3], check=False, timeout=60)
    assert done.returncode == 0
