"""QoS rules and flows that a UE asks for: whether they make sense, and what is granted of them (TS 24.501 6.4.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from freehold.codecs.nas import PduSessionModificationRequest, QosFlowDescription, QosRule
from freehold.codecs.nas.values.qos import (
    ADD_FILTERS,
    CREATE,
    DELETE,
    DELETE_FILTERS,
    FIVE_QI,
    MODIFY,
    REPLACE_FILTERS,
    PacketFilter,
)
from freehold.core.smf.rules import DEFAULT_FLOW
from freehold.services.npcf import SmPolicyDecision
from freehold.spec.causes import SmCause
from freehold.spec.errors import Reject

DEFAULT_RULE: Final = 1
"""The identifier of the default QoS rule, the only one that a session has here."""
MODIFY_FLOW: Final = 3
"""The operation on a flow that exists (TS 24.501 9.11.4.12)."""
NEEDS_FILTERS: Final = frozenset({CREATE, ADD_FILTERS, REPLACE_FILTERS, DELETE_FILTERS})


def judge(request: PduSessionModificationRequest, policy: SmPolicyDecision) -> None:
    """Nothing where all that is asked for is so already; Reject with the clause's cause otherwise."""
    for rule in request.requested_qos_rules or ():
        _check_rule(rule)
    for flow in request.requested_qos_flow_descriptions or ():
        _check_flow(flow)
    for flow in request.requested_qos_flow_descriptions or ():
        _grant(flow, policy)
    if request.requested_qos_rules:
        raise _not_accepted("QoS rules beside the default one")


def _check_rule(rule: QosRule) -> None:
    """Semantic and syntactical errors (TS 24.501 6.3.2.4, by which 6.4.2.4 goes)."""
    if not CREATE <= rule.operation <= MODIFY:
        raise _wrong(SmCause.SYNTACTICAL_ERROR_IN_THE_QOS_OPERATION, f"rule operation {rule.operation}")
    if (rule.operation in NEEDS_FILTERS) != bool(rule.packet_filters):
        raise _wrong(SmCause.SYNTACTICAL_ERROR_IN_THE_QOS_OPERATION, "packet filters where none belong, or none")
    if rule.operation == CREATE and (rule.default or rule.identifier == DEFAULT_RULE):
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, "a second default rule")
    if rule.operation == DELETE and rule.identifier == DEFAULT_RULE:
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, "the default rule cannot be deleted")
    if rule.operation not in {CREATE, DELETE} and rule.identifier != DEFAULT_RULE:
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


def _check_flow(flow: QosFlowDescription) -> None:
    known = flow.qfi == DEFAULT_FLOW
    if not CREATE <= flow.operation <= MODIFY_FLOW:
        raise _wrong(SmCause.SYNTACTICAL_ERROR_IN_THE_QOS_OPERATION, f"flow operation {flow.operation}")
    if (flow.operation == CREATE) == known:
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, f"flow {flow.qfi} is there, or is not")
    if flow.operation == DELETE:
        raise _wrong(SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION, "the default flow cannot be deleted")


def _grant(flow: QosFlowDescription, policy: SmPolicyDecision) -> None:
    """The default flow as the policy has it, and no other (TS 23.503 6.1.3.22)."""
    asked = {parameter.identifier for parameter in flow.parameters}
    if flow.qfi != DEFAULT_FLOW or asked - {FIVE_QI} or flow.parameter(FIVE_QI) not in {None, policy.five_qi}:
        raise _not_accepted(f"QoS flow {flow.qfi} as asked for")


def _wrong(cause: SmCause, why: str) -> Reject:
    return Reject(cause, why, "the terminal's request is wrong")


def _not_accepted(what: str) -> Reject:
    return Reject(SmCause.QOS_NOT_ACCEPTED, f"the policy allows no {what}", "set the subscriber's 5QI for the DNN")
