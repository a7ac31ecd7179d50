"""Valkey over a Unix socket, append-only file in ``var/valkey``: broker (database 0) and cache (database 1)."""

from __future__ import annotations

import signal
import socket
import time

from copystudio.embedded import EmbeddedError
from copystudio.embedded.binaries import valkey_program
from copystudio.embedded.places import Places
from copystudio.embedded.process import Launch


class Valkey:
    """One server. ``unsafe`` keeps nothing on disk, for tests."""

    name = "valkey"
    stop_hard = signal.SIGKILL  # an append-only file that ends in the middle of a line is read up to there

    def __init__(self, where: Places, *, unsafe: bool = False) -> None:
        self.where = where
        self.unsafe = unsafe
        self.program = valkey_program()

    def prepare(self) -> None:
        """End a server that a killed supervisor left. The caller holds the lock, so nobody can be using it."""
        limit = time.monotonic() + 10
        while self._ask(b"PING") is not None:
            self._ask(b"SHUTDOWN")
            if time.monotonic() > limit:
                raise EmbeddedError(f"An older Valkey at {self.where.valkey_socket} does not end.")
            time.sleep(0.05)

    def launch(self) -> Launch:
        options = {
            "port": "0",
            "unixsocket": str(self.where.valkey_socket),
            "unixsocketperm": "700",
            "dir": str(self.where.valkey_data),
            "appendonly": "no" if self.unsafe else "yes",
            "save": "",
            "loglevel": "warning",
            # The cache may push out its own old entries; messages of the broker have no time limit and stay.
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-lru",
        }
        return Launch(
            args=[str(self.program), *(part for name, value in options.items() for part in (f"--{name}", value))],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            cwd=str(self.where.valkey_data),
        )

    def is_ready(self, pid: int) -> bool:
        """Whether the server takes commands: it answers an error while it still reads its file."""
        return self._ask(b"PING") == b"+PONG"

    def create_database(self) -> None:
        """Nothing to create: databases 0 and 1 are always there."""

    def _ask(self, command: bytes) -> bytes | None:
        """One inline command and the first line of its answer; None if nobody listens."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self.where.valkey_socket))
                connection.sendall(command + b"\r\n")
                return connection.recv(256).split(b"\r\n")[0]
        except OSError:
            return None
