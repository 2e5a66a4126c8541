"""PDU session modification commanded by the network (TS 24.501 6.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from freehold.codecs.nas import (
    PduSessionModificationCommand,
    PduSessionModificationComplete,
    QosFlowDescription,
    QosRule,
)
from freehold.codecs.nas.values.qos import CREATE, DELETE
from freehold.procedure import procedure
from freehold.ue.nas.sm.transport import SessionChannel

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal


@procedure(spec="TS 24.501 6.3.2.3")
async def network_modification(ue: Terminal, command: PduSessionModificationCommand) -> None:
    """Take the new AMBR, rules and flows into use and say so."""
    identity = command.pdu_session_identity
    session = ue.sm.sessions[identity]
    granted = session.granted
    if granted is not None:
        session.granted = msgspec.structs.replace(
            granted,
            ambr=command.session_ambr or granted.ambr,
            rules=changed_rules(granted.rules, command.authorized_qos_rules or []),
            flows=changed_flows(granted.flows, command.authorized_qos_flow_descriptions or []),
        )
    SessionChannel(ue.link, identity).send(PduSessionModificationComplete(identity, command.pti))


def changed_rules(rules: tuple[QosRule, ...], changes: list[QosRule]) -> tuple[QosRule, ...]:
    """The rules after their operations; those that change filters take the place of the rule (TS 24.501 9.11.4.13)."""
    by_identifier = {rule.identifier: rule for rule in rules}
    for change in changes:
        if change.operation == DELETE:
            by_identifier.pop(change.identifier, None)
        elif change.operation == CREATE or change.identifier in by_identifier:
            by_identifier[change.identifier] = change
    return tuple(by_identifier.values())


def changed_flows(
    flows: tuple[QosFlowDescription, ...], changes: list[QosFlowDescription]
) -> tuple[QosFlowDescription, ...]:
    """The flows after their operations (TS 24.501 9.11.4.12)."""
    by_qfi = {flow.qfi: flow for flow in flows}
    for change in changes:
        if change.operation == DELETE:
            by_qfi.pop(change.qfi, None)
        else:
            by_qfi[change.qfi] = change
    return tuple(by_qfi.values())
