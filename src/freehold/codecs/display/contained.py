"""Messages within messages: which fields hold octets of another protocol, and what opens them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import msgspec

from freehold.codecs.display.document import given, write
from freehold.codecs.display.protocols import PROTOCOLS, Reading

DEPTH: Final = 8
"""Messages within messages that are opened."""


class PdcpHeader(msgspec.Struct, frozen=True, gc=False):
    """What PDCP puts around a message of a signalling radio bearer (TS 38.323 6.2.2.1)."""

    sequence_number: int
    message_authentication_code: bytes


class Opener(msgspec.Struct, frozen=True):
    """How octets are read: the protocol, the types to try, and whether they stand in a PDCP PDU."""

    protocol: str
    types: tuple[str, ...] = ()
    pdcp: bool = False

    def open(self, octets: bytes) -> Reading | None:
        """The reading, None where there is none to be had without keys or guesses."""
        header = None
        if self.pdcp:
            if len(octets) < 7 or octets[0] & 0xF0:  # TS 38.323 6.3.1: R bits, 12 bits of SN; MAC-I is the last four
                return None
            header = PdcpHeader(int.from_bytes(octets[:2], "big"), octets[-4:])
            octets = octets[2:-4]
        reading = self._read(octets)
        return reading if reading is None or header is None else msgspec.structs.replace(reading, header=header)

    def _read(self, octets: bytes) -> Reading | None:
        row = PROTOCOLS.get(self.protocol)
        if row is None:
            return None
        if not self.types:
            reading = row.decode(octets)
            return reading if reading.message is not None else None
        readings = (row.decode(octets, name) for name in self.types)
        return next((reading for reading in readings if row.fits(reading, octets)), None)


def _rrc(*types: str) -> tuple[Opener, ...]:
    return (Opener("rrc", types),)


def _pdcp(*types: str) -> Opener:
    return Opener("rrc", types, pdcp=True)


_PLAIN_NAS: Final = (Opener("nas"),)
_DOWN: Final = (_pdcp("DLDCCHMessage"),)
_PREPARATION: Final = _rrc("HandoverPreparationInformation")

_FIELDS: Final = MappingProxyType(
    {
        # TS 38.413 9.3.3.4, 9.3.3.14, 9.3.3.26, 9.3.1.20, 9.3.1.21, 9.3.1.74, 9.3.1.68
        ("ngap", "", "nas_pdu"): _PLAIN_NAS,
        ("ngap", "", "pdu_session_nas_pdu"): _PLAIN_NAS,
        ("ngap", "", "nrp_pa_pdu"): (Opener("nrppa"),),
        ("ngap", "", "ngap_message"): (Opener("ngap"),),
        ("ngap", "", "nasc"): (Opener("container", ("IntraN1",)),),
        ("ngap", "", "source_to_target_transparent_container"): (
            Opener("ngap", ("SourceNGRANNodeToTargetNGRANNodeTransparentContainer",)),
        ),
        ("ngap", "", "target_to_source_transparent_container"): (
            Opener("ngap", ("TargetNGRANNodeToSourceNGRANNodeTransparentContainer",)),
        ),
        ("ngap", "SourceNGRANNodeToTargetNGRANNodeTransparentContainer", "rrc_container"): _PREPARATION,
        ("ngap", "TargetNGRANNodeToSourceNGRANNodeTransparentContainer", "rrc_container"): _rrc("HandoverCommand"),
        ("ngap", "", "ue_radio_capability"): _rrc("UERadioAccessCapabilityInformation"),
        ("ngap", "", "ue_radio_capability_for_paging_of_nr"): _rrc("UERadioPagingInformation"),
        # TS 24.501 9.11.3.33; 4.4.5: with 5G-EA0 a ciphered message can be read
        ("nas", "", "nas_message_container"): _PLAIN_NAS,
        ("nas", "", "eap_message"): (Opener("eap"),),  # TS 24.501 9.11.2.2
        ("nas", "SmsContainer", "data"): (Opener("sms"),),  # TS 24.501 9.11.3.18B
        # TS 38.331 6.2.2
        ("rrc", "", "dedicated_nas_message"): _PLAIN_NAS,
        ("rrc", "", "dedicated_nas_message_list"): _PLAIN_NAS,
        # TS 38.473 9.2.3, 9.2.2, 9.3.1.25, 9.3.1.26, 9.3.1.18
        ("f1ap", "InitialULRRCMessageTransfer", "rrc_container"): _rrc("ULCCCHMessage", "ULCCCH1Message"),
        ("f1ap", "", "rrc_container_rrc_setup_complete"): (*_rrc("ULDCCHMessage"), _pdcp("ULDCCHMessage")),
        ("f1ap", "", "d_uto_currc_container"): _rrc("CellGroupConfig"),
        ("f1ap", "ULRRCMessageTransfer", "rrc_container"): (_pdcp("ULDCCHMessage"),),
        ("f1ap", "DLRRCMessageTransfer", "rrc_container"): (*_DOWN, *_rrc("DLCCCHMessage")),
        ("f1ap", "UEContextReleaseCommand", "rrc_container"): (*_DOWN, *_rrc("DLCCCHMessage")),
        ("f1ap", "", "rrc_container"): _DOWN,
        ("f1ap", "", "cell_group_config"): _rrc("CellGroupConfig"),
        ("f1ap", "", "cg_config_info"): _rrc("CGConfigInfo"),
        ("f1ap", "", "cg_config"): _rrc("CGConfig"),
        ("f1ap", "", "handover_preparation_information"): _PREPARATION,
        ("f1ap", "", "meas_config"): _rrc("MeasConfig"),
        ("f1ap", "", "meas_gap_config"): _rrc("MeasGapConfig"),
        ("f1ap", "", "measurement_timing_configuration"): _rrc("MeasurementTimingConfiguration"),
        ("f1ap", "", "ue_assistance_information"): _rrc("UEAssistanceInformation"),
        ("f1ap", "", "mib_message"): _rrc("MIB", "BCCHBCHMessage"),
        ("f1ap", "", "sib1_message"): _rrc("SIB1", "BCCHDLSCHMessage"),
        # TS 38.423 9.1.1, 9.1.2, 9.2.1.13
        ("xnap", "", "rrc_context"): _PREPARATION,
        ("xnap", "", "target2_source_ng_ran_node_transp_container"): _rrc("HandoverCommand"),
        ("xnap", "", "mn_to_sn_container"): _rrc("CGConfigInfo"),
        ("xnap", "", "sn_to_mn_container"): _rrc("CGConfig"),
        ("xnap", "", "measurement_timing_configuration"): _rrc("MeasurementTimingConfiguration"),
        ("xnap", "UEReportRRCTransfer", "rrc_container"): _rrc("ULDCCHMessage"),
        ("xnap", "", "rrc_container"): (_pdcp("DLDCCHMessage", "ULDCCHMessage"),),
    }
)
"""What opens a field: by the room, the class of its owner ("" any), and the field's name."""

