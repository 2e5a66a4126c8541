"""Octets of a PDU that somebody damaged on purpose."""

from __future__ import annotations

import random

from asn1kit.pdu import take_apart


class PduDamage:
    """Damages the octets of an NGAP or XnAP PDU, a private message only as a whole: its IEs have other identifiers."""

    def __init__(self, rng: random.Random, private: int) -> None:
        self.rng = rng
        self.private = private

    def damaged(self, octets: bytes) -> bytes:
        """The same octets with one IE's value changed and every length right, or a few octets changed anywhere."""
        pdu = take_apart(octets) if self.rng.random() < 0.6 and octets[1] != self.private else None
        if pdu is not None and pdu.ies:
            at = self.rng.randrange(len(pdu.ies))
            ies = [*pdu.ies]
            ies[at] = type(ies[at])(ies[at].id, ies[at].criticality, self.spoil(ies[at].value))
            return pdu.with_ies(ies)
        return self.spoil(octets)

    def spoil(self, octets: bytes) -> bytes:
        """A few octets put in, cut off or changed by a bit."""
        changed = bytearray(octets or b"\0")
        for _ in range(self.rng.randrange(1, 4)):
            at = self.rng.randrange(max(len(changed), 1))
            action = self.rng.randrange(4)
            if action == 0 or not changed:
                changed[at:at] = self.rng.randbytes(self.rng.randrange(1, 9))
            elif action == 1:
                del changed[at:]
            else:
                changed[at] ^= 1 << self.rng.randrange(8)
        return bytes(changed)
