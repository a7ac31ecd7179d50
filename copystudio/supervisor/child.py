"""One supervised process: its output in lines, and when it may be started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field

from copystudio.embedded.process import Launch, signal_group, start

FIRST_DELAY = 0.5  # seconds before the first restart; doubles up to LONGEST_DELAY
LONGEST_DELAY = 30.0
HEALTHY_AFTER = 60.0  # seconds up after which earlier failures are forgotten
LONGEST_LINE = 16_384


@dataclass
class Child:
    """``failures`` counts ends in a row that nobody asked for."""

    name: str
    launch: Launch
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    longest_delay: float = LONGEST_DELAY
    failures: int = 0
    due: float | None = None
    rest: bytes = b""
    tail: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.process = start(self.launch, output=subprocess.PIPE)
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self.started, self.due, self.rest = time.monotonic(), None, b""
        self.tail.clear()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def descriptor(self) -> int | None:
        """What to wait on for output; None once it is closed."""
        stream = self.process.stdout if self.process else None
        return None if stream is None or stream.closed else stream.fileno()

    def read(self) -> list[str]:
        """The lines that are complete by now, without waiting."""
        descriptor = self.descriptor()
        if descriptor is None:
            return []
        lines: list[str] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                chunk = os.read(descriptor, 65_536)
                *whole, self.rest = (self.rest + chunk).split(b"\n")
                lines += [line.decode(errors="replace").rstrip("\r") for line in whole]
                if not chunk or len(self.rest) > LONGEST_LINE:
                    lines += [self.rest.decode(errors="replace")] if self.rest else []
                    self.rest = b""
                if not chunk:
                    self._close()
                    break
        self.tail = [*self.tail, *lines][-20:]
        return lines

    def _close(self) -> None:
        if self.process and self.process.stdout:
            self.process.stdout.close()

    def ended(self) -> list[str]:
        """To be called once when it has ended: ends what it left running, returns its last lines."""
        signal_group(self.pid, signal.SIGKILL)
        lines = self.read()
        self._close()
        return lines

    def schedule_restart(self) -> float:
        """Seconds until it should be started again: short first, longer each time."""
        now = time.monotonic()
        self.failures = 1 if now - self.started > HEALTHY_AFTER else self.failures + 1
        delay = min(self.longest_delay, FIRST_DELAY * 2.0 ** (self.failures - 1))
        self.due = now + delay
        return delay

    def ask_to_end(self) -> None:
        if self.running and self.process:
            self.process.send_signal(self.launch.stop)

    def kill(self, sent: signal.Signals = signal.SIGKILL) -> None:
        if self.running:
            signal_group(self.pid, sent)
