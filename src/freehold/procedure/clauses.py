"""Which clause a message on the tap belongs to, where its record does not say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

CITATION: Final = re.compile(r"TS \d\d\.\d{3}(?:-\d+)? [A-Z\d][\w.]*\d")

# Elementary procedures of NGAP by the messages that make them: TS 38.413 8.1
_NGAP: Final = (
    ("8.2.1", "PDUSessionResourceSetupRequest PDUSessionResourceSetupResponse"),
    ("8.2.2", "PDUSessionResourceReleaseCommand PDUSessionResourceReleaseResponse"),
    ("8.2.3", "PDUSessionResourceModifyRequest PDUSessionResourceModifyResponse"),
    ("8.2.4", "PDUSessionResourceNotify"),
    ("8.2.5", "PDUSessionResourceModifyIndication PDUSessionResourceModifyConfirm"),
    ("8.3.1", "InitialContextSetupRequest InitialContextSetupResponse InitialContextSetupFailure"),
    ("8.3.2", "UEContextReleaseRequest"),
    ("8.3.3", "UEContextReleaseCommand UEContextReleaseComplete"),
    ("8.3.4", "UEContextModificationRequest UEContextModificationResponse UEContextModificationFailure"),
    ("8.4.1", "HandoverRequired HandoverCommand HandoverPreparationFailure"),
    ("8.4.2", "HandoverRequest HandoverRequestAcknowledge HandoverFailure"),
    ("8.4.3", "HandoverNotify"),
    ("8.4.4", "PathSwitchRequest PathSwitchRequestAcknowledge PathSwitchRequestFailure"),
    ("8.4.5", "HandoverCancel HandoverCancelAcknowledge"),
    ("8.4.6", "UplinkRANStatusTransfer"),
    ("8.4.7", "DownlinkRANStatusTransfer"),
    ("8.5.1", "Paging"),
    ("8.6.1", "InitialUEMessage"),
    ("8.6.2", "DownlinkNASTransport"),
    ("8.6.3", "UplinkNASTransport"),
    ("8.6.4", "NASNonDeliveryIndication"),
    ("8.6.5", "RerouteNASRequest"),
    ("8.7.1", "NGSetupRequest NGSetupResponse NGSetupFailure"),
    ("8.7.2", "RANConfigurationUpdate RANConfigurationUpdateAcknowledge RANConfigurationUpdateFailure"),
    ("8.7.3", "AMFConfigurationUpdate AMFConfigurationUpdateAcknowledge AMFConfigurationUpdateFailure"),
    ("8.7.4", "NGReset NGResetAcknowledge"),
    ("8.7.5", "ErrorIndication"),
    ("8.7.6", "AMFStatusIndication"),
    ("8.7.7", "OverloadStart"),
    ("8.7.8", "OverloadStop"),
    ("8.14.1", "UERadioCapabilityInfoIndication"),
)


# The same of XnAP: TS 38.423 8.1; where a name is NGAP's too, the interface tells
_XNAP: Final = MappingProxyType(
    {
        "XnSetupRequest": "TS 38.423 8.4.1",
        "XnSetupResponse": "TS 38.423 8.4.1",
        "XnSetupFailure": "TS 38.423 8.4.1",
        "HandoverRequest": "TS 38.423 8.2.1",
        "HandoverRequestAcknowledge": "TS 38.423 8.2.1",
        "HandoverPreparationFailure": "TS 38.423 8.2.1",
        "SNStatusTransfer": "TS 38.423 8.2.2",
        "HandoverCancel": "TS 38.423 8.2.3",
        "UEContextRelease": "TS 38.423 8.2.7",
    }
)


def _ngap() -> Iterator[tuple[str, str]]:
    for clause, names in _NGAP:
        for name in names.split():
            yield name, f"TS 38.413 {clause}"


NGAP_CLAUSES: Mapping[str, str] = MappingProxyType(dict(_ngap()))
"""The clause of each NGAP message's elementary procedure."""


def clause_of(name: str, value: object, interface: str = "") -> str:
    """The clause of a message: by NGAP's or XnAP's table, else the one its class cites; empty where none knows."""
    if interface == "Xn":
        return _XNAP.get(name, "")
    return NGAP_CLAUSES.get(name) or _cited(type(value).__doc__ or "")


@lru_cache(maxsize=1024)
def _cited(description: str) -> str:
    found = CITATION.search(description)
    return found[0] if found else ""
