"""Names of numbers, from the enumerations that stand in the rooms of the protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum, IntFlag
from functools import cache, lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Final

from freehold.spec.causes import MmCause, PfcpCause, SmCause

Names = Mapping[int, str]
_NOTHING: Final[Names] = MappingProxyType({})


def named(owner: type, field: str, value: int) -> str:
    """A number with its name beside it, or with the names of its bits, where its field has an enumeration."""
    number = int(value)
    names, bits = _enumeration(owner, field)
    said = _bits(names, number) if bits else names.get(number, "")
    return f"{number} ({said})" if said else str(number)


def _bits(names: Names, number: int) -> str:
    """The names of the bits set; of a bit without a name, its value."""
    return ", ".join(names.get(1 << at, f"{1 << at:#x}") for at in range(number.bit_length()) if number >> at & 1)


@lru_cache(maxsize=4096)
def _enumeration(owner: type, field: str) -> tuple[Names, bool]:
    """The names of a field's values, and whether its bits have them."""
    room = (owner.__module__.split(".")[2:3] or [""])[0]
    if room == "nas":
        return _nas(owner, field)
    if room == "pfcp":
        return _pfcp(owner, field)
    return _listed(room, owner, field) if room in _LISTED else (_NOTHING, False)


def _words(kind: type[IntEnum | IntFlag]) -> Names:
    return {int(member): (member.name or "").replace("_", " ").lower() for member in kind}


# TS 24.501 9.3, 9.11.2.1A, 9.11.3.3, 9.11.3.7, 9.11.3.20, 9.11.3.34, 9.11.3.40, 9.11.3.47, 9.11.3.50, 9.11.4.11 to 16
_NAS: Final = MappingProxyType(
    {
        ("", "security_header"): "SecurityHeaderType",
        ("", "payload_container_type"): "PayloadContainerType",
        ("", "request_type"): "RequestType",
        ("", "service_type"): "ServiceType",
        ("", "pdu_session_type"): "PduSessionType",
        ("", "selected_pdu_session_type"): "PduSessionType",
        ("", "access_type"): "AccessType",
        ("", "identity_type"): "IdentityType",
        ("", "ssc_mode"): "SscMode",
        ("", "selected_ssc_mode"): "SscMode",
        ("RegistrationType", "value"): "RegistrationKind",
        ("RegistrationResult", "value"): "AccessType",
        ("SecurityAlgorithms", "ciphering"): "CipheringAlgorithm",
        ("SecurityAlgorithms", "integrity"): "IntegrityAlgorithm",
        ("IntraN1Container", "ciphering"): "CipheringAlgorithm",
        ("IntraN1Container", "integrity"): "IntegrityAlgorithm",
        ("QosRule", "operation"): "RuleOperation",
        ("QosFlowDescription", "operation"): "FlowOperation",
        ("PacketFilter", "direction"): "PacketFilterDirection",
        ("ConfigurationOption", "identifier"): "ConfigurationContainer",
        ("ExtendedConfigurationOption", "identifier"): "ConfigurationContainer",
        ("PreferredPlmn", "access_technologies"): "AccessTechnology",
        ("ReceivedMbsInformation", "decision"): "MbsDecision",
        ("ReceivedMbsInformation", "rejection_cause"): "MbsRejectionCause",
    }
)
"""Fields of NAS by the class of their owner, "" for any, and the name of their enumeration."""


def _nas(owner: type, field: str) -> tuple[Names, bool]:
    from freehold.codecs.nas import names

    if field == "cause":
        return _words(SmCause if "SmMessage" in {base.__name__ for base in owner.__mro__} else MmCause), False
    kind = getattr(names, _NAS.get((owner.__name__, field)) or _NAS.get(("", field), ""), None)
    return (_NOTHING, False) if kind is None else (_words(kind), issubclass(kind, IntFlag))


