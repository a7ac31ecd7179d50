"""Fifty presses of “Train” at once: one run (R8)."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from django.db import connection

from copystudio.errors import ConflictError
from copystudio.models import Event, Outbox
from generation.engine.training.config import TrainConfig
from generation.models import TrainingRun
from generation.services.training import training_start
from tests.generation.learning import QUICK, base_of
from tests.people import Cast

PRESSES = 50
pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def press_at_once(cast: Cast, configs: list[TrainConfig]) -> list[tuple[int, bool] | Exception]:
    """What each of several presses was answered."""
    barrier = threading.Barrier(len(configs))
    base = base_of(cast)
    found: list[tuple[int, bool] | Exception] = []

    def press(config: TrainConfig) -> None:
        try:
            barrier.wait(timeout=60)
            run, is_new = training_start(
                actor=cast.admin, workspace=cast.workspace, label="Spring", language_model=base, config=config
            )
            found.append((run.pk, is_new))
        except Exception as error:
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[config]) for config in configs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return found


@pytest.mark.parametrize("seed", [0, 7])
def test_fifty_presses_start_one_run(shop: Cast, seed: int) -> None:
    """With a seed that was chosen, and with one that each press would draw for itself."""
    found = press_at_once(shop, [replace(QUICK, seed=seed)] * PRESSES)
    run = TrainingRun.objects.get()
    assert sorted(found, key=str) == sorted([(run.pk, True), *[(run.pk, False)] * (PRESSES - 1)], key=str)
    assert Event.objects.filter(verb="trainingrun.create").count() == 1
    assert Outbox.objects.filter(task="generation.train").count() <= 1, "a bell that was rung is forgotten"


def test_of_different_wishes_one_wins_and_the_others_hear_why(shop: Cast) -> None:
    found = press_at_once(shop, [replace(QUICK, epochs=number) for number in range(1, 11)])
    assert TrainingRun.objects.count() == 1
    assert [one for one in found if isinstance(one, tuple)] == [(TrainingRun.objects.get().pk, True)]
    assert all(isinstance(one, ConflictError) for one in found if not isinstance(one, tuple))
    assert len(found) == 10
