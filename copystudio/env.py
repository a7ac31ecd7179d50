"""Typed readers of environment variables. Nonsense is refused at start, naming the variable and the mend."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


@dataclass(frozen=True)
class Mailer:
    """A mail server; without a ``host`` there is none. A password never travels without encryption."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    ssl: bool = False
    starttls: bool = False


class Env:
    """Reads one mapping (``os.environ`` by default); an empty value counts as not set."""

    def __init__(self, source: Mapping[str, str] | None = None) -> None:
        self.source = os.environ if source is None else source

    def text(self, name: str, default: str = "") -> str:
        value = self.source.get(name, "").strip()
        return value or default

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if not value:
            return default
        if value in TRUE:
            return True
        if value in FALSE:
            return False
        raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false. Use 1 or 0.")

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.")
        number = int(value)
        if not least <= number <= most:
            raise ImproperlyConfigured(f"{name}={number} is out of range: use {least} to {most}.")
        return number

    def money(self, name: str) -> Decimal:
        """An amount from 0 up; 0 where it is not set."""
        value = self.text(name, "0")
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            raise ImproperlyConfigured(f"{name}={value!r} is no amount of money. Write it like 0.15.")
        return Decimal(value)

    def words(self, name: str, default: list[str]) -> list[str]:
        value = self.text(name)
        return [word.strip() for word in value.split(",") if word.strip()] if value else default

    def choice(self, name: str, default: str, allowed: set[str]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise ImproperlyConfigured(f"{name}={value!r}: use one of {', '.join(sorted(allowed))}.")
        return value

    def folder(self, name: str, default: Path) -> Path:
        path = Path(self.text(name, str(default)))
        with contextlib.suppress(RuntimeError):  # nobody of that name has a home
            path = path.expanduser()
        if not path.is_absolute():
            raise ImproperlyConfigured(f"{name}={str(path)!r} is not an absolute path.")
        return path

    def url(self, name: str, default: str, schemes: set[str]) -> str:
        value = self.text(name, default)
        if not value:
            return value
        try:
            parts = urlsplit(value)
            parts.port  # noqa: B018 (reading it is what refuses nonsense)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is not an address: {error}.") from None
        if parts.scheme not in schemes:
            raise ImproperlyConfigured(
                f"{name} must start with one of {', '.join(f'{s}://' for s in sorted(schemes))}."
            )
        if not (parts.netloc or parts.path.strip("/")):
            raise ImproperlyConfigured(f"{name} names no host: {parts.scheme}://HOST.")
        return value

    def email(self, name: str) -> Mailer:
        """A mail server from ``smtps://user:password@host:465``, or ``smtp://``, which turns to TLS where it signs in."""
        parts = urlsplit(self.url(name, "", {"smtp", "smtps"}))
        if not parts.scheme:
            return Mailer()
        if not parts.hostname:
            raise ImproperlyConfigured(f"{name} names no host: {parts.scheme}://HOST.")
        ssl, user = parts.scheme == "smtps", unquote(parts.username or "")
        return Mailer(
            host=parts.hostname,
            port=parts.port or (465 if ssl else 587 if user else 25),
            user=user,
            password=unquote(parts.password or ""),
            ssl=ssl,
            starttls=not ssl and bool(user),
        )

    def database(self, name: str, default: str) -> dict[str, object]:
        """A Django database setting from ``postgresql://user:password@host:port/name?option=value``.

        A socket folder is given as ``?host=/folder``.
        """
        parts = urlsplit(self.url(name, default, {"postgresql", "postgres"}))
        if len(parts.path) < 2:
            raise ImproperlyConfigured(f"{name} names no database: postgresql://user@host:5432/NAME.")
        try:
            options: dict[str, str] = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError:
            raise ImproperlyConfigured(f"{name} has options that are not of the form ?option=value.") from None
        try:
            port = int(options.pop("port", "5432"))
        except ValueError:
            raise ImproperlyConfigured(f"{name} has a port that is not a number.") from None
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or options.pop("user", "")),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
            "PORT": str(parts.port or port),
            "OPTIONS": options,
        }
