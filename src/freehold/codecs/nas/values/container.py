"""Containers of other functions: service-level AA, SOR, UPU, several payloads (TS 24.501 9.11.2, 9.11.3)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import (
    U1,
    U2,
    U4,
    U8,
    U16,
    Bits,
    Choice,
    Constant,
    Count,
    Length,
    Octets,
    OctetString,
    Plmn,
    Repeat,
    Rest,
    Sized,
    Spare,
    Switch,
    Value,
    When,
)
from freehold.codecs.nas.values.area import Dnn
from freehold.codecs.nas.values.identity import KeySetIdentifier, Nssai, SNssaiElement
from freehold.codecs.nas.values.timer import GprsTimer3
from freehold.spec.identities import PlmnId

Mac = Annotated[bytes, Octets(16)]
_SET = frozenset({1})

DEVICE_ID, SERVER_ADDRESS, RESPONSE, PAYLOAD_TYPE, PAYLOAD, PENDING = 1, 2, 3, 4, 7, 10
"""The high half of the identifiers of service-level AA parameters (TS 24.501 9.11.2.10)."""


class ServerAddress(Value, frozen=True):
    """Where the service-level AA server is: 1 IPv4, 2 IPv6, 3 both, 4 FQDN (TS 24.501 9.11.2.12)."""

    kind: U8
    address: OctetString


class ServiceLevelResponse(Value, frozen=True):
    """The outcomes of C2 and service-level authorization: 1 success, 2 not or revoked (TS 24.501 9.11.2.14)."""

    c2_authorization: Annotated[int, Spare(4), Bits(2)]
    service_level: U2


_TLV = Annotated[bytes, Spare(4), Sized(8), Rest()]
_HALF = U4


class ServiceLevelParameter(Value, frozen=True):
    """One parameter; those of kind 8 and above have one octet together (TS 24.501 9.11.2.10, TS 24.007 11.2.4)."""

    kind: U4
    value: Annotated[
        int | bytes | ServerAddress | ServiceLevelResponse,
        Switch(
            "kind",
            {
                SERVER_ADDRESS: Annotated[ServerAddress, Spare(4), Sized(8)],
                RESPONSE: Annotated[ServiceLevelResponse, Spare(4), Sized(8)],
                PAYLOAD_TYPE: Annotated[int, Spare(4), Sized(8), Bits(8)],
                PAYLOAD: Annotated[bytes, Spare(4), Sized(16), Rest()],
                **dict.fromkeys(range(8, 16), _HALF),
            },
            _TLV,
        ),
    ]


ServiceLevelAaContainer = Annotated[list[ServiceLevelParameter], Repeat()]
"""Service-level-AA container (TS 24.501 9.11.2.10)."""


class SorSecuredPacket(Value, frozen=True):
    """Steering of roaming by a secured packet for the USIM (TS 24.501 9.11.3.51)."""

    acknowledgement_requested: Annotated[bool, Spare(3), Constant(0, 1), Bits(1)]
    list_provided: Annotated[bool, Constant(0, 1), Bits(1)]
    mac_i_ausf: Annotated[bytes, Constant(0, 1), Octets(16)]
    counter: U16
    packet: OctetString


class PreferredPlmn(Value, frozen=True):
    """A PLMN and bits of AccessTechnology (TS 24.501 9.11.3.51, TS 31.102 4.2.5)."""

    plmn: Annotated[PlmnId, Plmn()]
    access_technologies: U16


class SorPlmnList(Value, frozen=True):
    """Steering of roaming by a list of preferred PLMNs (TS 24.501 9.11.3.51)."""

    acknowledgement_requested: Annotated[bool, Spare(3), Constant(0, 1), Bits(1)]
    list_provided: Annotated[bool, Constant(1, 1), Bits(1)]
    mac_i_ausf: Annotated[bytes, Constant(0, 1), Octets(16)]
    counter: U16
    plmns: Annotated[list[PreferredPlmn], Repeat()]


class SorPacketWithParameters(Value, frozen=True):
    """Steering of roaming by a secured packet where AP is set (TS 24.501 9.11.3.51)."""

    acknowledgement_requested: Annotated[bool, Spare(3), Constant(1, 1), Bits(1)]
    list_provided: Annotated[bool, Constant(0, 1), Bits(1)]
    mac_i_ausf: Annotated[bytes, Constant(0, 1), Octets(16)]
    counter: U16
    content: OctetString


_SIZED = Annotated[bytes | None, Sized(16), Rest()]


class SorWithParameters(Value, frozen=True):
    """Steering of roaming by a list of preferred PLMNs and additional parameters: AP is set (TS 24.501 9.11.3.51).

    `control_information` is SOR-CMCI, `snpn_information` SOR-SNPN-SI, `local_snpn_information` SOR-SNPN-SI-LS.
    """

    acknowledgement_requested: Annotated[bool, Spare(3), Constant(1, 1), Bits(1)]
    list_provided: Annotated[bool, Constant(1, 1), Bits(1)]
    mac_i_ausf: Annotated[bytes, Constant(0, 1), Octets(16)]
    counter: U16
    plmns: Annotated[list[PreferredPlmn], Sized(8), Repeat()]
    has_local_snpn_information: Annotated[bool, Spare(4), Bits(1)] = False
    has_snpn_information: U1 = False
    store_control_information: U1 = False
    has_control_information: U1 = False
    control_information: Annotated[_SIZED, When("has_control_information", _SET)] = None
    snpn_information: Annotated[_SIZED, When("has_snpn_information", _SET)] = None
    local_snpn_information: Annotated[_SIZED, When("has_local_snpn_information", _SET)] = None
    more: OctetString = b""


class SorAcknowledgement(Value, frozen=True):
    """The UE has taken the steering information in, and says what it supports (TS 24.501 9.11.3.51)."""

    supports_local_snpn_information: Annotated[bool, Spare(4), Bits(1)]
    supports_snpn_information: U1
    supports_control_information: U1
    mac_i_ue: Annotated[bytes, Constant(1, 1), Octets(16)]
    more: OctetString = b""


SorTransparentContainer = Annotated[
    SorSecuredPacket | SorPlmnList | SorPacketWithParameters | SorWithParameters | SorAcknowledgement,
    Choice(
        7,
        1,
        {
            0: Annotated[
                SorSecuredPacket | SorPlmnList | SorPacketWithParameters | SorWithParameters,
                Choice(
                    3,
                    1,
                    {
                        0: Annotated[
                            SorSecuredPacket | SorPlmnList, Choice(5, 1, {0: SorSecuredPacket, 1: SorPlmnList})
                        ],
                        1: Annotated[
                            SorPacketWithParameters | SorWithParameters,
                            Choice(5, 1, {0: SorPacketWithParameters, 1: SorWithParameters}),
                        ],
                    },
                ),
            ],
            1: SorAcknowledgement,
        },
    ),
]
"""SOR transparent container (TS 24.501 9.11.3.51)."""

ROUTING_INDICATOR, DEFAULT_CONFIGURED_NSSAI = 1, 2
"""Types of UE parameters update data sets (TS 24.501 9.11.3.53A)."""


class UpuDataSet(Value, frozen=True):
    """One parameter to update: type 1 a secured packet, 2 an NSSAI (TS 24.501 9.11.3.53A)."""

    kind: Annotated[int, Spare(4), Bits(4)]
    value: Annotated[
        bytes | list[SNssaiElement],
        Sized(16),
        Switch("kind", {DEFAULT_CONFIGURED_NSSAI: Nssai}, OctetString),
    ]


class UpuUpdate(Value, frozen=True):
    """The home network updates UE parameters (TS 24.501 9.11.3.53A)."""

    registration_requested: Annotated[bool, Spare(5), Bits(1)]
    acknowledgement_requested: U1
    mac_i_ausf: Annotated[bytes, Constant(0, 1), Octets(16)]
    counter: U16
    data_sets: Annotated[list[UpuDataSet], Repeat()]


class UpuAcknowledgement(Value, frozen=True):
    """The UE has updated its parameters (TS 24.501 9.11.3.53A)."""

    mac_i_ue: Annotated[bytes, Spare(7), Constant(1, 1), Octets(16)]
    more: OctetString = b""


UpuTransparentContainer = Annotated[UpuUpdate | UpuAcknowledgement, Choice(7, 1, {0: UpuUpdate, 1: UpuAcknowledgement})]
"""UE parameters update transparent container (TS 24.501 9.11.3.53A)."""


PAYLOAD_OPTIONS = {
    0x12: U8,  # PDU session ID
    0x22: SNssaiElement,
    0x25: Dnn,
    0x37: GprsTimer3,  # back-off timer value
    0x58: U8,  # 5GMM cause
    0x59: U8,  # old PDU session ID
    0x80: U8,  # request type
    0xA0: U8,  # MA PDU session information
    0xF0: U8,  # release assistance indication
}
"""What goes with a payload, by its identifier; additional information and others are octets (TS 24.501 9.11.3.39)."""


class PayloadOption(Value, frozen=True):
    """What one of several payloads goes with, under the identifiers of NAS transport (TS 24.501 9.11.3.39)."""

    identifier: U8
    value: Annotated[
        int | str | bytes | GprsTimer3 | SNssaiElement,
        Sized(8),
        Switch("identifier", PAYLOAD_OPTIONS, OctetString),
    ]


class PayloadEntry(Value, frozen=True):
    """One of several payloads (TS 24.501 9.11.3.39)."""

    payload_container_type: Annotated[int, Length(16), Count(4), Bits(4)]
    options: Annotated[list[PayloadOption], Repeat(counted=True)]
    contents: OctetString


class MultiplePayloads(Value, frozen=True):
    """A payload container of type multiple payloads (TS 24.501 9.11.3.39)."""

    entries: Annotated[list[PayloadEntry], Count(8), Repeat(counted=True)]


class IntraN1Container(Value, frozen=True):
    """Intra N1 mode NAS transparent container, of a handover within 5GS (TS 24.501 9.11.2.6)."""

    mac: Annotated[bytes, Octets(4)]
    ciphering: U4
    integrity: U4
    new_kamf: Annotated[bool, Spare(3), Bits(1)]
    ng_ksi: KeySetIdentifier
    sequence_number: U8


class N1ToS1Container(Value, frozen=True):
    """N1 mode to S1 mode NAS transparent container (TS 24.501 9.11.2.7)."""

    sequence_number: U8


class S1ToN1Container(Value, frozen=True):
    """S1 mode to N1 mode NAS transparent container (TS 24.501 9.11.2.9)."""

    mac: Annotated[bytes, Octets(4)]
    ciphering: U4
    integrity: U4
    next_hop_chaining_count: Annotated[int, Spare(1), Bits(3)]
    ng_ksi: KeySetIdentifier
    spare: Annotated[int, Bits(16)] = 0
