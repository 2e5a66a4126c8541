"""QoS rules and flows that a UE asks for: whether they make sense, and what is granted of them (TS 24.501 6.4.2)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Final

from freehold.codecs.nas import PduSessionModificationRequest, QosFlowDescription, QosRule
from freehold.codecs.nas.values.qos import (
    ADD_FILTERS,
    CREATE,
    DELETE,
    DELETE_FILTERS,
    FIVE_QI,
    GFBR_DOWNLINK,
    GFBR_UPLINK,
    MFBR_DOWNLINK,
    MFBR_UPLINK,
    MODIFY,
    REPLACE_FILTERS,
    PacketFilter,
)
from freehold.codecs.nas.values.session import BitRate
from freehold.core.smf.flows import ASKED_PRECEDENCE, FlowChange, free_qfis
from freehold.core.smf.packet_filters import asked
from freehold.core.smf.rules import DEFAULT_FLOW
from freehold.core.smf.state.session import Flow, SmContext
from freehold.services.npcf import AskedFlows, QosFlow, SmPolicyDecision
from freehold.services.nudm import Ambr
from freehold.spec.causes import SmCause
from freehold.spec.errors import Reject
from freehold.spec.failures import Unmet
from freehold.spec.qos import GUARANTEED

DEFAULT_RULE: Final = 1
"""The identifier of the default QoS rule."""
DELETE_FLOW, MODIFY_FLOW = 2, 3
"""Operations on a flow that exists (TS 24.501 9.11.4.12)."""
NEEDS_FILTERS: Final = frozenset({CREATE, ADD_FILTERS, REPLACE_FILTERS, DELETE_FILTERS})


def judge(request: PduSessionModificationRequest, policy: SmPolicyDecision, session: SmContext) -> FlowChange:
    """The flows that come and go by a request; Reject with the cause where it cannot be (TS 24.501 6.4.2.4.1)."""
    rules, wishes = request.requested_qos_rules or (), request.requested_qos_flow_descriptions or ()
    known = {flow.qfi: flow for flow in session.user_plane.flows}
    for rule in rules:
        _check_rule(rule, known)
    for wish in wishes:
        _check_flow(wish, known)
    removed = _removed(rules, wishes, known)
    fresh = [rule for rule in rules if rule.operation == CREATE]
    made = [wish for wish in wishes if wish.operation == CREATE]
    for wish in wishes:
        if wish.operation == MODIFY_FLOW:
            _keep(wish, policy)
    if any(rule.operation not in {CREATE, DELETE} for rule in rules):
        raise _not_accepted("filters of a flow that stands", "release the flow and ask for another one")
    if fresh and not made and policy.asked is None:
        raise _not_accepted("QoS rules beside the default one", "set ask_5qi of the [[dnn]]")
    limits = _limits(policy, len(made) + sum(flow.asked for flow in known.values()) - len(removed), made)
    if sorted(rule.qfi or 0 for rule in fresh) != sorted(wish.qfi for wish in made):
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, "a rule without a flow, or a flow without a rule")
    qfis, places = free_qfis(session), _precedences(session)
    by_qfi = {rule.qfi or 0: rule for rule in fresh}
    if limits is None or len(by_qfi) != len(fresh):
        if fresh:
            raise _not_accepted("two flows of one number", "ask for them one after the other")
        return FlowChange(removed=removed)
    added = []
    for wish, qfi, precedence in zip(made, qfis, places, strict=False):
        qos = _flow(wish, by_qfi[wish.qfi], policy, limits, ethernet=session.network.ethernet)
        added.append(Flow(qfi, qos, precedence, asked=True))
    return FlowChange(tuple(added), removed)


def _removed(
    rules: Iterable[QosRule], wishes: Iterable[QosFlowDescription], known: Mapping[int, Flow]
) -> tuple[Flow, ...]:
    """The flows whose rule or description is deleted: neither is without the other here."""
    gone = [rule.identifier for rule in rules if rule.operation == DELETE]
    gone += [wish.qfi for wish in wishes if wish.operation == DELETE_FLOW]
    for qfi in gone:
        if not known[qfi].asked:
            raise _not_accepted(f"end of flow {qfi}, which is the network's", "take it out of the data network's flows")
    return tuple(known[qfi] for qfi in dict.fromkeys(gone))


def _precedences(session: SmContext) -> Iterator[int]:
    taken = {flow.precedence for flow in session.user_plane.flows}
    return (place for place in ASKED_PRECEDENCE if place not in taken)


def _limits(policy: SmPolicyDecision, after: int, made: Sequence[QosFlowDescription]) -> AskedFlows | None:
    """What may be asked for, where something is."""
    if not made:
        return None
    limits = policy.asked
    if limits is None:
        raise _not_accepted("flows that terminals ask for", "set ask_5qi of the [[dnn]]")
    if after > limits.flows:
        raise _not_accepted(f"more than {limits.flows} flows of one session", "raise ask_flows of the [[dnn]]")
    return limits


def _flow(
    wish: QosFlowDescription, rule: QosRule, policy: SmPolicyDecision, limits: AskedFlows, *, ethernet: bool
) -> QosFlow:
    five_qi = wish.parameter(FIVE_QI)
    if not isinstance(five_qi, int):
        raise _wrong(SmCause.SYNTACTICAL_ERROR_IN_THE_QOS_OPERATION, "a flow without a 5QI")
    if five_qi not in limits.five_qis:
        allowed = ", ".join(map(str, limits.five_qis))
        raise Reject(
            SmCause.UNSUPPORTED_5QI_VALUE,
            f"a flow with 5QI {five_qi}, where {allowed} may be asked for",
            f"add {five_qi} to ask_5qi of the [[dnn]]",
            unmet=Unmet("asked-qos", f"5QI {five_qi}", f"5QI {allowed}"),
        )
    guaranteed = _rate(wish, GFBR_UPLINK, GFBR_DOWNLINK)
    most = _rate(wish, MFBR_UPLINK, MFBR_DOWNLINK) or guaranteed
    if (five_qi in GUARANTEED) != (guaranteed is not None):
        # TS 23.501 5.7.2.5, 5.7.4: a guaranteed rate and a 5QI of that kind belong together
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, f"5QI {five_qi} with or without a guaranteed rate")
    for rate in (guaranteed, most):
        if rate is not None and (rate.uplink > limits.most.uplink or rate.downlink > limits.most.downlink):
            raise _not_accepted("such a rate of one flow", "raise ask_rate of the [[dnn]]")
    filters = tuple(asked(one, ethernet=ethernet) for one in rule.packet_filters if isinstance(one, PacketFilter))
    return QosFlow(five_qi, policy.arp, filters, guaranteed, most)


def _rate(wish: QosFlowDescription, up: int, down: int) -> Ambr | None:
    uplink, downlink = wish.parameter(up), wish.parameter(down)
    if not isinstance(uplink, BitRate) or not isinstance(downlink, BitRate):
        return None
    return Ambr(uplink.bits_per_second, downlink.bits_per_second)


def _check_rule(rule: QosRule, known: Container[int]) -> None:
    """Semantic and syntactical errors (TS 24.501 6.3.2.4, by which 6.4.2.4 goes)."""
    if not CREATE <= rule.operation <= MODIFY:
        raise _wrong(SmCause.SYNTACTICAL_ERROR_IN_THE_QOS_OPERATION, f"rule operation {rule.operation}")
    if (rule.operation in NEEDS_FILTERS) != bool(rule.packet_filters):
        raise _wrong(SmCause.SYNTACTICAL_ERROR_IN_THE_QOS_OPERATION, "packet filters where none belong, or none")
    if rule.operation == CREATE and (rule.default or rule.identifier == DEFAULT_RULE):
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, "a second default rule")
    if rule.operation == DELETE and rule.identifier == DEFAULT_RULE:
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, "the default rule cannot be deleted")
    if rule.operation == CREATE and rule.identifier in known:
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, f"rule {rule.identifier} is there already")
    if rule.operation != CREATE and rule.identifier != DEFAULT_RULE and rule.identifier not in known:
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, f"there is no rule {rule.identifier}")
    _check_filters(one for one in rule.packet_filters if isinstance(one, PacketFilter))


def _check_filters(filters: Iterable[PacketFilter]) -> None:
    seen: set[int] = set()
    for one in filters:
        if one.identifier in seen:
            raise _wrong(SmCause.SYNTACTICAL_ERROR_IN_PACKET_FILTERS, f"two packet filters {one.identifier}")
        seen.add(one.identifier)
        kinds = [component.kind for component in one.components]
        if not kinds or len(kinds) != len(set(kinds)):
            raise _wrong(
                SmCause.SYNTACTICAL_ERROR_IN_PACKET_FILTERS, "a packet filter without or with equal components"
            )
        if one.direction == 0:
            raise _wrong(SmCause.SEMANTIC_ERRORS_IN_PACKET_FILTERS, "a packet filter of no direction")


def _check_flow(flow: QosFlowDescription, known: Container[int]) -> None:
    there = flow.qfi == DEFAULT_FLOW or flow.qfi in known
    if not CREATE <= flow.operation <= MODIFY_FLOW:
        raise _wrong(SmCause.SYNTACTICAL_ERROR_IN_THE_QOS_OPERATION, f"flow operation {flow.operation}")
    if (flow.operation == CREATE) == there:
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, f"flow {flow.qfi} is there, or is not")
    if flow.operation == DELETE_FLOW and flow.qfi == DEFAULT_FLOW:
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, "the default flow cannot be deleted")


def _keep(flow: QosFlowDescription, policy: SmPolicyDecision) -> None:
    """The default flow as the policy has it, and no other (TS 23.502 4.3.3.2)."""
    parameters = {parameter.identifier for parameter in flow.parameters}
    if flow.qfi != DEFAULT_FLOW or parameters - {FIVE_QI} or flow.parameter(FIVE_QI) not in {None, policy.five_qi}:
        raise _not_accepted(f"QoS flow {flow.qfi} as asked for", "set the subscriber's 5QI for the DNN")


def _wrong(cause: SmCause, why: str) -> Reject:
    return Reject(cause, why, "the terminal's request is wrong")


def _not_accepted(what: str, fix: str) -> Reject:
    unmet = Unmet("asked-qos", what, "the policy of the data network")
    return Reject(SmCause.QOS_NOT_ACCEPTED, f"the policy allows no {what}", fix, unmet=unmet)
