"""The one event loop of a process: uvloop, ended in order by Ctrl-C and SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import uvloop

T = TypeVar("T")
COLLECTIONS: Final = (20_000, 50, 100)
"""How seldom Python looks for cycles: contexts have few, and a look at all costs with their number."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end; KeyboardInterrupt where a signal ended it, after everything in it was taken down."""
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        loop = runner.get_loop()
        task = loop.create_task(coroutine)
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
        try:
            return loop.run_until_complete(task)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        except KeyboardInterrupt:
            task.cancel()
            loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
            raise
