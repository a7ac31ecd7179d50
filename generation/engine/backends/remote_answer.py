"""Read what a completions server answered. Servers differ: what is there is read, what is broken is refused."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generation.engine.config import FinishReason
from generation.engine.errors import RemoteAnswerError

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Token:
    """A token as text (or, of a prompt, as number) and its natural-log probability: NaN where the server gives none."""

    piece: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the texts. `tokens` and `prompt_tokens` are None where the server computes no log-probabilities."""

    text: str
    reason: FinishReason
    tokens: tuple[Token, ...] | None = None
    prompt_tokens: tuple[Token, ...] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The choices by their index, and the prompt and completion tokens that the server counts, if it does."""

    choices: tuple[Choice, ...]
    usage: tuple[int, int] | None


def mean_logprob(tokens: Sequence[Token]) -> float:
    """≤ 0; NaN where one of them has no probability, or there is none."""
    if not tokens:
        return math.nan
    mean = math.fsum(token.logprob for token in tokens) / len(tokens)
    return mean if math.isnan(mean) else min(0.0, mean)


def read_answer(content: bytes) -> Answer:
    """Raises `RemoteAnswerError` for what is no answer of a completions server."""
    try:
        data = json.loads(content)
        choices = sorted(data["choices"], key=lambda choice: choice.get("index", 0))
        return Answer(tuple(_choice(choice) for choice in choices), _usage(data.get("usage")))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        problem = type(error).__name__
    # not raised above: the parser's error holds the whole answer, whatever is in it
    raise RemoteAnswerError(
        f"The model server's answer cannot be read ({problem}): "
        "check that its address is that of an OpenAI-compatible API and ends in /v1."
    )


def until_stop(choice: Choice, stop: str) -> Choice:
    """Without the delimiter and what follows it, where the server left it in or wrote on."""
    text, found, _ = choice.text.partition(stop)
    if not found:
        return choice
    return Choice(text, FinishReason.STOP, None if choice.tokens is None else _through(choice.tokens, stop))


def _through(tokens: tuple[Token, ...], stop: str) -> tuple[Token, ...]:
    """The tokens up to the one that completes the delimiter; all of them where their pieces do not spell it."""
    tail = ""
    for count, token in enumerate(tokens, start=1):
        tail = tail[-len(stop) :] + token.piece
        if stop in tail:
            return tokens[:count]
    return tokens


def _choice(data: dict[str, Any]) -> Choice:
    text = data["text"]
    if text is None and data.get("finish_reason") == "content_filter":
        text = ""  # a filter of the server let nothing through: paid for, and no text
    if not isinstance(text, str):
        raise TypeError("a text is a string")
    return Choice(
        text=_SURROGATES.sub("\ufffd", text),
        reason=_reason(data),
        tokens=_tokens(data.get("logprobs")),
        prompt_tokens=_prompt_tokens(data.get("prompt_logprobs")),
    )


def _reason(data: dict[str, Any]) -> FinishReason:
    """`stop` is both the delimiter and the model's own end; only vLLM tells them apart, and says null for the end.
    What ended otherwise (out of tokens, cut by a filter, untold) is not known to be whole."""
    if data.get("finish_reason") != "stop":
        return FinishReason.LENGTH
    return FinishReason.END if data.get("stop_reason", "") is None else FinishReason.STOP


def _tokens(data: Any) -> tuple[Token, ...] | None:
    """Of `logprobs` as in the completions API, or as in the chat API, which llama-server uses for both."""
    if not data:
        return None
    if data.get("content") is not None:
        return tuple(_token(one.get("token"), one.get("logprob")) for one in data["content"])
    if data.get("token_logprobs") is None:
        return None
    pieces = data.get("tokens") or [""] * len(data["token_logprobs"])
    return tuple(_token(piece, logprob) for piece, logprob in zip(pieces, data["token_logprobs"], strict=True))


def _prompt_tokens(data: Any) -> tuple[Token, ...] | None:
    """Of vLLM's `prompt_logprobs`: for each token of the prompt a mapping whose first entry is that token itself, and
    null for the first, which nothing stands before."""
    if not data:
        return None
    entries = [next(iter(one.items())) if one else ("", {}) for one in data]
    return tuple(_token(number, entry.get("logprob")) for number, entry in entries)


def _token(piece: Any, logprob: Any) -> Token:
    return Token(piece if isinstance(piece, str) else "", math.nan if logprob is None else float(logprob))


def _usage(data: Any) -> tuple[int, int] | None:
    if not isinstance(data, dict):
        return None
    prompt, completion = data.get("prompt_tokens"), data.get("completion_tokens", 0)
    if type(prompt) is not int or type(completion) is not int or min(prompt, completion) < 0:
        return None
    return prompt, completion
