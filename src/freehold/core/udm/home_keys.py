"""The home network's key pairs in the store (TS 33.501 5.8.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from freehold.core.udm.sidf import HomeNetworkKey
from freehold.crypto.suci import Scheme
from freehold.procedure import Signal
from freehold.services.store import Store
from freehold.spec.errors import Unusable
from freehold.spec.keys import Key

TABLE: Final = "home-network-key"
# TS 31.102 4.4.11.8: identifiers 0..255. These are what a new network begins with.
LAST_ID: Final = 255
SCHEMES: Final = {"A": Scheme.PROFILE_A, "B": Scheme.PROFILE_B}
FIRST: Final = ((1, Scheme.PROFILE_A), (2, Scheme.PROFILE_B))
_PRIVATE: Final = 32


def load(store: Store) -> tuple[HomeNetworkKey, ...]:
    """The key pairs of a store; Unusable where a row is none."""
    return tuple(_key(name, row) for name, row in store.load(TABLE))


def unused_id(keys: Iterable[HomeNetworkKey]) -> int:
    """The identifier of the next key pair; Unusable where each of 0 to 255 is taken (TS 31.102 4.4.11.8)."""
    taken = {key.key_id for key in keys}
    following = max(taken, default=0) + 1
    found = following if following <= LAST_ID else next((each for each in range(LAST_ID + 1) if each not in taken), -1)
    if found < 0:
        raise Unusable("every identifier of home network keys, 0 to 255, is taken: retire one")
    return found


def retirable(keys: Iterable[HomeNetworkKey], key_id: int) -> None:
    """Unusable where this key pair cannot be removed."""
    there = sorted(key.key_id for key in keys)
    if key_id not in there:
        raise Unusable(f"there is no home network key {key_id}; there are {there}")
    if len(there) == 1:
        raise Unusable("this is the last home network key: make another one first")


def remove(store: Store, key_id: int) -> Signal[None]:
    """Remove a key pair. Set once durable."""
    return store.commit(TABLE, [(f"{key_id:03}", None)])


def add(store: Store, key: HomeNetworkKey) -> Signal[None]:
    """Keep a key pair; another one of this identifier is replaced. Set once durable."""
    return store.commit(TABLE, [_row(key)])


def generate(key_id: int, scheme: Scheme, random: Callable[[int], bytes]) -> HomeNetworkKey:
    """A fresh key pair; `random` gives that many unpredictable octets."""
    while True:
        key = HomeNetworkKey(key_id, scheme, Key(random(_PRIVATE)))
        try:
            _ = key.public
        except ValueError:  # 1 in 2^32: not below the order of P-256
            continue
        return key


def ensure(store: Store, random: Callable[[int], bytes]) -> tuple[tuple[HomeNetworkKey, ...], Signal[None]]:
    """The key pairs of a store, on the first start fresh ones of profiles A and B, and when they are durable."""
    durable: Signal[None] = Signal()
    found = load(store)
    if found:
        durable.set(None)
        return found, durable
    made = tuple(generate(key_id, scheme, random) for key_id, scheme in FIRST)
    return made, store.commit(TABLE, [_row(key) for key in made])


def _row(key: HomeNetworkKey) -> tuple[str, bytes]:
    return f"{key.key_id:03}", bytes([key.scheme]) + key.private


def _key(name: str, row: bytes) -> HomeNetworkKey:
    if not name.isdecimal() or len(row) != 1 + _PRIVATE or row[0] not in {Scheme.PROFILE_A, Scheme.PROFILE_B}:
        raise Unusable("the store holds a home network key that cannot be read: put a backup in its place")
    return HomeNetworkKey(int(name), row[0], Key(row[1:]))
