"""A stream ends with the log-in or the token that opened it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from freehold.manage.accounts.accounts import Accounts

OFTEN: Final = 15.0
"""Seconds after which it is looked at again at most."""


async def while_admitted(pieces: AsyncIterator[bytes], accounts: Accounts, secret: str) -> AsyncIterator[bytes]:
    """The pieces of a stream for as long as the secret is somebody's; looking does not keep a log-in in use."""
    waiting: asyncio.Future[bytes | None] | None = None
    try:
        while accounts.admitted(secret):
            waiting = waiting or asyncio.ensure_future(_next(pieces))
            await asyncio.wait((waiting,), timeout=OFTEN)
            if waiting.done():
                piece, waiting = waiting.result(), None
                if piece is None:
                    return
                if accounts.admitted(secret):
                    yield piece
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        if hasattr(pieces, "aclose"):
            await pieces.aclose()


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    return await anext(pieces, None)
