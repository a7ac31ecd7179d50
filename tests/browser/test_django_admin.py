"""A superuser in the Django admin: in through the studio's sign-in page, and no page asks the policy for anything."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, FloatRect, expect

from tests.browser.journey import Person
from tests.running import RunningStudio

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EMAIL = "admin@example.com"
TABLES = ("languagemodel", "modelversion", "trainingrun", "evaluation")
# what stands in the row of actions: the two labels with what they name, and the button
ACTION_ROW = ("label:has(select)", "label:has(input[name=reason])", "button[name=index]")


def apart(one: FloatRect, other: FloatRect) -> float:
    """How many pixels lie between two boxes; below 0 they overlap."""
    across = max(other["x"] - one["x"] - one["width"], one["x"] - other["x"] - other["width"])
    down = max(other["y"] - one["y"] - one["height"], one["y"] - other["y"] - other["height"])
    return max(across, down)


def sign_in(browser: Browser, studio: RunningStudio, language: str, width: int) -> Person:
    studio.manage("studio_admin", "--superuser", EMAIL)
    person = Person.open(browser, studio.url, language, width)
    person.go("/admin/")
    assert person.page.url.endswith("/accounts/login/?next=/admin/")
    person.fill(login=EMAIL, password=studio.password)
    person.page.locator("main button[type=submit]").first.click()
    person.page.wait_for_url("**/admin/")
    return person


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_and_an_action_give_no_report(
    browser: Browser, studio: RunningStudio, language: str, width: int
) -> None:
    person = sign_in(browser, studio, language, width)
    person.photograph(f"index-{language}-{width}")
    for table in TABLES:
        person.go(f"/admin/generation/{table}/")
        person.photograph(f"{table}-{language}-{width}")
        row = person.page.locator("#result_list tbody th a").first
        if row.count():
            row.click()
            person.page.wait_for_url("**/change/**")
            person.photograph(f"{table}-one-{language}-{width}")
    person.go("/admin/generation/modelversion/?status__exact=active")
    person.page.locator("#action-toggle").check()
    person.page.locator("select[name=action]").select_option("promote")
    person.page.locator("button[name=index]").click()
    person.page.wait_for_selector(".messagelist .error")
    person.photograph(f"refused-{language}-{width}")
    boxes = [person.page.locator(f".actions {one}").bounding_box() for one in ACTION_ROW]
    for place, box in enumerate(boxes):
        assert box is not None and box["height"] < 72 and box["x"] + box["width"] <= width
        for other in boxes[place + 1 :]:
            assert other is not None and apart(box, other) >= 8, (box, other)
    assert person.complaints == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_training_is_set_up(browser: Browser, studio: RunningStudio, language: str, width: int) -> None:
    person = sign_in(browser, studio, language, width)
    page = person.page

    def look(name: str) -> None:
        person.photograph(f"{name}-{language}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert person.accessible() == []

    person.go("/admin/generation/languagemodel/")
    page.locator("#result_list [name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option("start_training")
    page.locator("button[name=index]").click()
    page.wait_for_url("**/train/")
    expect(page.locator("#training-form [name=language_model]")).to_be_hidden()
    look("train")
    estimate, epochs = page.locator("#estimate"), page.locator("#training-form [name=epochs]")
    page.locator("label[for=id_with_corpus]").click()  # without it there is nothing to learn from
    expect(estimate.locator(".note-warning")).to_be_visible()
    icon = estimate.locator(".note-warning .icon").bounding_box()
    assert icon is not None and icon["width"] <= 24
    look("train-nothing")
    expect(epochs).to_be_hidden()
    page.locator("#training-form summary").click()
    epochs.fill("0")
    epochs.press("Tab")
    expect(estimate.locator(".text-danger")).to_be_visible()
    assert person.complaints == []
    page.locator("#training-form .submit-row input").click()
    expect(page.locator(".errornote")).to_be_visible()
    expect(epochs).to_be_visible()  # what is wrong is not folded away
    expect(epochs).to_have_accessible_description(page.locator("#id_epochs_error").inner_text())
    look("train-wrong")
    [refused] = person.complaints  # the browser says itself that it was answered no
    assert "422" in refused
