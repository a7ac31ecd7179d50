"""Several people change what writes at the same moment, while texts are served and written: one version is active (M9)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection

from campaigns.models import Brief
from campaigns.services.brief import BriefData, brief_generate, brief_save
from copystudio.errors import TransitionError
from copystudio.models import Event
from generation.models import GenerationRun, ModelVersion
from generation.services.registry import model_version_promote, model_version_roll_back
from tests import factories
from tests.campaigns.shop import TEXT, make_shop
from tests.generation.learning import active_of
from tests.people import Cast
from tests.races.together import side_by_side

PAIRS = 20
TURNS = 10
LONGEST = 5.0  # seconds that a roll-back may take
pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Make = Callable[..., ModelVersion]


def promote(cast: Cast, version: ModelVersion) -> str:
    try:
        model_version_promote(actor=cast.admin, version=ModelVersion.objects.get(pk=version.pk), reason="race")
    except TransitionError:
        return "refused"
    return "promoted"


def test_two_promotions_at_once_leave_one_active(shop: Cast, adapted: Make) -> None:
    versions = [(adapted(), adapted()) for _ in range(PAIRS)]
    answers = side_by_side(
        lambda n: promote(shop, versions[n][0]), lambda n: promote(shop, versions[n][1]), times=PAIRS
    )
    assert answers == [("promoted", "promoted")] * PAIRS, "one after the other, neither with an error"
    assert ModelVersion.objects.filter(workspace=shop.workspace, status="active").count() == 1
    assert active_of(shop) in versions[-1]
    assert Event.objects.filter(verb="modelversion.promote").count() == 2 * PAIRS


def test_the_same_version_is_promoted_once(shop: Cast, adapted: Make) -> None:
    versions = [adapted() for _ in range(PAIRS)]
    answers = side_by_side(lambda n: promote(shop, versions[n]), lambda n: promote(shop, versions[n]), times=PAIRS)
    assert {tuple(sorted(pair)) for pair in answers} == {("promoted", "refused")}
    assert Event.objects.filter(verb="modelversion.promote").count() == PAIRS


def test_pressing_roll_back_twice_goes_back_once(shop: Cast, adapted: Make) -> None:
    versions = [adapted() for _ in range(PAIRS + 1)]
    for version in versions:
        promote(shop, version)

    def back(n: int) -> str:
        try:
            found = model_version_roll_back(actor=shop.admin, workspace=shop.workspace, leaving=versions[PAIRS - n])
        except TransitionError:
            return "refused"
        return f"to {found.number}"

    answers = side_by_side(back, back, times=PAIRS)
    expected = [{f"to {versions[PAIRS - n - 1].number}", "refused"} for n in range(PAIRS)]
    assert [set(pair) for pair in answers] == expected
    assert active_of(shop) == versions[0]


class Traffic:
    """Calls that go on in threads of their own until they are told to stop; each thread notes what went wrong."""

    def __init__(self, *calls: Callable[[], None]) -> None:
        self.errors: list[str] = []
        self.done = [0] * len(calls)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=pair) for pair in enumerate(calls)]

    def _run(self, number: int, call: Callable[[], None]) -> None:
        try:
            while not self._stop.is_set():
                call()
                self.done[number] += 1
        except Exception as error:
            self.errors.append(repr(error))
        finally:
            connection.close()

    def wait(self) -> None:
        """Until each thread has made another call, or one has failed."""
        before, deadline = list(self.done), time.monotonic() + 30
        while not self.errors and any(now == then for now, then in zip(self.done, before, strict=True)):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)


def test_rolling_back_while_texts_are_served_and_asked_for(shop: Cast, adapted: Make) -> None:
    """Served copy is what people approved: no model has a part in it, whichever version writes."""
    served = make_shop(shop)
    factories.make_product(shop)
    briefs = [
        brief_save(
            actor=shop.copywriter,
            campaign=factories.make_campaign(shop),
            data=BriefData(name=f"Brief {n}", language="en", channels=[factories.channel(shop)], count=1),
        )
        for n in range(60)
    ]
    left = list(briefs)

    def serve() -> None:
        answer = served.decide()
        assert answer.status_code == 200, answer.content
        assert answer.json()["text"] == TEXT and answer.json()["revision"] == served.variant.approved_revision_id

    def ask() -> None:
        if left:
            brief_generate(actor=shop.copywriter, brief=Brief.objects.get(pk=left.pop().pk))
        time.sleep(0.01)

    longest = 0.0
    base = active_of(shop)
    versions = [adapted() for _ in range(TURNS)]
    with Traffic(serve, serve, ask) as traffic:
        for version in versions:
            promote(shop, version)
            began = time.monotonic()
            assert model_version_roll_back(actor=shop.admin, workspace=shop.workspace) == base
            longest = max(longest, time.monotonic() - began)
            traffic.wait()
    assert traffic.errors == []
    assert min(traffic.done) >= TURNS and longest < LONGEST
    runs = GenerationRun.objects.all()
    assert runs.count() == len(briefs) - len(left)
    assert {run.model_version for run in runs} <= {base, *versions}
