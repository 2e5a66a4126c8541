"""GTP-U, the tunnels of N3 and N9 (TS 29.281), with the PDU session container (TS 38.415): for control and tests.

The packet path does not pass here: it is native. `decode(octets) -> Decoded(message, faults)` is total.
"""

from freehold.codecs.gtpu.codec import Decoded, Fault, decode, encode
from freehold.codecs.gtpu.container import DlPduSessionInformation, PduSessionContainer, UlPduSessionInformation
from freehold.codecs.gtpu.messages import (
    ECHO_REQUEST,
    ECHO_RESPONSE,
    END_MARKER,
    ERROR_INDICATION,
    G_PDU,
    PDU_SESSION_CONTAINER,
    SUPPORTED_EXTENSION_HEADERS_NOTIFICATION,
    EchoRequest,
    EchoResponse,
    EndMarker,
    ErrorIndication,
    ExtensionHeader,
    GPdu,
    Message,
    OtherMessage,
    SupportedExtensionHeadersNotification,
)

__all__ = [
    "ECHO_REQUEST",
    "ECHO_RESPONSE",
    "END_MARKER",
    "ERROR_INDICATION",
    "G_PDU",
    "PDU_SESSION_CONTAINER",
    "SUPPORTED_EXTENSION_HEADERS_NOTIFICATION",
    "Decoded",
    "DlPduSessionInformation",
    "EchoRequest",
    "EchoResponse",
    "EndMarker",
    "ErrorIndication",
    "ExtensionHeader",
    "Fault",
    "GPdu",
    "Message",
    "OtherMessage",
    "PduSessionContainer",
    "SupportedExtensionHeadersNotification",
    "UlPduSessionInformation",
    "decode",
    "encode",
]
