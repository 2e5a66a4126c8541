"""Packet detection rules as PFCP creates, updates and removes them (TS 29.244 7.5.2.2, 7.5.4.2)."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from itertools import chain
from typing import Final

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp import PDI, UEIPAddress
from freehold.codecs.pfcp.flags import HeaderRemoval, Interface
from freehold.core.upf.faults import failed, incorrect, missing
from freehold.core.upf.flow_description import parse_filter
from freehold.core.upf.framed_routes import framed_routes
from freehold.core.upf.frames import ETHERNET_PACKET_FILTER, frame_filters
from freehold.core.upf.state import Pdr, RuleSet
from freehold.core.upf.unserved import refuse_unserved
from freehold.services.userplane import Network

SOURCE_INTERFACE: Final = 20
APPLICATION_ID: Final = 24
UE_IP_ADDRESS: Final = 93
OUTER_HEADER_REMOVAL: Final = 95
FAR_ID: Final = 108
QER_ID: Final = 109
URR_ID: Final = 81
LINK_PREFIX: Final = 64
"""The bits of the prefix of a terminal's own link (TS 23.501 5.8.2.2.3)."""

IS_UPLINK: Final = {
    Interface.ACCESS: True,
    Interface.CORE: False,
    Interface.SGI_LAN_N6_LAN: False,
    Interface.CP_FUNCTION: False,
}
"""The SMF sends to terminals as other functions of the core do: through a tunnel (TS 29.244 5.3)."""
REMOVALS: Final = (HeaderRemoval.GTPU_UDP_IPV4, HeaderRemoval.GTPU_UDP_IPV6, HeaderRemoval.GTPU_UDP_IP)


def create_pdr(rules: RuleSet, pdr: pfcp.CreatePDR) -> None:
    """Add a packet detection rule."""
    if pdr.pdr_id in rules.pdrs:
        raise failed(f"PDR {pdr.pdr_id} exists", pdr_id=pdr.pdr_id)
    if pdr.far_id is None:
        raise missing(FAR_ID, f"PDR {pdr.pdr_id} has no FAR")
    refuse_unserved(pdr)
    _check_removal(pdr.outer_header_removal)
    rules.pdrs[pdr.pdr_id] = _pdr(rules, pdr.pdi, pdr.precedence, (pdr.far_id, pdr.qer_id, pdr.urr_id), 0)


def update_pdr(rules: RuleSet, update: pfcp.UpdatePDR) -> None:
    """Change a packet detection rule: what is not named stays, what comes without octets ends (TS 29.244 5.6.3)."""
    old = rules.pdrs.get(update.pdr_id)
    if old is None:
        raise failed(f"no PDR {update.pdr_id}", pdr_id=update.pdr_id)
    refuse_unserved(update)
    _check_removal(update.outer_header_removal)
    precedence = old.precedence if update.precedence is None else update.precedence
    far = old.far if update.far_id is None else update.far_id
    qers = () if QER_ID in update.removed else update.qer_id or old.qers
    urrs = () if URR_ID in update.removed else update.urr_id or old.urrs
    if update.pdi is not None:
        rules.pdrs[update.pdr_id] = _pdr(rules, update.pdi, precedence, (far, qers, urrs), old.teid)
    else:
        rules.pdrs[update.pdr_id] = msgspec.structs.replace(old, precedence=precedence, far=far, qers=qers, urrs=urrs)


def remove_pdr(rules: RuleSet, remove: pfcp.RemovePDR) -> None:
    """Take a packet detection rule away."""
    if rules.pdrs.pop(remove.pdr_id, None) is None:
        raise failed(f"no PDR {remove.pdr_id}", pdr_id=remove.pdr_id)


def _pdr(
    rules: RuleSet, pdi: PDI, precedence: int, points_to: tuple[int, tuple[int, ...], tuple[int, ...]], teid: int
) -> Pdr:
    refuse_unserved(pdi)
    uplink = IS_UPLINK.get(pdi.source_interface)
    if uplink is None:
        raise incorrect(SOURCE_INTERFACE, f"packets of source interface {pdi.source_interface} do not come here")
    if pdi.ethernet_packet_filter and not rules.ethernet:
        raise incorrect(ETHERNET_PACKET_FILTER, "Ethernet filters in a session of IP packets")
    behind = tuple(framed_routes(pdi)) if pdi.framed_route or pdi.framed_ipv6_route else ()
    for address in pdi.ue_ip_address:
        behind += _own_address(rules, address)
    filters = tuple(chain.from_iterable(map(parse_filter, pdi.sdf_filter))) if pdi.sdf_filter else ()
    frames = frame_filters(rules, pdi) if pdi.ethernet_packet_filter else ()
    application = pdi.application_id or ""
    if application and (filters or frames):
        raise incorrect(APPLICATION_ID, "an application and filters of its own in one rule")
    return Pdr(precedence, uplink, filters, pdi.qfi, *points_to, behind, teid, frames, application)


def _own_address(rules: RuleSet, address: UEIPAddress) -> tuple[Network, ...]:
    """The terminal's address: the SMF allocates it (TS 29.244 5.21), and all rules of a session name the same.

    Of a prefix shorter than 64 bits everything is the terminal's: a network behind it, which is what is given.
    """
    if address.choose_ipv4 or address.choose_ipv6:
        raise incorrect(UE_IP_ADDRESS, "addresses are allocated by the SMF")
    if address.ipv4 is not None:
        text = "{}.{}.{}.{}".format(*address.ipv4)
        if rules.ipv4 not in {None, text}:
            raise incorrect(UE_IP_ADDRESS, "a second IPv4 address in one session")
        rules.ipv4 = text
    if address.ipv6 is None:
        return ()
    return _own_prefix(rules, address, address.ipv6)


def _own_prefix(rules: RuleSet, address: UEIPAddress, ipv6: bytes) -> tuple[Network, ...]:
    text = str(IPv6Address(ipv6[:8] + bytes(8)))
    if rules.ipv6 not in {None, text}:
        raise incorrect(UE_IP_ADDRESS, "a second IPv6 prefix in one session")
    rules.ipv6 = text
    length = _prefix_length(address)
    if length >= LINK_PREFIX:
        return ()
    return ((str(IPv6Network((ipv6, length), strict=False).network_address), length),)


def _prefix_length(address: UEIPAddress) -> int:
    """The bits of a terminal's prefix: 64 where nothing else is told (TS 29.244 8.2.62)."""
    length = address.ipv6_prefix_length
    if length is None:
        length = LINK_PREFIX - (address.ipv6_prefix_delegation_bits or 0)
    if not 1 <= length <= LINK_PREFIX:
        raise incorrect(UE_IP_ADDRESS, f"a prefix of {length} bits is not served")
    return length


def _check_removal(removal: pfcp.OuterHeaderRemoval | None) -> None:
    if removal is not None and removal.description not in REMOVALS:
        raise incorrect(OUTER_HEADER_REMOVAL, f"outer header removal {removal.description} is not GTP-U")
