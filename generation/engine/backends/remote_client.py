"""Send one request to a completions server until it is answered or given up: limits, retries, circuit breaker, errors.

No error and no log line holds the key: what the server says is shown only with the key cut out of it, and not at all
where it refuses the key. Errors are made outside of `except`, so that none carries the request, and with it the key.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import count
from random import SystemRandom
from typing import Any

import httpx

from generation.engine.backends.breaker import Breaker
from generation.engine.backends.rate_limit import RateLimit
from generation.engine.backends.remote_answer import Answer, read_answer
from generation.engine.backends.remote_config import RemoteConfig
from generation.engine.backends.remote_usage import Meter
from generation.engine.errors import (
    RemoteAnswerError,
    RemoteConnectionError,
    RemoteError,
    RemoteKeyError,
    RemoteModelError,
    RemoteRateLimitError,
    RemoteRequestError,
    RemoteServerError,
    RemoteTimeoutError,
    RemoteTooLargeError,
)

_BYTES_PER_TOKEN = 3  # a guess on the high side, for English and Chinese; the answer's own count replaces it
_PROBE_POLL = 0.05  # seconds
_MOST_SAID = 200  # characters of the server's own words in an error
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0]+")

# its debug lines hold the headers of answers, in which a server may send the key back
logging.getLogger("httpcore").setLevel(logging.INFO)

Sleep = Callable[[float], Awaitable[object]]
Jitter = Callable[[float, float], float]
_JITTER: Jitter = SystemRandom().uniform


@dataclass(frozen=True, slots=True)
class _Failure:
    """An attempt that brought nothing. `passing`: another may; `down`: the server is not working; `wait`: seconds that
    it asks for."""

    error: RemoteError
    passing: bool = False
    down: bool = False
    wait: float = 0.0


class RemoteClient:
    """The requests of one backend. What it shares with other clients of the same server (breaker, limits, meter) can be
    handed in; a breaker or limit that is shared holds for all of them together."""

    def __init__(
        self,
        config: RemoteConfig,
        *,
        breaker: Breaker | None = None,
        limits: RateLimit | None = None,
        meter: Meter | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        jitter: Jitter = _JITTER,
    ) -> None:
        self._config = config
        self._breaker = breaker or Breaker(config.failures_to_open, config.cool_down, clock)
        self._limits = limits or RateLimit(config.requests_per_minute, config.tokens_per_minute, clock)
        self.meter = meter or Meter()
        self._sleep, self._jitter = sleep, jitter
        self._trust = httpx.create_ssl_context()

    def connection(self) -> httpx.AsyncClient:
        """For the requests of one call; to be closed with it. Redirects would carry text and key elsewhere."""
        config = self._config
        # compressed, an answer of few bytes could become one of many
        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json", "Accept": "application/json"}
        if config.api_key:
            headers["Authorization"] = f"Bearer {config.api_key}"
        return httpx.AsyncClient(
            headers=headers,
            follow_redirects=False,
            verify=self._trust,
            timeout=httpx.Timeout(config.read_timeout, connect=config.connect_timeout),
            limits=httpx.Limits(max_connections=config.most_parallel),
        )

    async def complete(self, connection: httpx.AsyncClient, request: Mapping[str, Any]) -> Answer:
        """The answer to one request. Raises a `RemoteError`, after the retries where the reason may pass."""
        body = json.dumps({"model": self._config.model, **request}).encode()
        for attempt in count():
            found = await self._attempt(connection, body, _tokens_at_most(request))
            if isinstance(found, Answer):
                return found
            if not found.passing or attempt == self._config.retries or found.wait > self._config.longest_wait:
                raise found.error
            await self._sleep(max(found.wait, self._backoff(attempt)))
        raise AssertionError("the count has no end")

    def _backoff(self, attempt: int) -> float:
        """Exponential with full jitter, so that clients that failed together do not come back together (Brooker 2015,
        "Exponential Backoff and Jitter", AWS Architecture Blog)."""
        return self._jitter(0.0, min(self._config.longest_wait, self._config.backoff * 2**attempt))

    async def _attempt(self, connection: httpx.AsyncClient, body: bytes, reserved: int) -> Answer | _Failure:
        self._breaker.check()  # nobody queues for a server that is not asked
        wait = self._limits.reserve(reserved)
        if wait > 0:
            await self._sleep(wait)
        while (permit := self._breaker.enter()) is None:
            await asyncio.sleep(_PROBE_POLL)
        try:
            found = await self._send(connection, body)
        except BaseException:  # cancelled
            self._breaker.abandoned(permit)
            raise
        if isinstance(found, _Failure):
            if found.down:
                self._breaker.failed(permit, str(found.error))
            else:
                self._breaker.succeeded(permit)
            return found
        self._breaker.succeeded(permit)
        self.meter.add(found.usage, self._config.prompt_price, self._config.completion_price)
        if found.usage is not None:
            self._limits.settle(reserved, sum(found.usage))
        return found

    async def _send(self, connection: httpx.AsyncClient, body: bytes) -> Answer | _Failure:
        config = self._config
        try:
            # a server that sends a byte now and then never meets httpx's own limit, which is for one read
            async with (
                asyncio.timeout(config.connect_timeout + config.read_timeout),
                connection.stream("POST", config.url, content=body) as response,
            ):
                content, whole = await _read(response, config.most_bytes)
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            error: RemoteError = RemoteTimeoutError(
                f"The model server could not be reached within {config.connect_timeout:g} s: check its address and "
                "that it is running."
            )
            return _Failure(error, passing=True, down=True)
        except (httpx.TimeoutException, TimeoutError):
            error = RemoteTimeoutError(
                f"The model server did not answer within {config.read_timeout:g} s: let it answer longer, or write "
                "fewer texts at once."
            )
            return _Failure(error, passing=True, down=True)
        except httpx.HTTPError as problem:
            why = self._shown(str(problem)) or type(problem).__name__
            error = RemoteConnectionError(
                f"The model server cannot be reached or broke off: check its address and that it is running. ({why})"
            )
            return _Failure(error, passing=True, down=True)
        if response.status_code != 200:
            return self._refusal(response, content)
        if not whole:
            return _Failure(
                RemoteTooLargeError(
                    f"The model server's answer is larger than {config.most_bytes} bytes: write fewer texts at once."
                )
            )
        return _answer_in(content)

    def _refusal(self, response: httpx.Response, content: bytes) -> _Failure:
        """What an HTTP status other than 200 means."""
        status = response.status_code
        said = self._said(content)
        if status in {401, 403}:
            return _Failure(
                RemoteKeyError(f"The model server refuses the key ({status}): enter one that may use this model.")
            )
        if status == 404:
            name = self._config.model
            return _Failure(
                RemoteModelError(
                    f"The model server knows no model {name} (404): check its name, and that the address ends in /v1.{said}"
                )
            )
        if status == 429:
            error: RemoteError = RemoteRateLimitError(
                f"The model server wants fewer requests (429): lower the limit per minute, or check the credit there.{said}"
            )
            return _Failure(error, passing=True, wait=_retry_after(response.headers))
        if status >= 500 or status == 408:
            error = RemoteServerError(f"The model server fails ({status}): look into its log, try again later.{said}")
            return _Failure(error, passing=True, down=True, wait=_retry_after(response.headers))
        if 300 <= status < 400:
            said = " It sends to another address, which is not followed: enter the final one."
        return _Failure(RemoteRequestError(f"The model server refuses the request ({status}).{said}", status))

    def _said(self, content: bytes) -> str:
        """The server's own words, as a sentence to append."""
        try:
            data = json.loads(content)
            words = data.get("error", data.get("message", ""))
            words = words.get("message", "") if isinstance(words, dict) else words
        except (ValueError, AttributeError, RecursionError):
            return ""
        shown = self._shown(words) if isinstance(words, str) else ""
        return f" It says: {shown}" if shown else ""

    def _shown(self, words: str) -> str:
        """On one line, short, and without the key."""
        if self._config.api_key:
            words = words.replace(self._config.api_key, "…")
        return _UNPRINTABLE.sub(" ", words.encode("utf-8", "replace").decode()).strip()[:_MOST_SAID]


def _answer_in(content: bytes) -> Answer | _Failure:
    """What cannot be read is half an answer, or that of a proxy before the server: the next may be whole."""
    try:
        return read_answer(content)
    except RemoteAnswerError as problem:
        said = str(problem)
    return _Failure(RemoteServerError(said), passing=True, down=True)


async def _read(response: httpx.Response, most: int) -> tuple[bytes, bool]:
    """The body, and whether that is all of it; reading ends at `most` bytes. Never unpacked: none was asked for packed,
    and what is packed anyway cannot be read as an answer."""
    content = bytearray()
    async for part in response.aiter_raw():
        content += part
        if len(content) > most:
            return bytes(content[:most]), False
    return bytes(content), True


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds, from seconds or a date; 0 where there is none or it is neither."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _tokens_at_most(request: Mapping[str, Any]) -> int:
    """What the request may use of the tokens of a minute."""
    prompt = len(request["prompt"].encode("utf-8", "replace")) // _BYTES_PER_TOKEN + 1
    return prompt + int(request.get("n", 1)) * int(request["max_tokens"])
