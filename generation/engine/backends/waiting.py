"""Wait for network work from ordinary code that wants to be asked whether to go on."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import wait
from typing import Any, TypeVar

from generation.engine.backends.base import OnStep
from generation.engine.errors import GenerationCancelledError

_POLL = 0.1  # seconds between two questions
_PATIENCE = 0.5  # seconds for what was cancelled to close its connections

Result = TypeVar("Result")


def wait_for(work: Callable[[], Coroutine[Any, Any, Result]], on_step: OnStep | None = None) -> Result:
    """What `work()` returns or raises, run on an event loop in a thread of its own. `on_step` is asked in the thread of
    the caller, where it may use a database; when it returns True, the work is cancelled, its connections are closed, so
    that the server stops too, and `GenerationCancelledError` is raised, all in well under a second."""
    _ask(on_step)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="model-server", daemon=True)
    thread.start()
    future = asyncio.run_coroutine_threadsafe(work(), loop)
    try:
        while not wait([future], timeout=_POLL).done:
            _ask(on_step)
        return future.result()
    finally:
        future.cancel()
        wait([asyncio.run_coroutine_threadsafe(_finished(), loop)], timeout=_PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=_PATIENCE)
        if not thread.is_alive():
            loop.close()


def _ask(on_step: OnStep | None) -> None:
    if on_step is not None and on_step():
        raise GenerationCancelledError("generation was cancelled")


async def _finished() -> None:
    """Until every other task of this loop has ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
