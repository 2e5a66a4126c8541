"""A session's rules made flat for the packet engine, which knows nothing of PFCP (TS 29.244 5.2.1)."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.codecs.pfcp.flags import ApplyAction
from freehold.core.upf.applications import NONE as NO_APPLICATIONS
from freehold.core.upf.faults import failed
from freehold.core.upf.limits import counter, has_quota, report_at, stops_at
from freehold.core.upf.readings import Reading, directions
from freehold.core.upf.retention import Described
from freehold.core.upf.state import Far, Pdr, Qer, RuleSet
from freehold.core.upf.state.rules import End
from freehold.services.access import Tunnel
from freehold.services.userplane import Action, Network, Rule, SessionRules, Usage

NOTHING: Final = Reading(Usage(0, 0, 0, 0))

LAST: Final = 1 << 32
"""Behind every precedence (TS 29.244 8.2.11)."""

ENGINE_ACTIONS: Final[dict[int, Action]] = {
    ApplyAction.DROP: "drop",
    ApplyAction.FORW: "forward",
    ApplyAction.BUFF: "buffer",
    ApplyAction.BUFF | ApplyAction.NOCP: "notify",
}


def compile_rules(rules: RuleSet, reading: Reading = NOTHING, described: Described = NO_APPLICATIONS) -> SessionRules:
    """The engine's rules; `reading` is what the session carried. RuleFault where they ask what cannot be.

    `described` are the applications that rules may name; a rule of one that is not described any more finds nothing.
    """
    uplink: list[tuple[int, Rule]] = []
    downlink: list[tuple[int, Rule]] = []
    peers = _access_tunnels(rules)
    for pdr_id, pdr in rules.pdrs.items():
        far = _far(rules, pdr_id, pdr)
        if pdr.application:
            if pdr.application not in described:
                continue
            pdr = msgspec.structs.replace(pdr, filters=described[pdr.application])  # noqa: PLW2901 - the same rule
        own = pdr.uplink or len(peers) > 1
        peer = Tunnel(far.address, far.teid) if own and far.address is not None and _forwards(far) else None
        side = uplink if pdr.uplink else downlink
        for rule in _rules(rules, pdr_id, pdr, far, peer):
            side.append((pdr.precedence, rule))
    downlink += [(LAST, rule) for rule in _expected(rules, peers)]
    _check_usage(rules)
    whole = bool(rules.urrs) and not rules.counted
    return SessionRules(
        rules.instance,
        ipv4=rules.ipv4,
        ipv6=rules.ipv6,
        uplink=_ordered(uplink),
        downlink=_ordered(downlink),
        peer=Tunnel(*next(iter(peers))) if len(peers) == 1 else None,
        report_at=_report_at(rules, reading) if whole else 0,
        quota=_quota(rules, reading) if whole else None,
        framed=_framed(rules),
        counters=tuple(counter(rules, urr_id, reading) for urr_id in rules.urrs) if rules.counted else (),
        held_packets=_held_packets(rules) if rules.bars else None,
        ethernet=rules.ethernet,
    )


def _expected(rules: RuleSet, peers: set[End]) -> list[Rule]:
    """Where no rule forwards to yet, uplink may come from all the same: the target of a handover (ADR 6).

    Its tunnel is another one than those of `peers`: what leads to them besides waits for rules of flows to come.
    """
    used = {pdr.far for pdr in rules.pdrs.values()}
    ends = {
        (far.address, far.teid)
        for far_id, far in rules.fars.items()
        if far_id not in used and far.to_access and far.address is not None and _forwards(far)
    } - peers
    tunnel = next((pdr.teid for pdr in rules.pdrs.values() if not pdr.uplink), 0)
    return [Rule(peer=Tunnel(*end), tunnel=tunnel) for end in sorted(ends)]


def _access_tunnels(rules: RuleSet) -> set[End]:
    """Where downlink packets go: mostly one tunnel, which is the session's peer."""
    found: set[End] = set()
    for pdr in rules.pdrs.values():
        far = None if pdr.uplink else rules.fars.get(pdr.far)
        if far is not None and far.address is not None and _forwards(far):
            found.add((far.address, far.teid))
    return found


def _forwards(far: Far) -> bool:
    """Whether its tunnel is used: after the AN tunnel was released nobody may send from there (TS 23.502 4.2.6)."""
    return bool(far.action & ApplyAction.FORW)


def _held_packets(rules: RuleSet) -> int | None:
    """The packets that its rules suggest to buffer, together (TS 29.244 8.2.30)."""
    bars = {far.bar for far in rules.fars.values() if far.bar is not None}
    return min((bar.packets for bar_id in bars if (bar := rules.bars[bar_id]).packets is not None), default=None)


def _framed(rules: RuleSet) -> tuple[Network, ...]:
    """The networks behind the terminal, whichever rules name them (TS 23.501 5.6.14)."""
    found: dict[Network, None] = {}
    for pdr in rules.pdrs.values():
        if pdr.framed:
            found |= dict.fromkeys(pdr.framed)
    return tuple(found)


