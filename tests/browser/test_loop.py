"""The main job, from the product file to the clicks on the campaign page, in both languages of the interface."""

from __future__ import annotations

import hashlib
import json
import urllib.request
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.journey import Person
from tests.running import RunningStudio

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
WORDS = {
    "en": {"channel": "E-mail subject", "text": "Dry feet at 640 g a pair", "language": "en"},
    "zh-hans": {"channel": "邮件主题", "text": "一双 640 克，雨天脚不湿", "language": "zh-hans"},
}
FEED = """sku,title,price,currency,weight
B-1,Trail boots,129.00,USD,640 g
B-2,"=HYPERLINK(""http://example.com"")",19.00,USD,90 g
B-3,<b>Wool</b> socks <script>alert(1)</script>,9.00,USD,80 g
"""


def call(studio: RunningStudio, key: str, path: str, body: dict[str, Any] | None = None) -> tuple[Any, Any]:
    request = urllib.request.Request(f"{studio.url}{path}", headers={"Authorization": f"Bearer {key}"})
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read()), answer.headers


def test_the_whole_loop(browser: Browser, studio: RunningStudio, language: str, tmp_path: Path) -> None:
    words = WORDS[language]
    feed = tmp_path / "boots.csv"
    feed.write_text(FEED, encoding="utf-8")
    writer = Person.open(browser, studio.url, language)
    writer.sign_in("admin@example.com", studio.password)

    writer.import_file(feed)
    writer.visit("products/")
    expect(writer.page.locator("#products")).to_contain_text("Wool socks")
    assert "<script>alert" not in writer.page.content()

    password = writer.add_person("mei@example.com", "Mei", "approver")
    writer.make_brand("Northway")
    writer.make_segment("Runners")
    campaign = writer.make_campaign("Autumn", "Northway")
    brief = writer.make_brief(
        campaign, "Boots", language=words["language"], channel=words["channel"], search="boots", count=2
    )
    writer.generate(brief)
    variant = writer.adopt_first()
    writer.edit(variant, words["text"])
    writer.submit(variant)
    writer.visit(f"review/{variant}/")
    assert writer.page.locator(f'form[action*="/variants/{variant}/approve/"] button:enabled').count() == 0

    approver = Person.open(browser, studio.url, language)
    approver.sign_in("mei@example.com", password)
    approver.approve(variant)
    writer.visit(f"campaigns/{campaign}/")
    writer.press(f"/campaigns/{campaign}/launch/")
    writer.make_placement("home-hero", words["channel"], variant)
    key = writer.make_key("Shop")

    shown, headers = call(studio, key, "/api/v1/decide?placement=home-hero&visitor=v-1")
    assert shown["text"] == words["text"]
    assert shown["sha256"] == hashlib.sha256(words["text"].encode()).hexdigest()
    assert shown["ai"]["generated"] is True
    assert headers["ETag"]
    now = datetime.now(UTC).isoformat()
    events = [
        {"event_id": str(uuid.uuid4()), "type": kind, "token": shown["token"], "timestamp": now}
        for kind in ("impression", "click", "conversion")
    ]
    forged = {"event_id": str(uuid.uuid4()), "type": "click", "token": "forged", "timestamp": now}
    call(studio, key, "/api/v1/events", {"sent_at": now, "events": [*events, events[1], forged]})

    writer.visit(f"campaigns/{campaign}/")
    assert writer.page.locator(".stat-value").all_inner_texts()[:2] == ["1", "1"]
    expect(writer.page.locator("[data-chart] svg").first).to_be_visible()

    for person in (writer, approver):
        assert person.complaints == []


PAGES = [
    "",
    "campaigns/",
    "campaigns/1/",
    "products/",
    "products/1/",
    "products/new/",
    "imports/new/",
    "brands/1/",
    "segments/1/",
    "channels/",
    "runs/",
    "runs/1/",
    "variants/",
    "variants/1/",
    "review/",
    "placements/",
    "placements/1/",
    "clients/",
    "members/",
    "events/",
]


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_accessible_and_quiet(browser: Browser, studio: RunningStudio, language: str, width: int) -> None:
    person = Person.open(browser, studio.url, language, width)
    person.sign_in("admin@example.com", studio.password)
    person.workspace = "demo"
    found = []
    for path in PAGES:
        person.visit(path)
        assert person.page.locator("h1").count() == 1, person.page.url
        wide = person.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 1:
            found.append(f"{path} is {wide}px too wide at {width}px")
        found += person.accessible()
    assert found == []
    assert person.complaints == []


def test_a_planted_inline_handler_is_reported(browser: Browser, studio: RunningStudio) -> None:
    """The control of the control: the policy blocks it, and the journey's ear hears it."""
    person = Person.open(browser, studio.url, "en")
    person.go("/accounts/login/")
    person.page.evaluate("""() => {
        const planted = document.createElement("button");
        planted.setAttribute("onclick", "window.planted = true");
        document.body.append(planted);
        planted.click();
    }""")
    person.page.wait_for_timeout(500)
    assert person.page.evaluate("window.planted") is None
    assert any("policy report" in complaint or "console" in complaint for complaint in person.complaints)
