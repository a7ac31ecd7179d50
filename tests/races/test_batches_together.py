"""Writers with shared duplicates (R2, R3): every event is stored and counted exactly once, and none is lost.

``BATCH_ROUNDS`` sets the number of runs (3 in CI). The negative control, the same writers without a common order and
without the retry, has to go wrong: else this test proves nothing.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import uuid

import pytest
from django.db import DatabaseError
from django.utils import timezone

from campaigns.models import Click, DailyCount, Impression
from campaigns.services import tracking
from campaigns.services.counters import tracking_rebuild
from campaigns.services.exposure import Exposure, SigningKeys, nonce, token_sign
from campaigns.services.tracking import IncomingEvent, Kind, Row, events_ingest
from tests.campaigns.shop import Shop, make_shop
from tests.people import make_cast
from tests.races.together import Step, side_by_side

ROUNDS = int(os.environ.get("BATCH_ROUNDS", "3"))
BATCHES, SIZE = 16, 250  # of each writer
pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    return make_shop(make_cast())


def many_events(shop: Shop, keys: SigningKeys, many: int) -> list[IncomingEvent]:
    now = timezone.now().astimezone(dt.UTC)
    events = []
    for number in range(many):
        exposure = Exposure(
            workspace=shop.cast.workspace.pk,
            placement=shop.placement.pk,
            variant=shop.variant.pk,
            revision=shop.variant.approved_revision_id or 0,
            visitor="0" * 32,
            nonce=nonce(),
            expires=int(now.timestamp()) + 3600,
        )
        kind = Kind.CLICK if number % 3 == 0 else Kind.IMPRESSION
        events.append(IncomingEvent(uuid.uuid4(), kind, token_sign(keys=keys, exposure=exposure), now))
    return events


def batches_for_two(events: list[IncomingEvent], chance: random.Random) -> list[list[list[IncomingEvent]]]:
    """For each writer the same events in batches of its own: the batches of one round overlap, in different orders."""
    cut = [events[start : start + SIZE] for start in range(0, len(events), SIZE)]
    return [[chance.sample(batch, len(batch)) for batch in cut] for _writer in range(2)]


def race(shop: Shop, chance: random.Random) -> tuple[int, set[str]]:
    """Let two writers send the same events at the same time; how many there were, and what the writers met."""
    keys = SigningKeys.derive(shop.cast.workspace.signing_key)
    events = many_events(shop, keys, BATCHES * SIZE)
    work = batches_for_two(events, chance)

    def writer(mine: int) -> Step:
        def send(n: int) -> str:
            try:
                events_ingest(
                    workspace_id=shop.cast.workspace.pk,
                    signing=keys,
                    events=work[mine][n],
                    sent_at=None,
                    received_at=timezone.now(),
                )
            except DatabaseError as error:
                return str(getattr(error.__cause__, "sqlstate", error))
            return "stored"

        return send

    pairs = side_by_side(writer(0), writer(1), times=BATCHES)
    return len(events), {answer for pair in pairs for answer in pair}


def test_two_writers_lose_nothing_and_count_nothing_twice(shop: Shop) -> None:
    sent = 0
    for number in range(ROUNDS):
        many, met = race(shop, random.Random(number))
        sent += many
        assert met == {"stored"}
        stored = Impression.objects.count() + Click.objects.count()
        cells = DailyCount.objects.filter(workspace=shop.cast.workspace)
        assert stored == sent
        assert sum(cell.impressions + cell.clicks for cell in cells) == sent
        assert tracking_rebuild(workspace=shop.cast.workspace) == []


def test_without_the_order_the_writers_block_each_other(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Row, "order", property(lambda row: (0, row.position)))
    monkeypatch.setattr(tracking, "ATTEMPTS", 1)
    monkeypatch.setattr(tracking, "RETRIED", set())
    met: set[str] = set()
    for number in range(10):
        met |= race(shop, random.Random(number))[1]
        if met != {"stored"}:
            break
    assert met == {"stored", "40P01"}


def test_without_the_order_the_retry_alone_loses_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Row, "order", property(lambda row: (0, row.position)))
    many, met = race(shop, random.Random(1))
    assert met == {"stored"}
    assert Impression.objects.count() + Click.objects.count() == many
    assert tracking_rebuild(workspace=shop.cast.workspace) == []
