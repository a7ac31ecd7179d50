"""kill -9 of the training worker while it loads, trains and saves: one adapter, as if nothing had happened (R4, M8)."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.running import RunningStudio, running_studio
from tests.tiny_model import make_tiny_model

KILLS = int(os.environ.get("TRAINING_KILLS", "5"))
RECOVERY = 45.0  # seconds from a kill until another worker has the run
LONGEST = 120 + 60 * KILLS  # seconds for the whole test
START = """
import json
from copystudio.models import User, Workspace
from copystudio.services.workspace import workspace_create
from generation.engine.training.config import TrainConfig
from generation.models import LanguageModel
from generation.services.training import training_start
admin = User.objects.get(email="admin@example.com")
shop = Workspace.objects.filter(slug=SLUG).first() or workspace_create(actor=None, slug=SLUG, name="Twin", admin=admin)
config = TrainConfig(
    epochs=1, batch_size=8, rank=4, alpha=8.0, learning_rate=0.005, evaluations=4, patience=0, checkpoint_every=7, seed=3,
    longest=160,  # of the corpus the shortest fifth
)
base = LanguageModel.objects.get(workspace=shop)
run, _ = training_start(actor=admin, workspace=shop, label="Kill", language_model=base, config=config)
print(json.dumps([run.pk, shop.pk]))
"""
pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(LONGEST + 180)]
Read = Callable[[str], Any]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RunningStudio]:
    models = tmp_path / "models"
    models.mkdir()
    make_tiny_model(models / "tiny")
    options = {"STUDIO_DEMO": "0", "TRAINING_THREADS": "1", "EVALUATION_ITEMS": "4", "OMP_NUM_THREADS": "1"}
    with running_studio(tmp_path, model_root=models, model="tiny", **options) as found:
        found.start_beat()
        found.start_worker("sweeper", "default")  # the one that rings again is not the one that dies
        yield found
        shutil.rmtree(models, ignore_errors=True)


def start(studio: RunningStudio, slug: str) -> tuple[int, int]:
    said = studio.manage("shell", "--no-imports", "-c", START.replace("SLUG", repr(slug)))
    run, workspace = json.loads(said.strip().splitlines()[-1])
    return run, workspace


def wait(until: Callable[[], bool], studio: RunningStudio, seconds: float) -> float:
    """Returns after how many seconds it was so."""
    began = time.monotonic()
    while not until():
        assert time.monotonic() < began + seconds, studio.log("trainer")[-4000:]
        time.sleep(0.01)
    return time.monotonic() - began


def under_way(row: tuple[Any, ...], step: int) -> bool:
    return bool(row[0] == "running" and row[2] >= step)


def moments(kills: int, chance: random.Random, steps: int) -> list[tuple[int, float]]:
    """When to kill: (step that must be noted first, seconds after that), the first while the model is loaded, the last
    while the adapter is saved and registered, the others anywhere in their part of the first three quarters."""
    middle = [int(0.75 * steps * (n + chance.random()) / (kills - 2)) for n in range(kills - 2)]
    loading, saving = (0, 6.0 * chance.random()), (steps, 0.05 * chance.random())
    return [loading, *((max(1, step), 0.3 * chance.random()) for step in middle), saving]


def test_kills_leave_the_adapter_of_an_uninterrupted_run(studio: RunningStudio) -> None:
    with psycopg.connect(studio.environment["DATABASE_URL"], autocommit=True) as database:

        def row(run: int) -> tuple[Any, ...]:
            columns = "status, attempt, done, total, worker FROM generation_trainingrun WHERE id = %s"
            found = database.execute(f"SELECT {columns}", [run]).fetchone()
            assert found is not None
            return found

        whole, _ = start(studio, "my-shop")
        studio.start_worker("trainer", "training")
        wait(lambda: row(whole)[0] not in ("queued", "running"), studio, 180)
        assert row(whole)[:2] == ("succeeded", 1), studio.log("trainer")[-4000:]
        steps = row(whole)[3]
        studio.kill("trainer")
        database.execute("UPDATE generation_evaluation SET status = 'cancelled', lease_until = NULL")

        run, workspace = start(studio, "twin")
        studio.start_worker("trainer", "training")
        recoveries, killed_at = [], []
        for step, pause in moments(KILLS, random.Random(11), steps):
            # the last moment is short: on a fast machine the run may have ended before it was seen
            wait(lambda step=step: row(run)[0] == "succeeded" or under_way(row(run), step), studio, 120)
            time.sleep(pause)
            before = row(run)
            studio.kill("trainer")
            killed_at.append(before[2])
            database.execute("UPDATE generation_evaluation SET status = 'cancelled', lease_until = NULL")
            studio.start_worker("trainer", "training")
            if row(run)[0] != "succeeded":  # it was registered just before
                recoveries.append(wait(lambda: row(run)[1] > before[1], studio, RECOVERY + 60))  # noqa: B023
        wait(lambda: row(run)[0] not in ("queued", "running"), studio, 120)
        assert row(run)[0] == "succeeded", studio.log("trainer")[-4000:]
        print(f"killed at steps {killed_at} of {steps}; recovered after {[round(one, 1) for one in recoveries]} s")
        assert len(killed_at) == KILLS and len(recoveries) >= KILLS - 1
        assert max(recoveries) <= RECOVERY

        versions = "SELECT adapter_sha256, folder FROM generation_modelversion WHERE workspace_id = %s AND folder <> ''"
        [(digest, folder)] = database.execute(versions, [workspace]).fetchall()
        expected = database.execute(
            "SELECT adapter_sha256 FROM generation_modelversion v JOIN generation_trainingrun r ON r.version_id = v.id "
            "WHERE r.id = %s",
            [whole],
        ).fetchone()
        assert (digest,) == expected
        points = "SELECT count(*), count(DISTINCT step), min(step), max(step) FROM generation_trainingpoint WHERE run_id = %s"
        assert database.execute(points, [run]).fetchone() == (steps + 1, steps + 1, 0, steps)
        made = "SELECT count(*) FROM copystudio_event WHERE verb = 'modelversion.create' AND workspace_id = %s"
        assert database.execute(made, [workspace]).fetchone() == (1,)
        ended = "SELECT count(*) FROM copystudio_event WHERE verb = 'trainingrun.succeeded' AND workspace_id = %s"
        assert database.execute(ended, [workspace]).fetchone() == (1,)
        adapters = sorted(path.name for path in (studio.folder / "models").iterdir())
        assert len(adapters) == 3 and folder in adapters, "the base and one adapter of each run, nothing half written"
        wait(lambda: not (studio.folder / "training" / str(run) / "checkpoints").exists(), studio, 20)
