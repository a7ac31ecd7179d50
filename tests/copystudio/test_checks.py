"""The system checks: each has an id, says what to do, and is silent on a sound installation."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as real
from django.core.checks import run_checks
from django.db import models
from django.test.utils import isolate_apps

from copystudio import checks


def ids(found: list[Any]) -> list[str]:
    return [message.id for message in found]


def test_this_installation_is_sound() -> None:
    assert [message for message in run_checks() if (message.id or "").startswith("copystudio.")] == []


def test_another_database_than_postgresql_is_an_error(settings: Any) -> None:
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    assert ids(checks.database_engine(None)) == ["copystudio.E001"]


def test_the_default_secret_is_a_warning_outside_tests(settings: Any) -> None:
    settings.SECRET_KEY, settings.STAGE = settings.DEFAULT_SECRET, "local"
    assert ids(checks.secret_key_is_own(None)) == ["copystudio.W001"]
    settings.SECRET_KEY = "another key"
    assert checks.secret_key_is_own(None) == []


def test_a_heartbeat_that_is_too_slow_for_its_lease_is_an_error(settings: Any) -> None:
    settings.JOB_HEARTBEAT_SECONDS, settings.JOB_LEASE_SECONDS = 20, 30
    assert ids(checks.job_times_fit(None)) == ["copystudio.E002"]


def test_a_broker_that_delivers_running_tasks_again_is_an_error(settings: Any) -> None:
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": settings.CELERY_TASK_TIME_LIMIT}
    assert ids(checks.job_times_fit(None)) == ["copystudio.E003"]


@isolate_apps("campaigns")
def test_a_table_without_a_workspace_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loose(models.Model):
        class Meta:
            app_label = "campaigns"

    monkeypatch.setattr(apps, "get_models", lambda: [Loose])
    assert ids(checks.workspace_in_every_table(None)) == ["copystudio.E004"]


@isolate_apps("campaigns")
def test_a_composite_key_without_a_workspace_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shelf(models.Model):
        row, place = models.IntegerField(), models.IntegerField()

        class Meta:
            app_label = "campaigns"
            constraints = [models.UniqueConstraint(fields=["row", "place"], name="shelf_place")]

    monkeypatch.setattr(apps, "get_models", lambda: [Shelf])
    assert ids(checks.workspace_in_every_composite_key(None)) == ["copystudio.E005"]


def test_every_check_names_the_mend(settings: Any) -> None:
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}
    settings.JOB_HEARTBEAT_SECONDS, settings.JOB_LEASE_SECONDS = 20, 30
    found = [*checks.database_engine(None), *checks.job_times_fit(None)]
    assert found and all(message.hint for message in found)


def test_the_visibility_timeout_is_twice_the_longest_task() -> None:
    options = real.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options.get("visibility_timeout", 10**9) >= 2 * real.CELERY_TASK_TIME_LIMIT
