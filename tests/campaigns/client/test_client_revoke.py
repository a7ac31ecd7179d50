"""Revoking and replacing API keys."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from campaigns.models import ApiClient
from campaigns.services.client import client_revoke, client_rotate, is_revoked
from copystudio.errors import InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event
from tests import factories
from tests.people import Cast


@pytest.fixture
def api_client(cast: Cast) -> ApiClient:
    return factories.make_client(cast, name="Web shop", scopes=["decide"])[0]


def url(cast: Cast, api_client: ApiClient, verb: str, slug: str = "") -> str:
    return f"/w/{slug or cast.workspace.slug}/clients/{api_client.pk}/{verb}/"


def test_revoking_works_and_writes_its_event(cast: Cast, api_client: ApiClient) -> None:
    response = cast.client(cast.admin).post(url(cast, api_client, "revoke"))
    assert response.status_code == 303
    api_client.refresh_from_db()
    assert is_revoked(api_client)
    assert Event.objects.get(verb="client.revoke").actor == cast.admin


def test_a_revoked_key_is_not_revoked_again(cast: Cast, api_client: ApiClient) -> None:
    client_revoke(actor=cast.admin, client=api_client)
    assert cast.client(cast.admin).post(url(cast, api_client, "revoke")).status_code == 409
    with pytest.raises(TransitionError):
        client_rotate(actor=cast.admin, client=api_client)


def test_replacing_shows_a_new_key_with_the_same_name_and_scopes(cast: Cast, api_client: ApiClient) -> None:
    response = cast.client(cast.admin).post(url(cast, api_client, "rotate"), {"overlap": "0"})
    new = ApiClient.objects.get(revoked_at=None)
    api_client.refresh_from_db()
    assert "no-store" in response["Cache-Control"] and f">{new.prefix}" in response.content.decode()
    assert (new.name, new.scopes) == (api_client.name, api_client.scopes)
    assert is_revoked(api_client) and new.key_hash != api_client.key_hash
    assert Event.objects.get(verb="client.rotate").data["old"] == api_client.prefix


def test_the_old_key_may_work_for_a_while_and_be_revoked_meanwhile(cast: Cast, api_client: ApiClient) -> None:
    client_rotate(actor=cast.admin, client=api_client, overlap=dt.timedelta(hours=1))
    api_client.refresh_from_db()
    assert not is_revoked(api_client)
    page = cast.client(cast.admin).get(f"/w/{cast.workspace.slug}/clients/").content.decode()
    assert "Being replaced" in page
    client_revoke(actor=cast.admin, client=api_client)
    api_client.refresh_from_db()
    assert is_revoked(api_client)


@pytest.mark.parametrize("overlap", [dt.timedelta(days=8), dt.timedelta(seconds=-1)])
def test_the_overlap_has_bounds(cast: Cast, api_client: ApiClient, overlap: dt.timedelta) -> None:
    with pytest.raises(InvalidInputError):
        client_rotate(actor=cast.admin, client=api_client, overlap=overlap)
    assert cast.client(cast.admin).post(url(cast, api_client, "rotate"), {"overlap": "9999"}).status_code == 422


def test_an_expired_key_is_not_replaced(cast: Cast) -> None:
    end = timezone.now() + dt.timedelta(hours=1)
    client, _key = factories.make_client(cast, expires_at=end)
    with time_machine.travel(end + dt.timedelta(seconds=1)), pytest.raises(TransitionError):
        client_rotate(actor=cast.admin, client=client)


@pytest.mark.parametrize("verb", ["revoke", "rotate"])
def test_an_approver_may_not(cast: Cast, api_client: ApiClient, verb: str) -> None:
    assert cast.client(cast.approver).post(url(cast, api_client, verb), {"overlap": "0"}).status_code == 403
    with pytest.raises(NotPermittedError):
        {"revoke": client_revoke, "rotate": client_rotate}[verb](actor=cast.approver, client=api_client)
    api_client.refresh_from_db()
    assert api_client.revoked_at is None


@pytest.mark.parametrize("verb", ["revoke", "rotate"])
def test_a_stranger_gets_404_here_and_through_their_own_workspace(cast: Cast, api_client: ApiClient, verb: str) -> None:
    client = cast.client(cast.stranger)
    assert client.post(url(cast, api_client, verb), {"overlap": "0"}).status_code == 404
    assert client.post(url(cast, api_client, verb, cast.elsewhere.slug), {"overlap": "0"}).status_code == 404
    api_client.refresh_from_db()
    assert api_client.revoked_at is None


def test_another_method_gets_405(cast: Cast, api_client: ApiClient) -> None:
    client = cast.client(cast.admin)
    assert client.get(url(cast, api_client, "revoke")).status_code == 405
    assert client.put(url(cast, api_client, "rotate")).status_code == 405
