"""The main job as people do it in the browser, step by step. Tests and the start-up bench walk the same way.

Buttons are found by where they lead, not by their words, so that one journey serves both languages.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

SLOW = 60_000  # ms: a worker may have to load its model first


@dataclass
class Person:
    """One signed-in browser. ``complaints`` gathers console errors, failed requests and policy reports."""

    context: BrowserContext
    page: Page
    base: str
    workspace: str = "my-shop"
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, browser: Browser, base: str, language: str, width: int = 1440) -> Person:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale=language)
        context.add_cookies([{"name": "cs_language", "value": language, "url": base}])
        person = cls(context=context, page=context.new_page(), base=base)
        person.page.on("console", person._console)
        person.page.on("request", person._request)
        person.page.on("pageerror", lambda error: person.complaints.append(f"script error: {error}"))
        person.page.on("response", person._response)
        return person

    def _console(self, message: object) -> None:
        # htmx reports a poll that was under way when the page was left; that is no fault
        aborted = "htmx:sendAbort" in message.text or "htmx:afterRequest" in message.text  # type: ignore[attr-defined]
        if message.type == "error" and not aborted:  # type: ignore[attr-defined]
            self.complaints.append(f"console: {message.text}")  # type: ignore[attr-defined]

    def _request(self, request: object) -> None:
        if request.url.endswith("/csp-report"):  # type: ignore[attr-defined]
            self.complaints.append(f"policy report: {request.post_data}")  # type: ignore[attr-defined]

    def _response(self, response: object) -> None:
        if response.status >= 500:  # type: ignore[attr-defined]
            self.complaints.append(f"{response.status} {response.url}")  # type: ignore[attr-defined]

    # -- small steps ---------------------------------------------------------------------------------------------

    def go(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}", wait_until="load")

    def visit(self, path: str) -> None:
        self.go(f"/w/{self.workspace}/{path}")

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.locator(f"main [name={name}]").fill(value)

    def press(self, action: str) -> None:
        """Send the form of the page whose address ends in ``action``, and say yes where it asks."""
        with self.page.expect_navigation(timeout=SLOW):
            self.page.locator(f'main form[action$="{action}"] button[type=submit]').first.click()
            question = self.page.locator("#confirm [data-confirm-yes]")
            if question.is_visible():
                question.click()

    def save(self) -> None:
        self.page.locator("main .form-actions button[type=submit]").first.click()
        self.page.wait_for_load_state("load")

    def number_in_url(self, noun: str) -> int:
        self.page.wait_for_url(re.compile(rf"/{noun}/\d+/"), timeout=SLOW)
        found = re.search(rf"/{noun}/(\d+)/", self.page.url)
        assert found, self.page.url
        return int(found[1])

    def photograph(self, name: str) -> None:
        """A screenshot of the whole page where somebody wants to see it (SHOTS names a folder)."""
        if folder := os.environ.get("SHOTS"):
            self.page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)

    def accessible(self) -> list[str]:
        """Serious findings of axe on the page as it is."""
        # without loading style sheets a second time, which the policy of the page refuses where one imports another
        found = Axe().run(self.page, options={"preload": False})
        return [
            f"{self.page.url}: {rule['id']}: {rule['nodes'][0]['html'][:200]}"
            for rule in found.response["violations"]
            if rule["impact"] in {"serious", "critical"}
        ]

    # -- the journey ---------------------------------------------------------------------------------------------

    def sign_in(self, email: str, password: str) -> None:
        self.go("/accounts/login/")
        self.page.locator("[name=login]").fill(email)
        self.page.locator("[name=password]").fill(password)
        self.page.locator("form:has([name=password]) button[type=submit]").first.click()
        self.page.wait_for_url(lambda url: "/accounts/login" not in url, timeout=SLOW)

    def add_person(self, email: str, name: str, role: str) -> str:
        """Add a member as admin; returns the one-time password."""
        self.visit("members/new/")
        self.fill(email=email, name=name)
        self.page.locator("main [name=role]").select_option(role)
        self.save()
        return self.page.locator("#password").inner_text().strip()

    def import_file(self, file: Path, currency: str = "") -> None:
        self.visit("imports/new/")
        self.page.locator("main [name=file]").set_input_files(str(file))
        self.save()
        number = self.number_in_url("imports")
        if currency:
            self.fill(default_currency=currency)
        self.press(f"/imports/{number}/check/")
        self.press_when_ready(f"/imports/{number}/apply/")
        expect(self.page.locator(".note-success").first).to_be_visible(timeout=SLOW)

    def press_when_ready(self, action: str) -> None:
        button = self.page.locator(f'form[action$="{action}"] button[type=submit]').first
        expect(button).to_be_visible(timeout=SLOW)
        button.click()
        self.page.wait_for_load_state("load")

    def make_brand(self, name: str) -> None:
        self.visit("brands/new/")
        self.fill(name=name, voice="Plain words.", never_words="ultimate")
        self.save()
        self.number_in_url("brands")

    def make_segment(self, name: str) -> None:
        self.visit("segments/new/")
        self.fill(name=name, description="People who run before work.", interests="weight: 0.9\nprice: 0.4")
        self.save()
        self.number_in_url("segments")

    def make_campaign(self, name: str, brand: str) -> int:
        self.visit("campaigns/new/")
        self.fill(name=name)
        self.page.locator("main [name=brand]").select_option(label=brand)
        self.save()
        return self.number_in_url("campaigns")

    def make_brief(self, campaign: int, name: str, *, language: str, channel: str, search: str, count: int) -> int:
        self.visit(f"campaigns/{campaign}/briefs/new/")
        self.fill(name=name, q=search, count=str(count))
        self.page.locator("main select[name=language]").select_option(language)
        self.page.locator("main [name=segments]").first.check()
        self.page.locator(f'main label:has-text("{channel}") input[name=channels]').first.check()
        self.save()
        return self.number_in_url("briefs")

    def generate(self, brief: int) -> int:
        """Start a run and wait for its first candidate on the page."""
        self.press(f"/briefs/{brief}/generate/")
        run = self.number_in_url("runs")
        expect(self.page.locator('form[action*="/candidates/"] button').first).to_be_visible(timeout=5 * SLOW)
        return run

    def adopt_first(self) -> int:
        self.page.locator('form[action*="/candidates/"] button').first.click()
        link = self.page.locator('main a[href*="/variants/"]').first
        expect(link).to_be_visible(timeout=SLOW)
        link.click()
        return self.number_in_url("variants")

    def edit(self, variant: int, text: str) -> None:
        self.visit(f"variants/{variant}/edit/")
        self.fill(text=text)
        self.save()
        self.page.wait_for_url(re.compile(rf"/variants/{variant}/$"), timeout=SLOW)

    def submit(self, variant: int) -> None:
        self.visit(f"variants/{variant}/")
        self.press(f"/variants/{variant}/submit/")

    def approve(self, variant: int) -> None:
        self.visit(f"review/{variant}/")
        with self.page.expect_navigation(timeout=SLOW):
            self.page.locator(f'form[action*="/variants/{variant}/approve/"] button[type=submit]').click()

    def make_placement(self, slug: str, channel: str, variant: int) -> None:
        self.visit("placements/new/")
        self.fill(name=slug, slug=slug, fallback_text="Welcome")
        option = self.page.locator("main [name=channel] option", has_text=channel).first.get_attribute("value")
        self.page.locator("main [name=channel]").select_option(option)
        self.save()
        number = self.number_in_url("placements")
        with self.page.expect_navigation(timeout=SLOW):
            self.page.locator(
                f'form[action$="/placements/{number}/assign/"]:has([value="{variant}"]) button'
            ).first.click()

    def make_key(self, name: str) -> str:
        self.visit("clients/new/")
        self.fill(name=name)
        for box in self.page.locator("main [name=scopes]").all():
            box.check()
        self.save()
        return self.page.locator(".secret code").first.inner_text().strip()
