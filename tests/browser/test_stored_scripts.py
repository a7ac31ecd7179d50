"""Whatever somebody stores in a text field, no page runs it (G9).

Sixty texts that would set `window.ran` if a page wrote them out unescaped go into every text field of the workspace. Then
every page that shows them is opened in a browser: nothing may have run, and the content security policy, the second
line, may not have been asked.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.journey import Person
from tests.running import RunningStudio

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
RUN = "window.ran=1"
TAGS = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"<ScRiPt>{RUN}</sCrIpT>",
    f"<script >{RUN}</script >",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<img src=x onerror={RUN}>",
    f"<img/src=x/onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}>",
    f"<textarea autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}>",
    f"<marquee onstart={RUN}>",
    f'<iframe srcdoc="<script>parent.{RUN}</script>">',
    f"<iframe src=\"javascript:parent.{RUN}\">",
    f"<object data=\"javascript:{RUN}\">",
    f"<embed src=\"javascript:{RUN}\">",
    f'<a href="javascript:{RUN}">x</a>',
    f'<form action="javascript:{RUN}"><button autofocus>x</button></form>',
    f"<math><mtext><script>{RUN}</script></mtext></math>",
    f"<noscript><p title=\"</noscript><img src=x onerror={RUN}>\">",
    f"<template><script>{RUN}</script></template>",
    f"<div hx-on:load={RUN}>x</div>",
    f'<div hx-get="/" hx-trigger="load" hx-on::after-request="{RUN}">x</div>',
    f"<div data-hx-on:click={RUN}>x</div>",
]  # fmt: skip
BREAKS = [
    '"', "'", "`", "</title>", "</textarea>", "</option></select>", "-->", "]]>", '" autofocus onfocus=', "' autofocus onfocus=",
]  # fmt: skip
PAYLOADS = [
    *TAGS,
    *(f"{end}<script>{RUN}</script>" for end in BREAKS[:8]),
    *(f'{end}{RUN} x="' for end in BREAKS[8:]),
    f'"><img src=x onerror={RUN}>',
    f"'><img src=x onerror={RUN}>",
    f'\\"><script>{RUN}</script>',
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"%3Cscript%3E{RUN}%3C/script%3E",
    f"{{{{{RUN}}}}}",
    f"${{{RUN}}}",
    f"{{% if 1 %}}<script>{RUN}</script>{{% endif %}}",
    f"javascript:{RUN}//",
    f"data:text/html,<script>{RUN}</script>",
    f"';{RUN}//",
    f'";{RUN}//',
    f"</style><script>{RUN}</script>",
    f"<style>@import 'javascript:{RUN}';</style>",
    f"<link rel=stylesheet href=\"javascript:{RUN}\">",
    f"<meta http-equiv=refresh content=\"0;javascript:{RUN}\">",
    f"<base href=\"javascript:{RUN}//\">",
    f"＜script＞{RUN}＜/script＞",
]  # fmt: skip


def send(person: Person, path: str, body: dict[str, str]) -> None:
    """Send the form of a page by its own address, as the browser would; it has to be accepted."""
    url = f"{person.base}/w/{person.workspace}/{path}"
    token = next(cookie["value"] for cookie in person.context.cookies() if "csrf" in cookie["name"])  # type: ignore[typeddict-item]
    sent = {"csrfmiddlewaretoken": token, **body}
    answer = person.page.request.post(url, form=sent, headers={"Referer": url}, max_redirects=0)
    assert answer.status == 303, f"{path}: {answer.status} for {body}"


def plant(person: Person, folder: Path) -> None:
    """Every payload into products, brands, segments and campaigns by form, and into a feed with a hostile name."""
    person.visit("products/new/")
    for number, text in enumerate(PAYLOADS):
        one = {"title": text, "description": text, "category": text[:200], "vendor": text[:200], "tags": text[:60]}
        send(person, "products/new/", {"sku": f"X-{number}", "facts": f"{text[:100]}: {text}", **one})
        send(person, "brands/new/", {"name": text[:100], "voice": text, "tone": text[:100], "must_words": text[:60]})
        send(person, "segments/new/", {"name": text[:100], "description": text, "words": text[:60], "tone": text[:100]})
        send(person, "campaigns/new/", {"name": text[:100], "goal": text})
    lines = [
        json.dumps({"sku": f"F-{number}", "title": f"Bag {number} {text}", "brand": text, "description": text})
        for number, text in enumerate(PAYLOADS)
    ]
    feed = folder / f"<img src=x onerror={RUN.replace('/', '')}>.jsonl"
    feed.write_text("\n".join(lines), encoding="utf-8")
    person.import_file(feed)


def pages(person: Person) -> list[str]:
    """The lists, every page that they lead to, and for every other one of those its editor in its place."""
    lists = ["", "products/", "brands/", "segments/", "campaigns/", "imports/", "events/", "variants/new/", "variants/"]
    found = list(lists)
    for path in [*lists, "products/?page=2", "products/?page=3", "products/?page=4", "products/?page=5"]:
        person.visit(path)
        links = person.page.locator("main a[href]").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        prefix = f"/w/{person.workspace}/"
        found += [link.removeprefix(prefix) for link in links if link.startswith(prefix)]
    found = list(dict.fromkeys(found))
    edited = {"products", "brands", "segments", "campaigns"}
    return [
        f"{path}edit/" if number % 2 and re.fullmatch(r"(\w+)/\d+/", path) and path.split("/")[0] in edited else path
        for number, path in enumerate(found)
    ]


def test_no_page_runs_what_was_stored(browser: Browser, studio: RunningStudio, language: str, tmp_path: Path) -> None:
    if language != "en":
        pytest.skip("scripts speak no language: once is enough")
    assert len(set(PAYLOADS)) >= 60
    person = Person.open(browser, studio.url, language)
    person.context.add_init_script("window.addEventListener('securitypolicyviolation', () => { window.ran = 'asked' })")
    person.sign_in("admin@example.com", studio.password)
    plant(person, tmp_path)
    seen = pages(person)
    assert len(seen) >= 100
    ran = []
    for path in seen:
        person.visit(path)
        if person.page.evaluate("window.ran"):
            ran.append(path)
    assert ran == []
    assert person.complaints == []


def test_the_ear_hears_a_script_that_a_page_did_write_out(
    browser: Browser, studio: RunningStudio, language: str
) -> None:
    """The control: the same payload put into a page unescaped is blocked by the policy, and noticed."""
    person = Person.open(browser, studio.url, language)
    person.context.add_init_script("window.addEventListener('securitypolicyviolation', () => { window.ran = 'asked' })")
    person.go("/accounts/login/")
    person.page.evaluate("text => document.body.insertAdjacentHTML('beforeend', text)", TAGS[5])
    person.page.wait_for_function("window.ran === 'asked'", timeout=10_000)
