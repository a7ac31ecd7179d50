"""The pages of webhooks: nothing to complain of, as wide as the window, in each state."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser

from tests.browser.journey import Person
from tests.running import RunningStudio

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
EMAIL = "admin@example.com"
MAKE = """
import json
from datetime import timedelta
from django.utils import timezone
from campaigns.models import WebhookDelivery, WebhookEndpoint
from campaigns.services.webhook import webhook_create, webhook_switch, webhook_test
from copystudio.models import User, Workspace
shop, admin = Workspace.objects.get(slug="my-shop"), User.objects.get(email="admin@example.com")
if not WebhookEndpoint.objects.exists():
    events = ["run.succeeded", "run.failed", "run.cancelled"]
    off, _ = webhook_create(actor=admin, workspace=shop, url="http://127.0.0.1:9/off", events=events[:1])
    webhook_switch(actor=admin, endpoint=off, active=False)
    long = "http://127.0.0.1:9/hooks/of/the/shop/that/wants/to/know/when/copy/is/written?tenant=autumn-winter-2026"
    full, _ = webhook_create(actor=admin, workspace=shop, url=long, events=events)
    later = timezone.now() + timedelta(hours=2)
    states = [
        {"status": "succeeded", "response_status": 204, "attempt": 1},
        {"status": "failed", "response_status": 500, "attempt": 9, "error_code": "given_up",
         "response_body": "<html>Internal server error " + "x" * 300},
        {"status": "queued", "attempt": 3, "error_code": "timeout", "next_attempt_at": later},
        {"status": "cancelled", "error_code": "endpoint_off"},
    ]
    for state in states:
        WebhookDelivery.objects.filter(pk=webhook_test(actor=admin, endpoint=full).pk).update(**state)
full = WebhookEndpoint.objects.filter(is_active=True).earliest("pk")
print(json.dumps([full.pk, WebhookEndpoint.objects.earliest("pk").pk]))
"""


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_fits_and_gives_no_report(
    browser: Browser, studio: RunningStudio, language: str, width: int
) -> None:
    person = Person.open(browser, studio.url, language, width)
    person.sign_in(EMAIL, studio.password)
    if width == 1440:
        person.visit("webhooks/")
        person.photograph(f"webhooks-empty-{language}-{width}")
    full, off = json.loads(studio.manage("shell", "--no-imports", "-c", MAKE).strip().splitlines()[-1])
    pages = {
        "webhooks": "webhooks/",
        "webhook": f"webhooks/{full}/",
        "webhook-off": f"webhooks/{off}/",
        "webhook-new": "webhooks/new/",
        "webhook-edit": f"webhooks/{full}/edit/",
        "client-new": "clients/new/",
    }
    for name, path in pages.items():
        person.visit(path)
        looked_at(person, f"{name}-{language}-{width}", width)
    person.visit("webhooks/new/")
    person.fill(url="ftp://shop.example.com/")
    person.save()
    assert person.page.locator("main .is-invalid").count() == 1
    looked_at(person, f"webhook-wrong-{language}-{width}", width)
    person.complaints.clear()  # the console names the 422
    person.fill(url=f"http://127.0.0.1:9/{width}")
    person.save()
    assert person.page.locator("#webhook-secret").inner_text().startswith("whsec_")
    looked_at(person, f"webhook-secret-{language}-{width}", width)
    person.go("/api/docs/#webhooks")
    looked_at(person, f"api-docs-{language}-{width}", width)
    assert person.complaints == []


def looked_at(person: Person, name: str, width: int) -> None:
    person.photograph(name)
    assert person.page.locator("main h1").count() == 1, name
    assert person.page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert person.accessible() == [], name
