"""PDU session modification at the UE's wish (TS 24.501 6.4.2, TS 23.502 4.3.3.2 step 1a)."""

from __future__ import annotations

from typing import Any

import pytest

from freehold.codecs import nas, pfcp
from freehold.codecs.nas.values.qos import (
    CREATE,
    DELETE,
    FIVE_QI,
    GFBR_UPLINK,
    MATCH_ALL,
    MODIFY,
    Component,
    FlowParameter,
    PacketFilter,
)
from freehold.codecs.nas.values.session import BitRate

from .world import World

PTI = 9
MTU = nas.ExtendedProtocolConfigurationOptions(options=[nas.ExtendedConfigurationOption(0x0010)])
EVERYTHING = PacketFilter(3, 1, [Component(MATCH_ALL)])


def ask(**asked: Any) -> nas.PduSessionModificationRequest:
    return nas.PduSessionModificationRequest(1, PTI, **asked)


def rule(identifier: int, operation: int, *filters: PacketFilter, default: bool = False) -> nas.QosRule:
    numbers = {} if operation == DELETE else {"precedence": 10, "segregation": False, "qfi": 2}
    return nas.QosRule(identifier, operation, default, list(filters), **numbers)


def flow(qfi: int, operation: int, *parameters: FlowParameter) -> nas.QosFlowDescription:
    return nas.QosFlowDescription(qfi, operation, bool(parameters), list(parameters))


def test_when_a_terminal_asks_for_its_options_anew_then_it_is_told_and_nobody_else_is_asked() -> None:
    world = World()
    reference = world.active()
    before = len(world.amf.transfers)
    said, answer = world.from_ue(reference, ask(extended_pco=MTU))

    assert isinstance(said, nas.PduSessionModificationCommand)
    assert said.pti == PTI
    assert said.extended_pco.contents(0x0010) == (1400).to_bytes(2, "big")
    assert (said.session_ambr, said.authorized_qos_rules, answer.n2_sm_info) == (None, None, None)
    assert world.from_ue(reference, nas.PduSessionModificationComplete(1, PTI))[0] is None
    world.wait(100)
    assert len(world.amf.transfers) == before
    assert all(not change.update_qer for change in world.upf.took(pfcp.SessionModificationRequest))


@pytest.mark.parametrize(("allowed", "wish", "told"), [(True, True, True), (True, False, False), (False, True, False)])
def test_when_always_on_is_asked_for_then_it_is_answered(allowed: bool, wish: bool, told: bool) -> None:
    # TS 24.501 6.3.2.2
    world = World(always_on=allowed)
    reference = world.active()
    said, _ = world.from_ue(reference, ask(always_on_requested=wish))

    assert bool(said.always_on) is told
    assert said.always_on is not None
    assert world.session.terms.always_on is told


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"session_capability": nas.SessionCapability(reflective_qos=True)},
        {"maximum_packet_filters": nas.PacketFilterLimit(64)},
        {"requested_qos_flow_descriptions": [flow(1, 3, FlowParameter(FIVE_QI, 9))]},
    ],
)
def test_when_what_is_asked_for_changes_nothing_then_it_is_accepted(asked: dict[str, Any]) -> None:
    world = World()
    said, _ = world.from_ue(world.active(), ask(**asked))
    assert isinstance(said, nas.PduSessionModificationCommand)


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        ({"requested_qos_rules": [rule(2, CREATE, EVERYTHING)]}, 37),
        ({"requested_qos_rules": [rule(1, MODIFY)]}, 37),
        ({"requested_qos_flow_descriptions": [flow(2, 1, FlowParameter(FIVE_QI, 5))]}, 37),
        ({"requested_qos_flow_descriptions": [flow(1, 3, FlowParameter(FIVE_QI, 5))]}, 37),
        ({"requested_qos_flow_descriptions": [flow(1, 3, FlowParameter(GFBR_UPLINK, BitRate.of(10**6)))]}, 37),
        ({"requested_qos_flow_descriptions": [flow(1, 1, FlowParameter(FIVE_QI, 9))]}, 83),
        ({"requested_qos_flow_descriptions": [flow(7, 3)]}, 83),
        ({"requested_qos_flow_descriptions": [flow(1, 2)]}, 83),
        ({"requested_qos_flow_descriptions": [flow(1, 6)]}, 84),
        ({"requested_qos_rules": [rule(1, DELETE)]}, 83),
        ({"requested_qos_rules": [rule(1, CREATE, EVERYTHING)]}, 83),
        ({"requested_qos_rules": [rule(2, CREATE, EVERYTHING, default=True)]}, 83),
        ({"requested_qos_rules": [rule(5, MODIFY)]}, 83),
        ({"requested_qos_rules": [rule(2, CREATE)]}, 84),
        ({"requested_qos_rules": [rule(2, 7)]}, 84),
        ({"requested_qos_rules": [rule(2, CREATE, PacketFilter(0, 1, [Component(MATCH_ALL)]))]}, 44),
        ({"requested_qos_rules": [rule(2, CREATE, PacketFilter(3, 1, []))]}, 45),
        ({"requested_qos_rules": [rule(2, CREATE, EVERYTHING, EVERYTHING)]}, 45),
    ],
)
def test_when_other_qos_or_nonsense_is_asked_for_then_the_cause_says_so(asked: dict[str, Any], cause: int) -> None:
    # TS 24.501 6.4.2.4.1
    world = World()
    reference = world.active()
    said, _ = world.from_ue(reference, ask(**asked))

    assert isinstance(said, nas.PduSessionModificationReject)
    assert (said.pti, said.cause) == (PTI, cause)
    assert world.session.up_cnx_state == "ACTIVATED"
    assert isinstance(world.from_ue(reference, ask())[0], nas.PduSessionModificationCommand)


def test_when_the_request_comes_again_then_one_command_is_under_way() -> None:
    # TS 24.501 6.4.2.6
    world = World()
    reference = world.active()
    before = len(world.amf.transfers)
    assert isinstance(world.from_ue(reference, ask(extended_pco=MTU))[0], nas.PduSessionModificationCommand)
    assert world.from_ue(reference, ask(extended_pco=MTU))[0] is None
    world.wait(17)
    again = [nas.decode(data.n1_sm_message).message for data in world.amf.transfers[before:]]
    assert [command.pti for command in again] == [PTI]  # T3591


def test_when_the_terminal_never_completes_then_it_is_said_and_the_session_stays() -> None:
    # TS 24.501 6.3.2.5 a
    world = World()
    reference = world.active()
    world.from_ue(reference, ask(extended_pco=MTU))
    world.wait(100)

    assert len(world.environment.emitted("modification-unanswered")) == 1
    assert world.session.up_cnx_state == "ACTIVATED"
    assert isinstance(world.from_ue(reference, ask())[0], nas.PduSessionModificationCommand)


def test_when_the_terminal_refuses_for_want_of_the_session_then_it_is_released() -> None:
    # TS 24.501 6.3.2.4
    world = World()
    reference = world.active()
    world.from_ue(reference, ask(extended_pco=MTU))
    world.from_ue(reference, nas.PduSessionModificationCommandReject(1, PTI, cause=43))
    assert isinstance(world.amf.n1, nas.PduSessionReleaseCommand)


def test_when_no_transaction_is_named_then_the_status_says_so() -> None:
    # TS 24.501 7.3.1
    world = World()
    said, _ = world.from_ue(world.active(), nas.PduSessionModificationRequest(1, 0))
    assert isinstance(said, nas.SmStatus)
    assert said.cause == 81
