"""What PFCP creates, updates and removes, applied to a session's rules (TS 29.244 7.5.2, 7.5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from itertools import chain
from typing import Final

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp import PDI, OuterHeaderCreation, UEIPAddress
from freehold.codecs.pfcp.flags import ApplyAction, HeaderRemoval, Interface
from freehold.core.upf.faults import failed, incorrect, missing
from freehold.core.upf.flow_description import parse_filter
from freehold.core.upf.framed_routes import framed_routes
from freehold.core.upf.measurements import create_urr, remove_urr, update_urr
from freehold.core.upf.state import Far, Mark, Pdr, Qer, RuleSet
from freehold.services.userplane import Network

FORWARDING_PARAMETERS: Final = 4
SOURCE_INTERFACE: Final = 20
MBR: Final = 26
TRANSPORT_LEVEL_MARKING: Final = 30
DESTINATION_INTERFACE: Final = 42
APPLY_ACTION: Final = 44
OUTER_HEADER_CREATION: Final = 84
URR_ID: Final = 81
UE_IP_ADDRESS: Final = 93
OUTER_HEADER_REMOVAL: Final = 95
FAR_ID: Final = 108
QER_ID: Final = 109
RQI_TYPE: Final = 123
QFI: Final = 124
LINK_PREFIX: Final = 64
"""The bits of the prefix of a terminal's own link (TS 23.501 5.8.2.2.3)."""
RQI: Final = 0x01
"""The bit of the IE of that name (TS 29.244 8.2.88)."""

IS_UPLINK: Final = {Interface.ACCESS: True, Interface.CORE: False, Interface.SGI_LAN_N6_LAN: False}
TO_ACCESS: Final = {Interface.ACCESS: True, Interface.CORE: False, Interface.SGI_LAN_N6_LAN: False}
REMOVALS: Final = (HeaderRemoval.GTPU_UDP_IPV4, HeaderRemoval.GTPU_UDP_IPV6, HeaderRemoval.GTPU_UDP_IP)
ACTIONS: Final = frozenset({ApplyAction.DROP, ApplyAction.FORW, ApplyAction.BUFF, ApplyAction.BUFF | ApplyAction.NOCP})
"""The apply actions carried out here: exactly one of DROP, FORW and BUFF is set (TS 29.244 8.2.26)."""


# --- Packet detection rules (TS 29.244 7.5.2.2, 7.5.4.2) -----------------------------------------
def create_pdr(rules: RuleSet, pdr: pfcp.CreatePDR) -> None:
    """Add a packet detection rule."""
    if pdr.pdr_id in rules.pdrs:
        raise failed(f"PDR {pdr.pdr_id} exists", pdr_id=pdr.pdr_id)
    if pdr.far_id is None:
        raise missing(FAR_ID, f"PDR {pdr.pdr_id} has no FAR")
    _check_removal(pdr.outer_header_removal)
    rules.pdrs[pdr.pdr_id] = _pdr(rules, pdr.pdi, pdr.precedence, (pdr.far_id, pdr.qer_id, pdr.urr_id))


def update_pdr(rules: RuleSet, update: pfcp.UpdatePDR) -> None:
    """Change a packet detection rule: what is not named stays, what comes without octets ends (TS 29.244 5.6.3)."""
    old = rules.pdrs.get(update.pdr_id)
    if old is None:
        raise failed(f"no PDR {update.pdr_id}", pdr_id=update.pdr_id)
    _check_removal(update.outer_header_removal)
    precedence = old.precedence if update.precedence is None else update.precedence
    far = old.far if update.far_id is None else update.far_id
    qers = () if QER_ID in update.removed else update.qer_id or old.qers
    urrs = () if URR_ID in update.removed else update.urr_id or old.urrs
    if update.pdi is not None:
        rules.pdrs[update.pdr_id] = _pdr(rules, update.pdi, precedence, (far, qers, urrs))
    else:
        rules.pdrs[update.pdr_id] = msgspec.structs.replace(old, precedence=precedence, far=far, qers=qers, urrs=urrs)


def remove_pdr(rules: RuleSet, remove: pfcp.RemovePDR) -> None:
    """Take a packet detection rule away."""
    if rules.pdrs.pop(remove.pdr_id, None) is None:
        raise failed(f"no PDR {remove.pdr_id}", pdr_id=remove.pdr_id)


