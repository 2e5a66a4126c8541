"""Values that travel outside a NAS message: in payload containers and in NGAP (TS 24.501 9.11.2, 9.11.3)."""

from collections.abc import Callable
from typing import ClassVar

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.compile import Compiler
from freehold.codecs.nas.engine import Decoded, Fault, SecurityProtected
from freehold.codecs.nas.layout import LVE, Message, MmMessage
from freehold.codecs.nas.values.container import (
    IntraN1Container,
    MultiplePayloads,
    N1ToS1Container,
    S1ToN1Container,
    SorTransparentContainer,
    UpuTransparentContainer,
)
from freehold.spec.identities import PlmnId


class Upu(MmMessage, frozen=True):
    """A payload of type UE parameters update transparent container (TS 24.501 9.11.3.53A)."""

    message_type: ClassVar[int] = 1

    value: Annotated[UpuTransparentContainer, LVE(19)]


class Sor(MmMessage, frozen=True):
    """A payload of type SOR transparent container (TS 24.501 9.11.3.51)."""

    message_type: ClassVar[int] = 2

    value: Annotated[SorTransparentContainer, LVE(19)]


class Payloads(MmMessage, frozen=True):
    """A payload of type multiple payloads (TS 24.501 9.11.3.39)."""

    message_type: ClassVar[int] = 3

    value: Annotated[MultiplePayloads, LVE(3)]


class IntraN1(MmMessage, frozen=True):
    """The NASC of a handover within 5GS (TS 24.501 9.11.2.6, TS 38.413 9.3.3.26)."""

    message_type: ClassVar[int] = 4

    value: Annotated[IntraN1Container, LVE(9, 9)]


class N1ToS1(MmMessage, frozen=True):
    """The NAS container of a handover to EPS (TS 24.501 9.11.2.7)."""

    message_type: ClassVar[int] = 5

    value: Annotated[N1ToS1Container, LVE(3, 3)]


class S1ToN1(MmMessage, frozen=True):
    """The NAS container of a handover from EPS (TS 24.501 9.11.2.9)."""

    message_type: ClassVar[int] = 6

    value: Annotated[S1ToN1Container, LVE(10, 10)]


_ALONE: tuple[type[MmMessage], ...] = (Upu, Sor, Payloads, IntraN1, N1ToS1, S1ToN1)
_codec = Compiler().codec(_ALONE, (Decoded, Fault, SecurityProtected, PlmnId))
_decode: Callable[[bytes], Decoded] = _codec.decode
_encode: Callable[[Message], bytes] = _codec.encode
_LONGEST = 0xFFFF
_HEADER = 5


def decode_alone(kind: type[MmMessage], octets: bytes) -> Decoded:
    """Read one value as `kind` declares it; faults as those of a mandatory element (TS 24.501 7.5)."""
    octets = octets[:_LONGEST]
    return _decode(bytes((0x7E, 0, kind.message_type)) + len(octets).to_bytes(2, "big") + octets)


def encode_alone(message: MmMessage) -> bytes:
    """The octets of the value alone; ValueError where it does not fit."""
    return _encode(message)[_HEADER:]
