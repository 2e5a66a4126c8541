"""Every extension header of TS 29.281 5.2, by type."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import ClassVar, Final

import msgspec

from freehold.codecs.gtpu.container import (
    PDU_SESSION_CONTAINER,
    PDU_SET_INFORMATION_CONTAINER,
    DlPduSetInformation,
    PduSessionContainer,
    session_container,
    set_container,
)
from freehold.codecs.gtpu.frame import Constant, Frame, Number, Part, decode, encode
from freehold.codecs.gtpu.nrup import NR_RAN_CONTAINER, NrRanContainer, nr_ran_container


class ExtensionHeader(msgspec.Struct, frozen=True, gc=False):
    """An extension header not known here, or a damaged one (TS 29.281 5.2): content without length and next type."""

    header_type: int
    content: bytes


class ServiceClassIndicator(Frame, frozen=True, gc=False, kw_only=True):
    """The class of a packet for GERAN (TS 29.281 5.2.2.3)."""

    header_type: ClassVar[int] = 0x20
    parts: ClassVar[tuple[Part, ...]] = (Number("service_class_indicator", 8),)

    service_class_indicator: int


class UdpPort(Frame, frozen=True, gc=False, kw_only=True):
    """The UDP source port of the packet that an error indication answers (TS 29.281 5.2.2.1)."""

    header_type: ClassVar[int] = 0x40
    parts: ClassVar[tuple[Part, ...]] = (Number("port", 16),)

    port: int


class PdcpPduNumber(Frame, frozen=True, gc=False, kw_only=True):
    """The PDCP sequence number of a forwarded packet, 15 or 16 bits (TS 29.281 5.2.2.2)."""

    header_type: ClassVar[int] = 0xC0
    parts: ClassVar[tuple[Part, ...]] = (Number("number", 16),)

    number: int


class LongPdcpPduNumber(Frame, frozen=True, gc=False, kw_only=True):
    """The PDCP sequence number of a forwarded packet, 18 bits (TS 29.281 5.2.2.2A)."""

    header_type: ClassVar[int] = 0x03
    parts: ClassVar[tuple[Part, ...]] = (Constant(0, 6), Number("number", 18), Constant(0, 24))

    number: int


class LongPdcpPduNumberToUnderstand(LongPdcpPduNumber, frozen=True, gc=False, kw_only=True):
    """The same under its older type, which every receiver has to understand (TS 29.281 5.2.1, NOTE 3)."""

    header_type: ClassVar[int] = 0x82


class DlPduSetInformationToUnderstand(DlPduSetInformation, frozen=True, gc=False, kw_only=True):
    """PDU set information under its older type, which has to be understood (TS 29.281 5.2.1, NOTE 8)."""

    header_type: ClassVar[int] = 0x86


class RanContainer(msgspec.Struct, frozen=True, gc=False):
    """The X2 user plane protocol of TS 36.425, as it came (TS 29.281 5.2.2.4)."""

    header_type: ClassVar[int] = 0x81

    content: bytes


class XwRanContainer(msgspec.Struct, frozen=True, gc=False):
    """The Xw user plane protocol of TS 36.465, as it came (TS 29.281 5.2.2.5)."""

    header_type: ClassVar[int] = 0x83

    content: bytes


Extension = (
    ExtensionHeader
    | PduSessionContainer
    | NrRanContainer
    | DlPduSetInformation
    | ServiceClassIndicator
    | UdpPort
    | PdcpPduNumber
    | LongPdcpPduNumber
    | RanContainer
    | XwRanContainer
)


def _older_set_container(content: bytes) -> DlPduSetInformationToUnderstand | None:
    return None if content[0] >> 4 else decode(DlPduSetInformationToUnderstand, content)


_BY_TYPE: Final[MappingProxyType[int, Callable[[bytes], Extension | None]]] = MappingProxyType(
    {
        LongPdcpPduNumber.header_type: partial(decode, LongPdcpPduNumber),
        PDU_SET_INFORMATION_CONTAINER: set_container,
        ServiceClassIndicator.header_type: partial(decode, ServiceClassIndicator),
        UdpPort.header_type: partial(decode, UdpPort),
        RanContainer.header_type: RanContainer,
        LongPdcpPduNumberToUnderstand.header_type: partial(decode, LongPdcpPduNumberToUnderstand),
        XwRanContainer.header_type: XwRanContainer,
        NR_RAN_CONTAINER: nr_ran_container,
        PDU_SESSION_CONTAINER: session_container,
        DlPduSetInformationToUnderstand.header_type: _older_set_container,
        PdcpPduNumber.header_type: partial(decode, PdcpPduNumber),
    }
)


def read(header_type: int, content: bytes) -> Extension:
    """The typed header of this type; an ExtensionHeader where it is not known or does not hold."""
    build = _BY_TYPE.get(header_type)
    made = None if build is None else build(content)
    return ExtensionHeader(header_type, content) if made is None else made


def write(header: Extension) -> tuple[int, bytes]:
    """Type and content of a header. ValueError where a value does not fit."""
    content = encode(header) if isinstance(header, Frame) else header.content
    if len(content) % 4 != 2 or len(content) > 4 * 255 - 2:
        raise ValueError("an extension header's content is 4n - 2 octets long")  # TS 29.281 5.2.1
    return header.header_type, content
