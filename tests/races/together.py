"""Doing two things at the same time, in processes of their own, on the same database."""

from __future__ import annotations

import multiprocessing
import random
import time
import traceback
from collections.abc import Callable
from typing import Any

from django.db import connections

fork = multiprocessing.get_context("fork")
Step = Callable[[int], str]
LONGEST_PAUSE = 0.004  # seconds; lets either side come first


def _repeat(step: Step, times: int, barrier: Any, answers: Any, seed: int) -> None:
    connections.close_all()  # the parent's connection must not be shared
    pauses = random.Random(seed)
    found: list[str] = []
    try:
        for turn in range(times):
            barrier.wait(timeout=60)
            time.sleep(pauses.random() * LONGEST_PAUSE)
            found.append(step(turn))
    except Exception:  # whatever it was, the parent shows it among the answers
        barrier.abort()
        found.append(traceback.format_exc())
    connections.close_all()
    answers.put((seed, found))


def side_by_side(first: Step, second: Step, *, times: int) -> list[tuple[str, str]]:
    """Run ``first(n)`` and ``second(n)`` at once for every n below ``times``; returns what each pair answered."""
    connections.close_all()
    barrier, answers = fork.Barrier(2), fork.Queue()
    workers = [
        fork.Process(target=_repeat, args=(step, times, barrier, answers, seed))
        for seed, step in enumerate([first, second])
    ]
    for worker in workers:
        worker.start()
    found = dict(answers.get(timeout=240) for _ in workers)
    for worker in workers:
        worker.join(timeout=30)
    for answered in found.values():
        assert len(answered) == times and "Traceback" not in answered[-1], answered[-1]
    return list(zip(found[0], found[1], strict=True))
