"""What each counter and sampled value means: object, clause, unit, and what its label splits it by (TS 28.552)."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from freehold.spec import counters as c

Kind = Literal["CC", "SI"]
"""Cumulative counter, or status inspection: sampled, with its mean and its largest value (TS 32.404)."""


class Measurement(msgspec.Struct, frozen=True):
    """One row: `clause` defines the name where `standard`, and only the subject elsewhere."""

    name: str
    object: str
    clause: str
    text: str
    kind: Kind = "CC"
    split: str = ""
    unit: str = ""
    standard: bool = True


def _registrations() -> Iterator[Measurement]:
    kinds = (
        (c.INITIAL_REGISTRATION, "initial registration", 1),
        (c.MOBILITY_REGISTRATION, "mobility registration update", 3),
        (c.PERIODIC_REGISTRATION, "periodic registration update", 5),
        (c.EMERGENCY_REGISTRATION, "emergency registration", 7),
    )
    for base, text, clause in kinds:
        yield Measurement(base + c.REQUESTED, "AMFFunction", f"TS 28.552 5.2.2.{clause}", f"requests for {text}")
        yield Measurement(base + c.SUCCEEDED, "AMFFunction", f"TS 28.552 5.2.2.{clause + 1}", f"successes of {text}")
        yield Measurement(
            base + c.FAILED, "AMFFunction", "TS 28.552 5.2.2", f"failures of {text}", split="5GMM cause", standard=False
        )


def _amf() -> Iterator[Measurement]:
    yield Measurement(
        c.REGISTERED_SUBSCRIBERS, "AMFFunction", "TS 28.552 5.2.1", "UEs in 5GMM-REGISTERED, as Mean and Max", "SI"
    )
    yield from _registrations()
    for name, text, split, unit, standard in (
        (c.REGISTRATION_TIME, "time of successful registrations up to the UE's COMPLETE, summed", "", "us", False),
        (c.SERVICE_REQUEST, "service requests", "", "", False),
        (c.SERVICE_SUCCESS, "service requests accepted", "", "", False),
        (c.SERVICE_FAILURE, "service requests refused", "5GMM cause", "", False),
        (c.PAGING_ATTEMPT, "paging procedures", "", "", True),
        (c.PAGING_SUCCESS, "paging procedures that the UE answered", "", "", True),
        (c.CONFIGURATION_UPDATE, "UE configuration updates", "", "", True),
        (c.CONFIGURATION_UPDATE_SUCCESS, "UE configuration updates acknowledged", "", "", True),
        (c.AUTHENTICATION_REQUEST, "AUTHENTICATION REQUESTs", "", "", True),
        (c.AUTHENTICATION_FAILURE, "authentications that failed", "5GMM cause, HRES* or AUSF", "", True),
        (c.AUTHENTICATION_REJECT, "AUTHENTICATION REJECTs", "", "", True),
        (c.PATH_SWITCH_REQUEST, "path switches asked for by target gNBs", "", "", False),
        (c.PATH_SWITCH_SUCCESS, "path switches done", "", "", False),
        (c.PATH_SWITCH_FAILURE, "path switches refused", "", "", False),
        (c.HANDOVER_REQUEST, "handovers over N2 asked for by source gNBs", "", "", False),
        (c.HANDOVER_SUCCESS, "handovers over N2 done", "", "", False),
        (c.HANDOVER_FAILURE, "handovers over N2 that failed", "NGAP cause", "", False),
        (c.SESSION_NOT_FORWARDED, "5GSM messages given back to the UE", "5GMM cause", "", False),
        (c.NGAP_IGNORED, "NGAP messages that have no meaning in their state", "message", "", False),
        (c.NAS_NON_DELIVERY, "NAS messages a gNB could not deliver", "NGAP cause", "", False),
    ):
        yield Measurement(name, "AMFFunction", "TS 28.552 5.2", text, split=split, unit=unit, standard=standard)
    yield Measurement(
        c.CONNECTED_UES, "AMFFunction", "TS 28.552 5.2", "UEs in CM-CONNECTED, as Mean and Max", "SI", standard=False
    )
    yield Measurement(
        c.GNBS, "AMFFunction", "TS 28.552 5.2", "gNBs with an association, as Mean and Max", "SI", standard=False
    )


def _smf() -> Iterator[Measurement]:
    smf = "SMFFunction"
    yield Measurement(c.SESSIONS, smf, "TS 28.552 5.3.1", "PDU sessions, as Mean and Max", "SI")
    yield Measurement(c.SESSION_REQUEST, smf, "TS 28.552 5.3.1.3", "Nsmf_PDUSession_CreateSMContext requests")
    yield Measurement(c.SESSION_SUCCESS, smf, "TS 28.552 5.3.1.4", "the same, answered with a session")
    yield Measurement(c.SESSION_FAILURE, smf, "TS 28.552 5.3.1.5", "the same, refused", split="5GSM cause")
    for name, text, split, unit in (
        (c.SESSION_TIME, "time from CreateSMContext to the gNB's resources and the UPF's path, summed", "", "us"),
        (c.SESSION_ESTABLISHED, "sessions with resources at gNB and UPF", "", ""),
        (c.SESSION_NOT_ESTABLISHED, "sessions created and then refused", "5GSM cause", ""),
        (c.ROUTER_ADVERTISEMENT, "router advertisements sent to terminals over N4-u", "", ""),
    ):
        yield Measurement(name, smf, "TS 28.552 5.3.1", text, split=split, unit=unit, standard=False)
    yield Measurement(c.N4_SESSION_REQUEST, smf, "TS 28.552 5.4.3", "N4 session establishments asked for")
    yield Measurement(c.N4_SESSION_FAILURE, smf, "TS 28.552 5.4.3", "the same, failed", split="PFCP cause")


def _others() -> Iterator[Measurement]:
    udm, nrf, nssf, n3, gnb = "UDMFunction", "NRFFunction", "NSSFFunction", "EP_N3", "NRCellCU"
    yield Measurement(c.N4_REPORT, "UPFFunction", "TS 28.552 5.4.3", "N4 session reports sent")
    yield Measurement(c.N4_REPORT_SUCCESS, "UPFFunction", "TS 28.552 5.4.3", "the same, accepted by the SMF")
    yield Measurement(c.REGISTERED_AT_UDM, udm, "TS 28.552 5.6.1", "subscribers registered, as Mean and Max", "SI")
    yield Measurement(c.NF_REGISTRATION_REQUEST, nrf, "TS 28.552 5.10.1.1", "NF registrations asked for")
    yield Measurement(c.NF_REGISTRATION_SUCCESS, nrf, "TS 28.552 5.10.1.2", "NF registrations done")
    yield Measurement(c.NF_DISCOVERY_REQUEST, nrf, "TS 28.552 5.10.3.1", "NF discoveries asked for")
    yield Measurement(c.NF_DISCOVERY_SUCCESS, nrf, "TS 28.552 5.10.3.2", "NF discoveries answered")
    yield Measurement(c.SLICE_SELECTION_REQUEST, nssf, "TS 28.552 5.11.1.1", "network slice selections asked for")
    yield Measurement(c.SLICE_SELECTION_SUCCESS, nssf, "TS 28.552 5.11.1.2", "network slice selections done")
    yield Measurement(c.N3_PACKETS_IN, n3, "TS 28.552 5.4.1.1", "T-PDUs from gNBs that were passed on")
    yield Measurement(c.N3_PACKETS_OUT, n3, "TS 28.552 5.4.1.2", "T-PDUs to gNBs")
    yield Measurement(c.N3_OCTETS_IN, n3, "TS 28.552 5.4.1.3", "octets of users' packets from gNBs", unit="octets")
    yield Measurement(c.N3_OCTETS_OUT, n3, "TS 28.552 5.4.1.4", "octets of users' packets to gNBs", unit="octets")
    yield Measurement(
        c.PACKETS, "UPFFunction", "TS 28.552 5.4", "packets by what became of them", split="fate", standard=False
    )
    yield Measurement(c.RRC_ATTEMPT, gnb, "TS 28.552 5.1.1.15.1", "RRC connections asked for", split="cause")
    yield Measurement(c.RRC_SUCCESS, gnb, "TS 28.552 5.1.1.15.2", "RRC connections set up", split="cause")
    yield Measurement(c.RRC_REFUSED, gnb, "TS 28.552 5.1.1.15.3", "RRC connections refused", split="failure cause")
    yield Measurement(c.NG_CONNECTION_ATTEMPT, gnb, "TS 28.552 5.1.1.16.1", "INITIAL UE MESSAGEs", split="cause")
    yield Measurement(c.NG_CONNECTION_SUCCESS, gnb, "TS 28.552 5.1.1.16.2", "first answers of the AMF to them")
    yield Measurement(c.GNB_SESSION_REQUEST, gnb, "TS 28.552 5.1.1.5.1", "PDU sessions to set up", split="S-NSSAI")
    yield Measurement(c.GNB_SESSION_SUCCESS, gnb, "TS 28.552 5.1.1.5.2", "PDU sessions set up", split="S-NSSAI")
    yield Measurement(c.GNB_SESSION_FAILURE, gnb, "TS 28.552 5.1.1.5.3", "PDU sessions refused", split="NGAP cause")
    yield from _handovers(gnb)


def _handovers(gnb: str) -> Iterator[Measurement]:
    """Inter-gNB handovers as source and target see them (TS 28.552 5.1.1.6.1)."""
    for number, (name, text, split) in enumerate(
        (
            (c.HO_PREPARATION_REQUEST, "handover preparations of source gNBs", ""),
            (c.HO_PREPARATION_SUCCESS, "handover preparations that targets acknowledged", ""),
            (c.HO_PREPARATION_FAILURE, "handover preparations that failed", "cause"),
            (c.HO_ALLOCATION_REQUEST, "handovers that target gNBs were asked for", ""),
            (c.HO_ALLOCATION_SUCCESS, "handovers that target gNBs set resources up for", ""),
            (c.HO_ALLOCATION_FAILURE, "handovers that target gNBs refused", "cause"),
            (c.HO_EXECUTION_REQUEST, "terminals that source gNBs sent to a target", ""),
            (c.HO_EXECUTION_SUCCESS, "terminals that are served by the target", ""),
            (c.HO_EXECUTION_FAILURE, "terminals that did not come to be served by the target", "cause"),
        ),
        1,
    ):
        yield Measurement(name, gnb, f"TS 28.552 5.1.1.6.1.{number}", text, split=split)
    yield Measurement(
        c.HO_FAILED_ARRIVAL,
        gnb,
        "TS 28.552 5.1.1.6.1",
        "terminals that a target did not take when they came",
        split="why",
        standard=False,
    )


def _own() -> Iterator[Measurement]:
    for name, text, split in (
        (c.PROCEDURE_STARTED, "procedures started", "procedure"),
        (c.PROCEDURE_ENDED, "procedures ended", "procedure and how it ended"),
        (c.PROTOCOL_FAULT, "what peers sent against their protocol", "what"),
        (c.N4_RATE_EXCEEDED, "PFCP messages above a peer's rate", "peer"),
        (c.N4U_RATE_EXCEEDED, "packets of N4-u above a UPF's rate, or solicitations above a terminal's", "peer"),
        (c.PFCP_REFUSED, "PFCP requests refused", "cause"),
        (c.RETRANSMISSION, "messages sent again", "timer"),
        (c.EXPIRED, "supervision timers that ran out", "timer"),
    ):
        yield Measurement(name, "ManagedElement", "", text, split=split, standard=False)


MEASUREMENTS: Final = MappingProxyType(
    {each.name: each for rows in (_amf(), _smf(), _others(), _own()) for each in rows}
)
"""Every measurement by name."""
