"""Forwarding and buffering action rules as PFCP creates, updates and removes them (TS 29.244 7.5.2.3, 7.5.2.6)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Final

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp import OuterHeaderCreation
from freehold.codecs.pfcp.flags import ApplyAction, Interface
from freehold.core.upf.faults import failed, incorrect, missing
from freehold.core.upf.state import Bar, Far, RuleSet
from freehold.core.upf.state.rules import End
from freehold.core.upf.unserved import refuse_unserved

FORWARDING_PARAMETERS: Final = 4
DUPLICATING_PARAMETERS: Final = 5
TRANSPORT_LEVEL_MARKING: Final = 30
DESTINATION_INTERFACE: Final = 42
APPLY_ACTION: Final = 44
OUTER_HEADER_CREATION: Final = 84

TO_ACCESS: Final = {
    Interface.ACCESS: True,
    Interface.CORE: False,
    Interface.SGI_LAN_N6_LAN: False,
    Interface.CP_FUNCTION: False,
}
ACTIONS: Final = frozenset({ApplyAction.DROP, ApplyAction.FORW, ApplyAction.BUFF, ApplyAction.BUFF | ApplyAction.NOCP})
"""The apply actions carried out here: exactly one of DROP, FORW and BUFF is set (TS 29.244 8.2.26)."""
COPIES_TO: Final = frozenset({Interface.ACCESS, Interface.CORE, Interface.SGI_LAN_N6_LAN, Interface.LI_FUNCTION})


def create_far(rules: RuleSet, far: pfcp.CreateFAR) -> None:
    """Add a forwarding action rule."""
    if far.far_id in rules.fars:
        raise failed(f"FAR {far.far_id} exists", far_id=far.far_id)
    action = _action(far.apply_action)
    copies = tuple(map(_copy, far.duplicating_parameters))
    parameters = far.forwarding_parameters
    refuse_unserved(far)
    refuse_unserved(parameters)
    to_access: bool | None = None
    end: tuple[str | None, int] = (None, 0)
    service = 0
    if parameters is not None:
        to_access = _to_access(parameters.destination_interface)
        end = _end(far.far_id, action, parameters.destination_interface, parameters.outer_header_creation)
        service = _service(parameters.transport_level_marking) or 0
    elif action & ApplyAction.FORW:
        raise missing(FORWARDING_PARAMETERS, f"FAR {far.far_id} forwards without parameters")
    rules.fars[far.far_id] = _checked(far.far_id, Far(action, to_access, *end, service, far.bar_id, copies))


def update_far(rules: RuleSet, update: pfcp.UpdateFAR) -> None:
    """Change a forwarding action rule: what is not named stays (TS 29.244 7.5.4.3)."""
    old = rules.fars.get(update.far_id)
    if old is None:
        raise failed(f"no FAR {update.far_id}", far_id=update.far_id)
    action = old.action if update.apply_action is None else _action(update.apply_action)
    parameters = update.update_forwarding_parameters
    refuse_unserved(update)
    refuse_unserved(parameters)
    to_access, end, service = old.to_access, (old.address, old.teid), old.service
    if parameters is not None:
        if parameters.destination_interface is not None:
            to_access = _to_access(parameters.destination_interface)
        if parameters.outer_header_creation is not None:
            end = _end(update.far_id, action, parameters.destination_interface, parameters.outer_header_creation)
        marking = _service(parameters.transport_level_marking)
        service = service if marking is None else marking
        # TS 29.244 5.6.3: without octets they end
        end = (None, 0) if OUTER_HEADER_CREATION in parameters.removed else end
        service = 0 if TRANSPORT_LEVEL_MARKING in parameters.removed else service
    bar = old.bar if update.bar_id is None else update.bar_id
    copies = tuple(map(_copy, update.update_duplicating_parameters)) or old.copies
    rules.fars[update.far_id] = _checked(update.far_id, Far(action, to_access, *end, service, bar, copies))


def remove_far(rules: RuleSet, remove: pfcp.RemoveFAR) -> None:
    """Take a forwarding action rule away."""
    if rules.fars.pop(remove.far_id, None) is None:
        raise failed(f"no FAR {remove.far_id}", far_id=remove.far_id)


def _action(action: int) -> int:
    known = action & ~ApplyAction.DFRT & ~ApplyAction.EDRT
    if known & ~ApplyAction.DUPL not in ACTIONS:
        raise incorrect(APPLY_ACTION, f"apply action {action:#x} is not carried out here")
    return known


def _checked(far_id: int, far: Far) -> Far:
    if far.action & ApplyAction.DUPL and not far.copies:
        raise missing(DUPLICATING_PARAMETERS, f"FAR {far_id} duplicates without parameters")
    return far


def _copy(parameters: pfcp.DuplicatingParameters | pfcp.UpdateDuplicatingParameters) -> End:
    """Where copies go: into a tunnel (TS 29.244 5.2.3.1)."""
    if parameters.destination_interface not in COPIES_TO:
        raise incorrect(DESTINATION_INTERFACE, f"no copies leave to {parameters.destination_interface} here")
    address, teid = tunnel_end(parameters.outer_header_creation)
    if address is None:
        raise missing(OUTER_HEADER_CREATION, "copies without a tunnel")
    return address, teid


def _service(marking: int | None) -> int | None:
    """The octet of the outer header: a value and the bits of it that count (TS 29.244 8.2.12)."""
    return None if marking is None else marking >> 8 & marking & 0xFF


def _end(
    far_id: int, action: int, interface: int | None, creation: OuterHeaderCreation | None
) -> tuple[str | None, int]:
    """The tunnel of a rule; one that does not forward may name a place that is not known yet: none."""
    if creation is not None and not action & ApplyAction.FORW and _is_placeholder(creation):
        return None, 0
    if interface == Interface.CP_FUNCTION and creation is None:
        raise missing(OUTER_HEADER_CREATION, f"FAR {far_id} sends to the SMF without a tunnel")
    return tunnel_end(creation)


def _is_placeholder(creation: OuterHeaderCreation) -> bool:
    """Whether an outer header leads nowhere: SMFs send it until the AN tunnel is known, or after it was released."""
    return not creation.teid or (not any(creation.ipv4 or b"") and not any(creation.ipv6 or b""))


def _to_access(interface: int) -> bool:
    to_access = TO_ACCESS.get(interface)
    if to_access is None:
        raise incorrect(DESTINATION_INTERFACE, f"no destination interface {interface} here")
    return to_access


def tunnel_end(creation: OuterHeaderCreation | None) -> tuple[str | None, int]:
    """The other end of the tunnel that an outer header leads to; RuleFault where it leads nowhere."""
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


# --- Buffering action rules (TS 29.244 7.5.2.6, 7.5.4.11) ----------------------------------------
def create_bar(rules: RuleSet, bar: pfcp.CreateBAR) -> None:
    """Add a buffering action rule."""
    if bar.bar_id in rules.bars:
        raise failed(f"BAR {bar.bar_id} exists", bar_id=bar.bar_id)
    rules.bars[bar.bar_id] = _changed(Bar(), bar)


def update_bar(rules: RuleSet, update: pfcp.UpdateBAR | pfcp.UpdateBARInReportResponse) -> None:
    """Change a buffering action rule: what is not named stays."""
    old = rules.bars.get(update.bar_id)
    if old is None:
        raise failed(f"no BAR {update.bar_id}", bar_id=update.bar_id)
    rules.bars[update.bar_id] = _changed(old, update)


def remove_bar(rules: RuleSet, remove: pfcp.RemoveBAR) -> None:
    """Take a buffering action rule away."""
    if rules.bars.pop(remove.bar_id, None) is None:
        raise failed(f"no BAR {remove.bar_id}", bar_id=remove.bar_id)


def _changed(old: Bar, bar: pfcp.CreateBAR | pfcp.UpdateBAR | pfcp.UpdateBARInReportResponse) -> Bar:
    delay, packets = bar.downlink_data_notification_delay, bar.suggested_buffering_packets_count
    return msgspec.structs.replace(
        old,
        delay=old.delay if delay is None else delay,
        packets=old.packets if packets is None else packets,
    )
