"""Generate with torch, on CPU or GPU, with any causal language model of transformers.

One static batch: the prompt is read once and its keys and values are repeated for its outputs; rows that have ended
leave the batch. The beginning that prompts share (the examples) is read once and kept for the next call.
"""

import copy
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import DynamicCache

from generation.engine.backends.base import OnStep
from generation.engine.config import FinishReason, Language, Output, Prompt, SamplingConfig
from generation.engine.errors import GenerationCancelledError
from generation.engine.loader import LoadedModel
from generation.engine.sampling import draw, uniforms

_KEPT_PREFIXES = 4  # about 10 MB each for the starter model
_END_BONUS = 2.5  # added to the logits of the end once a text has the length it aims at
_TAIL = 12  # tokens decoded to look for the stop delimiter


@dataclass(slots=True)
class _Row:
    """One output while it is written."""

    stop: str
    aim: int | None
    length: int = 0
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0
    reason: FinishReason = FinishReason.LENGTH


@dataclass(slots=True)
class _Read:
    """Prompts that the model has read: keys and values, mask of real tokens [B, L], logits of what comes next [B, V],
    and the tokens that must not come next, or come first [B, V]."""

    cache: Any
    mask: torch.Tensor
    logits: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    banned: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    banned_first: torch.Tensor = field(default_factory=lambda: torch.empty(0))


