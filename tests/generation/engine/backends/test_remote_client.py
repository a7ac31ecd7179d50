"""What the client does when the server refuses, fails, is slow or sends nonsense: errors, retries, limits, the breaker."""

from __future__ import annotations

import gzip
import json
import logging
import time
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from generation.engine.backends.breaker import Breaker
from generation.engine.backends.rate_limit import RateLimit
from generation.engine.backends.remote_usage import Meter
from generation.engine.config import SamplingConfig
from generation.engine.errors import (
    EngineError,
    GenerationCancelledError,
    RemoteConnectionError,
    RemoteError,
    RemoteKeyError,
    RemoteModelError,
    RemotePassingError,
    RemoteRateLimitError,
    RemoteRequestError,
    RemoteServerError,
    RemoteTimeoutError,
    RemoteTooLargeError,
    RemoteUnavailableError,
)
from tests.generation.engine.backends.completions_server import (
    KEY,
    OTHERS,
    PROMPT,
    CompletionsServer,
    body,
    break_off,
    drip,
    error,
    hang,
    huge,
    status,
)
from tests.generation.engine.backends.conftest import Clock, MakeRemote

CONFIG = SamplingConfig(temperature=1.0, top_k=0, top_p=1.0, repetition_penalty=1.0, max_new_tokens=10)


def quick(clock: Clock) -> dict[str, Any]:
    """A client that does not really sleep, and whose jitter is always the most."""
    return {"clock": clock, "sleep": clock.sleep, "jitter": lambda least, most: most}


def failed(backend: Any, kind: type[RemoteError], **values: Any) -> RemoteError:
    with pytest.raises(kind) as raised:
        backend.generate([PROMPT], CONFIG, [1], **values)
    assert type(raised.value) is kind and isinstance(raised.value, EngineError)
    return raised.value


@pytest.mark.parametrize(
    ("number", "kind", "requests", "says"),
    [
        (401, RemoteKeyError, 1, "enter one that may use this model"),
        (403, RemoteKeyError, 1, "enter one that may use this model"),
        (404, RemoteModelError, 1, "knows no model tiny (404): check its name"),
        (400, RemoteRequestError, 1, "refuses the request (400). It says: the reason"),
        (413, RemoteRequestError, 1, "refuses the request (413)"),
        (302, RemoteRequestError, 1, "not followed: enter the final one"),
        (429, RemoteRateLimitError, 4, "lower the limit per minute"),
        (408, RemoteServerError, 4, "fails (408)"),
        (500, RemoteServerError, 4, "look into its log, try again later. It says: the reason"),
        (503, RemoteServerError, 4, "fails (503)"),
    ],
)
def test_each_refusal_has_its_error_and_only_what_may_pass_is_tried_again(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock, number: int, kind: type, requests: int, says: str
) -> None:
    server.always = status(number, "the reason", Location="http://127.0.0.1:1/v1/completions")
    assert says in str(failed(make_remote(quick(clock)), kind))
    assert len(server.requests) == requests


