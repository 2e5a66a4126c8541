"""PDU session modification, commanded by the network and asked for by the UE (TS 24.501 6.3.2, 6.4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from freehold.codecs.nas import (
    ConfigurationContainer,
    ExtendedConfigurationOption,
    ExtendedProtocolConfigurationOptions,
    PduSessionModificationCommand,
    PduSessionModificationComplete,
    PduSessionModificationReject,
    PduSessionModificationRequest,
    QosFlowDescription,
    QosRule,
    RequestType,
)
from freehold.codecs.nas.values.qos import CREATE, DELETE
from freehold.procedure import Collision, procedure
from freehold.procedure.effects import Exchange
from freehold.ue.errors import NoConnection, Refused
from freehold.ue.nas.link import Released
from freehold.ue.nas.sm.reach import reach
from freehold.ue.nas.sm.transport import UNASSIGNED_PTI, SessionChannel, Undelivered, of_transaction
from freehold.ue.state.session import Session, SmEvent, SmState

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

Answer = PduSessionModificationCommand | PduSessionModificationReject | Undelivered | Released


@procedure(spec="TS 24.501 6.4.2", collides={"deregistration": Collision.ABORT})
async def modification(
    ue: Terminal,
    identity: int,
    rules: tuple[QosRule, ...] = (),
    flows: tuple[QosFlowDescription, ...] = (),
    options: tuple[ConfigurationContainer, ...] = (),
    *,
    always_on: bool | None = None,
) -> Session:
    """Ask for other QoS rules and flows, for protocol configuration `options` anew, for an always-on session.

    Refused where the network keeps the session as it is.
    """
    session = await reach(ue, identity)
    if session is None:
        raise NoConnection(f"PDU session {identity} is not active")
    pti = ue.sm.begin()
    channel = SessionChannel(ue.link, identity, request_type=RequestType.MODIFICATION_REQUEST)
    request = PduSessionModificationRequest(
        identity,
        pti,
        requested_qos_rules=list(rules) or None,
        requested_qos_flow_descriptions=list(flows) or None,
        always_on_requested=always_on,
        extended_pco=asked(options),
    )
    types = (PduSessionModificationCommand, PduSessionModificationReject, Undelivered, Released)
    session.step(SmEvent.MODIFICATION)
    try:
        answer: Answer = await Exchange(channel, request, types, "T3581", of_transaction(identity, pti))
    finally:  # TS 24.501 6.4.2.5 a: without an answer the session stays as it was
        ue.sm.end(pti)
        settle(session)
    match answer:
        case PduSessionModificationCommand():
            modified(ue, session, answer)  # TS 24.501 6.4.2.3
        case PduSessionModificationReject() | Undelivered():
            raise Refused(answer.cause, f"PDU session modification refused with cause #{answer.cause}")
        case Released():
            raise NoConnection("the connection was released during the modification")
    return session


def asked(options: tuple[ConfigurationContainer, ...]) -> ExtendedProtocolConfigurationOptions | None:
    """A request for these containers (TS 24.008 10.5.6.3)."""
    if not options:
        return None
    return ExtendedProtocolConfigurationOptions(options=[ExtendedConfigurationOption(option) for option in options])


def settle(session: Session) -> None:
    """The modification is over, unless the session ended before it (TS 24.501 6.1.3.2)."""
    if session.state is SmState.MODIFICATION_PENDING:
        session.step(SmEvent.MODIFIED)


@procedure(spec="TS 24.501 6.3.2.3")
async def network_modification(ue: Terminal, command: PduSessionModificationCommand) -> None:
    """Take the new AMBR, rules and flows into use and say so."""
    modified(ue, ue.sm.sessions[command.pdu_session_identity], command)


def modified(ue: Terminal, session: Session, command: PduSessionModificationCommand) -> None:
    """What a command changes, and its acknowledgement (TS 24.501 6.3.2.3)."""
    granted = session.granted
    if granted is not None:
        session.granted = msgspec.structs.replace(
            granted,
            ambr=command.session_ambr or granted.ambr,
            rules=changed_rules(granted.rules, command.authorized_qos_rules or []),
            flows=changed_flows(granted.flows, command.authorized_qos_flow_descriptions or []),
            options=changed_options(granted.options, command.extended_pco),
        )
        if command.authorized_qos_rules is not None:
            ue.sessions.classify(session)
    complete = PduSessionModificationComplete(session.identity, command.pti)
    if command.pti != UNASSIGNED_PTI:
        ue.sm.completed[command.pti] = complete
    SessionChannel(ue.link, session.identity).send(complete)


def changed_options(
    before: ExtendedProtocolConfigurationOptions, told: ExtendedProtocolConfigurationOptions | None
) -> ExtendedProtocolConfigurationOptions:
    """What is told anew takes the place of what was told in the same containers."""
    if told is None:
        return before
    kinds = {option.identifier for option in told.options}
    kept = [option for option in before.options if option.identifier not in kinds]
    return msgspec.structs.replace(before, options=[*kept, *told.options])


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