class TorchBackend:
    """`Backend` over a loaded model. See `backends.base.Backend`."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._model = loaded.model
        self._tokenizer = loaded.tokenizer
        self._device = loaded.device
        self._vocabulary = int(loaded.model.get_output_embeddings().weight.shape[0])
        self._blank = self._marked(loaded.tokenizer.blank_ids)
        self._end_tokens: dict[str, torch.Tensor] = {}
        self._prefixes: OrderedDict[str, Any] = OrderedDict()

    def _ids(self, ids: Sequence[int]) -> torch.Tensor:
        return torch.tensor(ids, dtype=torch.long, device=self._device)

    def _marked(self, ids: Sequence[int]) -> torch.Tensor:
        """[V] true at the given tokens, and at numbers that have no token."""
        marked = torch.zeros(self._vocabulary, dtype=torch.bool, device=self._device)
        marked[self._ids(ids)] = True
        marked[len(self._tokenizer.pieces) :] = True
        return marked

    def _banned(self, prompt: Prompt) -> tuple[torch.Tensor, torch.Tensor]:
        """[V] true at the tokens that no output of the prompt may hold, and [V] those that none may begin with."""
        banned = self._marked(self._tokenizer.banned_ids)
        first = banned | self._blank
        if prompt.language is not None:
            foreign = self._marked(self._tokenizer.foreign_ids(prompt.language))
            named = foreign.clone()
            for name in prompt.names:
                for form in (name, f" {name}"):
                    named[self._ids(self._tokenizer.encode(form, start=False))] = False
            # a text that begins with a name in Latin letters goes on in English
            first |= foreign if prompt.language is Language.ZH_HANS else named
            banned |= named
        return banned, first

    @torch.inference_mode()
    def generate(
        self, prompts: Sequence[Prompt], config: SamplingConfig, seeds: Sequence[int], on_step: OnStep | None = None
    ) -> list[Output]:
        if len(prompts) != len(seeds):
            raise ValueError(f"{len(prompts)} prompts and {len(seeds)} seeds")
        if not prompts:
            return []
        distinct = list(dict.fromkeys(prompts))
        read = self._read(distinct)
        place = {prompt: number for number, prompt in enumerate(distinct)}
        order = self._ids([place[prompt] for prompt in prompts])
        banned, first = zip(*(self._banned(prompt) for prompt in distinct), strict=True)
        read.banned, read.banned_first = torch.stack(banned), torch.stack(first)
        self._select(read, order)
        read.banned_first = read.banned_first[order]
        rows = [_Row(stop=prompt.stop, aim=prompt.aim) for prompt in prompts]
        self._write(rows, read, config, uniforms(seeds, config.max_new_tokens, self._device), on_step)
        return [self._output(row) for row in rows]

    def _write(
        self, rows: list[_Row], read: _Read, config: SamplingConfig, chances: torch.Tensor, on_step: OnStep | None
    ) -> None:
        """The loop: draw a token for every open row, drop the rows that ended, ask the model for the next logits."""
        open_rows, history = rows, torch.empty((len(rows), 0), dtype=torch.long, device=self._device)
        for step in range(config.max_new_tokens):
            if on_step is not None and on_step():
                raise GenerationCancelledError("generation was cancelled")
            banned = read.banned if step else read.banned_first
            bonus = self._end_bonus(open_rows)
            tokens, logprobs = draw(read.logits, chances[:, step], config, banned=banned, history=history, bonus=bonus)
            for row, token, logprob in zip(open_rows, tokens.tolist(), logprobs.tolist(), strict=True):
                self._take(row, token, logprob)
            going = [i for i, row in enumerate(open_rows) if row.reason is FinishReason.LENGTH]
            if not going or step + 1 == config.max_new_tokens:
                return
            history = torch.cat([history, tokens.unsqueeze(-1)], dim=-1)
            if len(going) < len(open_rows):
                keep = self._ids(going)
                open_rows = [open_rows[i] for i in going]
                chances, history, tokens = chances[keep], history[keep], tokens[keep]
                self._select(read, keep)
            self._step(read, tokens)

    def _end_bonus(self, rows: list[_Row]) -> torch.Tensor | None:
        """[B, V] what is added to the logits: the bonus where a row may end, if any row has come so far."""
        due = [row.aim is not None and row.length >= row.aim for row in rows]
        if not any(due):
            return None
        bonus = torch.zeros((len(rows), self._vocabulary), device=self._device)
        for number, row in enumerate(rows):
            if due[number]:
                bonus[number, self._ends(row.stop)] = _END_BONUS
        return bonus

    def _ends(self, stop: str) -> torch.Tensor:
        if stop not in self._end_tokens:
            ends = {*self._tokenizer.ids_beginning(stop), *self._tokenizer.end_ids}
            self._end_tokens[stop] = self._ids(sorted(ends))
        return self._end_tokens[stop]

    def _take(self, row: _Row, token: int, logprob: float) -> None:
        row.tokens.append(token)
        row.length += len(self._tokenizer.pieces[token])
        row.logprob += logprob
        if token in self._tokenizer.end_ids:
            row.reason = FinishReason.END
        elif row.stop in self._tokenizer.decode(row.tokens[-_TAIL:]):
            row.reason = FinishReason.STOP

    def _output(self, row: _Row) -> Output:
        tokens = row.tokens[:-1] if row.reason is FinishReason.END else row.tokens
        text, _, _ = self._tokenizer.decode(tokens).partition(row.stop)
        return Output(
            text=text,
            token_count=len(tokens),
            mean_logprob=min(0.0, row.logprob / len(row.tokens)),
            finish_reason=row.reason,
        )

    @torch.inference_mode()
    def score(self, texts: Sequence[str], prompt: Prompt | None = None) -> list[float]:
        before = self._tokenizer.encode(prompt.text if prompt else "")
        scores = []
        for text in texts:
            ids = self._tokenizer.encode(text, start=False)
            context = before or ids[:1]  # without any start token the first token can only be context
            targets = ids if before else ids[1:]
            if not targets:
                raise ValueError("a text of no tokens has no score")
            sequence = self._ids([*context, *targets]).unsqueeze(0)
            logits = self._model(input_ids=sequence, use_cache=False, logits_to_keep=len(targets) + 1).logits[0, :-1]
            chosen = self._ids(targets).unsqueeze(-1)
            total = torch.logsumexp(logits.float(), dim=-1)
            logprobs = logits.float().gather(-1, chosen).squeeze(-1) - total
            scores.append(min(0.0, logprobs.mean().item()))
        return scores

    def _read(self, prompts: Sequence[Prompt]) -> _Read:
        if len(prompts) == 1:
            return self._read_one(prompts[0])
        encoded = [self._encode(prompt) for prompt in prompts]
        width = max(len(first) + len(rest) for first, rest in encoded)
        ids = torch.full((len(encoded), width), self._tokenizer.pad_id, dtype=torch.long, device=self._device)
        mask = torch.zeros_like(ids)
        for number, (first, rest) in enumerate(encoded):
            length = len(first) + len(rest)
            ids[number, width - length :] = self._ids([*first, *rest])
            mask[number, width - length :] = 1
        read = _Read(cache=DynamicCache(config=self._model.config), mask=mask)
        self._forward(read, ids)
        return read

    def _encode(self, prompt: Prompt) -> tuple[list[int], list[int]]:
        """The shared beginning and the rest, encoded apart, so that equal beginnings are equal tokens."""
        if not prompt.shared:
            return [], self._tokenizer.encode(prompt.text)
        first = self._tokenizer.encode(prompt.text[: prompt.shared])
        return first, self._tokenizer.encode(prompt.text[prompt.shared :], start=False)

    def _read_one(self, prompt: Prompt) -> _Read:
        first, rest = self._encode(prompt)
        mask = torch.ones((1, len(first) + len(rest)), dtype=torch.long, device=self._device)
        read = _Read(cache=self._prefix(prompt, first), mask=mask)
        self._forward(read, self._ids(rest).unsqueeze(0))
        return read

    def _prefix(self, prompt: Prompt, ids: list[int]) -> Any:
        """A copy of the keys and values of the prompt's shared beginning, read now if it is not kept."""
        if not prompt.shared:
            return DynamicCache(config=self._model.config)
        text = prompt.text[: prompt.shared]
        if text not in self._prefixes:
            cache = DynamicCache(config=self._model.config)
            self._model(input_ids=self._ids(ids).unsqueeze(0), past_key_values=cache, use_cache=True, logits_to_keep=1)
            self._prefixes[text] = cache
            if len(self._prefixes) > _KEPT_PREFIXES:
                self._prefixes.popitem(last=False)
        self._prefixes.move_to_end(text)
        return copy.deepcopy(self._prefixes[text])

    def _select(self, read: _Read, rows: torch.Tensor) -> None:
        read.cache.batch_select_indices(rows)
        read.mask = read.mask[rows]
        read.logits, read.banned = read.logits[rows], read.banned[rows]

    def _step(self, read: _Read, tokens: torch.Tensor) -> None:
        read.mask = torch.cat([read.mask, read.mask.new_ones((len(tokens), 1))], dim=-1)
        self._forward(read, tokens.unsqueeze(-1))

    def _forward(self, read: _Read, ids: torch.Tensor) -> None:
        """Feed `ids`, the last columns of `read.mask`, and leave the logits of the last position in `read`."""
        padded = bool((read.mask[:, 0] == 0).any())
        positions = (read.mask.cumsum(dim=-1) - 1).clamp_(min=0)[:, -ids.shape[1] :]
        result = self._model(
            input_ids=ids,
            attention_mask=read.mask if padded else None,
            position_ids=positions,
            past_key_values=read.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        read.logits = result.logits[:, -1]
