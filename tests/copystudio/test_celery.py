"""A task dies with its worker, however the worker ends."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from copystudio.celery import app
from copystudio.embedded.process import is_alive
from copystudio.supervisor.config import ROOT

QUEUE = "sleepy"


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def test_a_task_computes_no_more_once_its_worker_was_killed(tmp_path: Path) -> None:
    command = ["-m", "celery", "-q", "-A", "copystudio.celery:app", "worker", "-I", "tests.copystudio.sleepy"]
    worker = subprocess.Popen(
        [sys.executable, *command, "-Q", QUEUE, "-n", "sleepy@%h", "-P", "prefork", "-c", "1"], cwd=ROOT
    )
    try:
        pid_file = tmp_path / "pid"
        app.send_task("tests.sleep", args=[str(pid_file)], queue=QUEUE)
        assert wait(lambda: pid_file.exists() and bool(pid_file.read_text()), 60)
        child = int(pid_file.read_text())
        assert is_alive(child)
        worker.kill()
        worker.wait()
        assert wait(lambda: not is_alive(child), 5)
    finally:
        worker.kill()
        worker.wait()
