"""What PFCP creates, updates and removes, applied to a session's rules in its order (TS 29.244 7.5.2, 7.5.4)."""

from __future__ import annotations

from typing import Final

from freehold.codecs import pfcp
from freehold.core.upf.detection import create_pdr, remove_pdr, update_pdr
from freehold.core.upf.enforcement import create_qer, remove_qer, update_qer
from freehold.core.upf.faults import full
from freehold.core.upf.forwarding import create_bar, create_far, remove_bar, remove_far, update_bar, update_far
from freehold.core.upf.measurements import create_urr, remove_urr, update_urr
from freehold.core.upf.state import Mark, RuleSet

MOST_RULES: Final = 128
"""Rules of a kind in one session: twice what the packet engine has room for in a direction."""
MOST_FILTERS: Final = 64


def establish(rules: RuleSet, request: pfcp.SessionEstablishmentRequest, start: Mark) -> None:
    """Add everything that a session begins with; `start` is where its usage is counted from."""
    _check_room(rules, request)
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
    if request.remove_bar is not None:
        remove_bar(rules, request.remove_bar)
    _check_room(rules, request)
    _check_changes(request)
    _create(rules, request, start)
    for pdr in request.update_pdr:
        update_pdr(rules, pdr)
    for far in request.update_far:
        update_far(rules, far)
    for urr in request.update_urr:
        update_urr(rules, urr)
    for qer in request.update_qer:
        update_qer(rules, qer)
    if request.update_bar is not None:
        update_bar(rules, request.update_bar)


def _check_room(rules: RuleSet, request: pfcp.SessionEstablishmentRequest | pfcp.SessionModificationRequest) -> None:
    """RuleFault for more than a session may have, before anything is looked at: a datagram has room for thousands."""
    most = max(
        len(rules.pdrs) + len(request.create_pdr),
        len(rules.fars) + len(request.create_far),
        len(rules.qers) + len(request.create_qer),
        len(rules.urrs) + len(request.create_urr),
    )
    if most > MOST_RULES:
        raise full(f"{most} rules of a kind in one session")
    for pdr in request.create_pdr:
        _check_filters(pdr.pdi)


def _check_changes(request: pfcp.SessionModificationRequest) -> None:
    """The same for rules that change."""
    for pdr in request.update_pdr:
        if pdr.pdi is not None:
            _check_filters(pdr.pdi)


def _check_filters(pdi: pfcp.PDI) -> None:
    most = max(len(pdi.sdf_filter), len(pdi.ethernet_packet_filter), len(pdi.framed_route) + len(pdi.framed_ipv6_route))
    if most > MOST_FILTERS:
        raise full(f"{most} filters or framed routes in one rule")


def _create(
    rules: RuleSet, request: pfcp.SessionEstablishmentRequest | pfcp.SessionModificationRequest, start: Mark
) -> None:
    if request.create_bar is not None:
        create_bar(rules, request.create_bar)
    for far in request.create_far:
        create_far(rules, far)
    for qer in request.create_qer:
        create_qer(rules, qer)
    for urr in request.create_urr:
        create_urr(rules, urr, start)
    for pdr in request.create_pdr:
        create_pdr(rules, pdr)
