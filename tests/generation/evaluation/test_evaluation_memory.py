"""Memory that ran out, however the libraries say it, is said as such: of a training and of an evaluation."""

from __future__ import annotations

from typing import Any

import pytest

from copystudio.db import JobStatus
from generation.services import evaluation as measuring
from generation.services import train as training
from tests.generation.learning import active_of, evaluate, start
from tests.people import Cast


class OutOfMemoryError(RuntimeError):
    """Named as torch's is."""


ERRORS = [
    MemoryError(),
    OutOfMemoryError("the device is full"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"),
]


@pytest.mark.parametrize("error", ERRORS, ids=["python", "device", "allocator"])
def test_an_evaluation_says_so(shop: Cast, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def none(*args: Any, **values: Any) -> Any:
        raise error

    monkeypatch.setattr(measuring, "measure", none)
    evaluation = evaluate(shop, active_of(shop))
    assert (evaluation.status, evaluation.error_code, evaluation.error_params) == (JobStatus.FAILED, "memory", {})


@pytest.mark.parametrize("error", ERRORS, ids=["python", "device", "allocator"])
def test_a_training_says_so(shop: Cast, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def none(*args: Any) -> None:
        raise error

    monkeypatch.setattr(training, "_train", none)
    run = start(shop)
    training.training_execute(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code, run.error_params) == (JobStatus.FAILED, "memory", {})


def test_another_error_does_not(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*args: Any, **values: Any) -> Any:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(measuring, "measure", odd)
    evaluation = evaluate(shop, active_of(shop))
    assert (evaluation.error_code, evaluation.error_params) == ("unexpected", {"detail": "RuntimeError: shapes differ"})
