"""From a clean clone to the first scored candidate: how long a newcomer waits.

    DATA_DIR=/path/to/data python -m tests.bench.first_run

Clones this repository's committed state into an empty folder, runs ``make run`` there, and walks the browser journey of
the tests on ``products/adidas_us_feed.csv`` of ``DATA_DIR``. Times are seconds from the start of ``make run``.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.journey import Person
from tests.structure.source import ROOT

LONGEST = 900


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for_page(url: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/accounts/login/", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        if process.poll() is not None:
            sys.exit(log.read_text(encoding="utf-8", errors="replace")[-4000:])
    sys.exit("the page never came")


def password_in(log: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = re.search(r"\b([0-9a-f]{6}(?:-[0-9a-f]{6}){3})\b", log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[1]
        time.sleep(0.2)
    sys.exit("no password was printed")


def journey(url: str, password: str, feed: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        person = Person.open(browser, url, "en")
        person.sign_in("admin@example.com", password)
        person.import_file(feed)
        person.make_brand("Northway")
        person.make_segment("Runners")
        campaign = person.make_campaign("Autumn", "Northway")
        brief = person.make_brief(
            campaign, "Shoes", language="en", channel="E-mail subject", search="Ultraboost", count=4
        )
        person.generate(brief)
        browser.close()


def main() -> None:
    feed = Path(os.environ["DATA_DIR"]) / "products" / "adidas_us_feed.csv"
    folder = Path(tempfile.mkdtemp(prefix="first-run-"))
    clone, log, port = folder / "clone", folder / "log", free_port()
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("STUDIO_", "DATABASE", "DJANGO"))
    }
    with log.open("wb") as out:
        began = time.monotonic()
        process = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env={**environment, "STUDIO_PORT": str(port)},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            url = f"http://localhost:{port}"
            wait_for_page(url, log, process)
            print(f"sign-in page after {time.monotonic() - began:.0f} s", flush=True)
            journey(url, password_in(log), feed)
            print(f"first scored candidate after {time.monotonic() - began:.0f} s", flush=True)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=60)
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
