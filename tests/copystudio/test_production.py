"""A production machine starts only with a secret of its own, without DEBUG, and for hosts that it names."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure.source import ROOT

GOOD = {
    "STUDIO_STAGE": "production",
    "STUDIO_SECRET_KEY": secrets.token_urlsafe(48),
    "STUDIO_ALLOWED_HOSTS": "copy.example.com",
    "STUDIO_PUBLIC_URL": "https://copy.example.com",
    "STUDIO_DEBUG": "0",
}


def check(tmp_path: Path, *options: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return python(tmp_path, "manage.py", "check", *options, **changes)


def python(tmp_path: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, with nothing of this one's configuration but the servers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STUDIO_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**kept, "STUDIO_VAR": str(tmp_path), **GOOD, **changes},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"STUDIO_SECRET_KEY": ""}, "STUDIO_SECRET_KEY"),
        ({"STUDIO_SECRET_KEY": "short"}, "STUDIO_SECRET_KEY"),
        ({"STUDIO_SECRET_KEY": "x" * 60}, "STUDIO_SECRET_KEY"),
        ({"STUDIO_SECRET_KEY": "local-only-" + "0" * 50}, "STUDIO_SECRET_KEY"),
        ({"STUDIO_SECRET_KEY": "", "STUDIO_SECRET_KEY_FILE": "/nowhere/key"}, "STUDIO_SECRET_KEY_FILE"),
        ({"STUDIO_DEBUG": "1"}, "STUDIO_DEBUG"),
        ({"STUDIO_ALLOWED_HOSTS": ""}, "STUDIO_ALLOWED_HOSTS"),
        ({"STUDIO_ALLOWED_HOSTS": ","}, "STUDIO_ALLOWED_HOSTS"),
        ({"STUDIO_ALLOWED_HOSTS": "*"}, "STUDIO_ALLOWED_HOSTS"),
        ({"STUDIO_ALLOWED_HOSTS": "copy.example.com,*"}, "STUDIO_ALLOWED_HOSTS"),
        ({"STUDIO_ALLOWED_HOSTS": ".example.com"}, "STUDIO_ALLOWED_HOSTS"),
        ({"STUDIO_STAGE": "prod"}, "STUDIO_STAGE"),
    ],
    ids=lambda value: " ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_it_refuses_to_start(tmp_path: Path, changes: dict[str, str], named: str) -> None:
    found = check(tmp_path, **changes)
    assert found.returncode != 0
    assert named in found.stderr.splitlines()[-1]
    assert GOOD["STUDIO_SECRET_KEY"] not in found.stderr + found.stdout


def test_it_starts_when_all_is_said_and_no_check_has_a_warning(tmp_path: Path) -> None:
    found = check(tmp_path, "--deploy", "--fail-level", "WARNING")
    assert found.returncode == 0, found.stderr
    assert "no issues (0 silenced)" in found.stdout


def test_it_starts_with_the_key_in_a_file(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(secrets.token_urlsafe(48) + "\n", encoding="ascii")
    assert check(tmp_path, STUDIO_SECRET_KEY="", STUDIO_SECRET_KEY_FILE=str(key)).returncode == 0


def test_a_key_that_lies_about_from_make_run_is_not_taken_by_accident(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(secrets.token_urlsafe(48), encoding="ascii")
    found = check(tmp_path, STUDIO_SECRET_KEY="")
    assert found.returncode != 0 and "STUDIO_SECRET_KEY" in found.stderr


TELL = """
import os, json
os.environ["DJANGO_SETTINGS_MODULE"] = "copystudio.settings"
import django; django.setup()
from django.test import Client
from django.conf import settings
client = Client()
secure, plain = client.get("/healthz", secure=True, headers=HOST), client.get("/healthz", headers=HOST)
form = client.get("/accounts/login/", secure=True, headers=HOST)
cookies = {name: [cookie["secure"], cookie["path"], cookie["domain"]] for name, cookie in client.cookies.items()}
print(json.dumps([secure["Strict-Transport-Security"], plain.status_code, plain.get("Location"), cookies,
                  settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE]))
"""


def test_with_https_cookies_stay_with_the_host_and_plain_http_is_left(tmp_path: Path) -> None:
    collected = python(tmp_path, "manage.py", "collectstatic", "--no-input", "-v", "0")
    assert collected.returncode == 0, collected.stderr
    found = python(tmp_path, "-c", TELL.replace("HOST", "{'Host': 'copy.example.com'}"))
    assert found.returncode == 0, found.stderr
    hsts, status, to, cookies, session, secure = json.loads(found.stdout.splitlines()[-1])
    assert hsts == "max-age=63072000; includeSubDomains; preload"
    assert (status, to) == (301, "https://copy.example.com/healthz")
    assert cookies == {"__Host-csrf": [True, "/", ""]}
    assert (session, secure) == ("__Host-session", True)
