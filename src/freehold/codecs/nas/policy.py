"""UE policies: sections, URSP rules and the messages that deliver them (TS 24.501 Annex D, TS 24.526 5.2)."""

from collections.abc import Callable
from typing import ClassVar

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.compile import Compiler
from freehold.codecs.nas.engine import Decoded, Fault, SecurityProtected
from freehold.codecs.nas.layout import (
    LV,
    LVE,
    TLV,
    U8,
    U16,
    Bits,
    Count,
    Length,
    Octets,
    OctetString,
    Plmn,
    PolicyMessage,
    Repeat,
    Rest,
    Sized,
    Spare,
    Switch,
    Value,
)
from freehold.codecs.nas.values.area import Dnn
from freehold.codecs.nas.values.identity import SNssaiElement
from freehold.codecs.nas.values.qos import COMPONENTS, ComponentValue
from freehold.codecs.nas.values.slicing import OsApplication
from freehold.spec.identities import PlmnId

_NAME = Annotated[bytes, Sized(8), Rest()]


class ConnectionCapabilities(Value, frozen=True):
    """What an application wants: 1 IMS, 2 MMS, 4 SUPL, 8 Internet (TS 24.526 5.2)."""

    capabilities: Annotated[list[U8], Count(8), Repeat(counted=True)]


TRAFFIC = {
    **COMPONENTS,
    0x08: OsApplication,  # OS id and OS application id
    0x88: Annotated[Dnn, Sized(8)],  # DNN
    0x90: ConnectionCapabilities,  # connection capabilities
    0x91: _NAME,  # destination FQDN
    0xA0: _NAME,  # OS application id
}
"""Traffic descriptor components by their type identifier (TS 24.526 table 5.2.1)."""
del TRAFFIC[0x89]


class TrafficComponent(Value, frozen=True):
    """One component of a traffic descriptor, as TRAFFIC tells (TS 24.526 5.2)."""

    kind: U8
    value: Annotated[ComponentValue | OsApplication | ConnectionCapabilities | str, Switch("kind", TRAFFIC)] = b""


class TimeWindow(Value, frozen=True):
    """When a route may be used, in the format of NTP (TS 24.526 5.2)."""

    start: Annotated[int, Bits(64)]
    stop: Annotated[int, Bits(64)]


_NOTHING = Annotated[bytes, Octets(0)]
ROUTE = {
    0x01: Annotated[int, Spare(5), Bits(3)],  # SSC mode
    0x02: Annotated[SNssaiElement, Sized(8)],  # S-NSSAI
    0x04: Annotated[Dnn, Sized(8)],  # DNN
    0x08: Annotated[int, Spare(5), Bits(3)],  # PDU session type
    0x10: Annotated[int, Spare(6), Bits(2)],  # preferred access type
    0x11: _NOTHING,  # multi-access preference
    0x20: _NOTHING,  # non-seamless non-3GPP offload indication
    0x80: TimeWindow,  # time window
}
"""Route selection descriptor components by their type identifier (TS 24.526 table 5.2.1)."""


class RouteComponent(Value, frozen=True):
    """One component of a route, as ROUTE tells; of an unknown kind, it and all after it (TS 24.526 5.2)."""

    kind: U8
    value: Annotated[int | str | bytes | SNssaiElement | TimeWindow, Switch("kind", ROUTE, OctetString)] = b""


class Route(Value, frozen=True):
    """A route selection descriptor, the lowest precedence first (TS 24.526 figure 5.2.4)."""

    precedence: Annotated[int, Length(16), Bits(8)]
    components: Annotated[list[RouteComponent], Sized(16), Repeat()]


class UrspRule(Value, frozen=True):
    """Which traffic takes which routes (TS 24.526 figure 5.2.2)."""

    precedence: Annotated[int, Length(16), Bits(8)]
    traffic: Annotated[list[TrafficComponent], Sized(16), Repeat()]
    routes: Annotated[list[Route], Sized(16), Repeat()]


URSP, ANDSP, V2XP, PROSEP = 1, 2, 3, 4
"""UE policy part types (TS 24.501 D.6.2)."""


