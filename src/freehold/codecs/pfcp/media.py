"""Media, and what is done to its packets: PDU sets, RTP, payload headers, N6 routing (TS 29.244 5.38, 5.41)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp import measuring as w
from freehold.codecs.pfcp import quality as q
from freehold.codecs.pfcp.table import (
    IE,
    IPV4,
    IPV6,
    REST,
    U8,
    U16,
    Bits,
    C,
    CList,
    Group,
    If,
    Layout,
    M,
    MList,
    O,
    OList,
    flags,
)

Metadata = Annotated[bytes, IE(322, REST, "8.2.219")]
MediaTransportProtocol = Annotated[int, IE(339, Bits("....xxxx"), "8.2.233")]
RTPHeaderExtensionType = Annotated[int, IE(342, U8, "8.2.234")]
RTPHeaderExtensionID = Annotated[int, IE(343, U8, "8.2.235")]
RTPPayloadType = Annotated[int, IE(344, U8, "8.2.236")]
RTPPayloadFormat = Annotated[int, IE(345, U8, "8.2.237")]
HeaderDetectionReference = Annotated[bytes, IE(364, REST, "8.2.251")]
HeaderDetectionSupportInformation = Annotated[bytes, IE(365, REST, "8.2.252")]
ReportingEndpointID = Annotated[int, IE(366, U8, "8.2.253")]
HeaderHandlingControlReference = Annotated[bytes, IE(367, REST, "8.2.254")]
HeaderHandlingAction = Annotated[int, IE(368, Bits("....xxxx"), "8.2.255")]
HeaderInformation = Annotated[bytes, IE(369, REST, "8.2.256")]
HeaderValue = Annotated[bytes, IE(370, REST, "8.2.257")]
HeaderHandlingCondition = Annotated[int, IE(371, Bits("....xxxx"), "8.2.258")]
HeaderHandlingControlID = Annotated[int, IE(372, U8, "8.2.259")]
HeaderHandlingControlRuleID = Annotated[int, IE(373, U8, "8.2.260")]
HeaderHandlingReportingIndication = Annotated[int, IE(380, flags(1, 1), "8.2.266")]
# A bit for each of the importances 0 to 15
PDUSetImportance = Annotated[int, IE(384, flags(2, 2), "8.2.268")]
MoQControlInformation = Annotated[int, IE(385, flags(1, 1), "8.2.269")]
MediaRelatedInformationTransferInfo = Annotated[int, IE(388, Bits("....xxxx"), "8.2.271")]
ExpeditedTransferIndication = Annotated[int, IE(395, flags(1, 1), "8.2.278")]
TransportLevelMarkingIndications = Annotated[int, IE(398, flags(1, 1), "8.2.280")]


class RTPHeaderExtensionAdditionalInformation(Layout, frozen=True):
    """The RTP header extension's format, 1 short or 2 long, and what it says of PDU sets (TS 29.244 8.2.241)."""

    number = 349

    format: Annotated[int | None, Bits("........ ......xx"), If(".......1 ........")] = None
    pdu_set_size_active: Annotated[int | None, Bits("........ .....x.."), If("......1. ........")] = None
    number_of_pdus: Annotated[int | None, Bits("........ ....x..."), If(".....1.. ........")] = None


class MappedN6IPAddress(Layout, frozen=True):
    """The N6 address of a terminal's, or the wish that the UP function chooses it (TS 29.244 8.2.242)."""

    number = 350
    one_of = ("ipv4", "choose_ipv4")

    ipv4: Annotated[bytes | None, IPV4, If("......10")] = None
    choose_ipv4: Annotated[bool, If("......01")] = False


class N6RoutingInformation(Layout, frozen=True):
    """The ends of a tunnel on N6 (TS 29.244 8.2.243)."""

    number = 351

    source_ipv4: Annotated[bytes | None, IPV4, If(".......1")] = None
    source_ipv6: Annotated[bytes | None, IPV6, If("......1.")] = None
    source_port: Annotated[int | None, U16, If(".....1..")] = None
    destination_ipv4: Annotated[bytes | None, IPV4, If("....1...")] = None
    destination_ipv6: Annotated[bytes | None, IPV6, If("...1....")] = None
    destination_port: Annotated[int | None, U16, If("..1.....")] = None


