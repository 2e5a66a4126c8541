"""What rules may ask for that is not carried out here: without it they would do something else, so they fail."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from freehold.codecs import pfcp
from freehold.codecs.pfcp import PDI
from freehold.core.upf.faults import RuleFault
from freehold.spec.causes import PfcpCause

Names = Mapping[str, int]
"""Fields with the types of their IEs."""

OF_PDI: Final[Names] = MappingProxyType(
    {
        "application_id": 24,
        "ip_multicast_addressing_info": 188,
        "redundant_transmission_detection_parameters": 255,
        "dns_query_filter": 294,
        "n6_routing_information": 351,
    }
)
OF_PDR: Final[Names] = MappingProxyType(
    {"activate_predefined_rules": 106, "mar_id": 170, "ip_multicast_addressing_info": 188}
)
OF_FORWARDING: Final[Names] = MappingProxyType(
    {
        "redirect_information": 38,
        "forwarding_policy": 41,
        "header_enrichment": 98,
        "n6_routing_information": 351,
    }
)
OF_FAR: Final[Names] = MappingProxyType({"redundant_transmission_forwarding_parameters": 270})
CAUSES: Final = MappingProxyType({41: PfcpCause.INVALID_FORWARDING_POLICY})
"""Of IEs that have one of their own (TS 29.244 8.2.1)."""

Asking = (
    PDI
    | pfcp.CreatePDR
    | pfcp.UpdatePDR
    | pfcp.CreateFAR
    | pfcp.UpdateFAR
    | pfcp.ForwardingParameters
    | pfcp.UpdateForwardingParameters
)


def refuse_unserved(asking: Asking | None, names: Names) -> None:
    """RuleFault where something is asked for that no feature of ours promises (TS 29.244 8.2.25)."""
    for name, kind in names.items():
        if getattr(asking, name, None):
            raise RuleFault(
                CAUSES.get(kind, PfcpCause.SERVICE_NOT_SUPPORTED),
                f"{name.replace('_', ' ')} is not carried out here",
                offending_ie=kind,
            )
