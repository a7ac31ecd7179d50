"""Who writes: torch here, or a real server that speaks the completions protocol."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from copystudio import checks
from copystudio.db import JobStatus
from generation.engine.loader import load
from generation.models import Candidate
from generation.services import writers
from generation.services.execute import run_execute
from generation.services.run_control import run_resume
from tests.generation.engine.backends.completions_server import CompletionsServer, serving
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


def test_a_server_that_is_away_fails_the_run_which_goes_on_later(
    shop: Cast, make_run: MakeRun, server: CompletionsServer, settings: Any
) -> None:
    address = settings.MODEL_SERVER["base_url"]
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "base_url": "http://127.0.0.1:9/v1", "retries": 0}
    run = make_run(1)
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine") and run.error_params["detail"]
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "base_url": address}
    writers._SERVERS.clear()
    run_resume(actor=shop.copywriter, run=run)
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == JobStatus.SUCCEEDED and run.done == 1


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
