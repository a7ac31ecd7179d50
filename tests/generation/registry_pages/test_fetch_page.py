"""The page of a fetch: how far it is, what it waits for, why it failed, stopping it and trying again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from copystudio.db import JobStatus
from copystudio.services.jobs import job_claim
from generation.engine import hub_download
from generation.models import BaseFetch
from generation.selectors.base_fetch import ERRORS
from generation.services import base_fetch, hub
from tests.people import Cast

HTMX = {"HX-Request": "true"}


def make_fetch(cast: Cast, **values: Any) -> BaseFetch:
    given = {"workspace": cast.workspace, "created_by": cast.admin, "hub_name": "acme/tiny", "name": "Tiny"}
    return BaseFetch.objects.create(**{**given, "licence": "MIT", **values})


def running(fetch: BaseFetch, **values: Any) -> BaseFetch:
    assert job_claim(BaseFetch, fetch.pk) is not None
    BaseFetch.objects.filter(pk=fetch.pk).update(**values)
    return fetch


def url(cast: Cast, fetch: BaseFetch, verb: str = "") -> str:
    return f"/w/{cast.workspace.slug}/models/fetches/{fetch.pk}/{verb}"


def page(cast: Cast, fetch: BaseFetch, **headers: str) -> Any:
    return cast.client(cast.admin).get(url(cast, fetch), headers=headers)


def test_a_download_shows_its_bytes_and_asks_again(cast: Cast) -> None:
    fetch = running(make_fetch(cast), step="downloading", done=300 * 2**20, total=2**30)
    shown = page(cast, fetch).content.decode()
    assert "300.0\N{NO-BREAK SPACE}MB of 1.0\N{NO-BREAK SPACE}GB" in shown and 'value="29"' in shown
    assert "It is being downloaded." in shown and 'hx-trigger="every 2s"' in shown
    assert "Stop fetching" in shown and "acme/tiny" in shown


def test_the_poll_is_the_live_part_alone_and_the_last_one_ends_it(cast: Cast) -> None:
    fetch = running(make_fetch(cast), step="asking")
    answer = page(cast, fetch, **HTMX)
    shown = answer.content.decode()
    assert answer.status_code == 200 and "<html" not in shown and "The hub is asked what there is." in shown
    assert 'id="fetch-actions"' not in shown
    BaseFetch.objects.update(status=JobStatus.SUCCEEDED, lease_until=None, finished_at=timezone.now(), step="")
    answer = page(cast, fetch, **HTMX)
    shown = answer.content.decode()
    assert answer.status_code == 286 and "every 2s" not in shown
    assert 'hx-swap-oob="true"' in shown and "To the base models" in shown


def test_what_it_waits_for_is_said(cast: Cast) -> None:
    fetch = make_fetch(cast)
    assert "Waits for the worker." in page(cast, fetch).content.decode()
    BaseFetch.objects.update(updated_at=timezone.now() - timedelta(minutes=2))
    assert "whether the default worker is running" in page(cast, fetch).content.decode()
    running(fetch, lease_until=timezone.now() - timedelta(seconds=5))
    assert "The worker does not answer." in page(cast, fetch).content.decode()


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_reason_has_words_and_a_way_on(cast: Cast, code: str) -> None:
    fetch = make_fetch(cast, status=JobStatus.FAILED, error_code=code, error_params={"detail": "said the system"})
    shown = page(cast, fetch).content.decode()
    assert str(ERRORS[code][0]) in shown and "said the system" in shown and "Try again" in shown


def test_no_reason_is_without_words() -> None:
    download = {getattr(hub_download, name) for name in ("NOT_FOUND", "UNREACHABLE", "DISK_FULL", "UNEXPECTED")}
    known = {hub.BUSY, hub.OFF, hub.UNUSABLE, base_fetch.REGISTERED, base_fetch.UNEXPECTED, "attempts"} | download
    assert set(ERRORS) == known


def test_what_is_wrong_with_the_model_is_said_for_people(cast: Cast) -> None:
    detail = "acme/tiny: config.json asks for code of its own (auto_map)"
    fetch = make_fetch(cast, status=JobStatus.FAILED, error_code="unusable", error_params={"detail": detail})
    shown = page(cast, fetch).content.decode()
    assert "config.json asks for code of its own, and no model" in shown and "auto_map" not in shown


def test_it_is_stopped_and_tried_again_from_its_page(cast: Cast) -> None:
    fetch, client = make_fetch(cast), cast.client(cast.admin)
    answer = client.post(url(cast, fetch, "cancel/"))
    assert answer.status_code == 303 and answer["Location"] == url(cast, fetch)
    shown = page(cast, fetch).content.decode()
    assert "Nothing of it was kept." in shown and "Try again" in shown
    assert client.post(url(cast, fetch, "cancel/")).status_code == 409
    assert client.post(url(cast, fetch, "resume/")).status_code == 303
    fetch.refresh_from_db()
    assert fetch.status == JobStatus.QUEUED
    assert client.post(url(cast, fetch, "resume/")).status_code == 409


def test_it_is_for_admins(cast: Cast) -> None:
    fetch = make_fetch(cast)
    for verb in ("", "cancel/", "resume/"):
        for person, status in ((cast.approver, 403), (cast.stranger, 404)):
            client = cast.client(person)
            send = client.post if verb else client.get
            assert send(url(cast, fetch, verb)).status_code == status
    assert cast.client(cast.admin).get(url(cast, fetch, "cancel/")).status_code == 405
    assert cast.client(cast.admin).post(url(cast, fetch)).status_code == 405


def test_open_fetches_stand_on_the_list_of_models_and_recent_ones_beside_the_form(cast: Cast, settings: Any) -> None:
    fetch = make_fetch(cast)
    address = url(cast, fetch)
    models, form = f"/w/{cast.workspace.slug}/models/", f"/w/{cast.workspace.slug}/models/bases/new/"
    client = cast.client(cast.admin)
    assert address in client.get(models).content.decode() and address in client.get(form).content.decode()
    assert address not in cast.client(cast.viewer).get(models).content.decode()
    BaseFetch.objects.update(status=JobStatus.FAILED, error_code="busy")
    assert address not in client.get(models).content.decode() and address in client.get(form).content.decode()
