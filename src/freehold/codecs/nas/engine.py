"""Octets to messages and back: `decode` is total, `encode` refuses only what this program built wrongly."""

from collections.abc import Callable
from inspect import isclass

import msgspec

from freehold.codecs.nas.compile import MOBILITY_MANAGEMENT, Compiler
from freehold.codecs.nas.layout import Message
from freehold.codecs.nas.messages import mobility, registration, relay, security, session
from freehold.spec.identities import PlmnId


class Fault(msgspec.Struct, frozen=True, gc=False):
    """One thing wrong with a message; `cause` is the one to answer with, None where the clause says to ignore it.

    `element` names the information element, or its identifier; it is empty for the message as a whole (TS 24.501 7).
    """

    kind: str
    cause: int | None
    element: str = ""


class SecurityProtected(msgspec.Struct, frozen=True, gc=False):
    """A security protected 5GMM message as it was received (TS 24.501 9.1.1, 9.3)."""

    security_header: int
    message_authentication_code: bytes
    sequence_number: int
    content: bytes

    @property
    def octets(self) -> bytes:
        """The whole message (TS 24.501 9.1.1)."""
        header = bytes((MOBILITY_MANAGEMENT, self.security_header))
        return header + self.message_authentication_code + bytes((self.sequence_number,)) + self.content


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What octets held: the message, or None where the clause forbids to handle it, and every fault found."""

    message: Message | SecurityProtected | None
    faults: tuple[Fault, ...] = ()


MESSAGES: tuple[type[Message], ...] = tuple(
    cls
    for module in (registration, security, mobility, relay, session)
    for cls in vars(module).values()
    if isclass(cls) and issubclass(cls, Message) and cls.__module__ == module.__name__
)
"""Every message of TS 24.501 clauses 8.2 and 8.3."""

_codec = Compiler().codec(MESSAGES, (Decoded, Fault, SecurityProtected, PlmnId))

decode: Callable[[bytes], Decoded] = _codec.decode
"""Read one 5GMM or 5GSM message, plain or security protected (TS 24.501 7, 8, 9)."""

encode: Callable[[Message], bytes] = _codec.encode
"""Write one plain message; ValueError names the element whose value does not fit (TS 24.501 8)."""
