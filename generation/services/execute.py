"""Working on a generation run: take a block, load the model, fill its items side by side, write each item whole.

An item's texts, its counters and the run's progress go in together under the block's fence, or not at all. What a killed
worker had not written yet is made again by the next one from the same seeds.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models.functions import Now

from copystudio.db import JobStatus
from copystudio.services.jobs import JobCancelledError, LeaseLostError, keeping
from generation.engine.errors import (
    EngineError,
    GenerationCancelledError,
    RemoteConnectionError,
    RemotePassingError,
    RemoteRateLimitError,
    RemoteRefusedError,
    RemoteServerError,
    RemoteTimeoutError,
    RemoteUnavailableError,
    is_out_of_memory,
)
from generation.models import GenerationBlock
from generation.services.block_work import BlockWork, TurnOverError
from generation.services.blocks import BlockKeeper, block_end, block_later, block_next, block_release, run_fail, tries
from generation.services.turn import compute_turn
from generation.services.writers import computes_here

# the code that a block waits for a model server with
AWAY: dict[type[RemotePassingError], str] = {
    RemoteRateLimitError: "server_busy",
    RemoteServerError: "server_failing",
    RemoteConnectionError: "server_unreachable",
    RemoteTimeoutError: "server_slow",
    RemoteUnavailableError: "server_left_alone",
}
log = logging.getLogger(__name__)


def run_execute(*, run_id: int) -> None:
    """Work on the next block, of whichever run has waited longest: ``run_id`` only says that there is work. Safe to call
    any number of times, in any number of workers."""
    with compute_turn() if computes_here() else nullcontext():
        block = block_next()
        if block is not None:
            _work(block)


def _work(block: GenerationBlock) -> None:
    try:
        _write(block)
    except LeaseLostError:
        log.warning("block %s was taken over by another worker", block)


def _write(block: GenerationBlock) -> None:
    """Write the block and end it, whatever comes. Raises LeaseLostError where it is another worker's by then."""
    try:
        with keeping(BlockKeeper(block)) as keeper:
            keeper.check()
            BlockWork(block, keeper).run()
        block_end(block, JobStatus.SUCCEEDED)
    except (LeaseLostError, OperationalError, InterfaceError):
        raise  # with the database away the lease runs out, and the block is taken up again
    except (TurnOverError, JobCancelledError, GenerationCancelledError):
        block_release(block)  # of a run that is cancelled it ends
    except RemoteRefusedError as error:
        _refused(block, error)
    except RemotePassingError as error:
        _later(block, error)
    except EngineError as error:
        run_fail(block, code="engine", detail=str(error))
    except Exception as error:
        if is_out_of_memory(error):
            block_end(block, JobStatus.FAILED, code="memory")
            return
        log.exception("block %s failed", block)
        block_end(block, JobStatus.FAILED, code="unexpected", detail=f"{type(error).__name__}: {error}")


def _refused(block: GenerationBlock, error: RemoteRefusedError) -> None:
    """The model server refused every prompt of the block; where it has taken none of the run's so far, it takes no other."""
    if block.items.count() > 1 and not block.run.items.filter(produced__gt=0).exists():
        run_fail(block, code="engine", detail=str(error))
    else:
        block_end(block, JobStatus.FAILED, code="engine", detail=str(error))


def _later(block: GenerationBlock, error: RemotePassingError) -> None:
    """The model server is away: the block waits, a minute and then five times as long, with what went wrong, and is tried as
    often as any job without a text in between."""
    block.refresh_from_db(fields=["max_attempts"])
    if block.attempt >= block.max_attempts:
        is_of_prompts = isinstance(error, RemoteServerError | RemoteTimeoutError)
        if is_of_prompts and block.run.items.filter(produced__gt=0).exists():  # others are answered
            block_end(block, JobStatus.FAILED, code="engine", detail=str(error))
        else:
            run_fail(block, code="engine", detail=str(error))
        return
    log.warning("block %s does without the model server for now: %s", block, error)
    pause = timedelta(seconds=2 * settings.JOB_LEASE_SECONDS * 5 ** (tries(block) - 1))
    block_later(
        block,
        lease_until=Now() + pause,
        error_code=AWAY.get(type(error), "server_away"),
        error_params={"detail": str(error)[:500]},
    )
