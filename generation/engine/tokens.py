"""Text to token numbers and back, straight from a folder's `tokenizer.json`.

`AutoTokenizer` reads the same file, but needs 4 s for a vocabulary of 262,144 with 6,000 special tokens; this takes
1 s, and the generator needs no more than this.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

from tokenizers import Tokenizer

from generation.engine.config import Language
from generation.engine.errors import ModelFolderError
from generation.engine.folders import read_config
from generation.engine.language import has_foreign_letters
from generation.engine.memory import give_back

_SPACES = str.maketrans("▁Ġ", "  ")  # how SentencePiece and byte-level vocabularies write a space
_DIGIT = re.compile(r"\d")
_NEWLINE = "Ċ"  # how byte-level vocabularies write a newline


class TextTokenizer:
    """A tokenizer and the numbers of its special tokens."""

    def __init__(self, tokenizer: Tokenizer, end_ids: frozenset[int], pad_id: int) -> None:
        self._tokenizer = tokenizer
        self.end_ids = end_ids
        self.pad_id = pad_id
        self._foreign: dict[Language, list[int]] = {}

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Raises `ModelFolderError` when there is no `tokenizer.json` or it cannot be read."""
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise ModelFolderError(f"{folder.name}: tokenizer.json is missing")
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises no narrower type
            raise ModelFolderError(f"{folder.name}: tokenizer.json cannot be read ({error})") from error
        give_back()
        named = read_config(folder, "tokenizer_config.json")
        ends: set[int] = set()
        for config in ("generation_config.json", "config.json"):
            value = read_config(folder, config).get("eos_token_id")
            ends.update(value if isinstance(value, list) else [value] if isinstance(value, int) else [])
        eos, pad = (_token_id(tokenizer, named.get(name)) for name in ("eos_token", "pad_token"))
        if eos is not None:
            ends.add(eos)
        return cls(tokenizer, frozenset(ends), pad if pad is not None else min(ends, default=0))

    def encode(self, text: str, *, start: bool = True) -> list[int]:
        """Token numbers; with `start` preceded by what the model expects at the beginning (Gemma: `<bos>`)."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=start).ids
        while ids and ids[-1] in self.end_ids:
            ids.pop()
        return ids

    def encode_parts(self, text: str, shared: int) -> tuple[list[int], list[int]]:
        """The first `shared` characters and the rest, encoded apart, so that equal beginnings are equal tokens."""
        if not shared:
            return [], self.encode(text)
        return self.encode(text[:shared]), self.encode(text[shared:], start=False)

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    @cached_property
    def pieces(self) -> list[str]:
        """Every token as text, by number, spaces written as spaces; for choosing tokens, not for decoding."""
        pieces = [""] * self._tokenizer.get_vocab_size(with_added_tokens=True)
        for piece, number in self._tokenizer.get_vocab(with_added_tokens=True).items():
            pieces[number] = piece.translate(_SPACES).replace(_NEWLINE, "\n")
        give_back()
        return pieces

    @cached_property
    def banned_ids(self) -> list[int]:
        """Tokens that are never copy: special tokens other than the end, and HTML tags."""
        special = {i for i, token in self._tokenizer.get_added_tokens_decoder().items() if token.special}
        tags = {i for i, piece in enumerate(self.pieces) if len(piece) > 2 and piece[0] == "<" and piece[-1] == ">"}
        bytes_ = {i for i in tags if self.pieces[i].startswith("<0x")}  # parts of rare characters, such as emoji
        return sorted((special | tags) - bytes_ - self.end_ids)

    def ids_beginning(self, text: str) -> list[int]:
        """Tokens that begin with `text`."""
        return [i for i, piece in enumerate(self.pieces) if piece.startswith(text)]

    def foreign_ids(self, language: Language) -> list[int]:
        """Tokens that a text of the language holds only where it names something: letters of other scripts, digits,
        and single bytes, which could spell either."""
        if language not in self._foreign:
            self._foreign[language] = [
                i for i, piece in enumerate(self.pieces) if _DIGIT.search(piece) or has_foreign_letters(piece, language)
            ]
        return self._foreign[language]

    @cached_property
    def blank_ids(self) -> list[int]:
        """Tokens that are only white space, and the end: no output may begin with one, or it would be empty."""
        return sorted({i for i, piece in enumerate(self.pieces) if piece and not piece.strip()} | self.end_ids)


def _token_id(tokenizer: Tokenizer, token: object) -> int | None:
    content = token.get("content") if isinstance(token, dict) else token
    if not isinstance(content, str):
        return None
    number: int | None = tokenizer.token_to_id(content)
    return number
