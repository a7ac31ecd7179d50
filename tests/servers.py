"""The servers of a test run.

Normally the run starts a PostgreSQL and a Valkey of its own in a temporary folder, without durability, and they die with
it. ``TEST_DATABASE_URL``, ``TEST_BROKER_URL`` and ``TEST_CACHE_URL`` name others instead.

``python -m tests.servers COMMAND…`` runs a command once with each set of production servers that answers on this
machine; `make test` does so for the tests marked ``servers`` when ``CI=true``.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import redis

from copystudio.embedded.places import make_folders, places
from copystudio.embedded.postgres import Postgres
from copystudio.embedded.process import is_alive
from copystudio.embedded.standalone import running
from copystudio.embedded.valkey import Valkey

PREFIX = "copystudio-tests-"
FOLDER = "TEST_STUDIO_VAR"  # set once the run has its folder and servers
WORKER = "TEST_STUDIO_WORKER"  # whose they are: each parallel worker of pytest-xdist has its own
OUTSIDE = {
    "PostgreSQL and Redis": {
        "TEST_DATABASE_URL": "postgresql://postgres@127.0.0.1:5432/postgres",
        "TEST_BROKER_URL": "redis://127.0.0.1:6379/9",
        "TEST_CACHE_URL": "redis://127.0.0.1:6379/10",
    },
    "PostgreSQL, RabbitMQ and Redis as cache": {
        "TEST_DATABASE_URL": "postgresql://postgres@127.0.0.1:5432/postgres",
        "TEST_BROKER_URL": "amqp://guest:guest@127.0.0.1:5672//",
        "TEST_CACHE_URL": "redis://127.0.0.1:6379/10",
    },
}
PORTS = {"PostgreSQL": 5432, "Redis": 6379, "RabbitMQ": 5672}
NO_TESTS = 5  # pytest's exit status when it collected nothing


def ensure() -> None:
    """Make a data folder, start what is not given, and set ``DATABASE_URL`` and its like for this process and all that
    it starts. A process that a test starts finds everything set and joins in.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if os.environ.get(WORKER) != worker:
        _start()
        os.environ[WORKER] = worker
        _share_cores(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    where = places(Path(os.environ[FOLDER]))
    os.environ["STUDIO_VAR"] = str(where.var)
    own = {"DATABASE_URL": where.database_url, "BROKER_URL": where.broker_url, "CACHE_URL": where.cache_url}
    for name, address in own.items():
        os.environ[name] = os.environ.get(f"TEST_{name}") or address


def _start() -> None:
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs under another account and has to pass
    where = places(folder / "var")
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    stack.callback(shutil.rmtree, where.run, ignore_errors=True)
    make_folders(where)
    if not os.environ.get("TEST_DATABASE_URL"):
        stack.enter_context(running(Postgres(where, unsafe=True)))
    if not (os.environ.get("TEST_BROKER_URL") and os.environ.get("TEST_CACHE_URL")):
        stack.enter_context(running(Valkey(where, unsafe=True)))
    os.environ[FOLDER] = str(where.var)


def _share_cores(workers: int) -> None:
    """Two processes that compute with all cores each are many times slower than one after the other."""
    if workers > 1:
        threads = str(max(1, (os.cpu_count() or 1) // workers))
        for name in ("OMP_NUM_THREADS", "GENERATION_THREADS", "TRAINING_THREADS"):
            os.environ.setdefault(name, threads)


def _sweep() -> None:
    """Remove the folders of test runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def main(command: list[str]) -> int:
    """Run ``command`` with each outside set. Nothing outside is touched unless CI=true says that it is ours."""
    if os.environ.get("CI") != "true":
        print("Tests on production servers: skipped (CI=true runs them, on the servers of this machine).")
        return 0
    away = [name for name, port in PORTS.items() if not _listens(port)]
    worst = 0
    for title, addresses in OUTSIDE.items():
        missing = [name for name in away if name in title]
        if missing:
            print(f"Tests on {title}: skipped, {' and '.join(missing)} does not answer on this machine.")
            continue
        print(f"Tests on {title}:", flush=True)
        for name in ("TEST_CACHE_URL", "TEST_BROKER_URL"):
            if addresses[name].startswith("redis"):
                redis.from_url(addresses[name]).flushdb()  # what an earlier run left
        status = subprocess.run(command, env={**os.environ, **addresses}).returncode
        worst = max(worst, 0 if status == NO_TESTS else status)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
