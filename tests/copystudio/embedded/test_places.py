"""Where data and sockets are."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from copystudio.embedded import EmbeddedError
from copystudio.embedded.account import Account
from copystudio.embedded.places import SOCKET_LIMIT, make_folders, make_private, places
from copystudio.env import Env


def test_data_and_sockets_lie_in_the_data_folder(var: Path) -> None:
    where = places(var)
    assert where.postgres_data == var / "pg18"
    assert where.postgres_socket == var / "run" / "pg"
    assert where.valkey_socket == var / "run" / "valkey.sock"


@pytest.mark.parametrize("name", ["x" * 120, "with space", "per%cent", "plus+", "中文"])
def test_a_path_that_no_socket_or_url_can_carry_gets_a_short_folder(var: Path, name: str) -> None:
    where = places(var / name)
    longest = where.postgres_socket / ".s.PGSQL.5432"
    assert len(os.fsencode(longest)) <= SOCKET_LIMIT
    assert str(longest).isascii()
    assert " " not in str(longest)
    assert where.postgres_data == var / name / "pg18"


def test_every_command_finds_the_same_place(var: Path) -> None:
    assert places(var / ("x" * 120)) == places(var / ("x" * 120))
    assert places(var / ("x" * 120)).run != places(var / ("y" * 120)).run


def test_the_settings_read_the_database_url_back(var: Path) -> None:
    where = places(var)
    database = Env({"DATABASE_URL": where.database_url}).database("DATABASE_URL", "")
    assert database["HOST"] == str(where.postgres_socket)
    assert (database["USER"], database["NAME"]) == ("copystudio", "copystudio")


def test_only_the_owner_gets_into_the_socket_folder(var: Path) -> None:
    where = places(var)
    make_folders(where)
    assert stat.S_IMODE(where.postgres_socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(where.valkey_data.stat().st_mode) == 0o700
    assert stat.S_IMODE(where.run.stat().st_mode) in {0o700, 0o711}


def test_a_folder_that_is_a_link_is_refused(var: Path) -> None:
    var.mkdir()
    (var / "elsewhere").mkdir()
    (var / "run").symlink_to(var / "elsewhere")
    with pytest.raises(EmbeddedError):
        make_private(var / "run", mode=0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand folders to somebody else")
def test_a_closed_parent_moves_the_database_out_of_it_when_root(var: Path) -> None:
    var.mkdir(mode=0o700)
    where = places(var / "deep" / "var")
    assert where.base.parent == Path("/var/lib/copystudio")
    assert where.valkey_data == var / "deep" / "var" / "valkey"


def test_an_account_enters_only_where_its_class_may(var: Path) -> None:
    var.mkdir()
    stranger = Account(uid=64999, gid=64999, switch=True)
    var.chmod(0o711)
    assert stranger.can_enter(var)
    var.chmod(0o700)
    assert not stranger.can_enter(var)
    assert Account(uid=os.geteuid(), gid=os.getegid(), switch=False).can_enter(var)