# TS 24.011 8.1.4.2, 8.2.5.4, TS 23.040 9.1.2.5, 9.2.3; RFC 4187 8.1, 10, RFC 9048 3, RFC 9678 6, RFC 3748 5
_LISTED: Final = MappingProxyType(
    {
        "sms": {
            ("CpError", "cause"): "CpCause",
            ("RpError", "cause"): "RpCause",
            ("", "failure_cause"): "FailureCause",
            ("", "status"): "Status",
            ("", "command_type"): "CommandType",
            ("", "type_of_number"): "TypeOfNumber",
            ("", "numbering_plan"): "NumberingPlan",
        },
        "eap": {
            ("", "subtype"): "Subtype",
            ("AtNotification", "value"): "NotificationCode",
            ("AtClientErrorCode", "value"): "ClientErrorCode",
            ("AtKdf", "value"): "KeyDerivation",
            ("AtKdfFs", "value"): "KeyExchange",
            ("AtBidding", "value"): "BiddingFlag",
            ("Nak", "wanted"): "MethodType",
            ("OtherMethod", "kind"): "MethodType",
        },
    }
)
"""Fields of these rooms by the class of their owner, "" for any, and the enumeration in the room's `names`."""


def _listed(room: str, owner: type, field: str) -> tuple[Names, bool]:
    listed = _LISTED[room]
    name = listed.get((owner.__name__, field)) or listed.get(("", field), "")
    kind = getattr(import_module(f"freehold.codecs.{room}.names"), name, None)
    return (_NOTHING, False) if kind is None else (_words(kind), issubclass(kind, IntFlag))


# TS 29.244 8.2.2, 8.2.7, 8.2.24, 8.2.64: fields whose enumeration has another name
_PFCP: Final = MappingProxyType(
    {
        ("", "source_interface"): "Interface",
        ("", "destination_interface"): "Interface",
        ("", "ul_gate"): "Gate",
        ("", "dl_gate"): "Gate",
        ("OuterHeaderRemoval", "description"): "HeaderRemoval",
    }
)


def _pfcp(owner: type, field: str) -> tuple[Names, bool]:
    if field == "cause":
        return _words(PfcpCause), False
    if field == "offending_ie" or (owner.__name__, field) == ("UnknownIE", "number"):
        return _elements(), False
    wanted = _PFCP.get((owner.__name__, field)) or _PFCP.get(("", field)) or field
    return _flags().get(_plain(wanted), (_NOTHING, False))


def _plain(name: str) -> str:
    """A name without what the code's spelling adds to the specification's."""
    return name.replace("_", "").lower().removesuffix("s")


@cache
def _flags() -> dict[str, tuple[Names, bool]]:
    """Every enumeration of PFCP by its plain name: powers of two are bits (TS 29.244 8.2)."""
    from freehold.codecs.pfcp import flags

    found: dict[str, tuple[Names, bool]] = {}
    for kind in vars(flags).values():
        if isinstance(kind, type) and kind.__module__ == flags.__name__:
            names = {value: name for name, value in vars(kind).items() if isinstance(value, int)}
            found[_plain(kind.__name__)] = names, all(value and not value & value - 1 for value in names)
    return found


def element_name(protocol: str, number: int) -> str:
    """The name of an information element by its identifier, "" where it has none (TS 38.413 9.4.7, TS 29.244 8.1.2)."""
    return (_elements() if protocol == "pfcp" else _identifiers(protocol)).get(number, "")


@cache
def _identifiers(protocol: str) -> Names:
    """The names of an ASN.1 protocol's IE ids, where it has any."""
    names = getattr(import_module(f"freehold.codecs.{protocol}"), "element_names", None)
    return _NOTHING if names is None else names()


@cache
def _elements() -> Names:
    """The names of PFCP's information elements by their types (TS 29.244 8.1.2)."""
    from freehold.codecs.pfcp.kept import NAMES

    return dict(NAMES) | dict(_declared())


def _declared() -> Iterator[tuple[int, str]]:
    from freehold.codecs.pfcp import (
        bridge,
        broadcast,
        elements,
        layouts,
        measuring,
        media,
        multiaccess,
        quality,
        reports,
        rules,
        tunnels,
    )
    from freehold.codecs.pfcp.table import IE, Message

    singles = (bridge, broadcast, elements, layouts, measuring, media, multiaccess, quality, tunnels)
    for module in (*singles, reports, rules):
        for name, value in vars(module).items():
            number = getattr(value, "number", None)
            if isinstance(number, int) and not issubclass(value, Message):
                yield number, name
            yield from ((note.number, name) for note in getattr(value, "marks", ()) if isinstance(note, IE))
