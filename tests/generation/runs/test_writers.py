"""Who writes: torch here, or a real server that speaks the completions protocol."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from copystudio import checks
from copystudio.db import JobStatus
from generation.engine.loader import load
from generation.models import Candidate, GenerationBlock, GenerationRun
from generation.services import writers
from generation.services.blocks import block_next
from generation.services.execute import run_execute
from generation.services.run_control import run_resume, run_retry
from tests.generation.engine.backends.completions_server import CompletionsServer, error, serving, status
from tests.generation.runs.conftest import MakeRun
from tests.people import Cast


@pytest.fixture
def server(settings: Any, tiny_model: Path) -> Iterator[CompletionsServer]:
    loaded = load(tiny_model, model_root=tiny_model.parent, threads=1)
    with serving(loaded) as (found, address):
        prices = {"prompt_price": Decimal("100"), "completion_price": Decimal("400")}
        settings.MODEL_SERVER = {**settings.MODEL_SERVER, "base_url": address, "scoring": "echo", **prices}
        writers._SERVERS.clear()
        yield found
        writers._SERVERS.clear()


def test_a_server_that_is_named_writes_and_its_cost_is_counted(make_run: MakeRun, server: CompletionsServer) -> None:
    run = make_run(3, 2)
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == JobStatus.SUCCEEDED and run.done == 6
    assert run.engine == {"backend": "remote", "model": "tiny", "batch": 32}
    assert run.cost > 0
    assert not writers.computes_here() and len(writers.WRITERS) == 0, "no model is loaded here"
    assert all(one.fluency < 0 for one in Candidate.objects.filter(item__run=run))


def later(run: GenerationRun) -> GenerationRun:
    """Work after the pause of whatever waits for the server."""
    run.blocks.filter(status=JobStatus.QUEUED).update(lease_until=Now() - timedelta(seconds=1))
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    return run


def test_a_server_that_is_away_is_asked_again_later_and_fails_the_run_at_the_last_attempt(
    shop: Cast, make_run: MakeRun, server: CompletionsServer, settings: Any
) -> None:
    address = settings.MODEL_SERVER["base_url"]
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "base_url": "http://127.0.0.1:9/v1", "retries": 0}
    run = make_run(1)
    pauses = []
    for attempt in (1, 2):
        assert later(run).is_open
        assert block_next() is None, "not before the pause is over"
        block = run.blocks.annotate(pause=F("lease_until") - Now()).get()
        assert block.attempt == attempt
        pauses.append(block.pause)
    assert 55 < pauses[0].total_seconds() <= 60 < 295 < pauses[1].total_seconds() <= 300
    run = later(run)
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine")
    assert "cannot be reached" in run.error_params["detail"]
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "base_url": address}
    run_resume(actor=shop.copywriter, run=run)
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == JobStatus.SUCCEEDED and run.done == 1


@pytest.mark.parametrize("trouble", [500, 429])
def test_what_was_written_before_the_server_failed_stays(
    make_run: MakeRun, server: CompletionsServer, settings: Any, trouble: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "retries": 0, "most_parallel": 1}
    settings.GENERATION_BATCH = 2
    monkeypatch.setattr("generation.services.block_work.WRITE_SECONDS", 1e9)
    run = make_run(3)

    def answer(handler: Any) -> None:
        if "/2" in server.requests[-1]["prompt"]:
            handler.say(trouble, error("overloaded"))
        else:
            handler.say(200, server.answer(server.requests[-1]))

    server.always = answer
    run = later(run)
    assert run.is_open and run.done == 2 and run.cost > 0
    server.always = None
    run = later(run)
    assert run.status == JobStatus.SUCCEEDED and run.done == 3


def test_a_prompt_that_the_server_refuses_fails_its_item_alone(
    shop: Cast, make_run: MakeRun, server: CompletionsServer
) -> None:
    def filtered(handler: Any) -> None:
        if "/1" in server.requests[-1]["prompt"]:
            handler.say(400, error("content filter"))
        else:
            handler.say(200, server.answer(server.requests[-1]))

    server.always = filtered
    run = later(make_run(4))
    assert run.status == JobStatus.SUCCEEDED and run.done == 3
    refused = run.items.get(position=1)
    assert refused.finished and "content filter" in refused.error
    assert not run.items.exclude(pk=refused.pk).exclude(error="").exists()
    server.always = None
    run_retry(actor=shop.copywriter, run=run, items=[refused.pk])
    assert later(run).done == 4


def test_a_server_that_refuses_every_prompt_says_why(make_run: MakeRun, server: CompletionsServer) -> None:
    server.always = status(400, "logprobs is not supported")
    run = later(make_run(2))
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine")
    assert "logprobs is not supported" in run.error_params["detail"]


def test_a_key_that_is_refused_fails_the_run_at_once(make_run: MakeRun, server: CompletionsServer) -> None:
    server.always = status(401)
    run = later(make_run(2))
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine") and len(server.requests) <= 4
    assert not GenerationBlock.objects.filter(attempt__gt=1).exists()


def test_answers_that_became_no_text_are_counted_too(
    make_run: MakeRun, server: CompletionsServer, settings: Any
) -> None:
    server.logprobs = False
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "scoring": "none"}
    run = later(make_run(1))
    assert run.status == JobStatus.FAILED and "log-probabilities" in run.error_params["detail"]
    assert run.cost > 0


def test_the_models_of_one_server_share_its_limits(adapted: Any, server: CompletionsServer, settings: Any) -> None:
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "requests_per_minute": 60}
    first, second = (writers.writer_of(adapted()).backend for _ in range(2))
    assert first is not second
    clients = [one._client for one in (first, second)]  # type: ignore[attr-defined]
    for part in ("_breaker", "_limits", "meter"):
        assert getattr(clients[0], part) is getattr(clients[1], part)
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "base_url": "http://127.0.0.1:9/v1"}
    elsewhere: Any = writers.writer_of(adapted()).backend
    assert elsewhere._client._limits is not clients[0]._limits


def test_torch_is_asked_for_although_a_server_is_named(
    make_run: MakeRun, server: CompletionsServer, settings: Any
) -> None:
    settings.GENERATION_BACKEND = "torch"
    run = make_run(1)
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.engine["backend"] == "torch" and not server.requests


def test_a_server_must_be_named_where_one_is_to_write(settings: Any) -> None:
    settings.GENERATION_BACKEND = "remote"
    [error] = checks.model_server_is_named(None)
    assert error.id == "copystudio.E006" and error.hint is not None and "MODEL_SERVER_URL" in error.hint
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "base_url": "http://127.0.0.1:9/v1"}
    assert checks.model_server_is_named(None) == []
