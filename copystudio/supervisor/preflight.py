"""What is checked before anything starts, so that the message is the last thing on the screen."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from copystudio.embedded import EmbeddedError
from copystudio.embedded.places import make_private
from copystudio.embedded.process import marked
from copystudio.supervisor.config import Config

FIRST_START_MB = 2500  # data folder, converted model, room to work
LATER_START_MB = 200


@contextlib.contextmanager
def lock_folder(config: Config) -> Iterator[None]:
    """Hold ``var/`` for this process. The kernel gives the lock back however we end."""
    var = config.where.var
    make_private(var, mode=0o711 if os.geteuid() == 0 else 0o700)
    try:
        descriptor = os.open(var / "studio.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(var, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
        os.close(descriptor)
        raise EmbeddedError(
            f"It already runs over {var}: {holder}.", hint="Stop that one first, or set STUDIO_VAR and STUDIO_PORT."
        ) from None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, {config.url}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def check_start(config: Config) -> None:
    """Everything that can be known before the first process starts. Raises EmbeddedError."""
    if sys.version_info[:2] != (3, 11):
        raise EmbeddedError(f"It needs Python 3.11; this is {sys.version.split()[0]}.", hint="Start it with make run.")
    end_leftovers(config)
    check_port(config.host, config.port)
    check_space(config)
    for name in ("static", "uploads"):
        make_private(config.where.var / name, mode=0o700)
    keep_secret_key(config)


def end_leftovers(config: Config) -> None:
    """Kill programs that a killed supervisor left (on Linux they normally die with it)."""
    limit = time.monotonic() + 5
    while left := marked(str(config.where.var)):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > limit:
            raise EmbeddedError(f"Programs of an earlier start do not end: {', '.join(map(str, left))}.")
        time.sleep(0.05)


def check_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise EmbeddedError(f"STUDIO_HOST={host}: {error.strerror}.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = f"make run STUDIO_PORT={port + 1 if port < 65535 else 8000}"
            raise EmbeddedError(
                f"Port {port} is in use by another program.", hint=f"Choose another: {other}"
            ) from error
        if error.errno == errno.EACCES:
            raise EmbeddedError(f"Port {port} is reserved for root.", hint="Choose one from 1024 up.") from error
        raise EmbeddedError(f"{host}:{port} cannot be used: {error.strerror}.", hint="Check STUDIO_HOST.") from error


def check_space(config: Config) -> None:
    first = config.own_database and not config.where.postgres_data.exists()
    need = FIRST_START_MB if first else LATER_START_MB
    free = shutil.disk_usage(config.where.base if config.where.base.exists() else config.where.var).free // 1_000_000
    if free < need:
        raise EmbeddedError(
            f"The disk of {config.where.base} is nearly full: {free} MB are free, {need} MB are needed.",
            hint="Free some space, or point STUDIO_VAR at another disk.",
            full=True,
        )


def keep_secret_key(config: Config) -> None:
    """Make the key that signs sessions, once. A key given by the environment is left alone."""
    given = config.environment
    if given.get("STUDIO_SECRET_KEY") or given.get("STUDIO_SECRET_KEY_FILE"):
        return
    file = config.secret_key_file
    if file.exists() and file.stat().st_size >= 50:
        return
    fresh = file.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(64))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    except OSError as error:
        raise _unwritable(file.parent, error) from error


def _unwritable(folder: Path, error: OSError) -> EmbeddedError:
    if error.errno == errno.ENOSPC:
        return EmbeddedError("The disk is full.", hint="Free some space and start again.", full=True)
    return EmbeddedError(f"{folder} cannot be written: {error.strerror}.", hint="Choose another STUDIO_VAR.")
