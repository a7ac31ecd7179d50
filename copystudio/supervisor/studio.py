"""The supervisor: starts everything in order, keeps it running, and ends it in order within five seconds.

One thread and one loop: PR_SET_PDEATHSIG watches the thread that forked, and a fork is only safe without threads.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

from copystudio.embedded import DISK_FULL, EmbeddedError, failure
from copystudio.embedded.places import make_folders
from copystudio.embedded.postgres import Postgres
from copystudio.embedded.standalone import Server
from copystudio.embedded.valkey import Valkey
from copystudio.supervisor.child import Child
from copystudio.supervisor.config import Config
from copystudio.supervisor.console import Console
from copystudio.supervisor.programs import Plan, Program
from copystudio.supervisor.welcome import answers, welcome
from generation.engine.starter import is_prepared

SERVER_PATIENCE = 120.0  # seconds; recovery after a crash may take a while
WEB_TRIES = 4  # failed starts of the web process before the first page, then we give up
STOP_PROGRAMS = 3.2  # seconds for web and workers; of five in all
STOP_ALL = 4.6
MODEL_DELAY = 300.0  # seconds between tries at the starter model, in the end
TICK = 0.5


class Stopping(Exception):  # noqa: N818 (no error: somebody asked)
    """Somebody asked us to end."""


class Studio:
    def __init__(self, config: Config, console: Console, plan: Plan) -> None:
        self.config = config
        self.plan = plan
        self.console = console
        self.servers: dict[str, tuple[Server, Child]] = {}
        self.children: dict[str, Child] = {}
        self.model: Child | None = None
        self.asked = 0  # how often somebody asked us to end
        self.disk_full_said = 0.0
        self.selector = selectors.DefaultSelector()

    # -- life --------------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Run until asked to end. Returns the exit status; raises EmbeddedError when the start fails."""
        began = time.monotonic()
        with self._signals():
            try:
                model_is_new = not is_prepared(self.config.model_root)
                self._start_model()
                self._start_servers()
                self._run_setup()
                self._start_programs()
                self._wait(self._web_answers, "web")
                welcome(self.config, self.console, seconds=time.monotonic() - began, model_is_new=model_is_new)
                while True:
                    self._tick(TICK)
            except Stopping:
                return 0
            finally:
                self._stop()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.selector.register(read, selectors.EVENT_READ)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only so that the loop wakes up
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            self.selector.close()
            os.close(read)
            os.close(write)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked += 1

    # -- start -------------------------------------------------------------------------------------------------------

    def _start_servers(self) -> None:
        config = self.config
        wanted: list[type[Postgres] | type[Valkey]] = []
        wanted += [Postgres] if config.own_database else []
        wanted += [Valkey] if config.own_broker else []
        if wanted:
            make_folders(config.where)
        if config.own_database and config.where.base != config.where.var:
            self.console.say(
                f"Data of PostgreSQL are in {config.where.base}: {config.where.var} is closed to its user."
            )
        for kind in wanted:
            made = kind(config.where)
            made.prepare()
            self._check_asked()
            child = Child(made.name, made.launch())
            self.servers[made.name] = (made, child)
            self._start(child)
        for server, child in self.servers.values():
            self._wait_for_server(server, child)
            server.create_database()

    def _wait_for_server(self, server: Server, child: Child) -> None:
        limit = time.monotonic() + SERVER_PATIENCE
        while not server.is_ready(child.pid):
            self._tick(0.02, restart=False)
            if not child.running or time.monotonic() > limit:
                raise failure(f"{server.name} did not start", "\n".join(child.tail))

    def _run_setup(self) -> None:
        """Migrations, the first admin, the demonstration."""
        child = self._child(self.plan.setup)
        self._start(child)
        self.children[child.name] = child
        self._wait(lambda: not child.running, child.name, restart=False)
        del self.children[child.name]
        self._finish(child)
        if child.process and child.process.returncode:
            raise failure(
                "The database could not be prepared; the lines above say why", child.tail[-1] if child.tail else ""
            )

    def _start_model(self) -> None:
        """The starter model needs no server: it is made ready from the first moment on, behind everything else in
        priority, and the pages do not wait for it.
        """
        self.model = self._child(self.plan.model)
        self.model.longest_delay = MODEL_DELAY
        self._start(self.model)

    def _start_programs(self) -> None:
        for program in self.plan.programs:
            child = self._child(program)
            self.children[child.name] = child
            if not program.needs_model:
                self._start(child)

    def _child(self, program: Program) -> Child:
        return Child(program.name, program.launch(self.config))

    def _start(self, child: Child) -> None:
        child.start()
        descriptor = child.descriptor()
        if descriptor is not None:
            self.selector.register(descriptor, selectors.EVENT_READ, child)

    # -- the loop ----------------------------------------------------------------------------------------------------

    def _wait(self, condition: Callable[[], bool], name: str, *, restart: bool = True) -> None:
        """Run the loop until the condition holds. A server that ends meanwhile is a failed start."""
        while not condition():
            self._tick(0.1, restart=restart)
            for server, child in self.servers.values():
                if not restart and not child.running:
                    raise failure(f"{server.name} ended during {name}", "\n".join(child.tail))

    def _web_answers(self) -> bool:
        if self.children["web"].failures >= WEB_TRIES:
            raise EmbeddedError("The web process does not stay up; the lines above say why.")
        return answers(self.config)

    def _check_asked(self) -> None:
        if self.asked:
            raise Stopping

    def _tick(self, timeout: float, *, restart: bool = True) -> None:
        """One turn: show output, notice what ended, start what is due. Raises Stopping once asked to end."""
        self._pump(timeout)
        self._check_asked()
        if restart:
            self._watch_servers()
            self._watch_model()
            for child in self.children.values():
                self._watch(child)

    def _pump(self, timeout: float) -> None:
        for key, _ in self.selector.select(timeout):
            if isinstance(key.data, Child):
                self._show(key.data)
            else:
                with contextlib.suppress(BlockingIOError):
                    os.read(key.fd, 4096)

    def _show(self, child: Child) -> None:
        descriptor = child.descriptor()
        lines = child.read()
        if child.descriptor() is None and descriptor is not None:
            self.selector.unregister(descriptor)
        for line in lines:
            self._print(child, line)

    def _print(self, child: Child, line: str) -> None:
        if not line.strip() or "vm.overcommit_memory" in line:
            return
        self.console.line(child.name, line)
        if DISK_FULL in line and time.monotonic() - self.disk_full_said > 60:
            self.disk_full_said = time.monotonic()
            self.console.say("The disk is full. Nothing that was saved is lost; free some space and work goes on.")

    def _finish(self, child: Child) -> None:
        descriptor = child.descriptor()
        if descriptor is not None:
            self.selector.unregister(descriptor)
        for line in child.ended():
            self._print(child, line)

    def _watch(self, child: Child) -> bool:
        """Restart one program when it ended. Returns whether it was (re)started now."""
        if child.process is None:
            return False
        if child.due is not None:
            if time.monotonic() < child.due:
                return False
            self._start(child)
            return True
        if not child.running:
            self._finish(child)
            delay = child.schedule_restart()
            self.console.say(f"{child.name} ended ({_reason(child)}); it starts again in {delay:g} s.")
        return False

    def _watch_servers(self) -> None:
        for server, child in self.servers.values():
            if child.due is not None and time.monotonic() >= child.due:
                try:
                    server.prepare()
                except EmbeddedError as error:
                    self.console.say(f"{error} {error.hint}")
                    child.schedule_restart()
                    continue
            self._watch(child)

    def _watch_model(self) -> None:
        """Once the model is ready, the workers that need it start; if it could not be had, try again later."""
        child = self.model
        if child is None:
            return
        if child.due is None and not child.running and child.process and child.process.returncode == 0:
            self._finish(child)
            self.model = None
            for waiting in self.children.values():
                if waiting.process is None:
                    self._start(waiting)
            return
        if child.due is None and not child.running:
            self.console.say("The starter model could not be made ready. The pages work; generation waits for it.")
        self._watch(child)

    # -- stop --------------------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        """Web, workers and schedule first, then Valkey, then PostgreSQL. A second request kills at once."""
        began, patience = time.monotonic(), self.asked
        self.console.say("Stopping.")
        first = [child for child in (*self.children.values(), self.model) if child is not None]
        self._end(first, began + STOP_PROGRAMS, patience, signal.SIGKILL)
        for name, hard in (("valkey", Valkey.stop_hard), ("postgres", Postgres.stop_hard)):
            if name in self.servers:
                self._end([self.servers[name][1]], began + STOP_ALL, patience, hard)
        self.console.say(f"Stopped in {time.monotonic() - began:.1f} s.")

    def _end(self, group: list[Child], limit: float, patience: int, hard: signal.Signals) -> None:
        for child in group:
            child.ask_to_end()
        while any(child.running for child in group) and time.monotonic() < limit and self.asked <= patience:
            self._pump(0.05)
        for child in group:
            if child.running:
                child.kill(hard)
        last = time.monotonic() + 0.4
        while any(child.running for child in group) and time.monotonic() < last:
            self._pump(0.02)
        for child in group:
            if child.process is not None:
                child.kill()
                self._finish(child)


def _reason(child: Child) -> str:
    code = child.process.returncode if child.process else 0
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
