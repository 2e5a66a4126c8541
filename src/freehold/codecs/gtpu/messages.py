"""The values of GTP-U messages (TS 29.281 7)."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from freehold.codecs.gtpu.container import PduSessionContainer

# Message types (TS 29.281 6.1)
ECHO_REQUEST: Final = 1
ECHO_RESPONSE: Final = 2
ERROR_INDICATION: Final = 26
SUPPORTED_EXTENSION_HEADERS_NOTIFICATION: Final = 31
END_MARKER: Final = 254
G_PDU: Final = 255

PDU_SESSION_CONTAINER: Final = 0x85
"""The extension header type of the PDU session container (TS 29.281 5.2.1)."""


class ExtensionHeader(msgspec.Struct, frozen=True, gc=False):
    """An extension header that is not a PDU session container (TS 29.281 5.2): content without length and next type."""

    header_type: int
    content: bytes


Extension = ExtensionHeader | PduSessionContainer


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What every message has (TS 29.281 5.1); `sequence` and `n_pdu` are None without their flags."""

    message_type: ClassVar[int]

    teid: int = 0
    sequence: int | None = None
    n_pdu: int | None = None
    extensions: tuple[Extension, ...] = ()

    @property
    def container(self) -> PduSessionContainer | None:
        """The PDU session container, if there is one."""
        return next((header for header in self.extensions if not isinstance(header, ExtensionHeader)), None)


class EchoRequest(Message, frozen=True, gc=False):
    """Is the peer alive (TS 29.281 7.2.1)."""

    message_type: ClassVar[int] = ECHO_REQUEST


class EchoResponse(Message, frozen=True, gc=False):
    """Alive; the restart counter is always 0 on GTP-U (TS 29.281 7.2.2)."""

    message_type: ClassVar[int] = ECHO_RESPONSE
    recovery: int = 0


class ErrorIndication(Message, frozen=True, gc=False):
    """The tunnel with this TEID at this address is not known (TS 29.281 7.3.1)."""

    message_type: ClassVar[int] = ERROR_INDICATION
    tunnel_endpoint_identifier_data_i: int
    gtp_u_peer_address: bytes


class SupportedExtensionHeadersNotification(Message, frozen=True, gc=False):
    """The extension header types that the sender understands (TS 29.281 7.2.3)."""

    message_type: ClassVar[int] = SUPPORTED_EXTENSION_HEADERS_NOTIFICATION
    extension_header_types: tuple[int, ...]


class EndMarker(Message, frozen=True, gc=False):
    """No more packets come on this tunnel (TS 29.281 7.3.2)."""

    message_type: ClassVar[int] = END_MARKER


class GPdu(Message, frozen=True, gc=False):
    """A packet of the user (TS 29.281 6.1)."""

    message_type: ClassVar[int] = G_PDU
    payload: bytes


class OtherMessage(Message, frozen=True, gc=False):
    """A message of a type that is not used here, as it came."""

    kind: int
    body: bytes
