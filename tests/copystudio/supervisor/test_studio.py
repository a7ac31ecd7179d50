"""Starting, keeping up and ending a studio, with the real supervisor over fake programs."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

from copystudio.embedded.process import is_alive
from tests.copystudio.supervisor.conftest import StartStudio
from tests.copystudio.supervisor.fake_studio import SLEEP

PID = "import os, time\nprint('pid', os.getpid(), flush=True)\n"
STAYS = PID + "time.sleep(600)"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STAYS
PARENT = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print('pid', child.pid, flush=True)\n"
)


def gone(pid: int, *, seconds: float = 5.0) -> bool:
    limit = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def test_it_shows_the_address_when_pages_answer(start: StartStudio) -> None:
    studio = start()
    studio.sees(rf"Copy Studio is ready after \d+ s:  http://localhost:{studio.port}")
    studio.sees("Gemma Terms of Use")
    studio.sees("ai.google.dev/gemma/terms")


def test_lines_carry_the_name_of_their_program(start: StartStudio) -> None:
    start({"beat": "print('tick', flush=True)\nimport time\ntime.sleep(600)"}).sees(r"beat +\| tick")


def test_the_first_password_is_shown_once(start: StartStudio, var: Path) -> None:
    setup = (
        "import os, pathlib, json\nvar = pathlib.Path(os.environ['STUDIO_VAR'])\nmark = var / 'done'\n"
        "if not mark.exists():\n"
        "    (var / 'first-sign-in.json').write_text(json.dumps({'email': 'a@example.com', 'password': 'once-only'}))\n"
        "    mark.touch()\n"
    )
    first = start({"setup": setup})
    first.sees(r"Password +once-only")
    first.stop()
    assert not (var / "first-sign-in.json").exists()
    second = start({"setup": setup})
    second.sees("Copy Studio is ready")
    assert "once-only" not in second.screen


def test_ctrl_c_ends_everything_within_five_seconds(start: StartStudio) -> None:
    studio = start({"default": STAYS, "training": DEAF})
    pids = [studio.pid_of("default"), studio.pid_of("training")]
    studio.sees("Copy Studio is ready")
    assert studio.stop() < 5
    assert studio.process.returncode == 0
    assert all(gone(pid) for pid in pids)


def test_a_second_ctrl_c_does_not_wait(start: StartStudio) -> None:
    studio = start({"training": DEAF})
    pid = studio.pid_of("training")
    studio.sees("Copy Studio is ready")
    studio.process.send_signal(signal.SIGINT)
    studio.sees("Stopping")
    assert studio.stop() < 2
    assert gone(pid)


def test_a_program_that_ends_starts_again_and_waits_longer_each_time(start: StartStudio) -> None:
    studio = start({"default": "import sys\nsys.exit(3)"})
    studio.sees(r"default ended \(exit status 3\); it starts again in 0\.5 s")
    studio.sees(r"default ended .* again in 1 s")
    studio.sees(r"default ended .* again in 2 s")


def test_a_killed_program_takes_along_what_it_started(start: StartStudio) -> None:
    parent = "import os\nprint('parent', os.getpid(), flush=True)\n" + PARENT + "time.sleep(600)"
    studio = start({"default": parent})
    grandchild = studio.pid_of("default")
    main = int(studio.sees(r"parent \d+").split()[1])
    os.kill(main, signal.SIGKILL)
    assert gone(grandchild)
    studio.sees(r"default ended \(killed by SIGKILL\)")
    limit = time.monotonic() + 10
    while studio.pid_of("default") == grandchild and time.monotonic() < limit:
        time.sleep(0.05)
    assert studio.pid_of("default") != grandchild


def test_programs_die_with_a_killed_supervisor(start: StartStudio) -> None:
    studio = start({"default": STAYS})
    pid = studio.pid_of("default")
    studio.process.kill()
    assert gone(pid)


def test_what_a_killed_supervisor_left_is_ended_by_the_next_start(start: StartStudio) -> None:
    studio = start({"default": DEAF})
    pid = studio.pid_of("default")
    studio.sees("Copy Studio is ready")
    studio.process.kill()
    studio.process.wait()
    time.sleep(0.3)
    assert is_alive(pid)
    start().sees("Copy Studio is ready")
    assert gone(pid)


def test_two_starts_over_one_folder_end_with_a_message(start: StartStudio) -> None:
    first = start()
    first.sees("Copy Studio is ready")
    second = start()
    assert second.wait() == 1
    assert f"process {first.process.pid}" in second.screen
    assert "already runs" in second.screen


def test_a_busy_port_is_said_before_anything_starts(start: StartStudio, free_port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()
        studio = start({"setup": "print('started', flush=True)"})
        assert studio.wait() == 1
    assert f"Port {free_port} is in use" in studio.screen
    assert "make run STUDIO_PORT=" in studio.screen
    assert "started" not in studio.screen


def test_a_failing_setup_ends_the_start_with_its_reason(start: StartStudio) -> None:
    studio = start({"setup": "raise SystemExit('migration 7 does not apply')", "default": SLEEP})
    assert studio.wait() == 1
    assert "database could not be prepared" in studio.screen
    assert "migration 7 does not apply" in studio.screen
    assert "default " not in studio.screen


def test_a_web_process_that_never_comes_up_ends_the_start(start: StartStudio) -> None:
    studio = start({"web": "raise SystemExit('no such module')"})
    assert studio.wait(60) == 1
    assert "web process does not stay up" in studio.screen


def test_pages_do_not_wait_for_the_model_and_generation_does(start: StartStudio, var: Path) -> None:
    model = f"import pathlib, time\nwhile not pathlib.Path({str(var / 'go')!r}).exists(): time.sleep(0.05)"
    studio = start({"model": model, "generation": STAYS})
    studio.sees("Copy Studio is ready")
    time.sleep(1)
    assert "generation |" not in studio.screen
    (var / "go").touch()
    studio.pid_of("generation")


def test_a_model_that_cannot_be_had_is_said_and_tried_again(start: StartStudio) -> None:
    studio = start({"model": "raise SystemExit('wrong SHA-256')", "generation": STAYS})
    studio.sees("Copy Studio is ready")
    studio.sees("generation waits for it")
    studio.sees(r"model ended \(exit status 1\); it starts again in 1 s")
    assert "generation | pid" not in studio.screen


def test_a_full_disk_is_said_in_plain_words(start: StartStudio) -> None:
    studio = start({"default": "print('ERROR: No space left on device', flush=True)\n" + STAYS})
    studio.sees("The disk is full")


def test_a_stop_during_the_start_is_obeyed(start: StartStudio) -> None:
    studio = start({"setup": STAYS})
    pid = studio.pid_of("setup")
    assert studio.stop(signal.SIGTERM) < 5
    assert gone(pid)


def test_with_servers_of_its_own_it_comes_back_after_a_kill(start: StartStudio, var: Path) -> None:
    probe = (
        "import os, psycopg, redis\n"
        "with psycopg.connect(os.environ['DATABASE_URL'], autocommit=True) as database:\n"
        "    database.execute('create table if not exists starts (n int)')\n"
        "    database.execute('insert into starts values (1)')\n"
        "    print('start', database.execute('select count(*) from starts').fetchone()[0], flush=True)\n"
        "print('queued', redis.from_url(os.environ['CACHE_URL']).incr('queued'), flush=True)\n"
    )
    first = start({"setup": probe}, own_servers=True)
    first.sees("Copy Studio is ready")
    postgres = int((var / "pg18" / "postmaster.pid").read_text().split("\n")[0])
    first.process.kill()
    first.process.wait()
    second = start({"setup": probe}, own_servers=True)
    second.sees("start 2")
    second.sees("queued 2")
    second.sees("Copy Studio is ready")
    assert gone(postgres)
    assert second.stop() < 5
    assert not (var / "pg18" / "postmaster.pid").exists()


def test_a_killed_database_comes_back_by_itself(start: StartStudio, var: Path) -> None:
    studio = start({}, own_servers=True)
    studio.sees("Copy Studio is ready")
    file = var / "pg18" / "postmaster.pid"
    first = int(file.read_text().split("\n")[0])
    os.kill(first, signal.SIGKILL)
    studio.sees("postgres ended")
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        lines = file.read_text().split("\n") if file.exists() else []
        if len(lines) > 7 and lines[0] != str(first) and lines[7].strip() == "ready":
            break
        time.sleep(0.05)
    else:
        raise AssertionError(studio.screen)
