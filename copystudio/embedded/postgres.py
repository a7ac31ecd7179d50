"""PostgreSQL over a Unix socket, data in ``var/pg18``: made whole or not at all, and picked up after any crash."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from copystudio.embedded import EmbeddedError, failure
from copystudio.embedded.binaries import programs_for
from copystudio.embedded.places import DATABASE, MAJOR, USER, Places, make_private
from copystudio.embedded.process import Launch, is_alive

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    "log_min_error_statement": "fatal",  # statements carry what people wrote
    "log_timezone": "UTC",
    "timezone": "UTC",
}
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
NO_SUCH_PID = 2**22 + 1  # above Linux's highest
READY_LINE = 7  # of postmaster.pid, as pg_ctl reads it


class Postgres:
    """One cluster. ``unsafe`` gives up durability, for tests."""

    name = "postgres"
    stop_hard = signal.SIGQUIT

    def __init__(self, where: Places, *, unsafe: bool = False) -> None:
        self.where = where
        self.data = where.postgres_data
        self.account = where.account
        self.unsafe = unsafe
        self.programs = programs_for(self.account)

    # -- before the start --------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the cluster if there is none, and end a server that a killed supervisor left. Blocks for seconds."""
        if not self.data.exists():
            self._refuse_older_major()
            self._initialise()
        elif not (self.data / "PG_VERSION").is_file():
            raise EmbeddedError(
                f"{self.data} is not a PostgreSQL data folder.", hint="Move it away and start again, or restore it."
            )
        self.end_leftover()

    def _refuse_older_major(self) -> None:
        for other in self.where.base.glob("pg[0-9][0-9]"):
            if (other / "PG_VERSION").is_file():
                raise EmbeddedError(
                    f"The data in {other} were written by another major version of PostgreSQL.",
                    hint=f"Dump them with that version (pg_dump) and restore them into version {MAJOR}.",
                )

    def _initialise(self) -> None:
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        make_private(fresh, mode=0o700, account=self.account)
        # The locale matters: with "C" pg_trgm finds no word in Chinese text.
        command = [
            str(self.programs / "initdb"),
            *("-D", str(fresh), "-U", USER, "-E", "UTF8", "--locale=C.UTF-8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--auth-local=trust", "--auth-host=reject", "--no-instructions"),
            *(["--no-sync"] if self.unsafe else []),
        ]
        done = subprocess.run(  # noqa: S603 (our own path)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd="/",
            env=self._environment(),
            start_new_session=True,
            user=self.account.uid if self.account.switch else None,
            group=self.account.gid if self.account.switch else None,
            extra_groups=[] if self.account.switch else None,
        )
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise failure("PostgreSQL could not make its data folder", done.stdout)
        fresh.rename(self.data)

    def _postmaster(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def end_leftover(self, *, patience: float = 15.0) -> None:
        """End a server that still runs over these data. The caller holds the lock, so nobody can be using it."""
        pid = self._postmaster()
        if pid is None or not is_alive(pid):
            return
        if not self._is_ours(pid):
            self._disown()
            return
        for sent, seconds in ((signal.SIGINT, patience * 0.7), (signal.SIGQUIT, patience * 0.3)):
            os.kill(pid, sent)
            if _wait(lambda: not is_alive(pid), seconds):
                return
        raise EmbeddedError(f"An older PostgreSQL (process {pid}) does not end.", hint=f"End it: kill -INT {pid}")

    def _is_ours(self, pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.data.resolve()
        except PermissionError:
            return True
        except OSError:
            return not Path("/proc/self").exists()

    def _disown(self) -> None:
        """The number in postmaster.pid was given to another program meanwhile. PostgreSQL would refuse to start; the
        file itself stays, since it also names the shared memory that must not be in use.
        """
        file = self.data / "postmaster.pid"
        first, _, rest = file.read_text().partition("\n")
        file.write_text(f"{NO_SUCH_PID}\n{rest}" if first else "")

    # -- running -----------------------------------------------------------------------------------------------------

    def launch(self) -> Launch:
        settings = {**SETTINGS, "unix_socket_directories": str(self.where.postgres_socket)}
        if self.unsafe:
            settings |= UNSAFE
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Launch(
            args=[str(self.programs / "postgres"), "-D", str(self.data), *options],
            env=self._environment(),
            account=self.account,
            stop=signal.SIGINT,
            orphaned=signal.SIGINT,
        )

    def is_ready(self, pid: int) -> bool:
        """Whether the server with this process id takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > READY_LINE and lines[0] == str(pid) and lines[READY_LINE].strip() == "ready"

    def create_database(self) -> None:
        """Create the database if it is missing."""
        import psycopg

        try:
            with psycopg.connect(
                host=str(self.where.postgres_socket), user=USER, dbname="postgres", autocommit=True, connect_timeout=10
            ) as connection:
                found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
                if not found:
                    connection.execute(f'create database "{DATABASE}"')
        except psycopg.Error as error:
            raise failure("The database could not be created", str(error)) from error

    @staticmethod
    def _environment() -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True