class PolicyPart(Value, frozen=True):
    """One kind of policy: URSP rules, or octets of another kind (TS 24.501 D.6.2)."""

    kind: Annotated[int, Length(16), Spare(4), Bits(4)]
    contents: Annotated[
        list[UrspRule] | bytes, Switch("kind", {URSP: Annotated[list[UrspRule], Repeat()]}, OctetString)
    ]


class Instruction(Value, frozen=True):
    """Sets the section of a UPSC, or deletes it when there is no part (TS 24.501 D.6.2)."""

    upsc: Annotated[int, Length(16), Bits(16)]
    parts: Annotated[list[PolicyPart], Repeat()]


class SectionSublist(Value, frozen=True):
    """The instructions for the sections of one PLMN (TS 24.501 D.6.2)."""

    plmn: Annotated[PlmnId, Length(16), Plmn()]
    instructions: Annotated[list[Instruction], Repeat()]


class SectionFailure(Value, frozen=True):
    """An instruction not carried out, by its order from 1 (TS 24.501 D.6.3)."""

    upsc: U16
    order: U16
    cause: U8


class SectionSubresult(Value, frozen=True):
    """The failures of one PLMN's sections (TS 24.501 D.6.3)."""

    plmn: Annotated[PlmnId, Count(8), Plmn()]
    failures: Annotated[list[SectionFailure], Repeat(counted=True)]


class UpsiSublist(Value, frozen=True):
    """The sections of one PLMN that a UE has stored (TS 24.501 D.6.4)."""

    plmn: Annotated[PlmnId, Length(16), Plmn()]
    upscs: Annotated[list[U16], Repeat()]


class Classmark(Value, frozen=True):
    """What a UE or network can do with policies, ANDSP or NSSUI first (TS 24.501 D.6.5, D.6.7)."""

    supported: Annotated[bool, Spare(7), Bits(1)]
    more: OctetString = b""


class ManageUePolicyCommand(PolicyMessage, frozen=True):
    """The PCF changes policy sections (TS 24.501 D.5.1)."""

    message_type: ClassVar[int] = 1

    sections: Annotated[list[SectionSublist], Repeat(), LVE(11)]
    network_classmark: Annotated[Classmark | None, TLV(0x42, 3, 5)] = None


class ManageUePolicyComplete(PolicyMessage, frozen=True):
    """The UE has carried out every instruction (TS 24.501 D.5.2)."""

    message_type: ClassVar[int] = 2


class ManageUePolicyCommandReject(PolicyMessage, frozen=True):
    """The UE could not carry out some instructions (TS 24.501 D.5.3)."""

    message_type: ClassVar[int] = 3

    results: Annotated[list[SectionSubresult], Repeat(), LVE(11)]


class UeStateIndication(PolicyMessage, frozen=True):
    """The UE tells the sections it has stored (TS 24.501 D.5.4)."""

    message_type: ClassVar[int] = 4

    upsis: Annotated[list[UpsiSublist], Repeat(), LVE(2)]
    classmark: Annotated[Classmark, LV(2, 4)]
    os_identities: Annotated[list[Annotated[bytes, Octets(16)]] | None, Repeat(), TLV(0x41, 18, 242)] = None


POLICY_MESSAGES = (ManageUePolicyCommand, ManageUePolicyComplete, ManageUePolicyCommandReject, UeStateIndication)
_codec = Compiler().codec(POLICY_MESSAGES, (Decoded, Fault, SecurityProtected, PlmnId))
_decode: Callable[[bytes], Decoded] = _codec.decode
_encode: Callable[[PolicyMessage], bytes] = _codec.encode
_HEADER = b"\x7e\x00"


def decode_policy(octets: bytes) -> Decoded:
    """Read the content of a UE policy container; faults as those of a NAS message (TS 24.501 D.4)."""
    if len(octets) < len(_HEADER):
        return _decode(_HEADER)  # too short for a message type (TS 24.501 7.2)
    return _decode(_HEADER + octets[1:2] + octets[:1] + octets[2:])


def encode_policy(message: PolicyMessage) -> bytes:
    """Write the content of a UE policy container (TS 24.501 D.5)."""
    octets = _encode(message)
    return octets[3:4] + octets[2:3] + octets[4:]
