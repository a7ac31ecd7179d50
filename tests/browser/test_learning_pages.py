"""The pages of training, models, evaluations and votes: nothing to complain of, as wide as the window, and keys that vote."""

from __future__ import annotations

import json

import psycopg
import pytest
from playwright.sync_api import Browser, expect

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
MAKE_MEASURED = """
import json
from types import SimpleNamespace
from copystudio.models import User, Workspace
from tests.generation.registry_pages.makers import make_evaluation, make_version
shop, admin = Workspace.objects.get(slug="my-shop"), User.objects.get(email="admin@example.com")
cast = SimpleNamespace(workspace=shop, admin=admin)
good, bad, elsewhere = make_version(cast), make_version(cast, name="As long as a name can be " * 4), make_version(cast)
rows = [make_evaluation(cast, one, good=one != bad) for one in (good, bad, elsewhere)]
for name in {"new", "active", "base"} & set(rows[-1].results):  # asked something else
    rows[-1].results[name]["fingerprint"] = "f" * 64
rows[-1].save()
print(json.dumps([good.pk, bad.pk, elsewhere.pk]))
"""
MAKE_STAGED = """
from types import SimpleNamespace
from copystudio.models import User, Workspace
from tests.generation.registry_pages.makers import make_version
shop, admin = Workspace.objects.get(slug="my-shop"), User.objects.get(email="admin@example.com")
print(make_version(SimpleNamespace(workspace=shop, admin=admin)).pk)
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


@pytest.mark.parametrize("width", [1440, 390])
def test_two_versions_are_compared(browser: Browser, studio: RunningStudio, language: str, width: int) -> None:
    made = studio.manage("shell", "--no-imports", "-c", MAKE_MEASURED)
    version, worse, asked_otherwise = json.loads(made.strip().splitlines()[-1])
    person = Person.open(browser, studio.url, language, width)
    person.page.emulate_media(reduced_motion="reduce")  # the page is where the link leads, at once
    person.sign_in(EMAIL, studio.password)
    panel = person.page.locator("#compare")
    person.visit(f"models/{version}/")
    expect(panel.locator("table")).to_have_count(0)
    for other, differs in ((worse, True), (asked_otherwise, False)):
        panel.locator("select").select_option(str(other))
        panel.locator("button").click()
        person.page.wait_for_url(f"**/models/{version}/?with={other}#compare")
        expect(panel.locator("select")).to_have_value(str(other))
        expect(panel.locator(".note-warning")).to_have_count(0 if differs else 1)
        assert (panel.locator(".difference .badge-success").count() > 0) == differs
        title = panel.locator("h2").bounding_box()
        bar = person.page.locator(".topbar").bounding_box()
        assert title is not None and bar is not None
        assert bar["y"] + bar["height"] <= title["y"] < 450, "the heading is in sight, below the top bar"
        person.photograph(f"compare-{'same' if differs else 'other'}-{language}-{width}")
        assert person.page.evaluate("document.documentElement.scrollWidth") <= width
        assert person.accessible() == []
    assert person.complaints == []


def test_a_reason_is_asked_for_before_the_question(browser: Browser, studio: RunningStudio) -> None:
    """What never was measured is promoted with a reason: the question whether comes behind it."""
    made = studio.manage("shell", "--no-imports", "-c", MAKE_STAGED)
    person = Person.open(browser, studio.url, "en", 1440)
    person.sign_in(EMAIL, studio.password)
    person.visit(f"models/{int(made.strip().splitlines()[-1])}/")
    button, question = person.page.locator("#promote button[type=submit]"), person.page.locator("#confirm")
    button.click()
    expect(question).to_be_hidden()
    expect(person.page.locator("#promote textarea")).to_be_focused()
    person.page.locator("#promote textarea").fill("A trial")
    button.click()
    expect(question).to_be_visible()
    assert person.complaints == []
