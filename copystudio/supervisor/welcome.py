"""The first page that answers, and what the terminal says about it."""

from __future__ import annotations

import http.client
import json
import textwrap
from pathlib import Path

from copystudio.supervisor.config import Config
from copystudio.supervisor.console import Console
from generation.engine.starter import LICENCE_URL, licence_notice

FIRST_SIGN_IN = "first-sign-in.json"  # kept in var/ from the first start until it was shown


def answers(config: Config) -> bool:
    """Whether the web process serves pages."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)  # noqa: S104
    connection = http.client.HTTPConnection(host, config.port, timeout=1)
    try:
        connection.request("GET", "/healthz", headers=_as_a_visitor(config))
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _as_a_visitor(config: Config) -> dict[str, str]:
    """Headers under which the pages answer, also behind a proxy that speaks TLS: no warning in the log for each look."""
    names = config.environment.get("STUDIO_ALLOWED_HOSTS", "").split(",")
    host = names[0].strip().lstrip(".*") or "localhost"
    return {"Host": host, "X-Forwarded-Proto": config.environment["STUDIO_PUBLIC_URL"].split(":")[0]}


def welcome(config: Config, console: Console, *, seconds: float, model_is_new: bool) -> None:
    """Print the address, once the password of the first admin, and under which terms the starter model comes."""
    lines = [f"Copy Studio is ready after {seconds:.0f} s:  {config.url}"]
    file = config.where.var / FIRST_SIGN_IN
    first = _first_sign_in(file)
    lines += [*first, ""]
    if first or model_is_new:
        lines += textwrap.wrap(licence_notice("en"), 92)
    else:
        lines += ["The starter model is Gemma 3 270M, under the Gemma Terms of Use:"]
    lines += [LICENCE_URL, ""]
    lines += [f"Data: {config.where.var}    Stop: Ctrl-C    Lost the password: make password"]
    console.box(lines)
    file.unlink(missing_ok=True)
    if config.host not in {"127.0.0.1", "localhost", "::1"} and not config.environment.get("STUDIO_ALLOWED_HOSTS"):
        console.say("Others reach this only under the names in STUDIO_ALLOWED_HOSTS, which is not set.")


def _first_sign_in(file: Path) -> list[str]:
    try:
        first = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return ["", f"Sign in as   {first['email']}", f"Password     {first['password']}", "(shown this once: change it)"]
