"""Keys and values of many texts in pages of a fixed number of tokens, run by OpenVINO. Imports openvino.

A text is a list of pages. A text that goes on from another shares its full pages and gets a copy of the last, so a prompt is
read once for all that is written after it. One call of the model takes tokens of any texts, one or many of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from generation.engine.errors import ModelNumbersError, OpenVinoError, is_out_of_memory
from generation.engine.memory import Span, let_go
from generation.engine.openvino_quiet import openvino as ov

_FIRST_PAGES = 128  # to begin with; 32 tokens each
_STEP = 16  # tokens of a call for which the weights are packed as they are for a step of a batch


@dataclass(slots=True)
class PagedText:
    """What the model remembers of one text: its pages, in order, and how many tokens they hold."""

    pages: list[int] = field(default_factory=list)
    length: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """Tokens that come next in a text, and after how many of the last of them the logits are wanted."""

    text: PagedText
    tokens: Sequence[int]
    wanted: int = 1


class PagedModel:
    """A compiled graph (`openvino_paged.with_paged_attention`) and its pages. Not thread-safe.

    OpenVINO packs the weights, for few tokens and again for many, when such a call first comes. After each call their file,
    mapped at `weights`, is let go: of it only the rows of the tokens that are read are still needed.
    """

    def __init__(self, compiled: Any, layers: Sequence[int], weights: Sequence[Span] = ()) -> None:
        self._weights = weights
        self.emptied = 0  # how often: a text that was read before must not be used any more
        self._request = compiled.create_infer_request()
        self._ports = [compiled.input(f"{kind}_cache.{layer}") for layer in layers for kind in ("key", "value")]
        # the value cache holds a page as [groups, tokens, bytes]
        self._page = int(compiled.input(f"value_cache.{layers[0]}").get_partial_shape()[2].get_length())
        self._caches: list[Any] = []
        self._free: list[int] = []
        self._users: list[int] = []
        self._grow(_FIRST_PAGES)
        self._warm_up()

    @property
    def pages_in_use(self) -> int:
        return len(self._users) - len(self._free)

    def _warm_up(self) -> None:
        """Have the weights packed for steps before anything else takes memory."""
        text = PagedText()
        self.feed([Feed(text, [0] * _STEP)])
        self.drop(text)

    def _grow(self, pages: int) -> None:
        """Have `pages` pages, those in use where they were."""
        old = len(self._users)
        for number, port in enumerate(self._ports):
            shape = [pages, *(one.get_length() for one in list(port.get_partial_shape())[1:])]
            tensor = ov.Tensor(port.get_element_type(), shape)
            tensor.data[old:] = 0  # what is masked must still be a number
            if old:
                tensor.data[:old] = self._caches[number].data[:old]  # more where memory ran out at a later layer
                self._caches[number] = tensor
            else:
                self._caches.append(tensor)
            self._request.set_tensor(port, tensor)
        self._free.extend(reversed(range(old, pages)))
        self._users.extend([0] * (pages - old))

    def _take_page(self) -> int:
        if not self._free:
            self._grow(len(self._users) * 3 // 2)
        page = self._free.pop()
        self._users[page] = 1
        return page

    def fork(self, text: PagedText) -> PagedText:
        """A text that goes on from here without touching the first."""
        full = text.length // self._page
        pages = text.pages[:full]
        for page in pages:
            self._users[page] += 1
        if full < len(text.pages):
            page = self._take_page()
            for cache in self._caches:
                cache.data[page] = cache.data[text.pages[full]]
            pages.append(page)
        return PagedText(pages, text.length)

    def drop(self, text: PagedText) -> None:
        """Give a text's pages back; it must not be used any more."""
        for page in text.pages:
            self._users[page] -= 1
            if not self._users[page]:
                self._free.append(page)
        text.pages.clear()

    def empty(self) -> None:
        """Take all pages back; no text that was read may be used any more."""
        self.emptied += 1
        self._users = [0] * len(self._users)
        self._free = list(reversed(range(len(self._users))))

    def feed(self, feeds: Sequence[Feed]) -> torch.Tensor:
        """Read what comes next in each text; float32 logits [wanted of all, V], which the next call overwrites.

        Raises `OpenVinoError` when OpenVINO fails, `ModelNumbersError` when it computes nothing; what says that memory
        ran out passes as it is.
        """
        for one in feeds:
            while len(one.text.pages) * self._page < one.text.length + len(one.tokens):
                one.text.pages.append(self._take_page())
        given = self._inputs(feeds)
        wanted = sum(one.wanted for one in feeds)
        try:
            self._spoil()
            for name, array in given.items():
                self._request.set_tensor(name, ov.Tensor(array))
            self._request.infer()
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            raise OpenVinoError(f"OpenVINO failed: {error}") from error
        logits = torch.from_numpy(self._request.get_output_tensor(0).data)
        if logits.shape[0] != wanted:
            raise ModelNumbersError(f"OpenVINO computed {logits.shape[0]} rows of {wanted}.")
        for one in feeds:
            one.text.length += len(one.tokens)
        let_go(self._weights)
        return logits

    def _spoil(self) -> None:
        """With one thread OpenVINO may end without an error and without having computed: then no number must be left that
        looks like one."""
        left = self._request.get_output_tensor(0).data
        if left.size:
            left[:, 0] = np.nan

    def _inputs(self, feeds: Sequence[Feed]) -> dict[str, Any]:
        tokens = [token for one in feeds for token in one.tokens]
        begins = np.cumsum([0, *(len(one.tokens) for one in feeds)])
        ends = [one.text.length + len(one.tokens) for one in feeds]
        places = [np.arange(one.text.length, end) for one, end in zip(feeds, ends, strict=True)]
        rows = [np.arange(end - one.wanted, end) for one, end in zip(feeds, begins[1:], strict=True)]
        pages = [page for one in feeds for page in one.text.pages]
        return {
            "input_ids": np.array(tokens, dtype=np.int64),
            "position_ids": np.concatenate(places).astype(np.int64),
            "rows": np.concatenate(rows).astype(np.int64),
            "past_lens": np.array([one.text.length for one in feeds], dtype=np.int32),
            "subsequence_begins": begins.astype(np.int32),
            "block_indices": np.array(pages, dtype=np.int32),
            "block_indices_begins": np.cumsum([0, *(len(one.text.pages) for one in feeds)]).astype(np.int32),
            "max_context_len": np.array(max(ends), dtype=np.int32),
        }
