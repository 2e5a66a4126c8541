import asyncio
import gc
import os
import signal

import pytest

from freehold.app.loops import run


@pytest.fixture(autouse=True)
def collector():
    kept = gc.get_threshold()
    yield
    gc.set_threshold(*kept)
    gc.unfreeze()


def test_when_a_coroutine_ends_then_its_value_is_given():
    async def main():
        return 7

    assert run(main()) == 7


def test_when_a_coroutine_fails_then_its_error_is_raised():
    async def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_when_a_signal_ends_the_process_then_everything_is_taken_down_first(number):
    ended = []

    async def main():
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        run(main())
    assert ended == [True]
