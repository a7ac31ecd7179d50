"""Changing a channel's limits."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.models import Channel
from campaigns.services.channel import channel_revise
from copystudio.errors import ConflictError, InvalidInputError, NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast

LIST = "/w/shop/channels/"


def url(channel: Channel, slug: str = "shop") -> str:
    return f"/w/{slug}/channels/{channel.pk}/edit/"


def send(cast: Cast, channel: Channel, **values: Any) -> Any:
    typed = {"soft_limit": "40", "hard_limit": "60", "source_url": "https://example.com/limits"}
    return cast.client(cast.admin).post(url(channel), {**typed, **values})


def test_it_works_as_a_new_version_and_the_old_one_stays(cast: Cast) -> None:
    old = factories.channel(cast)
    assert send(cast, old).status_code == 303
    new = factories.channel(cast)
    assert (new.version, new.soft_limit, new.hard_limit) == (old.version + 1, 40, 60)
    assert (new.key, new.unit, new.platform, new.kind) == (old.key, old.unit, old.platform, old.kind)
    before = (old.soft_limit, old.hard_limit)
    old.refresh_from_db()
    assert (old.soft_limit, old.hard_limit) == before and not old.is_current


def test_it_writes_its_event_with_both_limits(cast: Cast) -> None:
    old = factories.channel(cast)
    send(cast, old)
    event = Event.objects.get(verb="channel.revise")
    assert event.actor == cast.admin
    assert event.data == {"from": [old.soft_limit, old.hard_limit], "to": [40, 60]}


def test_copy_keeps_the_version_it_was_written_under(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    old = factories.channel(cast)
    send(cast, old)
    variant.refresh_from_db()
    assert variant.channel == old


def test_a_former_version_is_a_wrong_state(cast: Cast) -> None:
    old = factories.channel(cast)
    send(cast, old)
    assert send(cast, old).status_code == 409
    with pytest.raises(ConflictError):
        channel_revise(actor=cast.admin, channel=old, soft_limit=None, hard_limit=10)
    assert Channel.objects.filter(workspace=cast.workspace, key=old.key).count() == 2


def test_an_advised_limit_is_not_needed(cast: Cast) -> None:
    send(cast, factories.channel(cast), soft_limit="")
    assert factories.channel(cast).soft_limit is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"hard_limit": "0"}, "hard_limit"),
        ({"hard_limit": ""}, "hard_limit"),
        ({"hard_limit": "100001"}, "hard_limit"),
        ({"hard_limit": "1e2"}, "hard_limit"),
        ({"soft_limit": "61"}, "soft_limit"),
        ({"soft_limit": "0"}, "soft_limit"),
    ],
)
def test_limits_that_make_no_sense_are_refused_beside_their_field(
    cast: Cast, values: dict[str, str], field: str
) -> None:
    channel = factories.channel(cast)
    response = send(cast, channel, **values)
    assert response.status_code == 422 and field in response.context["form"].errors
    assert factories.channel(cast) == channel


@pytest.mark.parametrize(("soft", "hard"), [(None, 0), (None, 100_001), (0, 10), (11, 10)])
def test_the_service_refuses_them_too(cast: Cast, soft: int | None, hard: int) -> None:
    with pytest.raises(InvalidInputError):
        channel_revise(actor=cast.admin, channel=factories.channel(cast), soft_limit=soft, hard_limit=hard)


def test_the_database_holds_one_current_version_and_sane_limits(cast: Cast) -> None:
    channel = factories.channel(cast)
    rows = Channel.objects.filter(pk=channel.pk)
    for values in ({"hard_limit": 0}, {"soft_limit": 500, "hard_limit": 10}, {"unit": "miles"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**values)
    channel.pk, channel.version = None, 99
    with pytest.raises(IntegrityError), transaction.atomic():
        channel.save(force_insert=True)


@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver"])
def test_only_admins_may(cast: Cast, person: str) -> None:
    channel, actor = factories.channel(cast), getattr(cast, person)
    assert cast.client(actor).post(url(channel), {"hard_limit": "60"}).status_code == 403
    with pytest.raises(NotPermittedError):
        channel_revise(actor=actor, channel=channel, soft_limit=None, hard_limit=60)
    assert "/edit/" not in cast.client(actor).get(LIST).content.decode()


def test_a_stranger_gets_404_here_and_in_a_workspace_of_their_own(cast: Cast) -> None:
    channel = factories.channel(cast)
    for slug in ("shop", cast.elsewhere.slug):
        assert cast.client(cast.stranger).post(url(channel, slug), {"hard_limit": "60"}).status_code == 404
    assert factories.channel(cast) == channel


def test_the_wrong_method_gets_405(cast: Cast) -> None:
    assert cast.client(cast.admin).delete(url(factories.channel(cast))).status_code == 405


def test_the_list_shows_current_versions_only_in_the_language_of_the_reader(cast: Cast) -> None:
    channel = factories.channel(cast)
    send(cast, channel, hard_limit="77777", soft_limit="")
    english = cast.client(cast.viewer).get(LIST).content.decode()
    assert "77,777" in english and channel.name_en in english
    chinese = cast.client(cast.viewer).get(LIST, headers={"Accept-Language": "zh-CN"}).content.decode()
    assert channel.name_zh in chinese


def test_the_list_of_all_channels_takes_a_bounded_number_of_queries(cast: Cast) -> None:
    client = cast.client(cast.admin)
    client.get(LIST)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(LIST)
    shown = sum(len(rows) for _platform, rows in response.context["groups"])
    assert shown == Channel.objects.filter(workspace=cast.workspace, is_current=True).count() > 15
    assert len(captured) <= 12
