"""The readers of environment variables refuse nonsense and name the variable."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from copystudio.env import Env, Mailer


def read(value: str | None) -> Env:
    return Env({} if value is None else {"X": value})


@pytest.mark.parametrize("unset", [None, "", "  "])
def test_what_is_not_set_or_empty_is_the_default(unset: str | None) -> None:
    env = read(unset)
    assert env.text("X", "a") == "a"
    assert env.boolean("X", True) is True
    assert env.integer("X", 5, least=1, most=9) == 5
    assert env.words("X", ["a"]) == ["a"]
    assert env.choice("X", "a", {"a", "b"}) == "a"
    assert env.folder("X", Path("/var/a")) == Path("/var/a")
    assert env.url("X", "http://a", {"http"}) == "http://a"
    assert env.email("X") == Mailer()


@pytest.mark.parametrize(
    ("value", "meant"), [("1", True), ("Yes", True), (" on ", True), ("0", False), ("FALSE", False)]
)
def test_booleans_have_several_spellings(value: str, meant: bool) -> None:
    assert read(value).boolean("X", not meant) is meant


def test_words_are_separated_by_commas() -> None:
    assert read("a, b ,,c").words("X", []) == ["a", "b", "c"]


NONSENSE: list[tuple[str, Callable[[Env], Any]]] = [
    *[(value, lambda env: env.boolean("X", False)) for value in ("2", "maybe", "truee")],
    *[
        (value, lambda env: env.integer("X", 5, least=1, most=9))
        for value in ("0", "10", "-1", "5.0", "five", "0x5", "1e0", "0_5", "٥")
    ],
    ("c", lambda env: env.choice("X", "a", {"a", "b"})),
    ("A", lambda env: env.choice("X", "a", {"a", "b"})),
    *[(value, lambda env: env.folder("X", Path("/a"))) for value in ("var/data", "./var", "~nobody-here/var")],
    *[
        (value, lambda env: env.url("X", "", {"http", "https"}))
        for value in (
            "localhost:8000",
            "ftp://a",
            "http://",
            "https:///",
            "http://[::1",
            "http://a:port",
            "http://a:99999",
        )
    ],
    *[
        (value, lambda env: env.database("X", ""))
        for value in (
            "mysql://a/b",
            "sqlite:///file",
            "postgresql://a",
            "postgresql://a/",
            "postgresql://a:port/b",
            "postgresql://a:99999/b",
            "postgresql://a/b?sslmode",
            "postgresql:///b?port=x",
        )
    ],
    *[(value, lambda env: env.email("X")) for value in ("mail.example", "http://mail.example", "smtp://", "smtp:///x")],
]


@pytest.mark.parametrize(("value", "reader"), NONSENSE, ids=[value for value, _ in NONSENSE])
def test_nonsense_is_refused_naming_the_variable(value: str, reader: Callable[[Env], Any]) -> None:
    with pytest.raises(ImproperlyConfigured, match="X"):
        reader(read(value))


def test_a_password_is_never_part_of_the_refusal() -> None:
    for value in ("mysql://shop:hunter2@a/b", "postgresql://shop:hunter2@a:port/b", "postgresql://shop:hunter2@a"):
        with pytest.raises(ImproperlyConfigured) as refused:
            read(value).database("X", "")
        assert "hunter2" not in str(refused.value)


def test_a_database_address_becomes_a_django_setting() -> None:
    found = read("postgresql://shop:p%40ss@db.example:6543/copy?sslmode=require").database("X", "")
    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "copy",
        "USER": "shop",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "6543",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_database_may_be_behind_a_socket() -> None:
    found = read("postgresql:///copy?host=/run/postgresql&port=5433&user=shop").database("X", "")
    assert (found["HOST"], found["PORT"], found["USER"]) == ("/run/postgresql", "5433", "shop")
    assert found["OPTIONS"] == {}


def test_sockets_and_addresses_with_numbers_are_addresses() -> None:
    for value in ("unix:///run/valkey.sock", "redis://[::1]:6379/0", "redis+socket:///run/valkey.sock"):
        assert read(value).url("X", "", {"unix", "redis", "redis+socket"}) == value


@pytest.mark.parametrize(
    ("value", "mailer"),
    [
        ("smtps://me:p%40ss@mail.example", Mailer("mail.example", 465, "me", "p@ss", ssl=True)),
        ("smtp://me:pass@mail.example", Mailer("mail.example", 587, "me", "pass", starttls=True)),
        ("smtp://me:pass@mail.example:2525", Mailer("mail.example", 2525, "me", "pass", starttls=True)),
        ("smtp://localhost", Mailer("localhost", 25)),
    ],
)
def test_a_mail_server_gets_a_password_only_with_encryption(value: str, mailer: Mailer) -> None:
    found = read(value).email("X")
    assert found == mailer
    assert found.ssl or found.starttls or not found.password


@pytest.mark.parametrize(("value", "amount"), [("", "0"), ("0.15", "0.15"), ("12", "12")])
def test_an_amount_of_money_is_read_exactly(value: str, amount: str) -> None:
    assert Env({"X": value}).money("X") == Decimal(amount)


@pytest.mark.parametrize("value", ["-1", "1,5", "cheap", "1e3", "nan"])
def test_what_is_no_amount_of_money_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="X="):
        Env({"X": value}).money("X")
