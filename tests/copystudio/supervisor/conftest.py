"""A studio in a process of its own, over fake programs and no servers unless a test wants them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copystudio.embedded.places import places
from copystudio.supervisor.config import ROOT

OUTSIDE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "BROKER_URL": "redis://127.0.0.1:1/0",
    "CACHE_URL": "redis://127.0.0.1:1/1",
}


class RunningStudio:
    """One start, its terminal, and what a person at it would do."""

    def __init__(self, var: Path, *, port: int, plan: dict[str, str], environment: dict[str, str]) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("STUDIO_", "TEST_", "DJANGO_"))}
        inherited = {k: v for k, v in inherited.items() if k not in OUTSIDE}
        self.port = port
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.copystudio.supervisor.fake_studio"],
            cwd=ROOT,
            env={**inherited, "STUDIO_VAR": str(var), "STUDIO_PORT": str(port), "FAKE_PLAN": json.dumps(plan)}
            | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def screen(self) -> str:
        return "\n".join(self.lines)

    def sees(self, pattern: str, *, seconds: float = 30.0) -> str:
        limit = time.monotonic() + seconds
        while not (found := re.search(pattern, self.screen)):
            if self.process.poll() is not None and not self.reader.is_alive():
                found = re.search(pattern, self.screen)
                if found:
                    break
                raise AssertionError(f"ended without {pattern!r}:\n{self.screen}")
            if time.monotonic() > limit:
                raise AssertionError(f"no {pattern!r} after {seconds} s:\n{self.screen}")
            time.sleep(0.02)
        return found.group(0)

    def pid_of(self, name: str) -> int:
        """The process id that a fake program printed as ``pid N``; the latest."""
        self.sees(rf"{name} +\| pid \d+")
        return int(re.findall(rf"{name} +\| pid (\d+)", self.screen)[-1])

    def stop(self, sent: signal.Signals = signal.SIGINT) -> float:
        """Seconds until it ended after one signal."""
        began = time.monotonic()
        self.process.send_signal(sent)
        self.process.wait(30)
        self.reader.join(5)
        return time.monotonic() - began

    def wait(self, seconds: float = 30.0) -> int:
        status = self.process.wait(seconds)
        self.reader.join(5)
        return status


@pytest.fixture
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="copystudio-supervisor-"))
    folder.chmod(0o711)
    yield folder / "var"
    where = places(folder / "var")
    for path in (folder, where.run):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


StartStudio = Callable[..., RunningStudio]


@pytest.fixture
def start(var: Path, free_port: int) -> Iterator[StartStudio]:
    with contextlib.ExitStack() as stack:

        def begin(
            plan: dict[str, str] | None = None, *, own_servers: bool = False, **environment: str
        ) -> RunningStudio:
            servers = {} if own_servers else OUTSIDE
            studio = RunningStudio(var, port=free_port, plan=plan or {}, environment={**servers, **environment})
            stack.callback(_end, studio.process)
            return studio

        yield begin


def _end(process: subprocess.Popen[str]) -> None:
    """Ctrl-C twice, so that nothing is left of what the programs started; a kill if even that is not heard."""
    for _ in range(2):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.3)
    try:
        process.wait(6)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
