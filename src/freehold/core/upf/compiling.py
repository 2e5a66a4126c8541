"""A session's rules made flat for the packet engine, which knows nothing of PFCP (TS 29.244 5.2.1)."""

from __future__ import annotations

from typing import Final

from freehold.codecs.pfcp.flags import ApplyAction
from freehold.core.upf.faults import failed
from freehold.core.upf.state import Far, Pdr, Qer, RuleSet
from freehold.core.upf.usage import Reading, report_at, stops_at
from freehold.services.access import Tunnel
from freehold.services.userplane import Action, Network, Rule, SessionRules, Usage

NOTHING: Final = Reading(Usage(0, 0, 0, 0))

ENGINE_ACTIONS: Final[dict[int, Action]] = {
    ApplyAction.DROP: "drop",
    ApplyAction.FORW: "forward",
    ApplyAction.BUFF: "buffer",
    ApplyAction.BUFF | ApplyAction.NOCP: "notify",
}


def compile_rules(rules: RuleSet, reading: Reading = NOTHING) -> SessionRules:
    """The engine's rules; `reading` is what the session carried. RuleFault where they ask what cannot be."""
    uplink: list[tuple[int, Rule]] = []
    downlink: list[tuple[int, Rule]] = []
    peer: Tunnel | None = None
    for pdr_id, pdr in rules.pdrs.items():
        far = _far(rules, pdr_id, pdr)
        (uplink if pdr.uplink else downlink).extend((pdr.precedence, rule) for rule in _rules(rules, pdr_id, pdr, far))
        if not pdr.uplink and far.address is not None:
            if peer is not None and (peer.address, peer.teid) != (far.address, far.teid):
                raise failed("downlink tunnels of one session differ", far_id=pdr.far)
            peer = Tunnel(far.address, far.teid)
    _check_usage(rules)
    return SessionRules(
        rules.instance,
        ipv4=rules.ipv4,
        ipv6=rules.ipv6,
        uplink=_ordered(uplink),
        downlink=_ordered(downlink),
        peer=peer,
        report_at=report_at(rules, reading) if rules.urrs else 0,
        quota=stops_at(rules, reading.now) if rules.urrs else None,
        framed=_framed(rules),
    )


def _framed(rules: RuleSet) -> tuple[Network, ...]:
    """The networks behind the terminal, whichever rules name them (TS 23.501 5.6.14)."""
    return tuple(dict.fromkeys(network for pdr in rules.pdrs.values() for network in pdr.framed))


def _ordered(rules: list[tuple[int, Rule]]) -> tuple[Rule, ...]:
    """The lower value of precedence comes first (TS 29.244 8.2.11)."""
    if len(rules) > 1:
        rules.sort(key=lambda item: item[0])
    return tuple(rule for _, rule in rules)


def _far(rules: RuleSet, pdr_id: int, pdr: Pdr) -> Far:
    far = rules.fars.get(pdr.far)
    if far is None:
        raise failed(f"PDR {pdr_id} points to no FAR {pdr.far}", pdr_id=pdr_id)
    if far.to_access is not None and far.to_access == pdr.uplink:
        raise failed(f"FAR {pdr.far} sends the packets of PDR {pdr_id} back", far_id=pdr.far)
    return far


def _rules(rules: RuleSet, pdr_id: int, pdr: Pdr, far: Far) -> list[Rule]:
    """One rule, or one for each QoS flow where the PDR names several."""
    qers = [(qer_id, _qer(rules, pdr_id, qer_id)) for qer_id in pdr.qers]
    action: Action = ENGINE_ACTIONS[far.action]
    if pdr.uplink and action in {"buffer", "notify"}:
        raise failed(f"FAR {pdr.far} buffers uplink packets", far_id=pdr.far)
    if pdr.uplink:
        closed = any(qer.uplink_closed for _, qer in qers)
        rates = tuple((qer_id, qer.uplink_rate) for qer_id, qer in qers if qer.uplink_rate)
        return [Rule(pdr.filters, qfi, action, closed, qfi, rates) for qfi in pdr.qfis or (0,)]
    closed = any(qer.downlink_closed for _, qer in qers)
    rates = tuple((qer_id, qer.downlink_rate) for qer_id, qer in qers if qer.downlink_rate)
    marked = next((qer.qfi for _, qer in qers if qer.qfi), 0)
    reflective = any(qer.reflective for _, qer in qers)
    return [Rule(pdr.filters, 0, action, closed, marked, rates, reflective, far.service)]


def _qer(rules: RuleSet, pdr_id: int, qer_id: int) -> Qer:
    qer = rules.qers.get(qer_id)
    if qer is None:
        raise failed(f"PDR {pdr_id} points to no QER {qer_id}", pdr_id=pdr_id)
    return qer


def _check_usage(rules: RuleSet) -> None:
    """The engine counts sessions: a URR measures each direction as a whole or not at all."""
    for urr_id in rules.urrs:
        for uplink in (True, False):
            linked = {urr_id in pdr.urrs for pdr in rules.pdrs.values() if pdr.uplink is uplink}
            if len(linked) > 1:
                raise failed(f"URR {urr_id} measures only some packets of a direction", urr_id=urr_id)
    for pdr_id, pdr in rules.pdrs.items():
        if not rules.urrs.keys() >= set(pdr.urrs):
            raise failed(f"PDR {pdr_id} points to a URR that is not there", pdr_id=pdr_id)
