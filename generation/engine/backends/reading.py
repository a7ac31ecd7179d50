"""What the model reads before it writes: each distinct prompt once. Imports torch: only backends import it.

What was read of a prompt is kept for its other texts, and the beginning that prompts share (the examples) for the next call.
Prompts that are wanted at the same time are read side by side, the longest together, padded on the left. In float32 only
those of one length are: padding changes the order of sums there, and a text must not depend on what is read beside it.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

from generation.engine.config import Prompt
from generation.engine.loader import LoadedModel

_KEPT_PREFIXES = 4  # about 10 MB each for the starter model
_KEPT_PROMPTS = 8  # about 4 MB each for the starter model
_TOGETHER = 1024  # tokens, padding included, that are read side by side


@dataclass(frozen=True, slots=True)
class Read:
    """What the model has read of a prompt: keys and values of every layer [heads, tokens, width], and the logits [V] of what
    comes next."""

    states: list[tuple[torch.Tensor, torch.Tensor]]
    logits: torch.Tensor


class PromptReader:
    """Reads prompts and keeps the last ones."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._model, self._tokenizer, self._device = loaded.model, loaded.tokenizer, loaded.device
        self._pads = loaded.dtype != torch.float32
        self._window: int | None = getattr(loaded.model.config, "sliding_window", None)
        self._prefixes: OrderedDict[str, Any] = OrderedDict()
        self._prompts: OrderedDict[Prompt, Read] = OrderedDict()

    def _ids(self, ids: Sequence[Any]) -> torch.Tensor:
        return torch.tensor(ids, dtype=torch.long, device=self._device)

    @torch.inference_mode()
    def read(self, prompts: Sequence[Prompt]) -> list[Read]:
        """What the model has read of each prompt, read now if it is not kept."""
        found = {prompt: self._prompts[prompt] for prompt in prompts if prompt in self._prompts}
        for group in self._groups([prompt for prompt in dict.fromkeys(prompts) if prompt not in found]):
            found.update(self._read_together(group))
        for prompt in dict.fromkeys(prompts):
            self._prompts[prompt] = found[prompt]
            self._prompts.move_to_end(prompt)
        while len(self._prompts) > _KEPT_PROMPTS:
            self._prompts.popitem(last=False)
        return [found[prompt] for prompt in prompts]

    def _groups(self, prompts: Sequence[Prompt]) -> Iterator[dict[Prompt, list[int]]]:
        """The prompts that are read together, all with the same shared beginning, and the tokens after it."""
        alike = defaultdict[tuple[str, int], list[tuple[Prompt, list[int]]]](list)
        for prompt in prompts:
            first, rest = self._tokenizer.encode_parts(prompt.text, prompt.shared)
            # A window counts columns: padding between a shared beginning and the rest would move it.
            is_moved = first and self._window is not None and len(first) + 2 * len(rest) > self._window
            length = 0 if self._pads and not is_moved else len(rest)
            alike[prompt.text[: prompt.shared], length].append((prompt, rest))
        for found in alike.values():
            group: dict[Prompt, list[int]] = {}
            for prompt, rest in sorted(found, key=lambda one: len(one[1])):
                if (len(group) + 1) * len(rest) > _TOGETHER and group:
                    yield group
                    group = {}
                group[prompt] = rest
            yield group

    def _read_together(self, group: dict[Prompt, list[int]]) -> Iterator[tuple[Prompt, Read]]:
        """Each prompt of the group with what the model has read of it, in tensors of its own."""
        cache = self._prefix(next(iter(group)), len(group))
        before, longest = cache.get_seq_length(), max(map(len, group.values()))
        padding = [longest - len(rest) for rest in group.values()]
        ids = [[self._tokenizer.pad_id] * pad + rest for pad, rest in zip(padding, group.values(), strict=True)]
        more: dict[str, torch.Tensor] = {}
        if any(padding):
            columns = torch.arange(longest, device=self._device) - self._ids(padding).unsqueeze(-1)
            seen = torch.ones((len(group), before), dtype=torch.long, device=self._device)
            more["attention_mask"] = torch.cat([seen, (columns >= 0).long()], dim=-1)
            more["position_ids"] = columns.clamp(min=0) + before
        result = self._model(input_ids=self._ids(ids), past_key_values=cache, use_cache=True, logits_to_keep=1, **more)
        for row, (prompt, pad) in enumerate(zip(group, padding, strict=True)):
            states = [
                (_without(layer.keys[row], before, pad), _without(layer.values[row], before, pad))
                for layer in cache.layers
            ]
            yield prompt, Read(states, result.logits[row, -1].clone())

    def _prefix(self, prompt: Prompt, rows: int) -> Any:
        """Keys and values of the prompt's shared beginning for so many rows, read now if they are not kept. Adding to them
        makes new tensors."""
        cache = DynamicCache()
        if not prompt.shared:
            return cache
        text = prompt.text[: prompt.shared]
        if text not in self._prefixes:
            ids = self._ids([self._tokenizer.encode_parts(prompt.text, prompt.shared)[0]])
            self._model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            self._prefixes[text] = [(layer.keys, layer.values) for layer in cache.layers]
            if len(self._prefixes) > _KEPT_PREFIXES:
                self._prefixes.popitem(last=False)
        self._prefixes.move_to_end(text)
        kept = DynamicCache()
        for number, pair in enumerate(self._prefixes[text]):
            keys, values = (one.expand(rows, -1, -1, -1) for one in pair)
            kept.update(keys, values, number)
        return kept


def _without(states: torch.Tensor, before: int, pad: int) -> torch.Tensor:
    """A copy of [heads, columns, width] without the padding, which begins at column `before`."""
    return torch.cat([states[:, :before], states[:, before + pad :]], dim=1)
