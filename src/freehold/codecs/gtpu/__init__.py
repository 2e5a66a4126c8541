"""GTP-U, the tunnels of N3, N9, F1-U and Xn-U (TS 29.281), with what TS 38.415 and TS 38.425 put in its headers.

The packet path does not pass here: it is native. `decode(octets) -> Decoded(message, faults)` is total, and
`encode` gives every message back octet by octet as it came.
"""

from freehold.codecs.gtpu.codec import Decoded, Fault, decode, encode
from freehold.codecs.gtpu.container import (
    PDU_SESSION_CONTAINER,
    PDU_SET_INFORMATION_CONTAINER,
    DlPduSessionInformation,
    DlPduSetInformation,
    PduSessionContainer,
    UlPduSessionInformation,
)
from freehold.codecs.gtpu.elements import InformationElement, PrivateExtension, TunnelStatusInformation
from freehold.codecs.gtpu.extensions import (
    DlPduSetInformationToUnderstand,
    Extension,
    ExtensionHeader,
    LongPdcpPduNumber,
    LongPdcpPduNumberToUnderstand,
    PdcpPduNumber,
    RanContainer,
    ServiceClassIndicator,
    UdpPort,
    XwRanContainer,
)
from freehold.codecs.gtpu.frame import Frame
from freehold.codecs.gtpu.messages import (
    ECHO_REQUEST,
    ECHO_RESPONSE,
    END_MARKER,
    ERROR_INDICATION,
    G_PDU,
    SUPPORTED_EXTENSION_HEADERS_NOTIFICATION,
    TUNNEL_STATUS,
    EchoRequest,
    EchoResponse,
    EndMarker,
    ErrorIndication,
    GPdu,
    Message,
    OtherMessage,
    Signalling,
    SupportedExtensionHeadersNotification,
    TunnelStatus,
)
from freehold.codecs.gtpu.nrup import (
    NR_RAN_CONTAINER,
    AssistanceInformationData,
    DlDataDeliveryStatus,
    DlUserData,
    NrRanContainer,
)

__all__ = [
    "ECHO_REQUEST",
    "ECHO_RESPONSE",
    "END_MARKER",
    "ERROR_INDICATION",
    "G_PDU",
    "NR_RAN_CONTAINER",
    "PDU_SESSION_CONTAINER",
    "PDU_SET_INFORMATION_CONTAINER",
    "SUPPORTED_EXTENSION_HEADERS_NOTIFICATION",
    "TUNNEL_STATUS",
    "AssistanceInformationData",
    "Decoded",
    "DlDataDeliveryStatus",
    "DlPduSessionInformation",
    "DlPduSetInformation",
    "DlPduSetInformationToUnderstand",
    "DlUserData",
    "EchoRequest",
    "EchoResponse",
    "EndMarker",
    "ErrorIndication",
    "Extension",
    "ExtensionHeader",
    "Fault",
    "Frame",
    "GPdu",
    "InformationElement",
    "LongPdcpPduNumber",
    "LongPdcpPduNumberToUnderstand",
    "Message",
    "NrRanContainer",
    "OtherMessage",
    "PdcpPduNumber",
    "PduSessionContainer",
    "PrivateExtension",
    "RanContainer",
    "ServiceClassIndicator",
    "Signalling",
    "SupportedExtensionHeadersNotification",
    "TunnelStatus",
    "TunnelStatusInformation",
    "UdpPort",
    "UlPduSessionInformation",
    "XwRanContainer",
    "decode",
    "encode",
]
