"""What a model server is asked with: a frozen value that refuses nonsense. No network here."""

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

_KEY = re.compile(r"[!-~]*")  # what may stand in a header: visible ASCII, so no key can begin a header of its own
_URL = re.compile(r"[!-~]+")


class Scoring(StrEnum):
    """How the server computes log-probabilities of a text that it is given; most can do one at most.

    NONE             it does not: every score is NaN
    ECHO             `echo` with `logprobs` (the first completions API; vLLM)
    PROMPT_LOGPROBS  `prompt_logprobs` (vLLM)
    """

    NONE = "none"
    ECHO = "echo"
    PROMPT_LOGPROBS = "prompt_logprobs"


@dataclass(frozen=True, slots=True)
class RemoteConfig:
    """One model on one server.

    base_url              to which `/completions` is added, so it mostly ends in `/v1`
    model                 as the server names it
    api_key               sent as bearer token; empty: none is sent
    connect_timeout       seconds until the connection stands
    read_timeout          seconds until the whole answer is there
    retries               how often a request that failed for a passing reason is sent again
    backoff               seconds; wait before retry k is drawn from [0, backoff · 2ᵏ)
    longest_wait          seconds; caps that wait, and a server that asks for a longer one is given up
    requests_per_minute   limits that are kept on this side; None: no limit
    tokens_per_minute
    prompt_price          of a million tokens, in whatever currency the bill has
    completion_price
    most_parallel         requests under way at once
    most_bytes            of one answer
    failures_to_open      failures one after the other after which the server is left alone (circuit breaker)
    cool_down             seconds for which it is
    several_per_request   ask with `n` for several outputs of a prompt; False: one request for each output
    send_top_k            `top_k` is no part of OpenAI's API; vLLM and llama-server know it, others refuse it
    scoring               how texts are scored, and how fluency is found where answers bring no log-probabilities
    """

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    retries: int = 3
    backoff: float = 0.5
    longest_wait: float = 60.0
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    prompt_price: Decimal = Decimal(0)
    completion_price: Decimal = Decimal(0)
    most_parallel: int = 4
    most_bytes: int = 8 * 2**20
    failures_to_open: int = 10
    cool_down: float = 30.0
    several_per_request: bool = True
    send_top_k: bool = False
    scoring: Scoring = Scoring.NONE

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _checked_url(self.base_url))
        object.__setattr__(self, "scoring", Scoring(self.scoring))
        if not self.model.strip():
            raise ValueError("the model server's model needs a name")
        if not _KEY.fullmatch(self.api_key):
            raise ValueError("the model server's key may hold only visible ASCII characters, and no space")
        checks = {
            "connect_timeout": _within(self.connect_timeout, 0.01, 120),
            "read_timeout": _within(self.read_timeout, 0.01, 3600),
            "retries": 0 <= self.retries <= 10,
            "backoff": _within(self.backoff, 0.001, 60),
            "longest_wait": _within(self.longest_wait, 0.001, 600),
            "requests_per_minute": self.requests_per_minute is None or self.requests_per_minute >= 1,
            "tokens_per_minute": self.tokens_per_minute is None or self.tokens_per_minute >= 1,
            "prompt_price": _is_price(self.prompt_price),
            "completion_price": _is_price(self.completion_price),
            "most_parallel": 1 <= self.most_parallel <= 64,
            "most_bytes": 1024 <= self.most_bytes <= 2**30,
            "failures_to_open": 1 <= self.failures_to_open <= 1000,
            "cool_down": _within(self.cool_down, 0.001, 3600),
        }
        wrong = [name for name, fine in checks.items() if not fine]
        if wrong:
            raise ValueError(f"out of range: {', '.join(f'{name}={getattr(self, name)}' for name in wrong)}")

    @property
    def url(self) -> str:
        return f"{self.base_url}/completions"


def _within(value: float, least: float, most: float) -> bool:
    return math.isfinite(value) and least <= value <= most


def _is_price(value: object) -> bool:
    """Decimal and nothing else: money is not counted in floats."""
    return isinstance(value, Decimal) and value.is_finite() and value >= 0


def _checked_url(url: str) -> str:
    """The address without a slash at its end. No message repeats it: it might hold a password."""
    parts = _split(url)
    if parts is None:
        raise ValueError("the model server's address must be like https://models.example.com/v1")
    if "@" in parts.netloc:
        raise ValueError("the model server's address must hold no name or password: the key has a field of its own")
    if "?" in url or "#" in url:
        raise ValueError("the model server's address must end before any ? or #")
    return url.rstrip("/")


def _split(url: str) -> SplitResult | None:
    """The parts of an http or https address that names a host; None for anything else."""
    try:
        parts = urlsplit(url)
        fine = _URL.fullmatch(url) and parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port or a bracket that is none
        return None
    return parts if fine else None
