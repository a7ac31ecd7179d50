"""Starting processes that cannot outlive us, and finding those that did."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from copystudio.embedded.account import Account

PR_SET_PDEATHSIG = 1
MARK = "STUDIO_SUPERVISED"  # in the environment of every process of one data folder
_prctl = getattr(ctypes.CDLL(None), "prctl", None)  # Linux only; elsewhere children may outlive a killed parent


@dataclass(frozen=True)
class Launch:
    """How to start one program, and the signal that asks it to end."""

    args: list[str]
    env: Mapping[str, str]
    cwd: str = "/"
    account: Account | None = None
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGTERM  # what the kernel sends it when its parent dies
    nice: int = 0
    keep: tuple[int, ...] = field(default=())  # file descriptors that it inherits


def die_with_parent(sent: signal.Signals, parent: int) -> None:
    """Ask the kernel to send ``sent`` to this process when its parent ends; end now if it already has."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _before(launch: Launch) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        die_with_parent(launch.orphaned, parent)
        if launch.nice:
            os.nice(launch.nice)

    return prepare


def start(launch: Launch, *, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C reaches only us and its whole group can be signalled.

    The caller has to be a single-threaded process (``preexec_fn``), and its main thread has to live as long as the
    program should: the kernel watches the thread that forked.
    """
    account = launch.account if launch.account and launch.account.switch else None
    return subprocess.Popen(  # noqa: S603 (callers give fixed programs)
        launch.args,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=launch.cwd,
        env=dict(launch.env),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        umask=0o077,
        start_new_session=True,
        preexec_fn=_before(launch),
        pass_fds=launch.keep,
    )


def signal_group(pid: int, sent: signal.Signals) -> None:
    """Send ``sent`` to a process that ``start`` made and to everything that it started; fine if it is gone."""
    try:
        os.killpg(pid, sent)
    except (ProcessLookupError, PermissionError):
        return


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def marked(value: str) -> list[int]:
    """Process ids whose environment carries ``MARK=value``: what a killed supervisor left behind. Not ourselves."""
    wanted = os.fsencode(f"{MARK}={value}")
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        pid = int(entry.parent.name)
        try:
            if pid != os.getpid() and wanted in entry.read_bytes().split(b"\0"):
                found.append(pid)
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return found
