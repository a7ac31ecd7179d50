"""Generate with OpenVINO on a CPU, from a model that `openvino_export.export` has written with 8-bit weights.

The model computes what comes next for all texts in progress in one call; tokens are drawn as the torch backend draws them, by
the same rules, bans and seeds, so an output has the same meaning: its log-probability is under the whole untempered
distribution, its seed decides its draws. What differs is the arithmetic: weights, keys and values of 8 bits, on some processors
what layers read as well (`openvino_export`), and products whose last digits depend on how many texts are computed together.
The same call gives the same texts; a text alone and the same text among others agree until two tokens are nearly as likely.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch

from generation.engine.backends.bans import Bans
from generation.engine.backends.base import OnStep, Request
from generation.engine.backends.local import LocalBackend
from generation.engine.backends.pages import Feed, PagedModel, PagedText
from generation.engine.backends.rows import Row, RowWriter
from generation.engine.config import Output, Prompt, SamplingConfig
from generation.engine.errors import GenerationCancelledError
from generation.engine.memory import give_back
from generation.engine.openvino_export import OpenVinoModel

_KEPT_PREFIXES = 4
_KEPT_PROMPTS = 8
_READ_AT_ONCE = 1024  # tokens of prompts in one call
_SCORED_AT_ONCE = 48  # tokens whose logits are in memory together


@dataclass(frozen=True, slots=True)
class _Read:
    """A prompt that was read: where it lies, and the logits [V] of what comes next."""

    text: PagedText
    logits: torch.Tensor


@dataclass(slots=True)
class _Writing:
    """A row, and where what the model has read of it lies."""

    row: Row
    text: PagedText


class OpenVinoBackend(LocalBackend):
    """`Backend` over an exported model. See `backends.base.Backend`."""

    def __init__(self, loaded: OpenVinoModel) -> None:
        self._model = PagedModel(loaded.compiled, [one.layer for one in loaded.layers], loaded.weights)
        self._tokenizer = loaded.tokenizer
        self._vocabulary = loaded.vocabulary
        self._writer = RowWriter(loaded.tokenizer, loaded.vocabulary, torch.device("cpu"))
        self._prefixes: OrderedDict[str, PagedText] = OrderedDict()
        self._prompts: OrderedDict[Prompt, _Read] = OrderedDict()

    @property
    def model(self) -> PagedModel:
        return self._model

    def stream(
        self, requests: Iterable[Request], config: SamplingConfig, on_step: OnStep | None = None
    ) -> Iterator[tuple[int, Output]]:
        source, writing = enumerate(requests), list[_Writing]()
        bans, emptied = Bans(config.batch_size, self._vocabulary, torch.device("cpu")), self._model.emptied
        try:
            while True:
                fresh = self._begin(source, config.batch_size - len(writing), config)
                begun = len(writing)
                writing.extend(one for one, _first in fresh)
                if not writing:
                    return
                if on_step is not None and on_step():
                    raise GenerationCancelledError("generation was cancelled")
                if emptied != self._model.emptied:
                    raise MemoryError("memory ran out in another call, and with it went what this one had read")
                rows = [one.row for one in writing]
                if begun:
                    self._writer.draw(rows[:begun], self._step(writing[:begun]), bans.marks, config)
                if fresh:
                    self._writer.begin_all(rows[begun:], [first for _, first in fresh], bans, config)
                for place in reversed([place for place, one in enumerate(writing) if one.row.has_ended]):
                    ended, writing[place] = writing[place], writing[-1]
                    writing.pop()
                    bans.drop(place)
                    self._model.drop(ended.text)
                    yield ended.row.number, self._writer.output(ended.row)
        except GenerationCancelledError:
            raise
        except Exception:  # memory ran out, perhaps between two pages: nobody knows any more which are in use
            self._prompts.clear()
            self._prefixes.clear()
            self._model.empty()
            raise
        finally:
            for one in writing if emptied == self._model.emptied else ():
                self._model.drop(one.text)
            give_back()

    def _begin(
        self, source: Iterator[tuple[int, Request]], room: int, config: SamplingConfig
    ) -> list[tuple[_Writing, torch.Tensor]]:
        """Take as many requests as there is room for; each with the logits [V] of its first token."""
        taken = list(islice(source, room))
        read = self._read([request.prompt for _, request in taken])
        fresh = []
        for number, request in taken:
            one = read[request.prompt]
            row = self._writer.begin(number, request, config)
            fresh.append((_Writing(row, self._model.fork(one.text)), one.logits))
        self._forget()
        return fresh

    def _step(self, writing: list[_Writing]) -> torch.Tensor:
        """Feed the tokens that were drawn last; the logits [rows, V] of what comes next."""
        return self._model.feed([Feed(one.text, one.row.tokens[-1:]) for one in writing])

    def _prefix(self, prompt: Prompt, ids: list[int]) -> PagedText:
        """A text that holds the prompt's shared beginning, read now if it is not kept."""
        if not prompt.shared:
            return PagedText()
        beginning = prompt.text[: prompt.shared]
        if beginning not in self._prefixes:
            text = PagedText()
            for start in range(0, len(ids), _READ_AT_ONCE):
                self._model.feed([Feed(text, ids[start : start + _READ_AT_ONCE])])
            self._prefixes[beginning] = text
        self._prefixes.move_to_end(beginning)
        return self._model.fork(self._prefixes[beginning])

    def _read(self, prompts: Sequence[Prompt]) -> OrderedDict[Prompt, _Read]:
        """Read the prompts that are not kept, several in one call."""
        waiting: list[tuple[Prompt, Feed]] = []
        for prompt in dict.fromkeys(prompts):
            if prompt in self._prompts:
                self._prompts.move_to_end(prompt)
                continue
            first, rest = self._tokenizer.encode_parts(prompt.text, prompt.shared)
            text = self._prefix(prompt, first)
            while len(rest) > _READ_AT_ONCE:
                self._model.feed([Feed(text, rest[:_READ_AT_ONCE])])
                rest = rest[_READ_AT_ONCE:]
            if waiting and sum(len(feed.tokens) for _, feed in waiting) + len(rest) > _READ_AT_ONCE:
                self._keep(waiting)
            waiting.append((prompt, Feed(text, rest)))
        self._keep(waiting)
        return self._prompts

    def _keep(self, waiting: list[tuple[Prompt, Feed]]) -> None:
        if waiting:
            logits = self._model.feed([feed for _, feed in waiting]).clone()
            for (prompt, feed), row in zip(waiting, logits, strict=True):
                self._prompts[prompt] = _Read(feed.text, row)
        waiting.clear()

    def _forget(self) -> None:
        """What was read longest ago leaves; the texts that go on from it keep what they need."""
        while len(self._prompts) > _KEPT_PROMPTS:
            self._model.drop(self._prompts.popitem(last=False)[1].text)
        while len(self._prefixes) > _KEPT_PREFIXES:
            self._model.drop(self._prefixes.popitem(last=False)[1])

    @torch.inference_mode()
    def _score(self, context: list[int], targets: list[int]) -> float:
        given = [*context, *targets[:-1]]
        wanted = [*[-1] * (len(context) - 1), *targets]  # what is asked after each; only the end asks
        text, total = PagedText(), 0.0
        try:
            for start in range(0, len(given), _SCORED_AT_ONCE):
                asked = [token for token in wanted[start : start + _SCORED_AT_ONCE] if token >= 0]
                tokens = given[start : start + _SCORED_AT_ONCE]
                logits = self._model.feed([Feed(text, tokens, max(1, len(asked)))])
                if asked:
                    chosen = logits.gather(-1, torch.tensor(asked).unsqueeze(-1)).squeeze(-1)
                    total += (chosen - torch.logsumexp(logits, dim=-1)).sum().item()
        finally:
            self._model.drop(text)
        return total / len(targets) if math.isnan(total) else min(0.0, total / len(targets))
