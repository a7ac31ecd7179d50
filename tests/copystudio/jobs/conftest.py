"""A generation run as a job, and the queue in which its doorbell rings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from kombu import Queue

from copystudio.celery import app
from generation.models import GenerationItem, GenerationRun
from generation.services.run import ItemRequest, run_create
from tests.people import Cast

MakeRun = Callable[..., GenerationRun]


@pytest.fixture
def make_run(cast: Cast) -> MakeRun:
    """Queue a run; values change its row afterwards."""

    def make(**values: object) -> GenerationRun:
        number = GenerationItem.objects.count()
        items = [ItemRequest(payload={"n": number}, count=2)]
        run, is_new = run_create(actor=cast.copywriter, workspace=cast.workspace, label="Autumn", items=items)
        assert is_new
        GenerationRun.objects.filter(pk=run.pk).update(**values)
        run.refresh_from_db()
        return run

    return make


def expire(run: GenerationRun) -> None:
    """The worker is gone, and its lease ran out."""
    GenerationRun.objects.filter(pk=run.pk).update(lease_until=Now() - timedelta(seconds=1))


class Doorbell:
    """The messages in the queue of generation workers: each is the id of a run."""

    def __init__(self) -> None:
        with app.connection_for_write() as broker:
            Queue("generation", channel=broker.channel()).queue_declare()

    def rung(self) -> list[int]:
        """Take every message out; returns the ids, oldest first."""
        found: list[int] = []
        with app.connection_for_read() as broker, broker.SimpleQueue(Queue("generation")) as queue:
            while True:
                try:
                    message = queue.get(block=False)
                except queue.Empty:
                    return found
                found.append(message.payload[0][0])
                message.ack()


@pytest.fixture
def doorbell() -> Iterator[Doorbell]:
    bell = Doorbell()
    bell.rung()
    yield bell
    bell.rung()
