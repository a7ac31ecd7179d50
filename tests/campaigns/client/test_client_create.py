"""Making an API client."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import ApiClient
from campaigns.services.client import client_create
from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast

DATA = {"name": "Web shop", "scopes": ["decide", "events"], "expires_on": ""}


def url(cast: Cast) -> str:
    return f"/w/{cast.workspace.slug}/clients/new/"


def test_it_shows_the_key_once_and_keeps_only_its_hash(cast: Cast) -> None:
    response = cast.client(cast.admin).post(url(cast), DATA)
    client = ApiClient.objects.get()
    text = response.content.decode()
    start = text.index(f">{client.prefix}") + 1
    key = text[start : start + 51]
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert client.key_hash == hashlib.sha256(key.encode()).hexdigest()
    assert text.count(key) == 1
    again = cast.client(cast.admin).get(f"/w/{cast.workspace.slug}/clients/").content.decode()
    assert key not in again and client.prefix in again


def test_the_form_leads_back_to_the_list(cast: Cast) -> None:
    page = cast.client(cast.admin).get(url(cast)).content.decode()
    assert f'<a class="btn" href="/w/{cast.workspace.slug}/clients/">' in page


def test_keys_are_long_and_each_is_another(cast: Cast) -> None:
    keys = {factories.make_client(cast)[1] for _n in range(20)}
    assert len(keys) == 20
    assert all(key.startswith("cs_live_") and len(key) == 51 for key in keys)


def test_it_writes_its_event_without_the_key(cast: Cast) -> None:
    client, key = factories.make_client(cast, scopes=["decide"])
    event = Event.objects.get(verb="client.create")
    assert event.actor == cast.admin and event.data["prefix"] == client.prefix and event.data["scopes"] == ["decide"]
    assert key not in str(event.data)


@pytest.mark.parametrize(
    "values",
    [{"name": " "}, {"name": "x" * 121}, {"scopes": []}, {"scopes": ["everything"]}, {"expires_on": "2001-01-01"}],
)
def test_wrong_input_is_refused(cast: Cast, values: dict[str, Any]) -> None:
    response = cast.client(cast.admin).post(url(cast), {**DATA, **values})
    assert response.status_code == 422 and not ApiClient.objects.exists()


def test_the_service_checks_for_itself(cast: Cast) -> None:
    past = timezone.now() - dt.timedelta(seconds=1)
    with pytest.raises(InvalidInputError) as refusal:
        client_create(actor=cast.admin, workspace=cast.workspace, name="", scopes=["x"], expires_at=past)
    assert set(refusal.value.fields) == {"name", "scopes", "expires_at"}


def test_a_name_is_used_once_while_its_key_is_in_force(cast: Cast) -> None:
    factories.make_client(cast, name="Web shop")
    response = cast.client(cast.admin).post(url(cast), DATA)
    assert response.status_code == 422 and "already a client" in response.content.decode()


def test_an_approver_may_not(cast: Cast) -> None:
    assert cast.client(cast.approver).post(url(cast), DATA).status_code == 403
    with pytest.raises(NotPermittedError):
        client_create(actor=cast.approver, workspace=cast.workspace, name="Shop", scopes=["decide"])


def test_a_stranger_gets_404(cast: Cast) -> None:
    assert cast.client(cast.stranger).post(url(cast), DATA).status_code == 404


def test_another_method_gets_405(cast: Cast) -> None:
    assert cast.client(cast.admin).put(url(cast)).status_code == 405
