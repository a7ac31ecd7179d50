"""The container files agree with the code."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from copystudio.supervisor.config import ROOT, read_config
from copystudio.supervisor.programs import programs


def test_compose_runs_every_program_once(var: Path) -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    names = {program.name for program in programs(read_config({"STUDIO_VAR": str(var)}))}
    assert set(compose["services"]) == names | {"postgres", "valkey", "prepare"}
    for name in names:
        assert compose["services"][name]["command"] == [name]


def test_every_variable_of_the_container_files_is_read_by_the_code() -> None:
    code = "".join(path.read_text() for path in (ROOT / "copystudio").rglob("*.py"))
    text = (ROOT / "compose.yaml").read_text() + (ROOT / "Dockerfile").read_text()
    for variable in set(re.findall(r"\b(?:STUDIO|DATABASE|BROKER|CACHE)_[A-Z_]+\b", text)) - {"DATABASE_PASSWORD"}:
        assert f'"{variable}"' in code, variable


def test_the_image_takes_no_data_or_secrets_along() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "var"} <= set(ignored)
