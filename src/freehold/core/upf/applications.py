"""Packet flow descriptions of applications (TS 29.244 6.2.5, 7.4.3): what rules mean by an application identifier."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import chain
from types import MappingProxyType
from typing import Final

from freehold.codecs.pfcp import Header, NodeID, PFDManagementRequest, PFDManagementResponse, SDFFilter
from freehold.core.upf.faults import RuleFault, failed, full, incorrect
from freehold.core.upf.flow_description import parse_filter
from freehold.core.upf.retention import Described, Retention
from freehold.core.upf.state import RuleSet
from freehold.services.datagram import Address
from freehold.services.userplane import Filter
from freehold.spec.causes import PfcpCause
from freehold.stack.pfcp import Answer

PFD_CONTENTS: Final = 61
FLOW, MORE_FLOWS = 0x01, 0x20
"""Flow descriptions (TS 29.244 8.2.39); URLs and domain names would need packets to be understood."""
MOST_APPLICATIONS: Final = 1024
MOST_FILTERS: Final = 64

NONE: Final[Described] = MappingProxyType({})


class Applications:
    """The applications that each SMF described; `changed` is called with an SMF whose descriptions are others now.

    They outlive the process as sessions do, whose rules name them.
    """

    def __init__(self, node_id: NodeID, retention: Retention, changed: Callable[[str], None]) -> None:
        self._node_id = node_id
        self._retention = retention
        self._changed = changed
        self._by_peer: dict[str, Described] = {}

    def of(self, peer: str) -> Described:
        """What an SMF described."""
        return self._by_peer.get(peer, NONE)

    def forget(self, peer: str) -> None:
        """Its association ended."""
        if self._by_peer.pop(peer, None) is not None:
            self._retention.forget_applications(peer)

    def restore(self, peers: Collection[str]) -> None:
        """Go on with what these SMFs described to an earlier process; what others did is forgotten."""
        for peer, described in self._retention.applications():
            if peer in peers:
                self._by_peer[peer] = described
            else:
                self._retention.forget_applications(peer)

    def manage(self, request: PFDManagementRequest, _: Header, source: Address) -> Answer:
        """Replace descriptions, all of them or none; without any, every application of the SMF ends."""
        known = dict(self.of(source[0])) if request.application_ids_pfds else {}
        for one in request.application_ids_pfds:
            contents = chain.from_iterable(context.pfd_contents for context in one.pfd_context)
            filters = tuple(chain.from_iterable(map(_filters, contents)))
            if len(filters) > MOST_FILTERS:
                raise full(f"{len(filters)} filters in one application")
            if filters:
                known[one.application_id] = filters
            else:
                known.pop(one.application_id, None)
        if len(known) > MOST_APPLICATIONS:
            raise full(f"{len(known)} applications")
        self._by_peer[source[0]] = known
        self._retention.keep_applications(source[0], known)
        self._changed(source[0])
        return Answer(PFDManagementResponse(cause=PfcpCause.REQUEST_ACCEPTED, node_id=self._node_id))


def check_applications(rules: RuleSet, described: Described) -> None:
    """RuleFault where a rule is about an application that nobody described."""
    for pdr_id, pdr in rules.pdrs.items():
        if pdr.application and pdr.application not in described:
            raise failed(f"PDR {pdr_id}: nobody described application {pdr.application!r}", pdr_id=pdr_id)


def _filters(contents: bytes) -> Iterator[Filter]:
    """The filters of one description: a flow description, and more of them."""
    flags, rest = contents[0] if contents else 0, contents[2:]
    if not flags & (FLOW | MORE_FLOWS) or flags & ~(FLOW | MORE_FLOWS):
        raise RuleFault(
            PfcpCause.SERVICE_NOT_SUPPORTED, "applications are known by flows here", offending_ie=PFD_CONTENTS
        )
    if flags & FLOW:
        text, rest = _text(rest)
        yield from parse_filter(SDFFilter(text))
    if flags & MORE_FLOWS:
        more, _ = _text(rest)
        while more:
            text, more = _text(more)
            yield from parse_filter(SDFFilter(text))


def _text(octets: bytes) -> tuple[bytes, bytes]:
    """A field behind its length, and what follows."""
    end = 2 + int.from_bytes(octets[:2], "big")
    if len(octets) < max(end, 3):
        raise incorrect(PFD_CONTENTS, "a packet flow description that ends too early")
    return octets[2:end], octets[end:]
