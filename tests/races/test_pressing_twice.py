"""Fifty people press “Generate” at once: one run."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from campaigns.models import BriefRun
from campaigns.services.brief import BriefData, brief_generate, brief_save
from copystudio.models import Event
from generation.models import GenerationItem, GenerationRun
from tests import factories
from tests.people import make_cast

PRESSES = 50
pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.mark.django_db(transaction=True)
def test_fifty_presses_start_one_run() -> None:
    cast = make_cast()
    factories.make_product(cast)
    brief = brief_save(
        actor=cast.copywriter,
        campaign=factories.make_campaign(cast),
        data=BriefData(name="Autumn", language="en", channels=[factories.channel(cast)], count=3),
    )
    barrier = threading.Barrier(PRESSES)
    found: list[tuple[int, bool]] = []
    errors: list[Exception] = []

    def press() -> None:
        try:
            barrier.wait(timeout=60)
            run, is_new = brief_generate(actor=cast.copywriter, brief=brief)
            found.append((run.pk, is_new))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(PRESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert errors == []
    assert len({run for run, _ in found}) == 1 and len(found) == PRESSES
    assert [is_new for _, is_new in found].count(True) == 1
    assert GenerationRun.objects.count() == BriefRun.objects.count() == GenerationItem.objects.count() == 1
    assert Event.objects.filter(verb="run.create").count() == 1
