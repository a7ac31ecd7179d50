"""kill -9 of the generation worker at random moments: exactly the texts that were asked for, none twice (R5)."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import psycopg
import pytest

from tests.running import RunningStudio, running_studio
from tests.tiny_model import make_tiny_model

KILLS = int(os.environ.get("GENERATION_KILLS", "10"))
WANTED = 300
LONGEST = 400  # seconds for the whole test
START = """
import json
from decimal import Decimal
from campaigns.models import Channel
from campaigns.services.brief import BriefData, brief_generate, brief_save
from campaigns.services.campaign import campaign_save
from campaigns.services.product import ProductData, product_save
from copystudio.models import User, Workspace
admin, shop = User.objects.get(email="admin@example.com"), Workspace.objects.get(slug="my-shop")
for n in range(150):
    product_save(actor=admin, workspace=shop, data=ProductData(sku=f"S{n}", title=f"Jacket {n}", language="en"))
campaign = campaign_save(actor=admin, workspace=shop, name="Kill", brand=None)
channels = list(Channel.objects.filter(workspace=shop, is_current=True, key__in=["product_blurb", "meta_primary_text"]))
data = BriefData(name="Kill", language="en", channels=channels, count=1)
run, _ = brief_generate(actor=admin, brief=brief_save(actor=admin, campaign=campaign, data=data))
print(json.dumps(run.pk))
"""
pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(LONGEST + 120)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    make_tiny_model(root / "tiny")
    return root


@pytest.fixture
def studio(tmp_path: Path, models: Path) -> RunningStudio:
    options = {"STUDIO_DEMO": "0", "GENERATION_THREADS": "1", "GENERATION_BATCH": "1"}  # slow enough to be killed often
    with running_studio(tmp_path, model_root=models, model="tiny", **options) as found:
        yield found


def test_ten_kills_leave_exactly_the_texts_that_were_asked_for(studio: RunningStudio) -> None:
    run = json.loads(studio.manage("shell", "--no-imports", "-c", START).strip().splitlines()[-1])
    studio.start_beat()
    chance = random.Random(5)
    with psycopg.connect(studio.environment["DATABASE_URL"], autocommit=True) as database:

        def one(query: str) -> tuple[int, ...]:
            row = database.execute(query, [run]).fetchone()
            assert row is not None
            return row

        deadline = time.monotonic() + LONGEST
        killed = 0
        studio.start_worker()
        while killed < KILLS:
            # one attempt in two is killed as it starts, the others once they got on: who never gets on is given up
            moved = "done + attempt" if killed % 2 else "done"
            before = one(f"SELECT {moved}, done FROM generation_generationrun WHERE id = %s")
            while one(f"SELECT {moved}, done FROM generation_generationrun WHERE id = %s") == before:
                assert before[1] < WANTED, f"it was done after {killed} kills"
                assert time.monotonic() < deadline, studio.log("worker")
                time.sleep(0.05)
            time.sleep(chance.random() * 0.5)
            studio.kill("worker")
            killed += 1
            # a dead worker's lease is over at once here
            for table, of_run in (("generationrun", "id"), ("generationblock", "run_id")):
                database.execute(
                    f"UPDATE generation_{table} SET lease_until = now() - interval '1 second' "
                    f"WHERE {of_run} = %s AND status = 'running'",
                    [run],
                )
            studio.start_worker()
        while one("SELECT (status IN ('queued', 'running'))::int FROM generation_generationrun WHERE id = %s")[0]:
            assert time.monotonic() < deadline, studio.log("worker")
            time.sleep(0.2)
        status = database.execute("SELECT status FROM generation_generationrun WHERE id = %s", [run]).fetchone()
        assert status == ("succeeded",), studio.log("worker")[-4000:]
        texts, slots, items = one(
            "SELECT count(*), count(DISTINCT (c.item_id, c.slot)), count(DISTINCT c.item_id) FROM generation_candidate c "
            "JOIN generation_generationitem i ON i.id = c.item_id WHERE i.run_id = %s"
        )
        assert (texts, slots, items) == (WANTED, WANTED, WANTED)
        counted = one(
            "SELECT sum(produced), min(produced), max(produced) FROM generation_generationitem WHERE run_id = %s"
        )
        assert counted == (WANTED, 1, 1)
        assert one("SELECT done FROM generation_generationrun WHERE id = %s") == (WANTED,)
