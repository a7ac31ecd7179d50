"""Imports point one way: views, API, tasks and commands → services and selectors → models."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.structure.source import imports, module_name, python_files

FILES = [pytest.param(path, id=module_name(path)) for path in python_files()]
DJANGO_FREE = ("generation.engine", "campaigns.rules", "campaigns.stats", "campaigns.feeds")
OUTER = ("views", "api", "tasks", "management", "urls", "forms", "admin")
# what starts the whole: commands, the supervisor, the table of routes
STARTERS = ("copystudio.management", "copystudio.supervisor", "copystudio.urls")


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def own(names: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in {"copystudio", "generation", "campaigns"}}


@pytest.mark.parametrize("path", FILES)
def test_generation_never_imports_campaigns(path: Path) -> None:
    if within(module_name(path), "generation"):
        assert not [name for name in imports(path) if within(name, "campaigns")]


@pytest.mark.parametrize("path", FILES)
def test_the_ground_imports_neither_app(path: Path) -> None:
    name = module_name(path)
    if within(name, "copystudio") and not any(within(name, starter) for starter in STARTERS):
        assert not [found for found in imports(path) if within(found, "campaigns") or within(found, "generation")]


@pytest.mark.parametrize("path", FILES)
def test_the_pure_packages_know_no_django_and_not_each_other(path: Path) -> None:
    home = next((package for package in DJANGO_FREE if within(module_name(path), package)), None)
    if home is None:
        return
    found = imports(path)
    assert not [name for name in found if name.split(".")[0] in {"django", "rest_framework", "celery", "allauth"}]
    assert not [name for name in own(found) if not within(name, home)]


@pytest.mark.parametrize("path", FILES)
def test_services_selectors_and_models_know_nothing_of_what_calls_them(path: Path) -> None:
    parts = module_name(path).split(".")
    if len(parts) < 2 or parts[1] not in {"services", "selectors", "models"}:
        return
    for name in own(imports(path)):
        layer = [*name.split("."), ""][1]
        assert layer not in OUTER, f"{module_name(path)} imports {name}"
        if parts[1] == "models":
            assert layer not in {"services", "selectors"}, f"{module_name(path)} imports {name}"


@pytest.mark.parametrize("path", FILES)
def test_torch_is_imported_only_inside_the_engine(path: Path) -> None:
    heavy = {name for name in imports(path) if name.split(".")[0] in {"torch", "transformers", "peft"}}
    assert not heavy or within(module_name(path), "generation.engine")
