"""The pages of training, models, evaluations and votes: nothing to complain of, as wide as the window, and keys that vote."""

from __future__ import annotations

import json

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.browser.journey import Person
from tests.running import RunningStudio

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
EMAIL = "admin@example.com"
MAKE = """
import json
from datetime import timedelta
from types import SimpleNamespace
from django.utils import timezone
from copystudio.models import User, Workspace
from generation.engine.training.config import TrainConfig
from generation.models import BaseFetch, LanguageModel, TrainingRun
from generation.services.training import training_cancel, training_start
from tests.generation.registry_pages.makers import make_evaluation, make_version
BaseFetch.objects.all().delete()
shop, admin = Workspace.objects.get(slug="my-shop"), User.objects.get(email="admin@example.com")
cast = SimpleNamespace(workspace=shop, admin=admin)
run = TrainingRun.objects.filter(workspace=shop).first()
if run is None:
    base = LanguageModel.objects.filter(workspace=shop).first()
    run, _ = training_start(actor=admin, workspace=shop, label="Autumn", language_model=base, config=TrainConfig(epochs=1))
    training_cancel(actor=admin, run=run)
evaluation = make_evaluation(cast, make_version(cast))
given = dict(workspace=shop, created_by=admin, hub_name="acme/tiny", name="Tiny", licence="MIT", max_attempts=99)
fetch = BaseFetch.objects.create(**given, status="failed", error_code="unreachable", error_params={"detail": "ConnectError"})
open_fetch = BaseFetch.objects.create(
    **given, status="running", lease_until=timezone.now() + timedelta(hours=1), step="downloading", done=3e8, total=1e9
)
print(json.dumps([evaluation.version.pk, evaluation.pk, run.pk, fetch.pk, open_fetch.pk]))
"""


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_fits_and_gives_no_report(
    browser: Browser, studio: RunningStudio, language: str, width: int
) -> None:
    made = studio.manage("shell", "--no-imports", "-c", MAKE)
    version, evaluation, run, fetch, fetching = json.loads(made.strip().splitlines()[-1])
    person = Person.open(browser, studio.url, language, width)
    person.sign_in(EMAIL, studio.password)
    pages = {
        "models": "models/",
        "model": f"models/{version}/",
        "base": "models/bases/new/",
        "fetch": f"models/fetches/{fetch}/",
        "fetching": f"models/fetches/{fetching}/",
        "trainings": "training/",
        "training": f"training/{run}/",
        "start": "training/new/",
        "schedule": "training/schedule/",
        "evaluation": f"evaluations/{evaluation}/",
        "vote": f"evaluations/{evaluation}/vote/",
        "notifications": "notifications/",
    }
    for name, path in pages.items():
        person.visit(path)
        person.photograph(f"{name}-{language}-{width}")
        assert person.page.locator("main h1").count() == 1, path
        assert person.page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert person.accessible() == []
    person.visit(pages["vote"])
    for key in "120":
        with person.page.expect_navigation():
            person.page.keyboard.press(key)
    cast = "SELECT count(*), count(*) FILTER (WHERE choice = 'same') FROM generation_blindvote WHERE evaluation_id = %s"
    with psycopg.connect(studio.environment["DATABASE_URL"]) as database:
        assert database.execute(cast, [evaluation]).fetchone() == (3, 1)
    assert person.complaints == []
