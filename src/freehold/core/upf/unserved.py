"""What rules may ask for that is not carried out here: without it they would do something else, so they fail."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

from freehold.codecs import pfcp
from freehold.codecs.pfcp.table import Group
from freehold.core.upf.faults import RuleFault
from freehold.spec.causes import PfcpCause

Names = Mapping[str, int]
"""Fields with the types of their IEs."""

OF_PDI: Final[Names] = MappingProxyType(
    {
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
TABLES: Final[Mapping[type[Group], Names]] = MappingProxyType(
    {
        pfcp.PDI: OF_PDI,
        pfcp.CreatePDR: OF_PDR,
        pfcp.UpdatePDR: OF_PDR,
        pfcp.CreateFAR: OF_FAR,
        pfcp.UpdateFAR: OF_FAR,
        pfcp.ForwardingParameters: OF_FORWARDING,
        pfcp.UpdateForwardingParameters: OF_FORWARDING,
    }
)


def _reader(kind: type[Group], names: Names) -> tuple[attrgetter[tuple[Any, ...]], tuple[int, ...]]:
    """What reads those fields that a group has at once, and the types of their IEs."""
    there = [name for name in names if name in kind.__struct_fields__]
    return attrgetter(*there, *there[:1]), tuple(names[name] for name in there)  # of two at least: a tuple


READERS: Final = {kind: _reader(kind, names) for kind, names in TABLES.items()}


def refuse_unserved(asking: Group | None) -> None:
    """RuleFault where something is asked for that no feature of ours promises (TS 29.244 8.2.25)."""
    if asking is None:
        return
    read, kinds = READERS[type(asking)]
    values = read(asking)
    if any(values):
        kind = next(kind for kind, value in zip(kinds, values, strict=False) if value)
        raise RuleFault(
            CAUSES.get(kind, PfcpCause.SERVICE_NOT_SUPPORTED),
            f"IE {kind} asks for what is not carried out here",
            offending_ie=kind,
        )
