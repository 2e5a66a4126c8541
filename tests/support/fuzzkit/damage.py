"""Damage as peers and attackers do it, repeatable from one seed."""

from __future__ import annotations

from random import Random

EDGES = (0, 1, 0x7F, 0x80, 0xBF, 0xC4, 0xFF)


def damaged(rng: Random, octets: bytes) -> bytes:
    """The octets with one to five changes."""
    changed = bytearray(octets or b"\0")
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(changed))
        match rng.randrange(6):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                changed[at] = rng.choice(EDGES)
            case 2:
                changed[at] = rng.randrange(256)
            case 3:
                del changed[at + 1 :]
            case 4:
                changed[at:at] = rng.randbytes(rng.randrange(1, 9))
            case _:
                changed[at:at] = changed[at : at + rng.randrange(1, 40)] * rng.randrange(1, 9)
    return bytes(changed)
