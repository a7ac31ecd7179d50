"""Who writes: torch here, or a real server that speaks the completions protocol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
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
from generation.models import Candidate, GenerationBlock, GenerationRun, ModelVersion
from generation.services import writers
from generation.services.blocks import block_next
from generation.services.execute import run_execute
from generation.services.reproduce import candidate_reproduce
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


def test_a_server_that_is_named_writes_and_its_cost_is_counted(
    make_run: MakeRun, server: CompletionsServer, settings: Any
) -> None:
    run = make_run(3, 2)
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == JobStatus.SUCCEEDED and run.done == 6
    address = settings.MODEL_SERVER["base_url"]
    assert run.engine == {"backend": "remote", "server": address, "model": "tiny", "batch": 32}
    for candidate in Candidate.objects.filter(item__run=run):
        assert candidate.engine["asked"].keys() == {"seed", "n", "choice"}, "what makes it again"
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
        assert (block.attempt, block.error_code) == (attempt, "server_unreachable")
        assert "cannot be reached" in block.error_params["detail"]
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
    assert (run.blocks.get().error_code, run.blocks.get().error_params) == ("", {})


SAID = (
    "This lamp stands well on any table in your house. It weighs 320 g, so you move it from room to room with one hand.",
    "Take it out into the garden for the evening, and back to the kitchen in the morning: at 320 g it goes where you go.",
)


def test_who_steps_aside_keeps_every_answer_that_the_server_gave(
    make_run: MakeRun, server: CompletionsServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(handler: Any) -> None:
        logprobs = {"tokens": ["so"], "token_logprobs": [-1.0]}
        texts = SAID[: server.requests[-1].get("n", 1)]
        handler.say(
            200,
            {
                "choices": [
                    {"index": place, "text": text, "finish_reason": "stop", "logprobs": logprobs}
                    for place, text in enumerate(texts)
                ]
            },
        )

    monkeypatch.setattr("generation.services.block_work.WRITE_SECONDS", 0.0)
    monkeypatch.setattr("generation.services.block_work.somebody_waits_for_a_first_turn", lambda block: True)
    settings.GENERATION_BATCH = 6  # three items with two outputs each
    server.always = answer
    run = make_run(5)
    for items in (3, 5):
        run_execute(run_id=run.pk)
        run.refresh_from_db()
        assert (run.done, len(server.requests)) == (items, items), run.dropped
    assert run.status == JobStatus.SUCCEEDED, "with nothing left to write it does not wait for another turn"


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
    assert run.blocks.get().error_code == {500: "server_failing", 429: "server_busy"}[trouble]
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


FACTS = [{"attribute": name, "value": name.lower(), "unit": ""} for name in ("Weight", "Colour", "Cloth", "Cut")]
SUBJECT = {"channel": {"key": "email_subject", "name": "E-mail subject", "unit": "characters", "limit": 50}}


@pytest.fixture
def make_angled(shop: Cast, make_run: MakeRun, server: CompletionsServer, settings: Any) -> MakeRun:
    """Queue a run whose items have four angles, a fact leading each; always the same one."""
    ModelVersion.objects.update(prompt_template="brief-1")
    settings.MODEL_SERVER = {**settings.MODEL_SERVER, "most_parallel": 1}

    def make(items: int, count: int) -> GenerationRun:
        run = make_run(items, count, facts=FACTS, **SUBJECT)
        for item in run.items.all():
            run.items.filter(pk=item.pk).update(payload={**item.payload, "product_title": f"Lamp {item.position}"})
        GenerationRun.objects.filter(pk=run.pk).update(seed=8)
        return run

    return make


@pytest.fixture
def answered(server: CompletionsServer) -> dict[str, set[str]]:
    """What the server answered, by prompt."""
    return defaultdict(set)


@pytest.fixture
def refuse(server: CompletionsServer, answered: dict[str, set[str]]) -> Callable[..., None]:
    """Let the server refuse prompts that one of these facts leads."""

    def install(*leads: str) -> None:
        def answer(handler: Any) -> None:
            request = server.requests[-1]
            if any(f"Facts: {lead}: " in request["prompt"] for lead in leads):
                handler.say(400, error("content filter"))
                return
            said = server.answer(request)
            answered[request["prompt"]].update(choice["text"].strip() for choice in said["choices"])
            handler.say(200, said)

        server.always = answer

    return install


def texts_of(run: GenerationRun) -> list[tuple[Any, ...]]:
    rows = Candidate.objects.filter(item__run=run).order_by("position", "slot")
    return list(rows.values_list("position", "slot", "draw", "text"))


def assert_each_comes_from_its_prompt(run: GenerationRun, answered: dict[str, set[str]]) -> None:
    for candidate in Candidate.objects.filter(item__run=run).select_related("item__run"):
        begun = candidate.text.rstrip(".")  # what was cut off ends with a stop
        assert any(text.startswith(begun) for text in answered[candidate.prompt])
        assert candidate_reproduce(candidate=candidate).same_prompt


def test_an_item_goes_on_from_the_angles_that_are_not_refused(
    make_angled: MakeRun, refuse: Callable[..., None], answered: dict[str, set[str]]
) -> None:
    refuse("Weight", "Cloth")
    run = later(make_angled(6, 4))
    assert run.status == JobStatus.SUCCEEDED and run.done == 24
    for item in run.items.all():
        assert (item.produced, item.error, item.refused) == (4, "", {0: [(0, None)], 2: [(0, None)]})
        assert item.leads == [["Colour"], ["Cut"]] and item.led == [(turn, 0) for turn in range(4)]
        assert (item.angles_refused, item.angles) == (2, 4) and "content filter" in item.refusal
    led = {tuple(one.leads) for one in Candidate.objects.filter(item__run=run).select_related("item")}
    assert led == {("Colour",), ("Cut",)}
    assert_each_comes_from_its_prompt(run, answered)


def test_what_a_server_answered_is_not_asked_for_again_where_it_refuses_other_prompts(
    make_angled: MakeRun, refuse: Callable[..., None], server: CompletionsServer
) -> None:
    refuse("Cloth")
    run = later(make_angled(3, 4))
    answered = [one for one in server.requests if "echo" not in one and "Facts: Cloth: " not in one["prompt"]]
    assert run.done == 12 and run.outputs == sum(one.get("n", 1) for one in answered)


def test_an_angle_that_is_refused_later_keeps_what_it_wrote(
    shop: Cast,
    make_angled: MakeRun,
    refuse: Callable[..., None],
    server: CompletionsServer,
    answered: dict[str, set[str]],
) -> None:
    refuse("Cut")
    run = later(make_angled(1, 4))
    before, item = texts_of(run), run.items.get()
    assert item.refused == {3: [(0, None)]} and ["Colour"] in [one.leads for one in item.candidates.all()]
    run.items.update(requested=7)
    refuse("Weight", "Colour", "Cloth", "Cut")
    run_retry(actor=shop.copywriter, run=run)
    later(run)
    failed = run.items.get()
    assert "content filter" in failed.error and (failed.plan, failed.outputs) == (item.plan, item.outputs)
    server.requests.clear()
    refuse("Colour")
    run_retry(actor=shop.copywriter, run=run)
    later(run)
    assert any("Facts: Cut: " in one["prompt"] for one in server.requests), "the server takes it by now"
    item, found = run.items.get(), texts_of(run)
    assert (item.produced, item.error, item.refused) == (7, "", {1: [(failed.outputs, None)], 3: [(0, failed.outputs)]})
    assert found[:4] == before and ["Colour"] in item.leads
    assert ["Colour"] not in [one.leads for one in item.candidates.filter(slot__gte=4)]
    assert_each_comes_from_its_prompt(run, answered)


def test_what_a_killed_worker_left_is_asked_for_with_the_same_seeds(
    make_angled: MakeRun,
    refuse: Callable[..., None],
    watch: Callable[..., None],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        pass

    def die(config: Any, number: int) -> None:
        if Candidate.objects.filter(item__run=run).exists():
            raise Killed

    monkeypatch.setattr("generation.services.block_work.WRITE_SECONDS", 0.0)
    settings.GENERATION_BATCH = 10
    refuse("Colour")
    whole, run = later(make_angled(5, 4)), make_angled(5, 4)
    watch(die)
    with pytest.raises(Killed):
        run_execute(run_id=run.pk)
    assert 0 < Candidate.objects.filter(item__run=run).count() < 20
    watch(lambda config, number: None)
    GenerationBlock.objects.filter(status=JobStatus.RUNNING).update(lease_until=Now() - timedelta(seconds=1))
    assert texts_of(later(run)) == texts_of(whole) and run.done == 20


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
