"""What a stream hands over, gives up and says where a server refuses a prompt, fails over it, or goes away."""

from __future__ import annotations

import pytest

from generation.engine.backends.base import Backend, Request
from generation.engine.config import SamplingConfig
from generation.engine.errors import (
    RemoteKeyError,
    RemoteRefusedError,
    RemoteServerError,
)
from tests.generation.engine.backends.completions_server import (
    OTHERS,
    PROMPT,
    CompletionsServer,
    body,
    status,
    told,
)
from tests.generation.engine.backends.conftest import MakeRemote

CONFIG = SamplingConfig(temperature=1.0, top_k=0, top_p=1.0, repetition_penalty=1.0, max_new_tokens=40)


def stream(backend: Backend, found: list[int]) -> None:
    """Three prompts in one batch; the numbers of what is handed over are put into ``found``."""
    requests = [Request(prompt, seed) for seed, prompt in enumerate([PROMPT, *OTHERS[:2]])]
    for number, _output in backend.stream(requests, CONFIG):
        found.append(number)


def test_a_stream_goes_on_past_a_prompt_that_is_refused_and_then_says_which(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    server.script.append(status(400, "content filter"))
    found: list[int] = []
    with pytest.raises(RemoteRefusedError, match="content filter") as raised:
        stream(make_remote(most_parallel=1), found)
    assert found == [1, 2] and list(raised.value.refused) == [PROMPT.text]


def test_a_prompt_over_which_the_server_fails_again_and_again_is_given_up_where_it_answers_others(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    backend = make_remote(most_parallel=1, retries=1)
    server.script.extend([status(500), status(500)])
    found: list[int] = []
    with pytest.raises(RemoteRefusedError, match="500") as raised:
        stream(backend, found)
    assert found == [1, 2] and list(raised.value.refused) == [PROMPT.text]


def test_a_server_that_fails_from_some_time_on_is_away_and_no_prompt_is_given_up_for_that(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    server.script.append(body(told("A soft jacket")))
    server.always = status(503)
    found: list[int] = []
    with pytest.raises(RemoteServerError, match="503"):
        stream(make_remote(most_parallel=1, retries=0), found)
    assert found == [0]


def test_what_came_before_the_server_went_away_is_handed_over(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    server.script.append(body(told("A soft jacket")))
    server.always = status(401)
    found: list[int] = []
    with pytest.raises(RemoteKeyError):
        stream(make_remote(most_parallel=1, retries=0), found)
    assert found == [0] and len(server.requests) == 2, "and nothing more is asked"


def test_a_server_that_answers_nothing_is_away(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.always = status(500)
    with pytest.raises(RemoteServerError):
        list(make_remote(most_parallel=1, retries=0).stream([Request(PROMPT, 1), Request(OTHERS[0], 2)], CONFIG))


def test_a_text_that_a_filter_held_back_is_an_empty_one_and_is_paid_for(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    backend = make_remote()
    usage = {"prompt_tokens": 9, "completion_tokens": 0}
    choice = {"index": 0, "text": None, "finish_reason": "content_filter"}
    server.script.append(body({"choices": [choice], "usage": usage}))
    [output] = backend.generate([PROMPT], CONFIG, [1])
    assert (output.text, output.token_count) == ("", 0) and len(server.requests) == 1
    assert backend.usage.prompt_tokens == 9
