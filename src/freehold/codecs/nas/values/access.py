"""Access and reachability: closed groups, disaster roaming, paging, power saving, EPS (TS 24.501 9.11.3)."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Self

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import (
    U1,
    U2,
    U3,
    U4,
    U8,
    U32,
    Bits,
    Choice,
    Constant,
    Count,
    IfLeft,
    Length,
    Octets,
    OctetString,
    Plmn,
    Repeat,
    Rest,
    Sessions,
    Sized,
    Spare,
    Switch,
    Value,
    When,
)
from freehold.codecs.nas.values.timer import GprsTimer
from freehold.spec.identities import PlmnId

EpsBearers = Annotated[list[int], Sessions()]
"""EPS bearer identities 1 to 15 that are set in a status (TS 24.301 9.9.2.1)."""
Octet4 = Annotated[int, Spare(4), Bits(4)]


class CagEntry(Value, frozen=True):
    """The closed access groups of a PLMN; `cag_only`: no other cells there (TS 24.501 9.11.3.18A)."""

    plmn: Annotated[PlmnId, Length(8), Plmn()]
    cag_only: Annotated[bool, Spare(7), Bits(1)]
    identities: Annotated[list[U32], Repeat()]


CagInformation = Annotated[list[CagEntry], Repeat()]
"""CAG information list (TS 24.501 9.11.3.18A)."""


class TimePeriod(Value, frozen=True):
    """From when to when, in the 64 bits of NTP (TS 24.501 9.11.3.86)."""

    start: Annotated[int, Bits(64)]
    stop: Annotated[int, Bits(64)]


class TimeValidity(Value, frozen=True):
    """When a CAG may be used (TS 24.501 9.11.3.86)."""

    periods: Annotated[list[TimePeriod], Count(8), Repeat(counted=True)]


class CagWithInformation(Value, frozen=True):
    """A CAG-ID and when it may be used; `spare` are indications of later versions (TS 24.501 9.11.3.86)."""

    identity: Annotated[int, Length(16), Bits(32)]
    spare: Annotated[int, Bits(7)]
    has_validity: U1
    validity: Annotated[TimeValidity | None, When("has_validity", frozenset({1}))] = None
    more: OctetString = b""


_SIZED_LIST = Annotated[list[U32], Sized(16), Repeat(1000)]


class ExtendedCagEntry(Value, frozen=True):
    """The closed access groups of a PLMN, those with additional information apart (TS 24.501 9.11.3.86).

    `lists` are the bits CAILI and LCI: 0 identities alone, 1 their list has a length, 3 those with information follow.
    """

    plmn: Annotated[PlmnId, Length(16), Plmn()]
    lists: Annotated[int, Spare(4), Bits(2)]
    cag_only: Annotated[bool, Spare(1), Bits(1)]
    identities: Annotated[
        list[U32], Switch("lists", {0: Annotated[list[U32], Repeat(1000)], 1: _SIZED_LIST, 3: _SIZED_LIST})
    ]
    with_information: Annotated[
        list[CagWithInformation] | None, When("lists", frozenset({3})), Sized(16), Repeat(1000)
    ] = None


ExtendedCagInformation = Annotated[list[ExtendedCagEntry], Repeat()]
"""Extended CAG information list (TS 24.501 9.11.3.86)."""


class RegistrationWaitRange(Value, frozen=True):
    """Between which times a UE registers after disaster roaming begins or ends (TS 24.501 9.11.3.84)."""

    minimum: GprsTimer
    maximum: GprsTimer


class PagingRestriction(Value, frozen=True):
    """Paging restriction: 1 all, 2 all but voice, 3 all but sessions, 4 all but both (TS 24.501 9.11.3.77)."""

    kind: Octet4
    sessions: Annotated[list[int] | None, IfLeft(), Sessions()] = None


class ExtendedDrxParameters(Value, frozen=True):
    """Paging time window and eDRX value (TS 24.008 10.5.5.32)."""

    paging_time_window: U4
    cycle: U4
    more: OctetString = b""


class TruncatedSTmsiConfiguration(Value, frozen=True):
    """How many bits of AMF set and pointer are left in a truncated 5G-S-TMSI (TS 24.501 9.11.3.70)."""

    set_id_bits: U4
    pointer_bits: U4


class Nid(Value, frozen=True):
    """The network identifier of an SNPN: eleven hexadecimal digits, the assignment mode first (TS 24.501 9.11.3.79)."""

    first_digit: U4
    assignment_mode: U4
    digits: Annotated[bytes, Octets(5)]

    @property
    def text(self) -> str:
        """The identifier as TS 23.003 12.7 writes it."""
        halves = "".join(f"{octet & 15:X}{octet >> 4:X}" for octet in self.digits)
        return f"{self.assignment_mode:X}{self.first_digit:X}{halves[:9]}"


class UeRadioCapabilityId(Value, frozen=True):
    """UE radio capability ID (TS 24.501 9.11.3.68)."""

    octets: OctetString

    @property
    def digits(self) -> str:
        """Its hexadecimal digits, low half octet first; an F at the end is filler (TS 23.003 29.2)."""
        digits = "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in self.octets)
        return digits[:-1] if digits.endswith("f") and len(digits) % 2 == 0 else digits


class AdditionalInformationRequested(Value, frozen=True):
    """Whether keys for ciphered broadcast assistance data are asked for (TS 24.501 9.11.3.12A)."""

    ciphering_keys: Annotated[bool, Spare(7), Bits(1)]


class EpsCapability(Value, frozen=True):
    """S1 UE network or security capability, EEA and EIA first (TS 24.301 9.9.3.34, 9.9.3.36)."""

    ciphering: U8
    integrity: U8
    more: OctetString = b""


class MobileStationClassmark2(Value, frozen=True):
    """Mobile station classmark 2 (TS 24.008 10.5.1.6)."""

    revision_level: Annotated[int, Spare(1), Bits(2)]
    early_sending: U1
    no_a5_1: U1
    rf_power: U3
    pseudo_synchronization: Annotated[bool, Spare(1), Bits(1)]
    screening_indicator: U2
    short_messages: U1
    voice_broadcast: U1
    voice_group_call: U1
    frequency_capability: U1
    classmark_3: U1
    spare: U1
    location_services: U1
    ucs2: U1
    solsa: U1
    service_prompt: U1
    a5_3: U1
    a5_2: U1


class SupportedCodecs(Value, frozen=True):
    """The codecs of one system, a bit each (TS 24.008 10.5.4.32)."""

    system: U8
    bitmap: Annotated[bytes, Sized(8), Rest()]


SupportedCodecList = Annotated[list[SupportedCodecs], Repeat()]
"""Supported codec list (TS 24.008 10.5.4.32)."""


class EmergencyNumber(Value, frozen=True):
    """An emergency number in BCD and its services, a bit each (TS 24.008 10.5.3.13)."""

    category: Annotated[int, Length(8), Spare(3), Bits(5)]
    number: OctetString


EmergencyNumbers = Annotated[list[EmergencyNumber], Repeat(16)]
"""Emergency number list (TS 24.008 10.5.3.13)."""


class ExtendedEmergencyNumber(Value, frozen=True):
    """A number in BCD and the sub-services of its URN (TS 24.301 9.9.3.37A)."""

    number: Annotated[bytes, Sized(8), Rest()]
    sub_services: Annotated[bytes, Sized(8), Rest()]


class ExtendedEmergencyNumbers(Value, frozen=True):
    """Extended emergency number list; `this_plmn_only`: not in the rest of the country (TS 24.301 9.9.3.37A)."""

    this_plmn_only: Annotated[bool, Spare(7), Bits(1)]
    numbers: Annotated[list[ExtendedEmergencyNumber], Repeat()]


class UserDataContainer(Value, frozen=True):
    """Control plane user data, `release_assistance` as in TS 24.301 (TS 24.501 9.11.3.18B)."""

    release_assistance: Annotated[int, Constant(0, 3), Bits(2)]
    pdu_session_identity: U3
    data: OctetString


class SmsContainer(Value, frozen=True):
    """An SMS in a control plane service request (TS 24.501 9.11.3.18B)."""

    spare: Annotated[int, Constant(1, 3), Bits(5)]
    data: OctetString


class LocationContainer(Value, frozen=True):
    """A location services message (TS 24.501 9.11.3.18B)."""

    release_assistance: Annotated[int, Constant(2, 3), Bits(2)]
    additional_information: Annotated[bytes, Spare(3), Sized(8), Rest()]
    data: OctetString


CiotSmallDataContainer = Annotated[
    UserDataContainer | SmsContainer | LocationContainer,
    Choice(0, 3, {0: UserDataContainer, 1: SmsContainer, 2: LocationContainer}),
]
"""CIoT small data container (TS 24.501 9.11.3.18B)."""


def swapped(octet: int) -> int:
    """A number of two decimal digits, low half octet first (TS 23.040 9.1.2.3)."""
    return octet % 16 * 10 + octet // 16


def time_zone(octet: int) -> timedelta:
    """How far local time is from universal time; bit 4 is the sign (TS 24.008 10.5.3.8)."""
    quarters = swapped(octet & 0xF7)
    return timedelta(minutes=-15 * quarters if octet & 8 else 15 * quarters)


class UniversalTime(Value, frozen=True):
    """Universal time and local time zone (TS 24.008 10.5.3.9)."""

    digits: Annotated[bytes, Octets(6)]
    zone: U8

    @property
    def when(self) -> datetime | None:
        """The moment in local time; None when the digits are no date."""
        year, *rest = map(swapped, self.digits)
        try:
            moment = datetime(2000 + year, *rest, tzinfo=UTC)  # type: ignore[misc,arg-type]
            return moment.astimezone(timezone(time_zone(self.zone)))
        except (ValueError, OverflowError):
            return None

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """From an aware moment."""
        utc = moment.astimezone(UTC)
        parts = (utc.year % 100, utc.month, utc.day, utc.hour, utc.minute, utc.second)
        quarters = round((moment.utcoffset() or timedelta()) / timedelta(minutes=15))
        zone = abs(quarters) % 10 << 4 | abs(quarters) // 10
        return cls(bytes(part % 10 << 4 | part // 10 for part in parts), zone | (8 if quarters < 0 else 0))


class RelayKeyRequestParameters(Value, frozen=True):
    """What a relay asks keys with; `by_key_identity`: the identity is a PRUK ID, else a SUCI (TS 24.501 9.11.3.89)."""

    relay_service_code: Annotated[int, Bits(24)]
    nonce: Annotated[bytes, Octets(16)]
    by_key_identity: Annotated[bool, Spare(7), Bits(1)]
    identity: OctetString


class RelayKeyResponseParameters(Value, frozen=True):
    """The key and nonce of a relay connection (TS 24.501 9.11.3.90)."""

    key: Annotated[bytes, Octets(32)]
    nonce: Annotated[bytes, Octets(16)]
    key_identity: OctetString
