"""Passwords, kept as Argon2id hashes (RFC 9106), checked in a thread so that the network does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12
LONGEST: Final = 256
KINDS: Final = 3
"""Kinds of characters at least, of capital and small letters, digits and others (TS 33.117 4.2.3.4.3.1)."""
AT_ONCE: Final = 2
"""Checks at once: what a flood of log-ins may take of memory and processors."""
FORMER: Final = 3
"""Former passwords of an account that are kept at least (TS 33.117 4.2.3.4.3.2)."""


class PasswordPolicy(msgspec.Struct, frozen=True):
    """What an owner asks of passwords (TS 33.117 4.2.3.4.3.2).

    One differs from the present one and from the `history` before it; it is changed after `days`, 0 for never, and with
    `own` at the first log-in where somebody else chose it.
    """

    history: int = FORMER
    days: int = 0
    own: bool = False


class Passwords:
    """Makes and checks hashes, a few at a time."""

    __slots__ = ("_nobody", "_room")

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)
        self._nobody = ""

    async def hashed(self, password: str) -> str:
        """The hash to keep; Unusable for a password that is too short, too long or too plain."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise Unusable(f"a password has {SHORTEST} to {LONGEST} characters")
        if kinds(password) < KINDS:
            raise Unusable(f"a password has {KINDS} of: capital letters, small letters, digits, other characters")
        async with self._room:
            return await asyncio.to_thread(_hash, password)

    async def unused(self, present: str, former: Sequence[str], password: str) -> None:
        """Unusable for a password that an account has, or had not long ago."""
        if await self.right(present, password):
            raise Unusable("this is the present password: choose another one")
        for kept in former:
            if await self.right(kept, password):
                raise Unusable(f"this was one of the last {len(former)} passwords: choose another one")

    async def right(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one kept; takes as long where there is no such account."""
        if len(password) > LONGEST:
            return False
        async with self._room:
            if kept is None:
                self._nobody = self._nobody or await asyncio.to_thread(_hash, "nobody's password")
            return await asyncio.to_thread(_verified, kept or self._nobody, password) and kept is not None


def kinds(password: str) -> int:
    """How many kinds of characters it has; a letter without case is another character."""
    tests = (
        str.isupper,
        str.islower,
        str.isdigit,
        lambda each: not (each.isupper() or each.islower() or each.isdigit()),
    )
    return sum(any(map(test, password)) for test in tests)


@cache
def _hasher() -> PasswordHasher:
    """Three passes over 64 MiB in one lane (RFC 9106 4); loaded when the first password comes."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


def _hash(password: str) -> str:
    return _hasher().hash(password)


def _verified(kept: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