def _pdr(rules: RuleSet, pdi: PDI, precedence: int, points_to: tuple[int, tuple[int, ...], tuple[int, ...]]) -> Pdr:
    uplink = IS_UPLINK.get(pdi.source_interface)
    if uplink is None:
        raise incorrect(SOURCE_INTERFACE, f"packets of source interface {pdi.source_interface} do not come here")
    delegated = [network for address in pdi.ue_ip_address for network in _own_address(rules, address)]
    filters = tuple(chain.from_iterable(map(parse_filter, pdi.sdf_filter)))
    return Pdr(precedence, uplink, filters, pdi.qfi, *points_to, (*framed_routes(pdi), *delegated))


def _own_address(rules: RuleSet, address: UEIPAddress) -> Iterator[Network]:
    """The terminal's address: the SMF allocates it (TS 29.244 5.21), and all rules of a session name the same.

    Of a prefix shorter than 64 bits everything is the terminal's: it is yielded as a network behind it.
    """
    if address.choose_ipv4 or address.choose_ipv6:
        raise incorrect(UE_IP_ADDRESS, "addresses are allocated by the SMF")
    if address.ipv4 is not None:
        text = str(IPv4Address(address.ipv4))
        if rules.ipv4 not in {None, text}:
            raise incorrect(UE_IP_ADDRESS, "a second IPv4 address in one session")
        rules.ipv4 = text
    if address.ipv6 is not None:
        text = str(IPv6Address(address.ipv6[:8] + bytes(8)))
        if rules.ipv6 not in {None, text}:
            raise incorrect(UE_IP_ADDRESS, "a second IPv6 prefix in one session")
        rules.ipv6 = text
        length = _prefix_length(address)
        if length < LINK_PREFIX:
            yield str(IPv6Network((address.ipv6, length), strict=False).network_address), length


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


# --- Forwarding action rules (TS 29.244 7.5.2.3, 7.5.4.3) ----------------------------------------
def create_far(rules: RuleSet, far: pfcp.CreateFAR) -> None:
    """Add a forwarding action rule."""
    if far.far_id in rules.fars:
        raise failed(f"FAR {far.far_id} exists", far_id=far.far_id)
    action = _action(far.apply_action)
    parameters = far.forwarding_parameters
    if parameters is None:
        if action == ApplyAction.FORW:
            raise missing(FORWARDING_PARAMETERS, f"FAR {far.far_id} forwards without parameters")
        rules.fars[far.far_id] = Far(action)
    else:
        tunnel = _tunnel(parameters.outer_header_creation)
        service = _service(parameters.transport_level_marking) or 0
        rules.fars[far.far_id] = Far(action, _to_access(parameters.destination_interface), *tunnel, service)


def update_far(rules: RuleSet, update: pfcp.UpdateFAR) -> None:
    """Change a forwarding action rule: what is not named stays, but a tunnel ends with forwarding."""
    old = rules.fars.get(update.far_id)
    if old is None:
        raise failed(f"no FAR {update.far_id}", far_id=update.far_id)
    action = old.action if update.apply_action is None else _action(update.apply_action)
    parameters = update.update_forwarding_parameters
    to_access, tunnel, service = old.to_access, (old.address, old.teid), old.service
    if parameters is not None:
        if parameters.destination_interface is not None:
            to_access = _to_access(parameters.destination_interface)
        if parameters.outer_header_creation is not None:
            tunnel = _tunnel(parameters.outer_header_creation)
        marking = _service(parameters.transport_level_marking)
        service = service if marking is None else marking
        # TS 29.244 5.6.3: without octets they end
        tunnel = (None, 0) if OUTER_HEADER_CREATION in parameters.removed else tunnel
        service = 0 if TRANSPORT_LEVEL_MARKING in parameters.removed else service
    if action != ApplyAction.FORW:
        tunnel = (None, 0)  # the AN tunnel is released: TS 23.502 4.2.6 step 6a
    rules.fars[update.far_id] = Far(action, to_access, *tunnel, service)


def remove_far(rules: RuleSet, remove: pfcp.RemoveFAR) -> None:
    """Take a forwarding action rule away."""
    if rules.fars.pop(remove.far_id, None) is None:
        raise failed(f"no FAR {remove.far_id}", far_id=remove.far_id)


def _action(action: int) -> int:
    known = action & ~ApplyAction.DFRT & ~ApplyAction.EDRT
    if known not in ACTIONS:
        raise incorrect(APPLY_ACTION, f"apply action {action:#x} is not carried out here")
    return known


def _service(marking: int | None) -> int | None:
    """The octet of the outer header: a value and the bits of it that count (TS 29.244 8.2.12)."""
    return None if marking is None else marking >> 8 & marking & 0xFF


def _to_access(interface: int) -> bool:
    to_access = TO_ACCESS.get(interface)
    if to_access is None:
        raise incorrect(DESTINATION_INTERFACE, f"no destination interface {interface} here")
    return to_access