def _ordered(rules: list[tuple[int, Rule]]) -> tuple[Rule, ...]:
    """The lower value of precedence comes first (TS 29.244 8.2.11)."""
    if len(rules) > 1:
        rules.sort(key=lambda item: item[0])
    return tuple([rule for _, rule in rules])


def _far(rules: RuleSet, pdr_id: int, pdr: Pdr) -> Far:
    far = rules.fars.get(pdr.far)
    if far is None:
        raise failed(f"PDR {pdr_id} points to no FAR {pdr.far}", pdr_id=pdr_id)
    if far.bar is not None and far.bar not in rules.bars:
        raise failed(f"FAR {pdr.far} points to no BAR {far.bar}", far_id=pdr.far)
    if far.to_access is not None and far.to_access == pdr.uplink:
        raise failed(f"FAR {pdr.far} sends the packets of PDR {pdr_id} back", far_id=pdr.far)
    return far


def _rules(rules: RuleSet, pdr_id: int, pdr: Pdr, far: Far, peer: Tunnel | None) -> list[Rule]:
    """One rule, or one for each QoS flow where the PDR names several."""
    action: Action = ENGINE_ACTIONS[far.action & ~ApplyAction.DUPL]
    if pdr.uplink and action in {"buffer", "notify"}:
        raise failed(f"FAR {pdr.far} buffers uplink packets", far_id=pdr.far)
    closed, mark, rates, reflective, windows, packets = _enforced(rules, pdr_id, pdr)
    copies = tuple(Tunnel(*end) for end in far.copies) if far.action & ApplyAction.DUPL else ()
    by_flow = pdr.uplink or pdr.teid != 0  # packets of N6 have no QoS flow yet
    return [
        Rule(
            pdr.filters,
            qfi,
            action,
            closed,
            qfi if pdr.uplink else mark,
            rates,
            reflective,
            0 if pdr.uplink and peer is None else far.service,
            pdr_id,
            pdr.teid,
            peer,
            pdr.urrs if rules.counted else (),
            copies,
            windows,
            packets,
            pdr.frames,
        )
        for qfi in (by_flow and pdr.qfis) or (0,)
    ]


Enforced = tuple[
    bool, int, tuple[tuple[int, int], ...], bool, tuple[tuple[int, int], ...], tuple[tuple[int, int, int], ...]
]


def _enforced(rules: RuleSet, pdr_id: int, pdr: Pdr) -> Enforced:
    """What a PDR's QERs say together, for its direction: closed, mark, rates, reflective, windows, packet rates."""
    closed, mark, reflective = False, 0, False
    rates: tuple[tuple[int, int], ...] = ()
    windows: tuple[tuple[int, int], ...] = ()
    packets: tuple[tuple[int, int, int], ...] = ()
    for qer_id in pdr.qers:
        qer = _qer(rules, pdr_id, qer_id)
        mark = mark or qer.qfi
        if pdr.uplink:
            shut, rate, limit = qer.uplink_closed, qer.uplink_rate, qer.uplink_packets
        else:
            shut, rate, limit = qer.downlink_closed, qer.downlink_rate, qer.downlink_packets
            reflective = reflective or qer.reflective
        closed = closed or shut
        if rate:
            rates += ((qer_id, rate),)
        if qer.window:
            windows += ((qer_id, qer.window),)
        if limit is not None:
            packets += ((qer_id, *limit),)
    return closed, mark, rates, reflective, windows, packets


def _qer(rules: RuleSet, pdr_id: int, qer_id: int) -> Qer:
    qer = rules.qers.get(qer_id)
    if qer is None:
        raise failed(f"PDR {pdr_id} points to no QER {qer_id}", pdr_id=pdr_id)
    return qer


def _check_usage(rules: RuleSet) -> None:
    for pdr_id, pdr in rules.pdrs.items():
        for urr_id in pdr.urrs:
            if urr_id not in rules.urrs:
                raise failed(f"PDR {pdr_id} points to a URR that is not there", pdr_id=pdr_id)


def _report_at(rules: RuleSet, reading: Reading) -> int:
    """The octets of the session at which the next rule may have to report; 0 is never."""
    first = 0
    for urr_id in rules.urrs:
        at = report_at(rules, urr_id, reading)
        if at and (not first or at < first):
            first = at
    return first


def _quota(rules: RuleSet, reading: Reading) -> tuple[int, int, int] | None:
    """The octets of the session from which on the quotas of all rules let nothing pass."""
    found = []
    for urr_id, urr in rules.urrs.items():
        limit = stops_at(rules, urr_id, reading, directions(rules, urr_id)) if has_quota(urr) else None
        if limit is not None:
            found.append(limit)
    return (min(one[0] for one in found), min(one[1] for one in found), min(one[2] for one in found)) if found else None
