"""Generate with a model that another server runs: any OpenAI-compatible `/v1/completions` (vLLM, llama-server, …).

What a backend with the model in its own memory can do and this one cannot: tokens of other scripts are not kept from
being drawn (`Prompt.language`, `names`), no end is made likelier (`aim`), and no repetition is penalised, because the
servers' extensions of that name penalise the words of the prompt too, which are those that copy should use. The generator
drops what comes out wrong, so this costs outputs and not quality.

Log-probabilities are the server's: vLLM and llama-server give those of the whole untempered distribution, as `Output`
wants. Where an answer brings none, the text is scored instead, if the server can; where it cannot, its text is not used:
a number that nobody computed would look like fluency. A server that never gave a number is an error, one text is not.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any, TypeVar

import httpx

from generation.engine.backends.base import OnStep, Request
from generation.engine.backends.remote_answer import Answer, Choice, Token, mean_logprob, until_stop
from generation.engine.backends.remote_client import RemoteClient
from generation.engine.backends.remote_config import RemoteConfig, Scoring
from generation.engine.backends.remote_usage import Usage
from generation.engine.backends.waiting import wait_for
from generation.engine.config import FinishReason, Output, Prompt, SamplingConfig
from generation.engine.errors import (
    ModelNumbersError,
    RemoteAnswerError,
    RemoteError,
    RemoteRefusedError,
    RemoteRequestError,
    RemoteServerError,
    RemoteTimeoutError,
)

_SEEDS = 2**31  # every server takes a positive 32-bit integer; larger ones are cut off, rounded or refused by some
_MOST = 16  # outputs in one request
_UNKNOWN_FIELD = {400, 422}  # how servers refuse `n`
_OF_THE_PROMPT = {400, 413, 422, 451}  # how they refuse one prompt, too long or held back by a filter, and take others

Result = TypeVar("Result")
Written = tuple[Choice, dict[str, int]]  # and what it was asked with beside the prompt


@dataclass(slots=True)
class _Trouble:
    """What went wrong in a batch of which some was answered: the prompts that the server refused or failed over, by their text,
    and what it went away with."""

    refused: dict[str, RemoteRequestError] = field(default_factory=dict)
    failed: dict[str, tuple[RemoteError, float]] = field(default_factory=dict)  # and when
    ended: RemoteError | None = None
    answered: float = -math.inf  # when the last of the requests was begun that were answered

    def meet(self, error: RemoteError) -> None:
        """Ask nothing more where this is of no single prompt."""
        is_refused = isinstance(error, RemoteRequestError) and error.status in _OF_THE_PROMPT
        if not is_refused and not isinstance(error, RemoteServerError | RemoteTimeoutError):
            self.ended = self.ended or error

    def note(self, prompt: str, error: RemoteError) -> None:
        if isinstance(error, RemoteRequestError) and error.status in _OF_THE_PROMPT:
            self.refused[prompt] = error
        elif error is not self.ended:
            self.failed[prompt] = error, time.monotonic()  # of the prompt or of the server: the others will tell

    def settle(self) -> None:
        """Over what a server failed that answered others afterwards, it would fail again. One that did not may be away."""
        if self.ended is not None:
            return
        for prompt, (error, at) in self.failed.items():
            if at < self.answered:
                self.refused[prompt] = RemoteRequestError(str(error), 500)
            else:
                self.ended = self.ended or error


@dataclass(frozen=True, slots=True)
class _Group:
    """The outputs of one prompt of an item: their places in the call and their seeds."""

    prompt: Prompt
    places: tuple[int, ...]
    seeds: tuple[int, ...]


class RemoteBackend:
    """`Backend` over a server. See `backends.base.Backend`, and the errors in `RemoteError` besides.

    One request for each distinct prompt of an item, or more where it has many outputs, with `n` for them and the seed of the
    first, from which the server derives the others'. Which outputs share a request follows from the item alone: whatever it is batched with, it
    asks the same, and gets the same texts from a server that keeps seeds. An output that is not the first of its request
    would get another text where it is asked for alone, with its own seed. A server that refuses `n`, or ignores it, is
    asked for each output with that output's own seed, from then on at once.

    A text without a number comes out as an empty output, which everybody drops, once the server gave a number for another.
    """

    def __init__(self, config: RemoteConfig, client: RemoteClient | None = None) -> None:
        self._config = config
        self._client = client or RemoteClient(config)
        self._several = config.several_per_request
        self._gives_numbers = False

    @property
    def usage(self) -> Usage:
        """What has been used so far, also by calls that failed or were cancelled."""
        return self._client.meter.usage

    def generate(
        self, prompts: Sequence[Prompt], config: SamplingConfig, seeds: Sequence[int], on_step: OnStep | None = None
    ) -> list[Output]:
        if len(prompts) != len(seeds):
            raise ValueError(f"{len(prompts)} prompts and {len(seeds)} seeds")
        requests = [Request(prompt, seed) for prompt, seed in zip(prompts, seeds, strict=True)]
        return list(self._outputs(requests, config, on_step).values())

    def stream(
        self, requests: Iterable[Request], config: SamplingConfig, on_step: OnStep | None = None
    ) -> Iterator[tuple[int, Output]]:
        """One `generate` for every `batch_size` requests, and those that follow with the last (`Request.more`), so that
        outputs that share a prompt share a request: which do never depends on which answer was there first.

        Where the server refuses some of the prompts, or still fails over them while it answers others, the outputs of the
        others come first, then `RemoteRefusedError`. So do those that came before it went away, then what it went away with."""
        source = enumerate(requests)
        while batch := _batch(source, config.batch_size):
            trouble = _Trouble()
            outputs = self._outputs([one for _, one in batch], config, on_step, trouble)
            yield from ((batch[place][0], output) for place, output in outputs.items())
            if trouble.ended is not None:
                raise trouble.ended
            if trouble.refused:
                raise RemoteRefusedError(trouble.refused)

    def score(self, texts: Sequence[str], prompt: Prompt | None = None) -> list[float]:
        if not all(texts):
            raise ValueError("a text of no tokens has no score")
        if self._config.scoring is Scoring.NONE or not texts:
            return [math.nan] * len(texts)
        before = prompt.text if prompt else ""
        scored = wait_for(lambda: self._scored([(text, before) for text in texts]))
        return [math.nan if tokens is None else mean_logprob(tokens) for tokens in scored]

    def _outputs(
        self,
        requests: Sequence[Request],
        config: SamplingConfig,
        on_step: OnStep | None,
        trouble: _Trouble | None = None,
    ) -> dict[int, Output]:
        """By their places, in order. The first prompt that the server does not answer ends the call, unless there is `trouble`
        to put that into: then the others are written."""
        if not requests:
            return {}
        prompts = [one.prompt for one in requests]
        choices = wait_for(lambda: self._choices(requests, config, trouble), on_step)
        written = {place: until_stop(choice, prompts[place].stop) for place, (choice, _) in sorted(choices.items())}
        lacking = [place for place, choice in written.items() if choice.text and choice.tokens is None]
        if lacking:
            asked = [(_ended(written[place], prompts[place]), prompts[place].text) for place in lacking]
            try:
                scored = wait_for(lambda: self._scored(asked), on_step)
            except RemoteError as error:
                if trouble is None or len(lacking) == len(written):
                    raise
                trouble.ended = trouble.ended or error
                for place in lacking:
                    del written[place]
            else:
                for place, tokens in zip(lacking, scored, strict=True):
                    written[place] = Choice(written[place].text, written[place].reason, tokens)
        outputs = self._numbered(written)
        return {place: replace(output, asked=choices[place][1]) for place, output in outputs.items()}

    def _numbered(self, written: Mapping[int, Choice]) -> dict[int, Output]:
        """The outputs; empty is one whose fluency is not known. Raises where the server never told that of any."""
        means = {place: mean_logprob(choice.tokens or ()) for place, choice in written.items()}
        self._gives_numbers = self._gives_numbers or any(map(math.isfinite, means.values()))
        return {place: self._output(choice, means[place]) for place, choice in written.items()}

    def _output(self, choice: Choice, mean: float) -> Output:
        if not choice.text and not choice.tokens:  # nothing was written: nothing in it is unlikely
            return Output(text="", token_count=0, mean_logprob=0.0, finish_reason=choice.reason)
        count = len(choice.tokens or ())
        if math.isfinite(mean):
            return Output(choice.text, count, mean, choice.reason)
        if self._gives_numbers:
            return Output(text="", token_count=count, mean_logprob=0.0, finish_reason=FinishReason.END)
        if choice.tokens is None:
            raise RemoteAnswerError(
                "The model server gives no log-probabilities, and fluency is made of them: choose a server or a model "
                "that does, or a way of scoring that it knows."
            )
        raise ModelNumbersError("What the model computes is no number: its weights are broken.")

    async def _choices(
        self, requests: Sequence[Request], config: SamplingConfig, trouble: _Trouble | None
    ) -> dict[int, Written]:
        found: dict[int, Written] = {}

        async def fill(group: _Group) -> None:
            try:
                found.update(zip(group.places, await self._write(ask, group, config), strict=True))
            except RemoteError as error:
                if trouble is None:
                    raise
                trouble.note(group.prompt.text, error)

        async with self._client.connection() as connection:
            ask = self._asking(connection, trouble)
            await _all([fill(group) for group in _groups(requests)])
        if trouble is not None:
            trouble.settle()
            if trouble.ended is not None and not found:
                raise trouble.ended
        return found

    def _asking(
        self, connection: httpx.AsyncClient, trouble: _Trouble | None = None
    ) -> Callable[[dict[str, Any]], Awaitable[Answer]]:
        """Ask, but only so many at a time, and nothing more of a server that went away."""
        free = asyncio.Semaphore(self._config.most_parallel)

        async def ask(request: dict[str, Any]) -> Answer:
            async with free:
                if trouble is not None and trouble.ended is not None:
                    raise trouble.ended
                begun = time.monotonic()
                try:
                    answer = await self._client.complete(connection, request)
                except RemoteError as error:
                    if trouble is not None:
                        trouble.meet(error)
                    raise
                if trouble is not None:
                    trouble.answered = max(trouble.answered, begun)
                return answer

        return ask

    async def _write(
        self, ask: Callable[[dict[str, Any]], Awaitable[Answer]], group: _Group, config: SamplingConfig
    ) -> list[Written]:
        """The choices of one prompt, as many as it has seeds, and what each was asked with."""
        wanted = len(group.seeds)
        if self._several and wanted > 1:
            request = self._request(group.prompt, config, group.seeds[0]) | {"n": wanted}
            try:
                choices = (await ask(request)).choices
            except RemoteRequestError as error:
                if error.status not in _UNKNOWN_FIELD:
                    raise
                choices = ()
            if len(choices) == wanted:
                asked = {"seed": request["seed"], "n": wanted}
                return [(choice, {**asked, "choice": place}) for place, choice in enumerate(choices)]
        answers = await _all([ask(self._request(group.prompt, config, seed)) for seed in group.seeds])
        if any(len(answer.choices) != 1 for answer in answers):
            raise RemoteServerError("The model server's answer does not hold the one text that was asked for.")
        if wanted > 1:
            self._several = False  # it was not the prompt that the server refused
        return [
            (answer.choices[0], {"seed": seed % _SEEDS, "n": 1, "choice": 0})
            for seed, answer in zip(group.seeds, answers, strict=True)
        ]

    def _request(self, prompt: Prompt, config: SamplingConfig, seed: int) -> dict[str, Any]:
        request: dict[str, Any] = {
            "prompt": prompt.text,
            "max_tokens": min(config.max_new_tokens, prompt.max_tokens or config.max_new_tokens),
            "temperature": config.temperature,
            "top_p": config.top_p,
            "stop": [prompt.stop],
            "seed": seed % _SEEDS,
            "logprobs": 1,
        }
        if self._config.send_top_k and config.top_k:
            request["top_k"] = config.top_k
        return request

    async def _scored(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[Token, ...] | None]:
        """The tokens of each text, after what stands before it; None where the server computes none.

        Which tokens are the text's is not told: they are those in which what stands before, read alone, and the two
        together differ. Offsets in characters would be no help, as servers count special tokens in them or do not.
        """
        if self._config.scoring is Scoring.NONE:
            return [None] * len(pairs)
        wholes = list(dict.fromkeys([*(before for _, before in pairs if before), *(b + text for text, b in pairs)]))
        async with self._client.connection() as connection:
            ask = self._asking(connection)
            read = dict(zip(wholes, await _all([self._read(ask, whole) for whole in wholes]), strict=True))
        found: list[tuple[Token, ...] | None] = []
        for text, before in pairs:
            whole, context = read[before + text], read.get(before, ())
            if whole is None or context is None:
                found.append(None)
                continue
            same = sum(
                1 for _ in takewhile(lambda two: two[0].piece == two[1].piece, zip(whole, context, strict=False))
            )
            found.append(whole[max(1, same) :])  # nothing stands before the very first token
        return found

    async def _read(self, ask: Callable[[dict[str, Any]], Awaitable[Answer]], text: str) -> tuple[Token, ...] | None:
        """The tokens of a text that the server reads; None where it does not tell them."""
        echo = self._config.scoring is Scoring.ECHO
        request: dict[str, Any] = {"prompt": text, "temperature": 0.0}
        request |= {"max_tokens": 0, "echo": True, "logprobs": 1} if echo else {"max_tokens": 1, "prompt_logprobs": 0}
        try:
            choices = (await ask(request)).choices
        except RemoteRequestError as error:
            if error.status not in _UNKNOWN_FIELD:
                raise
            return None
        if len(choices) != 1:
            return None
        if not echo:
            return choices[0].prompt_tokens
        # a server that ignores `echo` gives the log-probabilities of words that it wrote itself
        return choices[0].tokens if choices[0].text == text else None


def _batch(source: Iterator[tuple[int, Request]], size: int) -> list[tuple[int, Request]]:
    """The next so many, and what belongs to the last of them."""
    found: list[tuple[int, Request]] = []
    for one in source:
        found.append(one)
        if len(found) >= size and not one[1].more:
            break
    return found


def _groups(requests: Sequence[Request]) -> list[_Group]:
    found: dict[tuple[int, Prompt], list[int]] = {}
    for place, one in enumerate(requests):
        found.setdefault((one.item, one.prompt), []).append(place)
    return [
        _Group(prompt, tuple(part), tuple(requests[place].seed for place in part))
        for (_item, prompt), places in found.items()
        for part in (places[begin : begin + _MOST] for begin in range(0, len(places), _MOST))
    ]


async def _all(work: Sequence[Awaitable[Result]]) -> list[Result]:
    """All results in order, or the first error: then the rest is cancelled."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ended(choice: Choice, prompt: Prompt) -> str:
    """The text with the delimiter that ended it: the mean counts it."""
    return choice.text + (prompt.stop if choice.reason is FinishReason.STOP else "")
