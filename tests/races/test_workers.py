"""Real workers that are rung twice, that their work kills again and again, and whose runs begin in dying processes (R6, R7, R9)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.running import RunningStudio, running_studio
from tests.tiny_model import make_tiny_model

BELLS = 30
GOOD = 20
POISON_SECONDS = 200
START = """
import json
from campaigns.models import Channel
from campaigns.services.brief import BriefData, brief_generate, brief_save
from campaigns.services.campaign import campaign_save
from campaigns.services.product import ProductData, product_save
from copystudio.models import User, Workspace
admin, shop = User.objects.get(email="admin@example.com"), Workspace.objects.get(slug="my-shop")
campaign = campaign_save(actor=admin, workspace=shop, name="Workers", brand=None)
channels = list(Channel.objects.filter(workspace=shop, is_current=True, key="product_blurb"))
runs = []
for sku, count in PRODUCTS:
    product_save(actor=admin, workspace=shop, data=ProductData(sku=sku, title=sku, language="en"))
    data = BriefData(name=sku, language="en", channels=channels, count=count, product_filter={"skus": [sku]})
    runs.append(brief_generate(actor=admin, brief=brief_save(actor=admin, campaign=campaign, data=data))[0].pk)
print(json.dumps(runs))
"""
SHARED = """
import json
from campaigns.models import Channel
from campaigns.services.brief import BriefData, brief_generate, brief_save
from campaigns.services.campaign import campaign_save
from campaigns.services.product import ProductData, product_save
from copystudio.models import User, Workspace
admin, shop = User.objects.get(email="admin@example.com"), Workspace.objects.get(slug="my-shop")
for n in range(PRODUCTS):
    product_save(actor=admin, workspace=shop, data=ProductData(sku=f"S{n}", title=f"Coat {n}", language="en"))
channels = list(Channel.objects.filter(workspace=shop, is_current=True, key="product_blurb"))
campaign = campaign_save(actor=admin, workspace=shop, name="Workers", brand=None)
data = BriefData(name="All", language="en", channels=channels, count=4)
print(json.dumps(brief_generate(actor=admin, brief=brief_save(actor=admin, campaign=campaign, data=data))[0].pk))
"""
DEATHS = 105  # the first five live
BRIEFS = START.replace(
    "brief_generate(actor=admin, brief=brief_save(actor=admin, campaign=campaign, data=data))[0].pk",
    "brief_save(actor=admin, campaign=campaign, data=data).pk",
)
# a few processes live and tell how long it takes; each other dies by SIGKILL before, within or after the commit of its run
DIE = """
import os, random, signal, statistics, threading, time
from django.db import connections
from campaigns.models import Brief
from campaigns.services.brief import brief_generate
from copystudio.models import User
chance, outcomes, lives = random.Random(3), [], []
for number, pk in enumerate(BRIEFS):
    connections.close_all()
    start = time.monotonic()
    delay = chance.random() * 1.5 * statistics.median(lives) if number >= 5 else 60
    child = os.fork()
    if child == 0:
        brief, admin = Brief.objects.get(pk=pk), User.objects.get(email="admin@example.com")
        threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()
        brief_generate(actor=admin, brief=brief)
        os._exit(0)
    outcomes.append(os.waitpid(child, 0)[1])
    if number < 5:
        lives.append(time.monotonic() - start)
