"""PostgreSQL: made whole or not at all, and picked up after any crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from copystudio.embedded import EmbeddedError, failure
from copystudio.embedded.places import Places, make_folders, places
from copystudio.embedded.postgres import Postgres
from copystudio.embedded.process import is_alive
from copystudio.embedded.standalone import running


@pytest.fixture
def where(var: Path) -> Places:
    found = places(var)
    make_folders(found)
    return found


def ask(where: Places, statement: str) -> object:
    with psycopg.connect(where.database_url, autocommit=True) as connection:
        answer = connection.execute(statement)
        row = answer.fetchone() if answer.description else None
        return row[0] if row else None


def test_the_database_is_there_and_speaks_chinese(where: Places) -> None:
    with running(Postgres(where, unsafe=True)):
        assert str(ask(where, "select current_setting('server_version')")).startswith("18.")
        assert ask(where, "select lower('ÄÖ')") == "äö"
        ask(where, "create extension pg_trgm")
        assert ask(where, "select cardinality(show_trgm('防水鞋'))") == 4
        assert ask(where, "select current_setting('data_checksums')") == "on"


def test_it_listens_on_no_network(where: Places) -> None:
    with running(Postgres(where, unsafe=True)):
        assert ask(where, "select current_setting('listen_addresses')") == ""


def test_rows_survive_a_killed_server(where: Places) -> None:
    with running(Postgres(where)) as process:
        ask(where, "create table kept (n int)")
        ask(where, "insert into kept values (7)")
        process.kill()
        process.wait()
    with running(Postgres(where)):
        assert ask(where, "select n from kept") == 7


def test_a_first_start_that_was_cut_off_is_made_again(where: Places) -> None:
    half = where.postgres_data.with_name("pg18.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with running(Postgres(where, unsafe=True)):
        assert ask(where, "select 1") == 1
    assert not half.exists()


def test_a_number_in_postmaster_pid_that_is_now_another_program_does_not_stop_the_start(where: Places) -> None:
    with running(Postgres(where, unsafe=True)):
        pass
    pid_file = where.postgres_data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{where.postgres_data}\n0\n5432\n\n\n\nready\n")
    if where.account.switch:
        # PostgreSQL takes over from a process of another user by itself: give it one of its own account.
        other = subprocess.Popen(["sleep", "60"], user=where.account.uid, cwd="/")
        pid_file.write_text(pid_file.read_text().replace(str(os.getpid()), str(other.pid), 1))
    else:
        other = None
    try:
        with running(Postgres(where, unsafe=True)):
            assert ask(where, "select 1") == 1
    finally:
        if other:
            other.kill()
            other.wait()


def test_a_server_that_was_left_running_is_ended_first(where: Places) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from copystudio.embedded.postgres import Postgres; from copystudio.embedded.places import places\n"
        "from copystudio.embedded.process import start; import dataclasses, signal, subprocess\n"
        "server = Postgres(places(Path(sys.argv[1])), unsafe=True); server.prepare()\n"
        "launch = dataclasses.replace(server.launch(), orphaned=signal.SIGCONT)\n"
        "process = start(launch, output=subprocess.DEVNULL)\n"
        "while not server.is_ready(process.pid): time.sleep(0.02)\n"
        "print(process.pid, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(where.var)], capture_output=True, text=True, check=True, timeout=60
    )
    left = int(done.stdout)
    assert is_alive(left)
    with running(Postgres(where, unsafe=True)) as process:
        assert process.pid != left
        assert not is_alive(left)


def test_it_ends_when_its_parent_is_killed(where: Places) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from copystudio.embedded.postgres import Postgres; from copystudio.embedded.places import places\n"
        "from copystudio.embedded.standalone import running\n"
        "with running(Postgres(places(Path(sys.argv[1])), unsafe=True)) as process:\n"
        "    print(process.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(where.var)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    limit = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not is_alive(pid)


def test_a_folder_that_is_not_a_cluster_is_left_alone(where: Places) -> None:
    where.postgres_data.mkdir()
    (where.postgres_data / "letter.txt").write_text("dear reader")
    with pytest.raises(EmbeddedError, match="not a PostgreSQL data folder"):
        Postgres(where).prepare()
    assert (where.postgres_data / "letter.txt").exists()


def test_data_of_another_major_version_are_not_touched(where: Places) -> None:
    (where.base / "pg17").mkdir()
    (where.base / "pg17" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="another major version") as caught:
        Postgres(where).prepare()
    assert "pg_dump" in caught.value.hint


def test_a_full_disk_is_named() -> None:
    error = failure("PostgreSQL did not start", "FATAL: could not write: No space left on device")
    assert error.full
    assert "disk is full" in str(error)
