"""A shop sends events while the web server is killed and the database cuts its connections: each counts once (R1).

10,000 events over HTTP, a fifth of them sent before; the shop does what every shop does and sends a batch again until it
is answered. Afterwards the rows and the counters are the 8,000 that happened.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import random
import threading
import time
import uuid
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import psycopg
import pytest

from tests.running import RunningStudio, running_studio

EXPOSURES = int(os.environ.get("EVENT_EXPOSURES", "4000"))  # each is seen and clicked
KILLS = int(os.environ.get("EVENT_KILLS", "5"))
AGAIN = 0.25  # a quarter more: a fifth of what is sent was sent before
BATCH, CLIENTS = 50, 4
LONGEST = 240  # seconds
SHOP = """
import json
from campaigns.models import Channel
from campaigns.models.client import Scope
from campaigns.services.campaign import campaign_save, campaign_move
from campaigns.services.client import client_create
from campaigns.services.placement import placement_assign, placement_create
from campaigns.services.review import variant_approve, variant_submit
from campaigns.services.variant import revision_of, variant_write
from copystudio.models import Membership, Role, User, Workspace
admin, shop = User.objects.get(email="admin@example.com"), Workspace.objects.get(slug="my-shop")
other = User.objects.create_user(email="other@example.com", password=None, name="Other")
Membership.objects.create(workspace=shop, user=other, role=Role.APPROVER)
channel = Channel.objects.get(workspace=shop, is_current=True, key="email_subject")
campaign = campaign_save(actor=admin, workspace=shop, name="Events", brand=None)
campaign_move(actor=admin, campaign=campaign, verb="launch")
copy = variant_write(actor=other, campaign=campaign, text="Stay dry at 320 g", channel=channel, language="en")
copy = variant_submit(actor=other, variant=copy)
variant_approve(actor=admin, variant=copy, sha256=revision_of(copy).sha256, review_cycle=copy.review_cycle)
place = placement_create(actor=admin, workspace=shop, slug="hero", name="Hero", channel=channel, fallback_text="")
placement_assign(actor=admin, placement=place, variant=copy)
print(json.dumps(client_create(actor=admin, workspace=shop, name="Shop", scopes=list(Scope.values))[1]))
"""
pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(LONGEST + 120)]


def ask(studio: RunningStudio, key: str, method: str, path: str, body: Any = None) -> Any:
    """The answer of the API, asked again for as long as the server is away or busy."""
    deadline = time.monotonic() + LONGEST
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=10)
        try:
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status < 300:
                return json.loads(content)
            assert answer.status in (429, 503), f"{answer.status}: {content[:300]!r}"
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        assert time.monotonic() < deadline, studio.log("web")[-3000:]
        time.sleep(0.1)


def side_by_side(work: list[Any], do: Any) -> list[threading.Thread]:
    """Start `CLIENTS` threads that take from `work` until it is empty."""
    queue: SimpleQueue[Any] = SimpleQueue()
    for one in work:
        queue.put(one)

    def run() -> None:
        while True:
            try:
                one = queue.get_nowait()
            except Empty:
                return
            do(one)

    threads = [threading.Thread(target=run) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    return threads


def batches(tokens: list[str], chance: random.Random) -> list[list[dict[str, Any]]]:
    """Every exposure seen and clicked, then a quarter of them once more, shuffled into batches."""
    now = dt.datetime.now(dt.UTC).isoformat()
    events = [
        {"event_id": str(uuid.uuid4()), "type": kind, "token": token, "timestamp": now}
        for token in tokens
        for kind in ("impression", "click")
    ]
    events += chance.sample(events, int(AGAIN * len(events)))
    chance.shuffle(events)
    return [events[start : start + BATCH] for start in range(0, len(events), BATCH)]


def test_every_event_counts_once_whatever_breaks(tmp_path: Path) -> None:
    chance = random.Random(1)
    limits = {"API_EVENTS_PER_MINUTE": "1000000", "API_DECIDE_PER_MINUTE": "1000000"}
    with running_studio(tmp_path, model_root=tmp_path, model="none", STUDIO_DEMO="0", **limits) as studio:
        key = json.loads(studio.manage("shell", "--no-imports", "-c", SHOP).strip().splitlines()[-1])
        studio.start_web()
        tokens: list[str] = []
        for thread in side_by_side(
            list(range(EXPOSURES)),
            lambda n: tokens.append(ask(studio, key, "GET", f"/api/v1/decide?placement=hero&visitor=v{n}")["token"]),
        ):
            thread.join(timeout=LONGEST)
        assert len(tokens) == EXPOSURES

        answered: list[int] = []
        sent = batches(tokens, chance)
        senders = side_by_side(
            sent,
            lambda batch: answered.append(len(ask(studio, key, "POST", "/api/v1/events", {"events": batch})["events"])),
        )
        with psycopg.connect(studio.environment["DATABASE_URL"], autocommit=True) as database:
            for kill in range(KILLS):
                while len(answered) < (kill + 1) * len(sent) // (KILLS + 2):
                    time.sleep(0.01)
                studio.kill("web")
                studio.start_web()
                if kill == KILLS // 2:  # what a restart of the database does to those who are connected
                    database.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
            for sender in senders:
                sender.join(timeout=LONGEST)
            assert sum(answered) == sum(map(len, sent)), "not every batch was answered"
            for table in ("impression", "click"):
                rows = database.execute(
                    f"SELECT count(*), count(DISTINCT event_id), count(*) FILTER (WHERE counted) FROM campaigns_{table}"
                ).fetchone()
                assert rows == (EXPOSURES, EXPOSURES, EXPOSURES)
            counters = database.execute(
                "SELECT sum(impressions), sum(clicks), sum(conversions) FROM campaigns_dailycount"
            ).fetchone()
            assert counters == (EXPOSURES, EXPOSURES, 0)