def test_retries_wait_exponentially_with_full_jitter(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    drawn: list[tuple[float, float]] = []

    def jitter(least: float, most: float) -> float:
        drawn.append((least, most))
        return most / 2

    server.always = status(500)
    failed(make_remote({**quick(clock), "jitter": jitter}, backoff=1.0, retries=5, longest_wait=10), RemoteServerError)
    assert drawn == [(0, 1), (0, 2), (0, 4), (0, 8), (0, 10)]
    assert clock.slept == [0.5, 1, 2, 4, 5]
    assert len(server.requests) == 6


def test_a_retry_waits_as_long_as_the_server_asks(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    passed = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    waits = ["7", "0.5", later, passed, "soon", "-3", "\xb2"]
    server.script.extend(status(429 if number % 2 else 503, Retry_After=wait) for number, wait in enumerate(waits))
    make_remote(quick(clock), retries=7, backoff=1.0, longest_wait=60).generate([PROMPT], CONFIG, [1])
    assert clock.slept[:2] == [7, 2] and 17 < clock.slept[2] <= 20
    assert clock.slept[3:] == [8, 16, 32, 60], "where it says nothing sensible, our own wait"


def test_a_server_that_wants_too_long_a_wait_is_given_up(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    server.always = status(429, Retry_After="3600")
    failed(make_remote(quick(clock)), RemoteRateLimitError)
    assert clock.slept == [] and len(server.requests) == 1


def test_a_failure_that_passes_is_not_noticed(make_remote: MakeRemote, server: CompletionsServer) -> None:
    expected = make_remote().generate([PROMPT] * 3, CONFIG, [1, 2, 3])
    server.script.extend([status(500), status(429), break_off])
    assert make_remote().generate([PROMPT] * 3, CONFIG, [1, 2, 3]) == expected


@pytest.mark.parametrize("slow", [hang, drip])
def test_a_server_that_does_not_answer_in_time_is_an_error(
    make_remote: MakeRemote, server: CompletionsServer, slow: Any
) -> None:
    server.always = slow
    began = time.monotonic()
    problem = failed(make_remote(read_timeout=0.2, connect_timeout=0.1, retries=1), RemoteTimeoutError)
    assert "did not answer within 0.2 s" in str(problem)
    assert 0.4 <= time.monotonic() - began < 2
    assert len(server.requests) == 2


def test_a_server_that_is_not_there_is_an_error(make_remote: MakeRemote, server: CompletionsServer) -> None:
    problem = failed(make_remote(base_url="http://127.0.0.1:1/v1", retries=1), RemoteConnectionError)
    assert "check its address and that it is running" in str(problem)
    assert server.requests == []


def test_a_server_that_breaks_off_is_an_error(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.always = break_off
    failed(make_remote(retries=2), RemoteConnectionError)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "content",
    [
        b"<html>not an answer</html>",
        b"",
        b"\xff\xfe{}",
        b"[]",
        b"null",
        b'{"choices": null}',
        b'{"choices": [{"index": 0}]}',
        b'{"choices": [{"index": 0, "text": 7}]}',
        b'{"choices": [{"index": "a", "text": ""}, {"index": 0, "text": ""}]}',
        b'{"choices": [{"text": " a", "logprobs": {"tokens": ["a"], "token_logprobs": [-1, -2]}}]}',
        b'{"choices": [{"text": " a", "logprobs": {"tokens": ["a"], "token_logprobs": ["x"]}}]}',
        b"[" * 100_000,
        gzip.compress(b'{"choices": [{"index": 0, "text": " a"}]}', mtime=0),
    ],
)
def test_an_answer_that_cannot_be_read_is_asked_for_again_and_then_an_outage(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock, content: bytes
) -> None:
    server.always = body(content, Content_Encoding="gzip" if content[:1] == b"\x1f" else "identity")
    problem = failed(make_remote(quick(clock), retries=2), RemoteServerError)
    assert "cannot be read" in str(problem) and isinstance(problem, RemotePassingError)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "content", [b'{"choices": []}', b'{"choices": [{"text": "", "index": 0}, {"text": "", "index": 1}]}']
)
def test_an_answer_with_more_or_fewer_texts_than_were_asked_for_is_an_outage(
    make_remote: MakeRemote, server: CompletionsServer, content: bytes
) -> None:
    server.always = body(content)
    assert "the one text" in str(failed(make_remote(), RemoteServerError))
    assert len(server.requests) == 1


def test_one_answer_that_cannot_be_read_is_not_noticed(make_remote: MakeRemote, server: CompletionsServer) -> None:
    expected = make_remote().generate([PROMPT] * 3, CONFIG, [1, 2, 3])
    server.script.append(body(b"<html>Bad gateway</html>"))
    assert make_remote().generate([PROMPT] * 3, CONFIG, [1, 2, 3]) == expected


def test_answers_that_cannot_be_read_open_the_breaker(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    backend = make_remote(quick(clock), retries=0, failures_to_open=2, cool_down=30)
    server.always = body(b"<html>Bad gateway</html>")
    for _ in range(2):
        failed(backend, RemoteServerError)
    assert "cannot be read" in str(failed(backend, RemoteUnavailableError))
    assert len(server.requests) == 2


def test_an_answer_larger_than_the_bound_is_not_read_to_its_end(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    server.always = huge
    problem = failed(make_remote(most_bytes=100_000), RemoteTooLargeError)
    assert "larger than 100000 bytes" in str(problem)
    assert len(server.requests) == 1


def test_a_refusal_without_end_is_still_a_refusal(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.always = status(400, "x" * 5_000_000)
    problem = failed(make_remote(most_bytes=100_000), RemoteRequestError)
    assert len(str(problem)) < 300


def test_never_more_than_so_many_requests_in_any_minute(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    server.clock = clock
    backend = make_remote(quick(clock), requests_per_minute=20, most_parallel=1)
    for call in range(12):
        backend.generate(OTHERS, SamplingConfig(max_new_tokens=1), [call] * 6)
    times = sorted(server.times)
    assert len(times) == 72
    for start in times:
        assert sum(start <= at < start + 60 for at in times) <= 20
    assert times[-1] - times[0] < 72 / 20 * 60 * 1.15, "and not many fewer"


def test_never_more_than_so_many_tokens_in_any_minute(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    server.clock = clock
    backend = make_remote(quick(clock), tokens_per_minute=1000, most_parallel=1)
    used: list[int] = []
    for call in range(30):
        before = backend.usage
        backend.generate([PROMPT] * 4, SamplingConfig(max_new_tokens=10), [call] * 4)
        after = backend.usage
        used.append(after.prompt_tokens + after.completion_tokens - before.prompt_tokens - before.completion_tokens)
    spent = list(zip(server.times, used, strict=True))
    for start, _ in spent:
        assert sum(tokens for at, tokens in spent if start <= at < start + 60) <= 1000
    assert sum(used) / (spent[-1][0] - spent[0][0]) * 60 > 800, "what was reserved and not used comes back"


def test_the_breaker_opens_refuses_at_once_and_recovers_by_one_probe(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    backend = make_remote(quick(clock), retries=0, failures_to_open=3, cool_down=30, most_parallel=6)
    server.always = status(500, "out of memory")
    for _ in range(3):
        failed(backend, RemoteServerError)
    problem = failed(backend, RemoteUnavailableError)
    assert "asked again in 30 s" in str(problem) and "out of memory" in str(problem)
    assert len(server.requests) == 3
    clock.now += 31
    server.script.append(status(503))
    failed(backend, RemoteServerError)
    failed(backend, RemoteUnavailableError)
    assert len(server.requests) == 4, "the probe failed"
    clock.now += 31
    server.always = None
    together: list[int] = []

    def delay(prompt: str) -> float:
        together.append(server.together)
        return 0.1

    server.delay = delay
    assert len(backend.generate(OTHERS, CONFIG, [0] * 6)) == 6
    assert together[0] == 1 and max(together) > 1, "the probe goes alone, the other five wait for it"


def test_a_probe_that_fails_fails_those_that_wait_for_it(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    backend = make_remote(quick(clock), retries=0, failures_to_open=1, cool_down=30, most_parallel=6)
    server.always = status(500)
    failed(backend, RemoteServerError)
    clock.now += 31
    with pytest.raises((RemoteServerError, RemoteUnavailableError)):
        backend.generate(OTHERS, CONFIG, [0] * 6)
    assert len(server.requests) == 2


def test_refusals_are_answers_and_open_nothing(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    backend = make_remote(quick(clock), retries=0, failures_to_open=1)
    for number, kind in ((429, RemoteRateLimitError), (401, RemoteKeyError), (400, RemoteRequestError)):
        server.always = status(number)
        failed(backend, kind)
        failed(backend, kind)


def test_the_breaker_counts_time_outs_and_lost_connections(make_remote: MakeRemote, server: CompletionsServer) -> None:
    for trouble, kind in ((hang, RemoteTimeoutError), (break_off, RemoteConnectionError)):
        server.always = trouble
        backend = make_remote(read_timeout=0.1, connect_timeout=0.1, retries=0, failures_to_open=2)
        failed(backend, kind)
        failed(backend, kind)
        failed(backend, RemoteUnavailableError)


def test_a_breaker_that_opens_ends_the_retries(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    server.always = status(500, "out of memory")
    backend = make_remote(quick(clock), retries=9, failures_to_open=3, cool_down=3600)
    assert "out of memory" in str(failed(backend, RemoteUnavailableError))
    assert len(server.requests) == 3


def test_a_probe_that_is_cancelled_leaves_the_next_one_its_turn(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    backend = make_remote(quick(clock), retries=0, failures_to_open=1, cool_down=30)
    server.script.extend([status(500), hang])
    failed(backend, RemoteServerError)
    clock.now += 31
    began = time.monotonic()
    with pytest.raises(GenerationCancelledError):
        backend.generate([PROMPT], CONFIG, [1], lambda: time.monotonic() - began > 0.2)
    assert len(backend.generate([PROMPT], CONFIG, [1])) == 1


def test_backends_of_one_server_can_share_breaker_limits_and_meter(
    make_remote: MakeRemote, server: CompletionsServer, clock: Clock
) -> None:
    shared = {"breaker": Breaker(1, 30, clock), "limits": RateLimit(60, None, clock), "meter": Meter()}
    one, other = (make_remote({**quick(clock), **shared}, retries=0) for _ in range(2))
    for backend in (one, other, one):
        backend.generate([PROMPT], CONFIG, [1])
    assert one.usage == other.usage and one.usage.answers == 3
    server.always = status(500)
    failed(one, RemoteServerError)
    failed(other, RemoteUnavailableError)


def test_the_key_is_sent_as_a_bearer_token_or_not_at_all(make_remote: MakeRemote, server: CompletionsServer) -> None:
    make_remote().generate([PROMPT], CONFIG, [1])
    make_remote(api_key="").generate([PROMPT], CONFIG, [1])
    assert server.keys == [f"Bearer {KEY}", None]


def test_the_key_follows_no_redirect(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.script.append(status(307, Location="/v1/completions"))
    failed(make_remote(), RemoteRequestError)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        *(
            status(number, f"Incorrect API key provided: {KEY}.", X_Key=KEY)
            for number in (400, 401, 403, 404, 429, 500, 503)
        ),
        status(302, Location=f"http://127.0.0.1:1/?key={KEY}"),
        body({"choices": KEY}),
        body(KEY.encode()),
        body(error(f"Bearer {KEY}")),
        hang,
        break_off,
        huge,
    ],
)
def test_the_key_is_in_no_error_and_no_log(
    make_remote: MakeRemote, server: CompletionsServer, caplog: pytest.LogCaptureFixture, trouble: Any
) -> None:
    server.always = trouble
    backend = make_remote(retries=1, failures_to_open=2, read_timeout=0.1, connect_timeout=0.1, most_bytes=100_000)
    with caplog.at_level(logging.DEBUG):
        problems = [failed_somehow(backend) for _ in range(3)]
    for problem in problems:
        shown = "".join(traceback.format_exception(problem)) + repr(problem) + repr(problem.__dict__)
        assert KEY not in shown
        assert problem.__context__ is None or KEY not in repr(vars(problem.__context__))
    assert KEY not in caplog.text and caplog.records
    assert KEY not in repr(backend) + json.dumps(server.requests)


def failed_somehow(backend: Any) -> RemoteError:
    with pytest.raises(RemoteError) as raised:
        backend.generate([PROMPT], CONFIG, [1])
    return raised.value
