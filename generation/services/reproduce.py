"""Making a candidate again from what is stored with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from generation.engine.backends.base import Request
from generation.engine.config import Prompt
from generation.engine.outputs import clean_output
from generation.models import Candidate
from generation.services.preparing import prepare
from generation.services.run import drawn
from generation.services.turn import compute_turn
from generation.services.writers import sentence_encoder, torch_writer


@dataclass(frozen=True)
class Reproduced:
    """A candidate's text and what came out now, with what may explain a difference."""

    stored: str
    made: str
    numbers: str  # that the candidate was computed with
    same_prompt: bool

    @property
    def is_same(self) -> bool:
        return self.stored == self.made


def candidate_reproduce(*, candidate: Candidate) -> Reproduced:
    """Write the candidate's output again, alone, with torch in float32, from its version, stored prompt, settings and seed.

    Equal for every candidate that was computed in float32; in bfloat16 what else is in the batch may change a token. Raises
    `EngineError` where the version's files are gone.
    """
    item = candidate.item
    run, version = item.run, item.run.model_version
    with compute_turn():
        prepared = prepare(run, item, sentence_encoder().encode, afresh=True)
        prompt = prepared.item.angle(candidate.draw).prompt
        writer = torch_writer(version.language_model.path, version.adapter_path, "float32")
        read = _as_read(prompt, candidate.prompt)
        [(_number, output)] = writer.backend.stream([Request(read, candidate.seed)], drawn(run, batch_size=1))
    text = clean_output(output, prompt, prepared.item.language, prepared.item.plan.known)
    made = prepared.item.check(text).text or text
    return Reproduced(candidate.text, made, _numbers(candidate), prompt.text == candidate.prompt)


def _as_read(prompt: Prompt, stored: str) -> Prompt:
    """The prompt with the text that the model read, whatever a release since makes of the brief."""
    return prompt if stored in ("", prompt.text) else replace(prompt, text=stored, shared=0)


def _numbers(candidate: Candidate) -> str:
    """What it was computed with; empty where that was not kept. Where several engines may have been it, "bfloat16 or float32"."""
    found = {engine.get("numbers", "") for engine in _engines(candidate)}
    return "" if "" in found else " or ".join(sorted(found))


def _engines(candidate: Candidate) -> list[dict[str, Any]]:
    """Its own. Of one from before that was kept: those of its item's block and of the blocks before it, because the item may
    have been tried again since, in a block of its own."""
    if candidate.engine:
        return [candidate.engine]
    block, run = candidate.item.block, candidate.item.run
    blocks = run.blocks.all() if block is None else run.blocks.filter(number__lte=block.number)
    return [engine for one in blocks for engine in one.engines] or [run.engine]
