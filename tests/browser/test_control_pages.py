"""The dials of a brief, the cards of a run and its tweaks: as wide as the window, by keys and without a report."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.journey import Person
from tests.running import RunningStudio

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
EMAIL = "admin@example.com"
MAKE = """
import hashlib, json
from django.db import transaction
from campaigns.models import Channel
from campaigns.services.brief import BriefData, brief_generate, brief_save
from campaigns.services.campaign import campaign_save
from campaigns.services.product import ProductData, product_save
from copystudio.models import User, Workspace
from generation.models import Candidate, GenerationRun
admin, shop = User.objects.get(email="admin@example.com"), Workspace.objects.get(slug="my-shop")
run = GenerationRun.objects.filter(workspace=shop, label__startswith="Dials", parent=None).first()
if run is None:
  with transaction.atomic():  # no worker sees it before it has ended
    facts = [("Weight", "320", "g"), ("Water column", "10000", "mm")]
    product_save(actor=admin, workspace=shop, data=ProductData(sku="D-1", title="Rain jacket", language="en", facts=facts))
    campaign = campaign_save(actor=admin, workspace=shop, name="Dials", brand=None)
    channels = list(Channel.objects.filter(workspace=shop, is_current=True, key__in=["email_subject", "email_preheader"]))
    data = BriefData(
        name="Autumn", language="en", channels=channels, style="warm", sentiment="positive", length="medium", emoji="no",
        product_filter={"skus": ["D-1"]}, count=3,
    )
    run, _ = brief_generate(actor=admin, brief=brief_save(actor=admin, campaign=campaign, data=data))
    subjects = ["Stay dry in any weather at 320 g", "Rain outside, calm inside: only 320 g to carry all day"]
    for item, texts in zip(run.items.all(), (subjects, ["Holds 10000 mm at 320 g", "A hood that folds into its collar"])):
        for slot, text in enumerate(texts):
            Candidate.objects.create(
                workspace=shop, item=item, slot=slot, text=text, sha256=hashlib.sha256(text.encode()).hexdigest(), fluency=-1.5,
                token_count=9, length=len(text), attempt=1, sentiment=[0.06, 0.22, 0.72],
                nearest={"text": "Stay dry in all weathers at 320 g", "likeness": 0.93} if slot else {},
            )
        item.plan = {"leads": [["Water column", "10000", "mm"], ["Weight", "320", "g"]], "turn": 0}
        item.produced, item.passed, item.outputs, item.finished = 2, 5, 14, True
        item.dropped = {"unsupported": 6, "absolute_term": 2, "must_word_missing": 1}
        item.save()
    run.blocks.update(status="succeeded")
    GenerationRun.objects.filter(pk=run.pk).update(status="succeeded", outputs=28, done=4)
print(json.dumps([run.brief_run.brief_id, run.pk, run.items.first().pk, Candidate.objects.filter(run=run).order_by("position", "slot").first().pk]))
"""


@pytest.mark.parametrize("width", [1440, 390])
def test_the_dials_and_the_tweaks_work(browser: Browser, studio: RunningStudio, language: str, width: int) -> None:
    made = studio.manage("shell", "--no-imports", "-c", MAKE)
    brief, run, item, candidate = json.loads(made.strip().splitlines()[-1])
    person = Person.open(browser, studio.url, language, width)
    person.sign_in(EMAIL, studio.password)
    page = person.page
    pages = {
        "form": f"briefs/{brief}/edit/",
        "brief": f"briefs/{brief}/",
        "run": f"runs/{run}/",
        "item": f"runs/{run}/candidates/?item={item}",
    }
    for name, path in pages.items():
        person.visit(path)
        person.photograph(f"control-{name}-{language}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert person.accessible() == []

    person.visit(f"briefs/{brief}/edit/")
    expect(page.locator("input[name=style]:checked")).to_have_value("warm")
    page.locator("input[name=style]:checked").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("input[name=style]:checked")).to_have_value("confident")
    page.locator("label.segment", has=page.locator("input[name=emoji][value=yes]")).click()
    expect(page.locator("input[name=emoji]:checked")).to_have_value("yes")

    person.visit(f"runs/{run}/")
    page.locator(f"#candidate-{candidate} button[value=calmer]").click()
    below = page.locator(f"#tweaks-{candidate}")
    expect(below.locator("section")).to_be_visible()
    person.photograph(f"control-tweak-{language}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    below.locator(".tweak-head a").click()
    expect(page.locator(".run-origin")).to_be_visible()
    person.photograph(f"control-child-{language}-{width}")

    person.visit(f"runs/{run}/candidates/")
    card = page.locator(f"#candidate-{candidate}")
    expect(card.locator(".copy-beside q")).to_have_text("Holds 10000 mm at 320 g")
    if card.locator("form:has([name=beside])").count():  # the first of the four walks adopts both
        card.locator("form:has([name=beside]) button").click()
    expect(page.locator(".copy-card .badge-success")).to_have_count(2)
    person.photograph(f"control-beside-{language}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert person.complaints == [], person.complaints
