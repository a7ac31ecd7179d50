"""Generate with torch, on CPU or GPU, with any causal language model of transformers.

Texts are written side by side in slots (`slots.SlotCache`), after their prompts were read (`reading.PromptReader`). When a
text ends, the next one takes its slot at once: no slot waits for the longest text.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self

import torch

from generation.engine.backends.bans import Bans
from generation.engine.backends.base import OnStep, Request
from generation.engine.backends.local import LocalBackend
from generation.engine.backends.reading import PromptReader
from generation.engine.backends.rows import Row, RowWriter
from generation.engine.backends.slots import SlotCache
from generation.engine.config import Output, SamplingConfig
from generation.engine.errors import GenerationCancelledError
from generation.engine.loader import LoadedModel, lay_adapter
from generation.engine.sampling import log_sum


class TorchBackend(LocalBackend):
    """`Backend` over a loaded model with the adapter that lies over it now. See `backends.base.Backend`.

    Once another adapter lies there, this one refuses to write: what it has read belongs to the adapter before.
    """

    def __init__(self, loaded: LoadedModel, writer: RowWriter | None = None) -> None:
        self._loaded, self._changes = loaded, _changes(loaded)
        self._model = loaded.model
        self._tokenizer = loaded.tokenizer
        self._device, self._dtype = loaded.device, loaded.dtype
        self._vocabulary = int(loaded.model.get_output_embeddings().weight.shape[0])
        self._writer = writer or RowWriter(loaded.tokenizer, self._vocabulary, loaded.device)
        self._reader = PromptReader(loaded)

    def wearing(self, adapter: Path | None, model_root: Path) -> Self | None:
        """A backend over the same base in memory with another adapter, or with none. None and errors as `loader.lay_adapter`
        has them: then this one still writes."""
        if not lay_adapter(self._loaded, adapter, model_root=model_root):
            return None
        return type(self)(self._loaded, self._writer)  # the marks of 262,144 tokens stay as they are

    def _check(self) -> None:
        if self._changes != _changes(self._loaded):
            raise RuntimeError("another adapter lies over this model now")

    def _ids(self, ids: Sequence[Any]) -> torch.Tensor:
        return torch.tensor(ids, dtype=torch.long, device=self._device)

    def stream(
        self, requests: Iterable[Request], config: SamplingConfig, on_step: OnStep | None = None
    ) -> Iterator[tuple[int, Output]]:
        source, rows = enumerate(requests), list[Row]()
        cache, bans = SlotCache(config.batch_size), Bans(config.batch_size, self._vocabulary, self._device)
        logits: torch.Tensor | None = None
        while True:
            self._check()
            new = list(islice(source, config.batch_size - len(rows)))
            reads = self._reader.read([request.prompt for _, request in new])
            fresh, begun = [read.logits for read in reads], len(rows)
            for number, request in new:
                cache.add(reads.pop(0).states)  # which lets go of it: all texts' together are 100 MB
                rows.append(self._writer.begin(number, request, config))
            if not rows:
                return
            if on_step is not None and on_step():
                raise GenerationCancelledError("generation was cancelled")
            if logits is not None:
                self._writer.draw(rows[:begun], logits, bans.marks, config)
            if fresh:
                self._writer.begin_all(rows[begun:], fresh, bans, config)
            for place in reversed([place for place, row in enumerate(rows) if row.has_ended]):
                ended, rows[place] = rows[place], rows[-1]
                rows.pop()
                cache.drop(place)
                bans.drop(place)
                yield ended.number, self._writer.output(ended)
            logits = self._step(rows, cache) if rows else None

    @torch.inference_mode()
    def _step(self, rows: list[Row], cache: SlotCache) -> torch.Tensor:
        """Feed the tokens that were drawn last; the logits [rows, V] of what comes next."""
        result = self._model(
            input_ids=self._ids([[row.tokens[-1]] for row in rows]),
            attention_mask=cache.mask(self._device),
            position_ids=self._ids([[length] for length in cache.lengths]),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache.advance()
        logits: torch.Tensor = result.logits[:, -1]
        return logits

    @torch.inference_mode()
    def _score(self, context: list[int], targets: list[int]) -> float:
        self._check()
        sequence = self._ids([*context, *targets]).unsqueeze(0)
        logits = self._model(input_ids=sequence, use_cache=False, logits_to_keep=len(targets) + 1).logits[0, :-1]
        chosen = self._ids(targets).unsqueeze(-1)
        logprobs = logits.gather(-1, chosen).squeeze(-1).float() - log_sum(logits)
        return float(logprobs.mean().clamp(max=0.0).item())  # Python's min(0.0, nan) would be a perfect 0.0


def _changes(loaded: LoadedModel) -> int:
    return loaded.overlay.changes if loaded.overlay else 0
