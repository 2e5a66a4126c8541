"""5GSM values (TS 24.501 9.11.4)."""

from typing import Self

import msgspec

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import (
    U1,
    U2,
    U4,
    U8,
    U16,
    Bits,
    Constant,
    IfLeft,
    Octets,
    OctetString,
    Record,
    Repeat,
    Rest,
    Sized,
    Spare,
    Switch,
    Value,
    When,
)

# PDU session types with an IPv4 address, and with an IPv6 interface identifier (TS 24.501 9.11.4.10)
_WITH_IPV4 = frozenset({1, 3})
_WITH_IPV6 = frozenset({2, 3})


class PduAddress(Value, frozen=True):
    """PDU address: type 1 IPv4, 2 IPv6, 3 IPv4v6 (TS 24.501 9.11.4.10)."""

    pdu_session_type: Annotated[int, Spare(5), Bits(3)]
    interface_identifier: Annotated[bytes | None, When("pdu_session_type", _WITH_IPV6), Octets(8)] = None
    ipv4: Annotated[bytes | None, When("pdu_session_type", _WITH_IPV4), Octets(4)] = None
    more: OctetString = b""


class BitRate(Value, frozen=True):
    """A bit rate as unit and count: 1 is 1 kbit/s, each next four times, 6 is 1 Mbit/s ... (TS 24.501 9.11.4.14)."""

    unit: U8
    value: U16

    @property
    def bits_per_second(self) -> int:
        """The rate; a unit of 0 is not used."""
        return self.value * _unit_of(self.unit) if self.unit else 0

    @classmethod
    def of(cls, bits_per_second: int) -> Self:
        """The smallest unit that holds the rate, rounded up."""
        for unit in range(1, 26):
            count = -(-bits_per_second // _unit_of(unit))
            if count <= 0xFFFF:
                return cls(unit, count)
        return cls(25, 0xFFFF)


def _unit_of(unit: int) -> int:
    decade, step = divmod(min(unit, 25) - 1, 5)
    return int(1000 ** (decade + 1) * 4**step)


class SessionAmbr(Value, frozen=True):
    """Session-AMBR (TS 24.501 9.11.4.14)."""

    downlink: BitRate
    uplink: BitRate

    @classmethod
    def of(cls, downlink: int, uplink: int) -> Self:
        """From rates in bit/s."""
        return cls(BitRate.of(downlink), BitRate.of(uplink))


class IntegrityDataRate(Value, frozen=True):
    """Integrity protection maximum data rate: 0 is 64 kbit/s, 255 full rate (TS 24.501 9.11.4.7)."""

    uplink: U8 = 255
    downlink: U8 = 255


class SessionCapabilityOctet4(Value, frozen=True):
    """Octet 4 of 5GSM capability: steering, measurement by QoS flow, authentication in EPS (TS 24.501 9.11.4.1)."""

    mpquic_ip: U1 = False
    mpquic_udp: U1 = False
    mptcp: U1 = False
    atsss_low_layer: U2 = 0
    rtp_multiplexed_media: U1 = False
    dn_authentication_in_epc: U1 = False
    measurement_per_qos_flow: U1 = False


class SessionCapability(Value, frozen=True):
    """5GSM capability: octet 3, then octet 4 where it is there (TS 24.501 9.11.4.1)."""

    transfer_of_port_management: U1 = False
    atsss: U4 = 0
    ethernet_s1: U1 = False
    multi_homed_ipv6: U1 = False
    reflective_qos: U1 = False
    octet_4: Annotated[SessionCapabilityOctet4 | None, IfLeft()] = None
    more: OctetString = b""


class AllowedSscModes(Value, frozen=True):
    """Allowed SSC mode (TS 24.501 9.11.4.5)."""

    ssc3: Annotated[bool, Spare(1), Bits(1)] = False
    ssc2: U1 = False
    ssc1: U1 = False


class ReattemptIndicator(Value, frozen=True):
    """Re-attempt indicator (TS 24.501 9.11.4.17)."""

    not_in_equivalent_plmn: Annotated[bool, Spare(6), Bits(1)] = False
    not_in_s1_mode: U1 = False


class CongestionReattemptIndicator(Value, frozen=True):
    """5GSM congestion re-attempt indicator (TS 24.501 9.11.4.21)."""

    catbo: Annotated[bool, Spare(6), Bits(1)] = False
    all_plmns: U1 = False


class PacketFilterLimit(Value, frozen=True):
    """Maximum number of supported packet filters: 17 to 1024 (TS 24.501 9.11.4.9)."""

    value: Annotated[int, Bits(11)]
    filler: Annotated[int, Bits(5)] = 0


class ConfigurationOption(Value, frozen=True):
    """A protocol or container of protocol configuration options (TS 24.008 10.5.6.3)."""

    identifier: U16
    contents: Annotated[bytes, Sized(8), Rest()] = b""


_LONG = Annotated[bytes, Sized(16), Rest()]
_SHORT = Annotated[bytes, Sized(8), Rest()]
# containers the network sends with a length of two octets (TS 24.008 10.5.6.3A)
_LONG_CONTAINERS = (0x0023, 0x0024, 0x0030, 0x0031, 0x0032)


class ExtendedConfigurationOption(Value, frozen=True):
    """As ConfigurationOption; some downlink containers have a length of two octets (TS 24.008 10.5.6.3A)."""

    identifier: U16
    contents: Annotated[bytes, Switch("identifier", dict.fromkeys(_LONG_CONTAINERS, _LONG), _SHORT)] = b""


class ProtocolConfigurationOptions(Value, frozen=True):
    """Protocol configuration options (TS 24.008 10.5.6.3)."""

    protocol: Annotated[int, Constant(1, 1), Spare(4), Bits(3)] = 0
    options: Annotated[list[ConfigurationOption], Repeat()] = msgspec.field(default_factory=list)


class ExtendedProtocolConfigurationOptions(Value, frozen=True):
    """Extended protocol configuration options (TS 24.501 9.11.4.6)."""

    protocol: Annotated[int, Constant(1, 1), Spare(4), Bits(3)] = 0
    options: Annotated[list[ExtendedConfigurationOption], Repeat()] = msgspec.field(default_factory=list)

    def contents(self, identifier: int) -> bytes | None:
        """The contents of the first option of this identifier, None when it was not asked or given."""
        return next((option.contents for option in self.options if option.identifier == identifier), None)


UplinkExtendedPco = Annotated[
    ExtendedProtocolConfigurationOptions,
    Record(
        ExtendedProtocolConfigurationOptions,
        {
            "protocol": Annotated[int, Constant(1, 1), Spare(4), Bits(3)],
            "options": Annotated[
                list[
                    Annotated[
                        ExtendedConfigurationOption,
                        Record(ExtendedConfigurationOption, {"identifier": U16, "contents": _SHORT}),
                    ]
                ],
                Repeat(),
            ],
        },
    ),
]
"""The options as a UE sends them: every length has one octet (TS 24.008 10.5.6.3A)."""