print(sum(code == 0 for code in outcomes))
"""
pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    make_tiny_model(root / "tiny")
    return root


def start_runs(studio: RunningStudio, products: list[tuple[str, int]]) -> list[int]:
    said = studio.manage("shell", "--no-imports", "-c", START.replace("PRODUCTS", repr(products)))
    return list(json.loads(said.strip().splitlines()[-1]))


def wait(until: Callable[[], bool], studio: RunningStudio, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, studio.log("worker")[-4000:]
        time.sleep(0.2)


def test_two_workers_that_are_rung_thirty_times_do_the_work_once(tmp_path: Path, models: Path) -> None:
    options = {"STUDIO_DEMO": "0", "GENERATION_THREADS": "1"}
    with running_studio(tmp_path, model_root=models, model="tiny", **options) as studio:
        wanted = 20
        [run] = start_runs(studio, [("Coat", wanted)])
        for worker in ("worker", "second"):
            studio.start_worker(worker)
        with psycopg.connect(studio.environment["DATABASE_URL"], autocommit=True) as database:
            ring = f"from generation.tasks import run\nfor _ in range({BELLS}): run.delay({run})"
            studio.manage("shell", "--no-imports", "-c", ring)
            status = "SELECT status, attempt, done FROM generation_generationrun WHERE id = %s"
            wait(lambda: database.execute(status, [run]).fetchone()[0] not in ("queued", "running"), studio, 120)
            assert database.execute(status, [run]).fetchone() == ("succeeded", 1, wanted)
            counted = "SELECT count(*), count(DISTINCT slot), min(attempt), max(attempt) FROM generation_candidate"
            assert database.execute(counted).fetchone() == (wanted, wanted, 1, 1)
            ended = "SELECT count(*) FROM copystudio_event WHERE verb = 'generationrun.succeeded'"
            assert database.execute(ended).fetchone() == (1,)


def test_two_workers_share_one_run(tmp_path: Path, models: Path) -> None:
    products, texts = 80, 320  # two blocks
    options = {"STUDIO_DEMO": "0", "GENERATION_THREADS": "1", "GENERATION_BATCH": "8"}
    with running_studio(tmp_path, model_root=models, model="tiny", **options) as studio:
        for worker in ("worker", "second"):
            studio.start_worker(worker)
        wait(lambda: all("ready." in studio.log(worker) for worker in ("worker", "second")), studio, 60)
        said = studio.manage("shell", "--no-imports", "-c", SHARED.replace("PRODUCTS", str(products)))
        run = json.loads(said.strip().splitlines()[-1])
        studio.start_beat()
        with psycopg.connect(studio.environment["DATABASE_URL"], autocommit=True) as database:
            status = "SELECT status, done FROM generation_generationrun WHERE id = %s"
            wait(lambda: database.execute(status, [run]).fetchone()[0] not in ("queued", "running"), studio, 180)
            ended, done = database.execute(status, [run]).fetchone()
            assert ended == "succeeded" and 0.95 * texts < done <= texts, "the tiny model may fail an item of few words"
            shared = (
                "SELECT count(*), count(DISTINCT worker) FROM generation_generationblock WHERE status = 'succeeded'"
            )
            assert database.execute(shared).fetchone() == (2, 2)
            counted = (
                "SELECT count(*), count(DISTINCT (item_id, slot)), count(DISTINCT item_id) FROM generation_candidate"
            )
            assert database.execute(counted).fetchone() == (done, done, products)


def test_work_that_kills_its_worker_fails_after_three_attempts_and_the_rest_goes_on(
    tmp_path: Path, models: Path
) -> None:
    options = {"STUDIO_DEMO": "0", "GENERATION_THREADS": "1", "JOB_LEASE_SECONDS": "4"}
    options["DJANGO_SETTINGS_MODULE"] = "tests.races.poisoned_settings"
    with running_studio(tmp_path, model_root=models, model="tiny", **options) as studio:
        runs = start_runs(studio, [("Poison", 1), *((f"Good {n}", 1) for n in range(GOOD))])
        studio.start_beat()
        studio.start_worker()
        with psycopg.connect(studio.environment["DATABASE_URL"], autocommit=True) as database:
            open_runs = "SELECT count(*) FROM generation_generationrun WHERE status IN ('queued', 'running')"
            wait(lambda: database.execute(open_runs).fetchone() == (0,), studio, POISON_SECONDS)
            found = "SELECT status, attempt, error_code FROM generation_generationrun WHERE id = %s"
            assert database.execute(found, [runs[0]]).fetchone() == ("failed", 3, "attempts")
            for run in runs[1:]:
                assert database.execute(found, [run]).fetchone() == ("succeeded", 1, "")


def test_runs_that_began_in_dying_processes_are_done_once_or_never_existed(tmp_path: Path, models: Path) -> None:
    options = {"STUDIO_DEMO": "0", "GENERATION_THREADS": "1"}
    with running_studio(tmp_path, model_root=models, model="tiny", **options) as studio:
        products = [(f"Coat {n}", 1) for n in range(DEATHS)]
        said = studio.manage("shell", "--no-imports", "-c", BRIEFS.replace("PRODUCTS", repr(products)))
        briefs = json.loads(said.strip().splitlines()[-1])
        survived = int(studio.manage("shell", "--no-imports", "-c", DIE.replace("BRIEFS", repr(briefs))).split()[-1])
        with psycopg.connect(studio.environment["DATABASE_URL"], autocommit=True) as database:
            runs, items, links = database.execute(
                "SELECT (SELECT count(*) FROM generation_generationrun), (SELECT count(*) FROM generation_generationitem), "
                "(SELECT count(*) FROM campaigns_briefrun)"
            ).fetchone()
            assert 0 < survived <= runs < DEATHS, "some processes must die before the commit"
            assert runs == items == links, "a run is there with all its parts or not at all"
            studio.start_beat()
            studio.start_worker()
            open_runs = "SELECT count(*) FROM generation_generationrun WHERE status IN ('queued', 'running')"
            wait(lambda: database.execute(open_runs).fetchone() == (0,), studio, POISON_SECONDS)
            done = "SELECT count(*) FROM generation_generationrun WHERE status = 'succeeded' AND attempt = 1"
            assert database.execute(done).fetchone() == (runs,)
            texts = "SELECT count(*), count(DISTINCT item_id) FROM generation_candidate"
            assert database.execute(texts).fetchone() == (runs, runs)
            assert database.execute("SELECT count(*) FROM copystudio_outbox").fetchone() == (0,)
