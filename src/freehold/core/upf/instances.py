"""The network instance of a session's data network (TS 29.244 5.2.1A.1, 8.2.4): by its name, else by addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from freehold.codecs.pfcp import SessionEstablishmentRequest
from freehold.codecs.pfcp.flags import Interface
from freehold.core.upf.faults import incorrect, missing
from freehold.core.upf.state import RuleSet
from freehold.services.userplane import SessionPlane

NETWORK_INSTANCE: Final = 22
TUNNELLED: Final = frozenset({Interface.ACCESS, Interface.CP_FUNCTION})
"""Interfaces whose packets come and go in tunnels; names of network instances there are of N3 or N4-u."""


class Instances:
    """Which network instance a session is of; `names` are other networks' names of ours."""

    def __init__(self, plane: SessionPlane, names: Mapping[str, str]) -> None:
        self._plane = plane
        self._names = {name.lower(): ours for name, ours in names.items()}

    def find(self, request: SessionEstablishmentRequest, rules: RuleSet) -> int:
        """The number of the data network's side; any where there is only N3 and N9. RuleFault where none is meant."""
        if not _reaches_network(request):
            return 0
        for name in _core_names(request):
            number = self._number(name)
            if number is None:
                raise incorrect(NETWORK_INSTANCE, f"no network instance {name!r} is served here")
            return number
        for name in _access_names(request):
            number = self._number(name)
            if number is not None:
                return number
        return self._by_address(rules)

    def _number(self, name: str) -> int | None:
        return self._plane.instance(self._names.get(name.lower(), name) if self._names else name)

    def _by_address(self, rules: RuleSet) -> int:
        """Where no rule says which: the one whose pools have the terminal's addresses."""
        found = self._plane.instances_of([address for address in (rules.ipv4, rules.ipv6) if address is not None])
        if len(found) != 1:
            raise missing(NETWORK_INSTANCE, f"no rule names a network instance, and {len(found)} may be meant")
        return found[0]


def _reaches_network(request: SessionEstablishmentRequest) -> bool:
    """Whether a rule finds packets of a data network or sends there, and not only into tunnels (TS 23.501 5.6.4)."""
    for pdr in request.create_pdr:
        if pdr.pdi.source_interface not in TUNNELLED and pdr.pdi.local_f_teid is None:
            return True
    for far in request.create_far:
        parameters = far.forwarding_parameters
        if parameters is None or parameters.outer_header_creation is not None:
            continue
        if parameters.destination_interface not in TUNNELLED:
            return True
    return not any(pdr.pdi.source_interface not in TUNNELLED for pdr in request.create_pdr)


def _core_names(request: SessionEstablishmentRequest) -> Iterator[str]:
    """Names of the data network, the surest first: downlink rules, where uplink goes, the DNN."""
    for pdr in request.create_pdr:
        if pdr.pdi.source_interface not in TUNNELLED and pdr.pdi.network_instance:
            yield instance_name(pdr.pdi.network_instance)
    for far in request.create_far:
        to = far.forwarding_parameters
        if to is not None and to.destination_interface not in TUNNELLED and to.network_instance:
            yield instance_name(to.network_instance)
    if request.apn_dnn:
        yield request.apn_dnn


def _access_names(request: SessionEstablishmentRequest) -> Iterator[str]:
    """Names on the side of the access network: many SMFs write the DNN there, others a name of N3."""
    for pdr in request.create_pdr:
        if pdr.pdi.source_interface == Interface.ACCESS and pdr.pdi.network_instance:
            yield instance_name(pdr.pdi.network_instance)


def instance_name(octets: bytes) -> str:
    """A network instance as text; peers write it plainly or as a DNN's labels (TS 29.244 8.2.4, TS 23.003 9.1)."""
    labels, rest = [], octets
    while rest and 0 < rest[0] < len(rest):
        labels.append(rest[1 : rest[0] + 1])
        rest = rest[rest[0] + 1 :]
    return (b".".join(labels) if labels and not rest else octets).decode("ascii", "replace")
