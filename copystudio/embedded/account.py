"""The operating-system account that PostgreSQL runs as: it refuses to run as root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from copystudio.embedded import EmbeddedError


@dataclass(frozen=True)
class Account:
    """Numbers of a user and its group; ``switch`` says whether a process has to change to it first."""

    uid: int
    gid: int
    switch: bool

    def can_enter(self, folder: Path) -> bool:
        """Whether this account may pass through ``folder`` and everything above it, as far as it exists."""
        for step in (folder, *folder.parents):
            try:
                state = step.stat()
            except FileNotFoundError:
                continue
            except PermissionError:
                return False
            shift = 6 if state.st_uid == self.uid else 3 if state.st_gid == self.gid else 0
            if not state.st_mode >> shift & 0o1:
                return False
        return True

    def own(self, path: Path) -> None:
        """Hand ``path`` itself (not what is in it) to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)


def server_account(data: Path) -> Account:
    """Who runs PostgreSQL over ``data``: ourselves, or, when we are root, the owner of existing data, else an
    unprivileged account that every system has.

    Raises EmbeddedError when the data belong to somebody else and we are not root.
    """
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise EmbeddedError(
                f"{data} belongs to {_name(owner.st_uid)}, not to {_name(os.geteuid())}.",
                hint="Start Copy Studio as the user who started it first (or as root), or choose another STUDIO_VAR.",
            )
        return Account(os.geteuid(), os.getegid(), switch=False)
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, switch=True)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, switch=True)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody'.",
        hint="Start Copy Studio as an ordinary user.",
    )


def _name(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"
