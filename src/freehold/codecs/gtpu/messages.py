"""The values of GTP-U messages (TS 29.281 7)."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from freehold.codecs.gtpu.container import DlPduSessionInformation, PduSessionContainer, UlPduSessionInformation
from freehold.codecs.gtpu.elements import InformationElement, PrivateExtension, TunnelStatusInformation
from freehold.codecs.gtpu.extensions import Extension

# Message types (TS 29.281 6.1)
ECHO_REQUEST: Final = 1
ECHO_RESPONSE: Final = 2
ERROR_INDICATION: Final = 26
SUPPORTED_EXTENSION_HEADERS_NOTIFICATION: Final = 31
TUNNEL_STATUS: Final = 253
END_MARKER: Final = 254
G_PDU: Final = 255


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What every message has (TS 29.281 5.1); `sequence` and `n_pdu` are None without their flags.

    `spare` is what a peer put where nothing is read: bit 4 of the first octet (and 3 before an empty chain of extension
    headers), sequence number, N-PDU number and next type without their flags.
    """

    message_type: ClassVar[int]

    teid: int = 0
    sequence: int | None = None
    n_pdu: int | None = None
    extensions: tuple[Extension, ...] = ()
    spare: bytes = b""

    @property
    def container(self) -> PduSessionContainer | None:
        """The PDU session container, if there is one."""
        kinds = (DlPduSessionInformation, UlPduSessionInformation)
        return next((header for header in self.extensions if isinstance(header, kinds)), None)


class Signalling(Message, frozen=True, gc=False, kw_only=True):
    """A message of IEs (TS 29.281 7): those that any may have, and what else came.

    `others` are unknown, repeated or wrong ones; `order` says where each IE stood when they came in another order than
    they are sent in; `tail` is what follows an IE that does not end.
    """

    recovery_time_stamp: int | None = None
    private_extension: PrivateExtension | None = None
    others: tuple[InformationElement, ...] = ()
    order: tuple[int, ...] = ()
    tail: bytes = b""


class EchoRequest(Signalling, frozen=True, gc=False, kw_only=True):
    """Is the peer alive (TS 29.281 7.2.1)."""

    message_type: ClassVar[int] = ECHO_REQUEST


class EchoResponse(Signalling, frozen=True, gc=False, kw_only=True):
    """Alive; the restart counter is always 0 on GTP-U, None where it did not come (TS 29.281 7.2.2)."""

    message_type: ClassVar[int] = ECHO_RESPONSE
    recovery: int | None = 0


class ErrorIndication(Signalling, frozen=True, gc=False, kw_only=True):
    """The tunnel with this TEID at this address is not known (TS 29.281 7.3.1)."""

    message_type: ClassVar[int] = ERROR_INDICATION
    tunnel_endpoint_identifier_data_i: int
    gtp_u_peer_address: bytes


class SupportedExtensionHeadersNotification(Signalling, frozen=True, gc=False, kw_only=True):
    """The extension header types that the sender understands (TS 29.281 7.2.3)."""

    message_type: ClassVar[int] = SUPPORTED_EXTENSION_HEADERS_NOTIFICATION
    extension_header_types: tuple[int, ...]


class TunnelStatus(Signalling, frozen=True, gc=False, kw_only=True):
    """What changes on this tunnel (TS 29.281 7.3.3)."""

    message_type: ClassVar[int] = TUNNEL_STATUS
    tunnel_status_information: TunnelStatusInformation


class EndMarker(Signalling, frozen=True, gc=False, kw_only=True):
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
