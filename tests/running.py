"""A whole studio for tests: a database of its own, the web server, the workers and the schedule, as processes."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from django.conf import settings

from tests.structure.source import ROOT

START_SECONDS = 60


@dataclass
class RunningStudio:
    """What a test needs to know of it. ``password`` is the first admin's, printed once at the first start."""

    folder: Path
    environment: dict[str, str]
    password: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, *args: str) -> subprocess.Popen[bytes]:
        """Start a process; what it prints goes to ``<folder>/<name>.log``."""
        with (self.folder / f"{name}.log").open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *args],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        return process

    def start_worker(self, name: str = "worker", queues: str = "default,generation") -> subprocess.Popen[bytes]:
        options = ["-Q", queues, "-n", f"{name}@%h", "-P", "prefork", "-c", "1", "-l", "INFO"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        return self.start(name, "-m", "celery", "-A", "copystudio.celery:app", "worker", *options, *quiet)

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self.start(
            "beat",
            "-m",
            "celery",
            "-A",
            "copystudio.celery:app",
            "beat",
            "--scheduler",
            "celery.beat:Scheduler",
            "--pidfile=",
        )

    def start_web(self) -> None:
        """Start the web server and wait until it answers; a second time on the port of the first."""
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        args = ["--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", str(self.port)]
        self.start("web", "-m", "granian", *args, "--blocking-threads", "4", "copystudio.wsgi:application")
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
            assert time.monotonic() < deadline, self.log("web")
            time.sleep(0.2)

    def kill(self, name: str) -> None:
        """kill -9 of a process with everything that it started."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def manage(self, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _connect() -> psycopg.Connection[tuple[object, ...]]:
    database = settings.DATABASES["default"]
    return psycopg.connect(
        host=database["HOST"] or None,
        port=database["PORT"],
        user=database["USER"] or None,
        password=database["PASSWORD"] or None,
        dbname="postgres",
        autocommit=True,
    )


def _database_url(name: str) -> str:
    database = settings.DATABASES["default"]
    host = f"host={database['HOST']}&port={database['PORT']}"
    secret = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    return f"postgresql://{database['USER']}{secret}@/{name}?{host}"


@contextlib.contextmanager
def running_studio(folder: Path, *, model_root: Path, model: str, **environment: str) -> Iterator[RunningStudio]:
    """A prepared studio without processes yet; whatever the test starts is ended, and its database removed."""
    name = f"studio_{uuid.uuid4().hex[:10]}"
    with _connect() as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    values = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "copystudio.settings",
        "STUDIO_STAGE": "local",
        "STUDIO_SECRET_KEY": uuid.uuid4().hex * 2,
        "STUDIO_VAR": str(folder),
        "DATABASE_URL": _database_url(name),
        "MODEL_ROOT": str(model_root),
        "STARTER_MODEL": model,
        "JOB_SWEEP_SECONDS": "2",
        "JOB_LEASE_SECONDS": "6",
        "JOB_HEARTBEAT_SECONDS": "1",
        "STUDIO_KEY_PREFIX": name,
        **environment,
    }
    studio = RunningStudio(folder=folder, environment=values, password="")
    try:
        said = studio.manage("studio_prepare", "--only", "database")
        found = re.search(r"one-time password: (\S+)", said)
        assert found, said
        studio.password = found[1]
        yield studio
    finally:
        for process in list(studio.processes):
            studio.kill(process)
        with _connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