class OnPathN6ConnectionInformation(Layout, frozen=True):
    """The proxy that media information goes to; signalling method 1 is connect-UDP (TS 29.244 8.2.261)."""

    number = 374

    signaling_method: Annotated[int, Bits(".....xxx")]
    ipv4: Annotated[bytes | None, IPV4, If("....1...")] = None
    ipv6: Annotated[bytes | None, IPV6, If("...1....")] = None
    port: Annotated[int | None, U16, If("..1.....")] = None


class MoQRelayIPAddress(Layout, frozen=True):
    """Where the relay of media over QUIC is (TS 29.244 8.2.270)."""

    number = 387

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None


class RTPHeaderExtensionInformation(Group, frozen=True):
    """An RTP header extension that says something of PDU sets (TS 29.244 7.5.2.2)."""

    number = 340

    rtp_header_extension_type: C[RTPHeaderExtensionType] = None
    rtp_header_extension_id: C[RTPHeaderExtensionID] = None
    rtp_header_extension_additional_information: O[RTPHeaderExtensionAdditionalInformation] = None


class RTPPayloadInformation(Group, frozen=True):
    """What RTP packets carry (TS 29.244 7.5.2.2)."""

    number = 341

    rtp_payload_type: CList[RTPPayloadType] = ()
    rtp_payload_format: O[RTPPayloadFormat] = None


class ProtocolDescription(Group, frozen=True):
    """By which protocol media comes (TS 29.244 7.5.2.2)."""

    number = 334

    transport_protocol: O[MediaTransportProtocol] = None
    rtp_header_extension_information: CList[RTPHeaderExtensionInformation] = ()
    rtp_payload_information: OList[RTPPayloadInformation] = ()
    media_related_information_transfer_info: O[MediaRelatedInformationTransferInfo] = None


class HeaderHandlingReportingControlInfo(Group, frozen=True):
    """Whom to tell of headers, and when (TS 29.244 7.5.2.3)."""

    number = 362

    reporting_endpoint_id: M[ReportingEndpointID]
    event_notification_uri: M[q.EventNotificationURI]
    notification_correlation_id: M[q.NotificationCorrelationID]
    minimum_wait_time: C[e.MinimumWaitTime] = None
    reporting_suggestion_info: O[w.ReportingSuggestionInfo] = None
    notification_binding_indication: C[q.BindingIndication] = None
    header_handling_reporting_indication: C[HeaderHandlingReportingIndication] = None


class HeaderHandlingControlInformation(Group, frozen=True):
    """What to do with a field of a header (TS 29.244 7.5.2.3)."""

    number = 363

    header_handling_control_id: M[HeaderHandlingControlID]
    header_handling_control_reference: C[HeaderHandlingControlReference] = None
    header_handling_action: C[HeaderHandlingAction] = None
    header_information: C[HeaderInformation] = None
    header_value: C[HeaderValue] = None
    header_handling_condition: C[HeaderHandlingCondition] = None
    header_handling_reporting: CList[ReportingEndpointID] = ()


class HeaderHandlingControlRule(Group, frozen=True):
    """Which headers to handle, and how (TS 29.244 7.5.2.3)."""

    number = 361

    header_handling_control_rule_id: M[HeaderHandlingControlRuleID]
    header_detection_reference: M[HeaderDetectionReference]
    header_handling_control_information: MList[HeaderHandlingControlInformation]
    header_detection_support_information: O[HeaderDetectionSupportInformation] = None
    header_handling_reporting_control_info: OList[HeaderHandlingReportingControlInfo] = ()


class ExtendedTransportLevelMarking(Group, frozen=True):
    """The mark of packets of PDU sets of some importances (TS 29.244 7.5.2.3)."""

    number = 383

    transport_level_marking: M[e.TransportLevelMarking]
    pdu_set_importance: M[PDUSetImportance]


class MoQInformation(Group, frozen=True):
    """What the relay of media over QUIC was given (TS 29.244 7.5.3.1)."""

    number = 386

    moq_relay_address: C[MoQRelayIPAddress] = None
