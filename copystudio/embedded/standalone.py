"""Both servers for the length of a ``with`` block: what the tests and one-off commands use."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from typing import Protocol

from copystudio.embedded import failure
from copystudio.embedded.places import Places, make_folders, places
from copystudio.embedded.postgres import Postgres
from copystudio.embedded.process import Launch, start
from copystudio.embedded.valkey import Valkey


class Server(Protocol):
    """What Postgres and Valkey have in common."""

    name: str

    def prepare(self) -> None: ...
    def launch(self) -> Launch: ...
    def is_ready(self, pid: int) -> bool: ...
    def create_database(self) -> None: ...


@contextlib.contextmanager
def running(server: Server, *, patience: float = 60.0) -> Iterator[Popen[bytes]]:
    """Run one server. Raises EmbeddedError with its last output when it does not come up."""
    server.prepare()
    launch = server.launch()
    with tempfile.TemporaryFile() as output:
        process = start(launch, output=output)
        try:
            limit = time.monotonic() + patience
            while not server.is_ready(process.pid):
                if process.poll() is not None or time.monotonic() > limit:
                    output.seek(0)
                    raise failure(f"{server.name} did not start", output.read()[-2000:].decode(errors="replace"))
                time.sleep(0.02)
            server.create_database()
            yield process
        finally:
            process.send_signal(launch.stop)
            try:
                process.wait(10)
            except TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def servers(var: Path, *, unsafe: bool = False) -> Iterator[Places]:
    """Run PostgreSQL and Valkey over the data folder ``var``; the result has their URLs."""
    where = places(var)
    make_folders(where)
    with running(Postgres(where, unsafe=unsafe)), running(Valkey(where, unsafe=unsafe)):
        yield where