_PAYLOADS: Final = MappingProxyType(
    {
        1: _PLAIN_NAS,
        2: (Opener("sms"),),
        3: (Opener("lpp", ("LPPMessage",)),),
        4: (Opener("container", ("Sor",)),),
        5: (Opener("policy"),),
        6: (Opener("container", ("Upu",)),),
        15: (Opener("container", ("Payloads",)),),
    }
)
"""What opens a payload container, by its type (TS 24.501 9.11.3.39, 9.11.3.40)."""


def opened(name: str, value: Any, owner: Any) -> Reading | None:
    """The message within a message, where this field holds one that can be read."""
    if not isinstance(value, bytes) or not value:
        return None
    return next((found for opener in _openers(name, owner) if (found := opener.open(value))), None)


def _openers(name: str, owner: Any) -> tuple[Opener, ...]:
    kind: type = type(owner)
    if name == "content" and _is_protected(kind):
        return _secured(owner)
    if name in {"payload_container", "contents"} and _room(kind) == "nas":
        return _PAYLOADS.get(getattr(owner, "payload_container_type", 0) or 0, ())
    return _of_field(name, kind)


@lru_cache(maxsize=8192)
def _of_field(name: str, kind: type) -> tuple[Opener, ...]:
    room = _room(kind)
    return _FIELDS.get((room, kind.__name__, name)) or _FIELDS.get((room, "", name), ())


def _is_protected(kind: type) -> bool:
    return kind.__name__ == "SecurityProtected" and _room(kind) == "nas"


def _room(kind: type) -> str:
    """The room under `freehold.codecs` in which a class stands."""
    return (kind.__module__.split(".")[2:3] or [""])[0]


def _secured(owner: Any) -> tuple[Opener, ...]:
    # TS 24.501 9.3, 4.4.5: not ciphered, or ciphered with 5G-EA0
    return () if Reading("nas", owner).ciphered else _PLAIN_NAS


def inside(reading: Reading) -> Iterator[tuple[str, Reading]]:
    """Each message directly within a message, under the path of the field that holds it."""
    yield from _walk("", "", reading.message, reading.message)


def _walk(path: str, name: str, value: Any, owner: Any) -> Iterator[tuple[str, Reading]]:
    found = opened(name, value, owner)
    if found is not None:
        yield path, found
    elif isinstance(value, msgspec.Struct):
        for field, part in given(value):
            yield from _walk(f"{path}.{field}" if path else field, field, part, value)
    elif isinstance(value, list | tuple):
        for at, part in enumerate(value):
            yield from _walk(f"{path}[{at}]", name, part, owner)


def described(reading: Reading, depth: int = 0) -> dict[str, Any]:
    """What JSON says of a reading beside its octets: header, message, faults, and what is contained, opened."""
    document = {name: write(part) for name in ("header", "message") if (part := getattr(reading, name)) is not None}
    document |= {"ciphered": reading.ciphered, "faults": list(reading.faults)}
    if depth < DEPTH and (contained := [_contained(*each, depth) for each in inside(reading)]):
        document["contained"] = contained
    return document


def _contained(path: str, reading: Reading, depth: int) -> dict[str, Any]:
    return {"in": path, "protocol": reading.protocol, "name": reading.name} | described(reading, depth + 1)
