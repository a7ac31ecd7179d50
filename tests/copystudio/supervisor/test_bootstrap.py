"""The shell script that makes the virtual environment, with a Python that pretends to be one and counts pip calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from copystudio.supervisor.config import ROOT

TOOLS = ("sh", "dirname", "id", "cat", "df", "awk", "rm", "flock", "mkdir", "chmod")
PYTHON = """#!/bin/sh
# {version}: answers for its version, makes a venv whose pip only writes down that it was called
case "$*" in
*version_info*) echo {version} ;;
*ensurepip*) exit {venv_missing} ;;
"-m venv "*) mkdir -p .venv/bin && cat "$0" >.venv/bin/python && chmod +x .venv/bin/python ;;
"-m pip "*) echo "$*" >>pip.log; exit "${{PIP_STATUS:-0}}" ;;
*) exec {real} "$@" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "copystudio" / "supervisor").mkdir(parents=True)
    (root / "tests").mkdir()
    shutil.copy(ROOT / "copystudio" / "supervisor" / "bootstrap.sh", root / "copystudio" / "supervisor")
    (root / "requirements.txt").write_text("django==5.2.19\n")
    (root / "tests" / "requirements.txt").write_text("-r ../requirements.txt\npytest==9.2.0\n")
    return root


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that is the whole PATH: only what a test puts there exists."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    return folder


def put(machine: Path, name: str, *, version: str = "3.11", venv_missing: int = 0) -> None:
    program = machine / name
    program.write_text(PYTHON.format(version=version, venv_missing=venv_missing, real=sys.executable))
    program.chmod(0o755)


def put_make(machine: Path) -> None:
    (machine / "make").symlink_to("/bin/true")


def run(checkout: Path, machine: Path, kind: str = "run", **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        ["/bin/sh", "copystudio/supervisor/bootstrap.sh", kind],
        cwd=checkout,
        env={"PATH": str(machine), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def pip_calls(checkout: Path) -> list[str]:
    log = checkout / "pip.log"
    return log.read_text().splitlines() if log.exists() else []


def test_a_bare_machine_is_told_everything_that_is_missing_in_one_line(checkout: Path, machine: Path) -> None:
    status, screen = run(checkout, machine)
    assert status == 1
    assert "Missing on this machine: python3.11 make" in screen
    assert "apt-get install python3.11 python3.11-venv make" in screen


def test_another_python_is_named(checkout: Path, machine: Path) -> None:
    put(machine, "python3", version="3.13")
    put_make(machine)
    status, screen = run(checkout, machine)
    assert status == 1
    assert "needs Python 3.11 (here python3 is 3.13)" in screen


def test_a_python_without_venv_is_told_the_package(checkout: Path, machine: Path) -> None:
    put(machine, "python3.11", venv_missing=1)
    put_make(machine)
    status, screen = run(checkout, machine)
    assert status == 1
    assert "Missing on this machine: venv" in screen
    assert "apt-get install python3.11-venv\n" in screen


def test_a_chosen_python_of_the_wrong_version_is_refused(checkout: Path, machine: Path) -> None:
    put(machine, "python3.11")
    put(machine, "other", version="3.12")
    put_make(machine)
    status, screen = run(checkout, machine, PYTHON="other")
    assert status == 1
    assert "PYTHON=other is 3.12" in screen


@pytest.fixture
def ready(machine: Path) -> Path:
    put(machine, "python3.11")
    put_make(machine)
    return machine


def test_everything_is_installed_in_one_pip_call(checkout: Path, ready: Path) -> None:
    status, screen = run(checkout, ready)
    assert status == 0, screen
    assert len(pip_calls(checkout)) == 1
    assert pip_calls(checkout)[0].endswith("-r requirements.txt")


def test_a_second_start_installs_nothing(checkout: Path, ready: Path) -> None:
    run(checkout, ready)
    status, screen = run(checkout, ready)
    assert (status, screen) == (0, "")
    assert len(pip_calls(checkout)) == 1


def test_changed_requirements_are_installed(checkout: Path, ready: Path) -> None:
    run(checkout, ready)
    (checkout / "requirements.txt").write_text("django==5.2.20\n")
    run(checkout, ready)
    assert len(pip_calls(checkout)) == 2


def test_what_tests_need_includes_what_running_needs(checkout: Path, ready: Path) -> None:
    run(checkout, ready, "test")
    run(checkout, ready, "run")
    assert [call.split()[-1] for call in pip_calls(checkout)] == ["tests/requirements.txt"]


def test_torch_can_come_from_another_index(checkout: Path, ready: Path) -> None:
    run(checkout, ready, TORCH_INDEX="https://torch.invalid/cpu")
    assert "--extra-index-url https://torch.invalid/cpu" in pip_calls(checkout)[0]


def test_a_failed_pip_says_so_and_is_done_again_from_the_beginning(checkout: Path, ready: Path) -> None:
    status, screen = run(checkout, ready, PIP_STATUS="1")
    assert status == 1
    assert "could not be installed" in screen
    (checkout / ".venv" / "half-installed").touch()
    status, screen = run(checkout, ready)
    assert status == 0, screen
    assert len(pip_calls(checkout)) == 2
    assert not (checkout / ".venv" / "half-installed").exists()


def test_a_half_made_environment_is_made_again(checkout: Path, ready: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "pyvenv.cfg").touch()
    status, screen = run(checkout, ready)
    assert status == 0, screen
    assert "Making the virtual environment" in screen


def test_an_environment_of_another_python_is_made_again(checkout: Path, ready: Path) -> None:
    run(checkout, ready)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text(python.read_text().replace("echo 3.11", "echo 3.9"))
    (checkout / "requirements.txt").write_text("django==5.2.20\n")
    status, screen = run(checkout, ready)
    assert "Making the virtual environment" in screen
    assert status == 0


def test_two_at_once_install_once(checkout: Path, ready: Path) -> None:
    command = ["/bin/sh", "copystudio/supervisor/bootstrap.sh", "run"]
    both = [subprocess.Popen(command, cwd=checkout, env={"PATH": str(ready)}, stdout=subprocess.DEVNULL) for _ in "ab"]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(pip_calls(checkout)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_said(checkout: Path, ready: Path) -> None:
    checkout.chmod(0o555)
    try:
        status, screen = run(checkout, ready)
    finally:
        checkout.chmod(0o755)
    assert status != 0
    assert "cannot be written" in screen
