"""Fluency over the wire: the server's log-probabilities, or its scores, or no number at all."""

from __future__ import annotations

import math
from typing import Any

import pytest

from generation.engine.backends.remote_config import Scoring
from generation.engine.backends.torch import TorchBackend
from generation.engine.config import FinishReason, SamplingConfig
from generation.engine.errors import ModelNumbersError, RemoteAnswerError
from tests.generation.engine.backends.completions_server import OTHERS, PROMPT, CompletionsServer, body, status, told
from tests.generation.engine.backends.conftest import MakeRemote

CONFIG = SamplingConfig(temperature=1.0, top_k=0, top_p=1.0, repetition_penalty=1.0, max_new_tokens=40)


@pytest.mark.parametrize("chat", [False, True])
def test_fluency_is_the_mean_of_the_servers_log_probabilities(
    make_remote: MakeRemote, server: CompletionsServer, backend: TorchBackend, chat: bool
) -> None:
    server.chat_logprobs = chat
    outputs = make_remote().generate([PROMPT] * 8, CONFIG, list(range(8)))
    stopped = [output for output in outputs if output.finish_reason is FinishReason.STOP]
    assert len(stopped) > 3
    for output in stopped:
        assert output.mean_logprob == pytest.approx(backend.score([output.text + "\n"], PROMPT)[0], abs=0.02)
        assert output.token_count == len(server.read(PROMPT.text + output.text + "\n")) - len(server.read(PROMPT.text))


@pytest.mark.parametrize("scoring", [Scoring.ECHO, Scoring.PROMPT_LOGPROBS])
def test_an_answer_without_log_probabilities_is_scored_instead(
    make_remote: MakeRemote, server: CompletionsServer, scoring: Scoring
) -> None:
    expected = make_remote().generate([PROMPT] * 4 + [OTHERS[0]], CONFIG, [1, 2, 3, 4, 5])
    server.logprobs = False
    found = make_remote(scoring=scoring).generate([PROMPT] * 4 + [OTHERS[0]], CONFIG, [1, 2, 3, 4, 5])
    for one, other in zip(found, expected, strict=True):
        assert (one.text, one.finish_reason, one.token_count) == (other.text, other.finish_reason, other.token_count)
        assert one.mean_logprob == pytest.approx(other.mean_logprob, abs=0.02)


def test_without_log_probabilities_and_scores_there_is_no_fluency_to_make_up(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    server.logprobs = False
    with pytest.raises(RemoteAnswerError, match="gives no log-probabilities"):
        make_remote().generate([PROMPT], CONFIG, [1])
    server.scores = False
    with pytest.raises(RemoteAnswerError, match="gives no log-probabilities"):
        make_remote(scoring=Scoring.ECHO).generate([PROMPT], CONFIG, [1])


@pytest.mark.parametrize("number", [None, math.nan, -math.inf])
def test_log_probabilities_that_are_no_numbers_are_an_error(
    make_remote: MakeRemote, server: CompletionsServer, number: float | None
) -> None:
    logprobs = {"tokens": [" warm", " coat"], "token_logprobs": [-1.0, number]}
    server.script.append(body(told(" warm coat", logprobs=logprobs)))
    with pytest.raises(ModelNumbersError):
        make_remote().generate([PROMPT], CONFIG, [1])


@pytest.mark.parametrize("logprobs", [None, {"tokens": [" warm", " coat"], "token_logprobs": [-1.0, math.nan]}])
def test_one_text_without_a_number_comes_out_empty_and_the_others_as_they_are(
    make_remote: MakeRemote, server: CompletionsServer, logprobs: dict[str, Any] | None
) -> None:
    remote = make_remote(most_parallel=1)
    broken = body(told(" warm coat", logprobs=logprobs))
    server.script.extend([body(told(" soft wool")), broken])
    soft, empty = remote.generate([PROMPT, OTHERS[0]], CONFIG, [1, 2])
    assert (soft.text, soft.mean_logprob) == (" soft wool", -1.0)
    assert (empty.text, empty.mean_logprob, empty.finish_reason) == ("", 0.0, FinishReason.END)
    server.script.append(broken)
    assert remote.generate([PROMPT], CONFIG, [3])[0].text == "", "also alone, as the server gives numbers"


def test_an_empty_text_is_an_output_and_needs_no_score(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.script.append(body(told("", logprobs=None)))
    output = make_remote().generate([PROMPT], CONFIG, [1])[0]
    assert (output.text, output.token_count, output.mean_logprob) == ("", 0, 0.0)


@pytest.mark.parametrize("scoring", [Scoring.ECHO, Scoring.PROMPT_LOGPROBS])
def test_scores_are_those_of_the_model_in_memory(
    make_remote: MakeRemote, backend: TorchBackend, scoring: Scoring
) -> None:
    texts = [" soft wool for winter", " lamp", " bright calm morning.\n"]
    remote = make_remote(scoring=scoring)
    assert remote.score(texts, PROMPT) == pytest.approx(backend.score(texts, PROMPT), abs=0.02)
    assert remote.score(texts) == pytest.approx(backend.score(texts), abs=0.02)
    assert remote.score([]) == []
    with pytest.raises(ValueError):
        remote.score([""])


def test_what_stands_before_is_read_once_for_all_texts(make_remote: MakeRemote, server: CompletionsServer) -> None:
    make_remote(scoring=Scoring.ECHO).score([" lamp", " chair", " soap"], PROMPT)
    assert len(server.requests) == 4


def test_a_score_that_the_server_does_not_compute_is_no_number(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    assert all(map(math.isnan, make_remote().score([" lamp", " chair"], PROMPT)))
    assert server.requests == []
    server.scores = False
    for scoring in (Scoring.ECHO, Scoring.PROMPT_LOGPROBS):
        assert math.isnan(make_remote(scoring=scoring).score([" lamp"], PROMPT)[0])
    server.always = status(400, "echo is not supported")
    assert math.isnan(make_remote(scoring=Scoring.ECHO).score([" lamp"], PROMPT)[0])
