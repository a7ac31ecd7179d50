"""Outputs while they are written side by side: what each may hold, how its next token is drawn, when it has ended.

What every backend shares that computes logits itself, so that the same prompt, seed and settings mean the same in all of
them. Imports torch: only backends import it.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from generation.engine.backends.bans import Bans
from generation.engine.backends.base import Request
from generation.engine.config import FinishReason, Language, Output, Prompt, SamplingConfig
from generation.engine.errors import ModelNumbersError
from generation.engine.held import Held, has_emoji, has_picture, held
from generation.engine.sampling import draw, uniforms
from generation.engine.seeds import unit_of
from generation.engine.tokens import TextTokenizer

# While more of all texts than this begin like a row's own, its next token comes of what is left of its number. More would not
# set it further apart from the others of its brief, and every token makes a difference in the model's numbers matter more.
_CODED = 2.0**-5
_END_BONUS = 2.5  # added to the logits of the end once a text has the length it aims at
_EMOJI_BONUS = 9.0  # the same to those of emoji where one is wanted and can stand: few texts were learned that have any
_TAIL = 12  # tokens decoded to look for the stop delimiter


@dataclass(slots=True)
class Row:
    """One output while it is written.

    chances  what each token is drawn with, once the row's number is used up
    code     the rest of that number, in [0, 1)
    open     the share of all texts that begins like this one; 0: there is no number (any more)
    """

    number: int
    held: Held
    most: int
    chances: list[float]
    code: float = 0.0
    open: float = 0.0
    length: int = 0
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0
    reason: FinishReason = FinishReason.LENGTH
    is_over: bool = False

    @property
    def has_ended(self) -> bool:
        return self.is_over or self.reason is not FinishReason.LENGTH or len(self.tokens) >= self.most

    @property
    def chance(self) -> float:
        """What the next token is drawn with."""
        return self.code if self.open > _CODED else self.chances[len(self.tokens)]

    def drew(self, rest: float, share: float) -> None:
        """The next token had that share, and the chance left this rest."""
        if self.open > _CODED:
            self.code, self.open = rest, self.open * share


class RowWriter:
    """Draws for rows over a vocabulary of `size` logits."""

    def __init__(self, tokenizer: TextTokenizer, size: int, device: torch.device) -> None:
        self._tokenizer, self._size, self._device = tokenizer, size, device
        self._blank = self._marked(tokenizer.blank_ids)
        self._marks: dict[str, torch.Tensor] = {}
        self._end_tokens: dict[str, torch.Tensor] = {}
        self._picture_tokens: torch.Tensor | None = None

    def begin(self, number: int, request: Request, config: SamplingConfig) -> Row:
        prompt = request.prompt
        most = min(config.max_new_tokens, prompt.max_tokens or config.max_new_tokens)
        chances = uniforms([request.seed], most, torch.device("cpu"))[0].tolist()
        row = Row(number=number, held=held(prompt), most=most, chances=chances)
        if config.arithmetic:
            row.code, row.open = unit_of(request.seed), 1.0
        return row

    @torch.inference_mode()
    def draw(self, rows: Sequence[Row], logits: torch.Tensor, banned: torch.Tensor, config: SamplingConfig) -> None:
        """Draw the next token of every row from logits [rows, V], none that is banned [rows, V]."""
        longest = max(len(row.tokens) for row in rows)
        history = self._ids([[*row.tokens, *[-1] * (longest - len(row.tokens))] for row in rows])
        picky = any(row.held.refuses_any for row in rows)
        drawn = draw(
            logits,
            torch.tensor([row.chance for row in rows], dtype=torch.float64, device=self._device),
            config,
            banned=banned,
            history=history.reshape(len(rows), longest),
            raised=self._raised(rows),
            refuses=(lambda place, token: self._refuses(rows[place], token)) if picky else None,
        )
        for row, rest, share in zip(rows, drawn.rests, drawn.shares, strict=True):
            row.drew(rest, share)
        for row, token, logprob in zip(rows, drawn.tokens.tolist(), drawn.logprobs.tolist(), strict=True):
            self._take(row, token, logprob)

    def begin_all(
        self, rows: Sequence[Row], logits: Sequence[torch.Tensor], bans: Bans, config: SamplingConfig
    ) -> None:
        """Draw the token that every row begins with, from the logits [V] of each, and add what the rows may not hold."""
        marks = [self._banned(row.held.prompt) for row in rows]
        for banned, _first in marks:
            bans.add(banned)
        self.draw(rows, torch.stack(list(logits)), torch.stack([first for _banned, first in marks]), config)

    def output(self, row: Row) -> Output:
        """Raises `ModelNumbersError` where its log-probability is no number."""
        tokens = row.tokens[:-1] if row.reason is FinishReason.END else row.tokens
        text, _, _ = self._tokenizer.decode(tokens).partition(row.held.prompt.stop)
        mean = row.logprob / len(row.tokens)
        if not math.isfinite(mean):
            raise ModelNumbersError("What the model computes is no number: its weights are broken.")
        return Output(text=text, token_count=len(tokens), mean_logprob=min(0.0, mean), finish_reason=row.reason)

    def _known(self, ids: Iterable[int]) -> torch.Tensor:
        """Those tokens that the model has a logit for: a tokenizer may know more, such as one for images."""
        return self._ids([token for token in ids if token < self._size])

    def _ids(self, ids: Sequence[Any]) -> torch.Tensor:
        return torch.tensor(ids, dtype=torch.long, device=self._device)

    def _marked(self, ids: Sequence[int]) -> torch.Tensor:
        """[V] true at the given tokens, and at numbers that have no token."""
        marked = torch.zeros(self._size, dtype=torch.bool, device=self._device)
        marked[self._known(ids)] = True
        marked[len(self._tokenizer.pieces) :] = True
        return marked

    def _mark(self, name: str, ids: Callable[[], Sequence[int]]) -> torch.Tensor:
        """`_marked`, made once for each name: a language has 100,000 foreign tokens."""
        if name not in self._marks:
            self._marks[name] = self._marked(ids())
        return self._marks[name]

    def _banned(self, prompt: Prompt) -> tuple[torch.Tensor, torch.Tensor]:
        """[V] true at the tokens that no output of the prompt may hold, and [V] those that none may begin with."""
        banned = self._mark("special", lambda: self._tokenizer.banned_ids).clone()
        if prompt.emoji is False:
            banned |= self._mark("emoji", lambda: self._pieces_with(has_emoji))
        first = banned | self._blank
        if prompt.language is not None:
            language = prompt.language
            foreign = self._mark(language, lambda: self._tokenizer.foreign_ids(language))
            named = foreign.clone()
            for name in prompt.names:
                for form in (name, f" {name}"):
                    named[self._known(self._tokenizer.encode(form, start=False))] = False
            # a text that begins with a name in Latin letters goes on in English
            first |= foreign if prompt.language is Language.ZH_HANS else named
            banned |= named
        return banned, first

    def _refuses(self, row: Row, token: int) -> bool:
        """Whether the token would bring in what the row's prompt bans."""
        if not row.held.refuses_any or token in self._tokenizer.end_ids:
            return False
        tail = row.tokens[-(row.held.longest + _TAIL) :]
        return row.held.refuses(self._tokenizer.decode(tail), self._tokenizer.decode([*tail, token]))

    def _raised(self, rows: Sequence[Row]) -> dict[int, tuple[torch.Tensor, float]]:
        """Of some rows the tokens that are made likelier, and by how much."""
        raised = {place: (self._ends(row.held.prompt.stop), _END_BONUS) for place, row in self._due(rows)}
        for place, row in enumerate(rows):
            if row.held.prompt.emoji is True and row.held.lacks_emoji(self._tokenizer.decode(row.tokens)):
                raised[place] = (self._pictures(), _EMOJI_BONUS)
        return raised

    def _pictures(self) -> torch.Tensor:
        """Tokens that are an emoji which shows something."""
        if self._picture_tokens is None:
            self._picture_tokens = self._known(self._pieces_with(has_picture))
        return self._picture_tokens

    def _pieces_with(self, has: Callable[[str], bool]) -> list[int]:
        return [token for token, piece in enumerate(self._tokenizer.pieces) if has(piece)]

    def _due(self, rows: Sequence[Row]) -> Iterator[tuple[int, Row]]:
        """The rows whose end is made likelier: as long as they should be, or near their limit where they could end."""
        for place, row in enumerate(rows):
            prompt = row.held.prompt
            is_due = prompt.aim is not None and row.length >= prompt.aim
            if not is_due and prompt.limit is not None and row.tokens:
                is_due = row.held.should_end(self._tokenizer.decode(row.tokens))
            if is_due:
                yield place, row

    def _ends(self, stop: str) -> torch.Tensor:
        if stop not in self._end_tokens:
            ends = {*self._tokenizer.ids_beginning(stop), *self._tokenizer.end_ids}
            self._end_tokens[stop] = self._known(sorted(ends))
        return self._end_tokens[stop]

    def _take(self, row: Row, token: int, logprob: float) -> None:
        row.tokens.append(token)
        row.length += len(self._tokenizer.pieces[token])
        row.logprob += logprob
        if token in self._tokenizer.end_ids:
            row.reason = FinishReason.END
        elif row.held.prompt.stop in self._tokenizer.decode(row.tokens[-_TAIL:]):
            row.reason = FinishReason.STOP
        elif row.held.prompt.limit is not None:
            row.is_over = row.held.used(self._tokenizer.decode(row.tokens).strip()) > 1
