"""What is wrong with a packet, and what is answered."""

from __future__ import annotations

import msgspec

from freehold.codecs.eap.names import ClientErrorCode


class Fault(msgspec.Struct, frozen=True, gc=False):
    """One thing wrong and the clause that says so; `cause` is the client error code that a peer answers with.

    A server answers such a fault with a notification of general failure (RFC 4187 6.3.2); where `cause` is None the
    packet is discarded silently, or what is wrong is ignored (RFC 3748 4.1, 4.2).
    """

    kind: str
    clause: str
    cause: int | None = None
    element: str = ""


def unable(kind: str, clause: str, element: str = "") -> Fault:
    """A fault that ends the exchange (RFC 4187 6.3.1, 10.20)."""
    return Fault(kind, clause, ClientErrorCode.UNABLE_TO_PROCESS_PACKET, element)
