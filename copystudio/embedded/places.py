"""Where the embedded servers keep data and sockets. The answers depend on ``STUDIO_VAR`` alone, so that every
command finds the servers that another one started.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from copystudio.embedded import EmbeddedError
from copystudio.embedded.account import Account, server_account

SOCKET_LIMIT = 107  # bytes in sockaddr_un.sun_path, less the closing zero
LONGEST_NAME = len("/pg/.s.PGSQL.5432")
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")  # what needs no quoting in any of the URLs
SYSTEM_BASE = Path("/var/lib/copystudio")
MAJOR = 18
USER = DATABASE = "copystudio"


@dataclass(frozen=True)
class Places:
    """``base`` holds what the account of PostgreSQL must reach; it is ``var`` unless that lies behind a closed door."""

    var: Path
    base: Path
    run: Path

    @property
    def postgres_data(self) -> Path:
        return self.base / f"pg{MAJOR}"

    @property
    def postgres_socket(self) -> Path:
        return self.run / "pg"

    @property
    def valkey_data(self) -> Path:
        return self.var / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.run / "valkey.sock"

    @property
    def database_url(self) -> str:
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self.postgres_socket))}"

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self.valkey_socket}"

    @property
    def cache_url(self) -> str:
        return f"unix://{self.valkey_socket}?db=1"

    @property
    def account(self) -> Account:
        return server_account(self.postgres_data)


def places(var: Path) -> Places:
    """The places for the data folder ``var``. Nothing is created."""
    digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    base = var
    if os.geteuid() == 0 and not server_account(var / f"pg{MAJOR}").can_enter(var):
        base = SYSTEM_BASE / digest
    run = base / "run"
    if len(os.fsencode(run)) + LONGEST_NAME > SOCKET_LIMIT or not PLAIN.fullmatch(str(run)):
        run = Path("/tmp") / f"copystudio-{digest}"  # noqa: S108 (make_private refuses what is not ours)
    return Places(var=var, base=base, run=run)


def make_folders(where: Places) -> None:
    """Create the folders, each with the least rights that work: others pass through only where the account of
    PostgreSQL has to.
    """
    account = where.account
    if where.base.parent == SYSTEM_BASE:
        make_private(SYSTEM_BASE, mode=0o755)
    door = 0o711 if account.switch else 0o700
    for folder in (where.var, where.base, where.run):
        make_private(folder, mode=door)
    make_private(where.valkey_data, mode=0o700)
    make_private(where.postgres_socket, mode=0o700, account=account)


def make_private(folder: Path, *, mode: int, account: Account | None = None) -> None:
    """Create ``folder`` with ``mode``, for ``account``. Refuses a link, or a folder that somebody else put there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        state = folder.lstat()
        allowed = {os.geteuid()} | ({account.uid} if account else set())
        if not stat.S_ISDIR(state.st_mode) or (state.st_uid not in allowed and os.geteuid() != 0):
            raise EmbeddedError(f"{folder} belongs to somebody else.", hint="Remove it, or choose another STUDIO_VAR.")
        if account is not None:
            account.own(folder)
        folder.chmod(mode)
    except OSError as error:
        raise EmbeddedError(f"{folder} cannot be made: {error.strerror}.", hint="Choose another STUDIO_VAR.") from error