def _tunnel(creation: OuterHeaderCreation | None) -> tuple[str | None, int]:
    if creation is None:
        return None, 0
    if not (creation.gtpu_ipv4 or creation.gtpu_ipv6) or not creation.teid:
        raise incorrect(OUTER_HEADER_CREATION, "an outer header that is no GTP-U tunnel")
    address = _address(creation)
    if address.is_unspecified or address.is_multicast:
        raise incorrect(OUTER_HEADER_CREATION, f"no tunnel leads to {address}")
    return str(address), creation.teid


def _address(creation: OuterHeaderCreation) -> IPv4Address | IPv6Address:
    if creation.ipv4 is not None:
        return IPv4Address(creation.ipv4)
    if creation.ipv6 is not None:
        return IPv6Address(creation.ipv6)
    raise incorrect(OUTER_HEADER_CREATION, "a tunnel without an address")


# --- QoS enforcement rules (TS 29.244 7.5.2.5, 7.5.4.5) ------------------------------------------
def create_qer(rules: RuleSet, qer: pfcp.CreateQER) -> None:
    """Add a QoS enforcement rule."""
    if qer.qer_id in rules.qers:
        raise failed(f"QER {qer.qer_id} exists", qer_id=qer.qer_id)
    rules.qers[qer.qer_id] = Qer(*_gates(qer.gate_status), *_rates(qer.mbr), qer.qfi or 0, _reflective(qer.rqi))


def update_qer(rules: RuleSet, update: pfcp.UpdateQER) -> None:
    """Change a QoS enforcement rule: what is not named stays, what comes without octets ends (TS 29.244 5.6.3)."""
    old = rules.qers.get(update.qer_id)
    if old is None:
        raise failed(f"no QER {update.qer_id}", qer_id=update.qer_id)
    removed = update.removed
    gates = (old.uplink_closed, old.downlink_closed) if update.gate_status is None else _gates(update.gate_status)
    rates = (old.uplink_rate, old.downlink_rate) if update.mbr is None and MBR not in removed else _rates(update.mbr)
    qfi = old.qfi if update.qfi is None and QFI not in removed else update.qfi or 0
    reflective = old.reflective if update.rqi is None and RQI_TYPE not in removed else _reflective(update.rqi)
    rules.qers[update.qer_id] = Qer(*gates, *rates, qfi, reflective)


def remove_qer(rules: RuleSet, remove: pfcp.RemoveQER) -> None:
    """Take a QoS enforcement rule away."""
    if rules.qers.pop(remove.qer_id, None) is None:
        raise failed(f"no QER {remove.qer_id}", qer_id=remove.qer_id)


def _reflective(rqi: int | None) -> bool:
    return bool((rqi or 0) & RQI)


def _gates(status: pfcp.GateStatus) -> tuple[bool, bool]:
    return status.ul_gate != 0, status.dl_gate != 0  # values 2 and 3 mean closed: TS 29.244 8.2.7


def _rates(mbr: pfcp.MBR | None) -> tuple[int, int]:
    return (0, 0) if mbr is None else (mbr.ul_mbr * 1000, mbr.dl_mbr * 1000)


def establish(rules: RuleSet, request: pfcp.SessionEstablishmentRequest, start: Mark) -> None:
    """Add everything that a session begins with; `start` is where its usage is counted from."""
    _create(rules, request, start)


def modify(rules: RuleSet, request: pfcp.SessionModificationRequest, start: Mark) -> None:
    """Remove, create, then update, so that an identifier may be used anew in one message (TS 29.244 7.5.4.1).

    `start` is where the usage of new rules is counted from.
    """
    for old_pdr in request.remove_pdr:
        remove_pdr(rules, old_pdr)
    for old_far in request.remove_far:
        remove_far(rules, old_far)
    for old_urr in request.remove_urr:
        remove_urr(rules, old_urr)
    for old_qer in request.remove_qer:
        remove_qer(rules, old_qer)
    _create(rules, request, start)
    for pdr in request.update_pdr:
        update_pdr(rules, pdr)
    for far in request.update_far:
        update_far(rules, far)
    for urr in request.update_urr:
        update_urr(rules, urr)
    for qer in request.update_qer:
        update_qer(rules, qer)


def _create(
    rules: RuleSet, request: pfcp.SessionEstablishmentRequest | pfcp.SessionModificationRequest, start: Mark
) -> None:
    for far in request.create_far:
        create_far(rules, far)
    for qer in request.create_qer:
        create_qer(rules, qer)
    for urr in request.create_urr:
        create_urr(rules, urr, start)
    for pdr in request.create_pdr:
        create_pdr(rules, pdr)
