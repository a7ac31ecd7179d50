"""What the README says about starting and operating is true."""

from __future__ import annotations

import re

from copystudio.supervisor.config import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_make_target_that_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    assert named >= {"run", "test", "password"}
    assert named <= targets


def test_every_management_command_that_it_names_exists() -> None:
    from django.core.management import get_commands

    assert set(re.findall(r"manage\.py (\w+)", README)) <= set(get_commands())


def test_every_variable_that_is_read_stands_in_the_table() -> None:
    sources = [ROOT / "copystudio" / "settings.py", ROOT / "copystudio" / "supervisor" / "config.py"]
    read = {name for path in sources for name in re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', path.read_text())}
    table = set(re.findall(r"`([A-Z][A-Z_]+)`", README))
    assert read - table == set()


def test_every_variable_of_the_table_is_read() -> None:
    table = README.split("### Variables", 1)[1].split("\n## ", 1)[0]
    named = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([A-Z_]{4,})`", row.split("|")[1])
    }
    code = "".join(path.read_text() for path in (ROOT / "copystudio").rglob("*.py"))
    assert named
    assert {name for name in named if f'"{name}"' not in code} == set()
