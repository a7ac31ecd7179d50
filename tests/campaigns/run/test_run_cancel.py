"""Cancelling a run from its page."""

from __future__ import annotations

import pytest

from copystudio.db import JobStatus
from copystudio.errors import NotPermittedError
from copystudio.models import Event
from generation.models import GenerationRun
from generation.services.blocks import block_next
from generation.services.run_control import run_cancel
from tests.campaigns.copy_makers import finish, make_run, write_candidates
from tests.people import Cast


def url(run: GenerationRun) -> str:
    return f"/w/{run.workspace.slug}/runs/{run.pk}/cancel/"


def test_a_waiting_run_ends_at_once(cast: Cast) -> None:
    run = make_run(cast)
    assert cast.client(cast.copywriter).post(url(run)).status_code == 303
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED


def test_a_running_one_is_asked_to_stop_and_keeps_its_texts(cast: Cast) -> None:
    run = make_run(cast)
    assert block_next() is not None
    write_candidates(run, ["Stay dry"])
    cast.client(cast.copywriter).post(url(run))
    run.refresh_from_db()
    assert run.status == JobStatus.RUNNING and run.cancel_requested_at is not None
    page = cast.client(cast.copywriter).get(f"/w/{cast.workspace.slug}/runs/{run.pk}/").content.decode()
    assert "Stops after the present step." in page and "Stay dry" in page and url(run) not in page


def test_it_writes_its_event(cast: Cast) -> None:
    run = make_run(cast)
    cast.client(cast.copywriter).post(url(run))
    assert Event.objects.get(verb="generationrun.cancel").actor == cast.copywriter


def test_a_run_that_ended_is_a_409(cast: Cast) -> None:
    run = finish(make_run(cast))
    assert cast.client(cast.copywriter).post(url(run)).status_code == 409


def test_a_viewer_may_not(cast: Cast) -> None:
    run = make_run(cast)
    assert cast.client(cast.viewer).post(url(run)).status_code == 403
    assert url(run) not in cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/runs/{run.pk}/").content.decode()
    with pytest.raises(NotPermittedError):
        run_cancel(actor=cast.viewer, run=run)


def test_a_stranger_gets_404_and_another_method_405(cast: Cast) -> None:
    run = make_run(cast)
    assert cast.client(cast.stranger).post(url(run)).status_code == 404
    assert cast.client(cast.copywriter).get(url(run)).status_code == 405
