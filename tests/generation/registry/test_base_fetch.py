"""Fetching a base model as a job: who may, what it becomes, what stops it, and that a lost worker's part is begun anew."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from copystudio.db import JobStatus
from copystudio.errors import ConflictError, InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event, Notification, Outbox
from copystudio.services.jobs import job_claim
from generation.models import BaseFetch, LanguageModel, ModelVersion
from generation.services import base_fetch as services
from generation.services import hub as hub_services
from generation.services.base_fetch import (
    base_fetch_cancel,
    base_fetch_execute,
    base_fetch_resume,
    base_fetch_start,
)
from tests.generation.registry.hub_server import HubServer, serving
from tests.people import Cast, make_cast

pytestmark = pytest.mark.django_db(transaction=True)  # the lease is kept by a thread with a connection of its own


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, tiny_model: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    settings.MODEL_ROOT, settings.MODEL_HUB = tmp_path / "models", True
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    for name, value in {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0", "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    with serving(tiny_model) as (server, address):
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield server


def start(cast: Cast, **values: Any) -> BaseFetch:
    given = {"hub_name": " acme/tiny ", "name": "", "licence": "MIT"}
    fetch, _is_new = base_fetch_start(actor=cast.admin, workspace=cast.workspace, **{**given, **values})
    return fetch


def execute(fetch: BaseFetch) -> BaseFetch:
    base_fetch_execute(fetch_id=fetch.pk)
    fetch.refresh_from_db()
    return fetch


def told(cast: Cast) -> list[str]:
    return list(Notification.objects.filter(person=cast.admin).values_list("code", flat=True))


def test_it_is_queued_without_asking_the_network(cast: Cast, hub: HubServer) -> None:
    fetch, is_new = base_fetch_start(
        actor=cast.admin, workspace=cast.workspace, hub_name="acme/tiny", name=" Tiny ", licence="MIT"
    )
    assert is_new and (fetch.status, fetch.hub_name, fetch.name) == (JobStatus.QUEUED, "acme/tiny", "Tiny")
    assert hub.asked == []
    assert Event.objects.get(verb="basefetch.create").actor == cast.admin
    again, is_new = base_fetch_start(
        actor=cast.admin, workspace=cast.workspace, hub_name="acme/tiny", name="", licence="MIT"
    )
    assert not is_new and again == fetch
    assert Event.objects.filter(verb="basefetch.create").count() == 1


def test_the_bell_stays_until_the_broker_takes_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copystudio.services.jobs._send", lambda task, pk, **options: False)
    fetch = start(cast)
    assert Outbox.objects.filter(task="generation.fetch", object_id=fetch.pk).count() == 1


def test_it_becomes_a_base_with_a_first_version(cast: Cast, tiny_model: Path, settings: Any) -> None:
    fetch = execute(start(cast, licence_url="https://example.com/licence"))
    total = sum(path.stat().st_size for path in tiny_model.iterdir())
    assert (fetch.status, fetch.error_code, fetch.done, fetch.total) == (JobStatus.SUCCEEDED, "", total, total)
    model = LanguageModel.objects.get(workspace=cast.workspace, folder="acme--tiny")
    assert fetch.language_model == model
    assert (model.name, model.licence, model.licence_url) == ("acme/tiny", "MIT", "https://example.com/licence")
    version = ModelVersion.objects.get(language_model=model)
    assert (version.prompt_template, version.status, version.created_by) == ("few-shot-1", "staged", cast.admin)
    assert Event.objects.get(verb="languagemodel.add").actor == cast.admin
    assert (settings.MODEL_ROOT / "acme--tiny" / "model.safetensors").is_file()
    assert told(cast) == ["base.fetched"]
    assert execute(fetch).status == JobStatus.SUCCEEDED  # ringing twice is no second fetch
    assert ModelVersion.objects.filter(language_model=model).count() == 1


@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver", "stranger"])
def test_only_an_admin_fetches_stops_and_tries_again(cast: Cast, person: str) -> None:
    somebody = getattr(cast, person)
    with pytest.raises(NotPermittedError):
        base_fetch_start(actor=somebody, workspace=cast.workspace, hub_name="acme/tiny", name="", licence="MIT")
    fetch = start(cast)
    with pytest.raises(NotPermittedError):
        base_fetch_cancel(actor=somebody, fetch=fetch)
    base_fetch_cancel(actor=cast.admin, fetch=fetch)
    with pytest.raises(NotPermittedError):
        base_fetch_resume(actor=somebody, fetch=fetch)


def test_what_is_registered_is_not_fetched(cast: Cast, hub: HubServer) -> None:
    execute(start(cast))
    with pytest.raises(InvalidInputError) as caught:
        start(cast)
    assert "registered already" in str(caught.value.fields["folder"][0])
    assert BaseFetch.objects.count() == 1


def test_what_was_registered_meanwhile_fails_with_that_reason(cast: Cast, tiny_model: Path, settings: Any) -> None:
    fetch = start(cast)
    shutil.copytree(tiny_model, settings.MODEL_ROOT / "acme--tiny")
    LanguageModel.objects.create(workspace=cast.workspace, name="x", folder="acme--tiny", licence="MIT")
    assert (execute(fetch).status, fetch.error_code) == (JobStatus.FAILED, "registered")


def test_another_workspace_uses_the_folder_that_is_there(cast: Cast, hub: HubServer) -> None:
    execute(start(cast))
    hub.asked.clear()
    other = make_cast("other")
    fetch = execute(start(other))
    assert fetch.status == JobStatus.SUCCEEDED and hub.asked == []
    assert LanguageModel.objects.filter(folder="acme--tiny").count() == 2


def test_a_fetch_that_fails_says_why_and_can_be_tried_again(cast: Cast, hub: HubServer) -> None:
    hub.status = 503
    fetch = execute(start(cast))
    assert (fetch.status, fetch.error_code) == (JobStatus.FAILED, "unreachable")
    assert "503" in fetch.error_params["detail"]
    assert told(cast) == ["base.failed"]
    hub.status = 200
    fetch = base_fetch_resume(actor=cast.admin, fetch=fetch)
    assert (fetch.status, fetch.error_code) == (JobStatus.QUEUED, "")
    with pytest.raises(TransitionError):
        base_fetch_resume(actor=cast.admin, fetch=fetch)
    assert execute(fetch).status == JobStatus.SUCCEEDED


def test_the_same_model_is_tried_again_once_at_a_time(cast: Cast) -> None:
    first = start(cast)
    base_fetch_cancel(actor=cast.admin, fetch=first)
    start(cast)
    with pytest.raises(ConflictError):
        base_fetch_resume(actor=cast.admin, fetch=first)


def test_cancelling_stops_a_download_half_way_and_keeps_nothing(
    cast: Cast, hub: HubServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_HEARTBEAT_SECONDS = 0.2
    monkeypatch.setattr(services, "_EVERY", 0.0)
    fetch = start(cast)
    seen: list[tuple[int, int, str]] = []

    def cancel() -> None:
        until = time.monotonic() + 20
        row = BaseFetch.objects.get(pk=fetch.pk)
        while not (row.step == "downloading" and row.done) and time.monotonic() < until:
            time.sleep(0.1)
            row.refresh_from_db()
        seen.append((row.done, row.total, row.step))
        base_fetch_cancel(actor=cast.admin, fetch=row)
        connection.close()
        time.sleep(60)

    hub.half_way = cancel
    began = time.monotonic()
    assert execute(fetch).status == JobStatus.CANCELLED
    assert time.monotonic() - began < 30
    [(done, total, step)] = seen
    assert step == "downloading" and 0 < done < total
    assert [path.name for path in settings.MODEL_ROOT.iterdir()] == [".hub.lock"]
    assert not LanguageModel.objects.filter(folder="acme--tiny").exists() and told(cast) == []


def test_a_lost_workers_part_is_begun_anew(cast: Cast, settings: Any) -> None:
    fetch = start(cast)
    assert job_claim(BaseFetch, fetch.pk) is not None
    partial = settings.MODEL_ROOT / ".partial-acme--tiny"
    partial.mkdir(parents=True)
    (partial / "model.safetensors").write_bytes(b"half")
    BaseFetch.objects.update(lease_until="2020-01-01T00:00Z")
    fetch = execute(fetch)
    assert (fetch.status, fetch.attempt) == (JobStatus.SUCCEEDED, 2)
    assert not partial.exists()


def test_a_worker_that_lost_its_lease_registers_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = start(cast)

    def overtaken(name: str, tell: hub_services.Tell) -> str:
        BaseFetch.objects.filter(pk=fetch.pk).update(fence=99)
        return hub_services.hub_fetch(name, tell)

    monkeypatch.setattr(services, "hub_fetch", overtaken)
    assert execute(fetch).status == JobStatus.RUNNING
    assert not LanguageModel.objects.filter(folder="acme--tiny").exists()


def test_the_default_worker_knows_the_task(cast: Cast, settings: Any) -> None:
    from copystudio.celery import app
    from generation.tasks import fetch as task

    assert task.name == BaseFetch.task and task.name in app.tasks
    assert task.name not in settings.CELERY_TASK_ROUTES, "it goes to the default queue"
    fetch = start(cast)
    task(fetch.pk)
    fetch.refresh_from_db()
    assert fetch.status == JobStatus.SUCCEEDED
