"""A superuser in the Django admin: in through the studio's sign-in page, and no page asks the policy for anything."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, FloatRect

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


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_and_an_action_give_no_report(
    browser: Browser, studio: RunningStudio, language: str, width: int
) -> None:
    studio.manage("studio_admin", "--superuser", EMAIL)
    person = Person.open(browser, studio.url, language, width)
    person.go("/admin/")
    assert person.page.url.endswith("/accounts/login/?next=/admin/")
    person.fill(login=EMAIL, password=studio.password)
    person.page.locator("main button[type=submit]").first.click()
    person.page.wait_for_url("**/admin/")
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
