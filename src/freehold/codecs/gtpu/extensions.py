"""Every extension header of TS 29.281 5.2, by type."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from freehold.codecs.gtpu.container import (
    DlPduSessionInformation,
    DlPduSetInformation,
    PduSessionContainer,
    UlPduSessionInformation,
)
from freehold.codecs.gtpu.frame import Constant, Frame, Number, Part
from freehold.codecs.gtpu.nrup import AssistanceInformationData, DlDataDeliveryStatus, DlUserData, NrRanContainer


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


FRAMES: Final[tuple[type[Frame], ...]] = (
    DlPduSessionInformation,
    UlPduSessionInformation,
    DlUserData,
    DlDataDeliveryStatus,
    AssistanceInformationData,
    DlPduSetInformation,
    DlPduSetInformationToUnderstand,
    ServiceClassIndicator,
    UdpPort,
    PdcpPduNumber,
    LongPdcpPduNumber,
    LongPdcpPduNumberToUnderstand,
)
"""Every frame; of a PDU type to come, or damaged, an extension header stays as it came (TS 38.415 5.5.3.1)."""
KEPT: Final = (RanContainer, XwRanContainer)
"""Known extension headers whose content stays as it is."""
