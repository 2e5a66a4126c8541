"""Network-requested PDU session modification when the subscription changed (TS 23.502 4.3.3.2, TS 24.501 6.3.2)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from freehold.codecs import nas, ngap, pfcp
from freehold.codecs.nas.values.qos import FIVE_QI
from freehold.services.errors import ServiceError
from freehold.services.nudm import Ambr

from .world import SUPI, World

COMPLETE = nas.PduSessionModificationComplete(1, 0)
SLOWER = Ambr(2_000_000, 8_000_000)
MODIFIED = ngap.encode_value(ngap.PDUSessionResourceModifyResponseTransfer())
REFUSED = ngap.encode_value(
    ngap.PDUSessionResourceModifyUnsuccessfulTransfer(cause=("radioNetwork", "not-supported-5QI-value"))
)


def subscribe(world: World, **changes: Any) -> None:
    """Another subscription, and the UDM says so."""
    world.udm.data["internet"] = replace(world.udm.data["internet"], **changes)
    world.udm.told[SUPI](SUPI)
    world.settle()


def transfer(world: World) -> ngap.PDUSessionResourceModifyRequestTransfer:
    """The gNB's part of the last command."""
    data = world.amf.transfers[-1]
    assert data.n2_sm_info_type == "PDU_RES_MOD_REQ"
    value, faults = ngap.decode_as(ngap.PDUSessionResourceModifyRequestTransfer, data.n2_sm_info or b"")
    assert value is not None
    assert not faults
    return value


def rates(world: World) -> list[pfcp.MBR]:
    """What the UPF was told, in kbit/s."""
    changes = world.upf.took(pfcp.SessionModificationRequest)
    return [qer.mbr for change in changes for qer in change.update_qer if qer.mbr is not None]


def test_when_other_rates_are_subscribed_then_upf_gnb_and_terminal_have_them() -> None:
    # TS 23.502 4.3.3.2
    world = World()
    reference = world.active()
    subscribe(world, session_ambr=SLOWER)

    assert rates(world) == [pfcp.MBR(2000, 8000)]  # 8
    ambr = transfer(world).pdu_session_aggregate_maximum_bit_rate  # 3-4
    assert ambr is not None
    assert (ambr.pdu_session_aggregate_maximum_bit_rate_ul, ambr.pdu_session_aggregate_maximum_bit_rate_dl) == (
        2_000_000,
        8_000_000,
    )
    assert transfer(world).qos_flow_add_or_modify_request_list is None
    command = world.amf.n1
    assert isinstance(command, nas.PduSessionModificationCommand)
    assert (command.pti, command.session_ambr) == (0, nas.SessionAmbr.of(8_000_000, 2_000_000))
    assert command.authorized_qos_flow_descriptions is None
    world.update(reference, n2_sm_info=MODIFIED, n2_sm_info_type="PDU_RES_MOD_RSP")  # 6-7
    said, updated = world.from_ue(reference, COMPLETE)  # 9-10
    assert (said, updated.n2_sm_info) == (None, None)
    world.wait(200)
    assert len(world.amf.transfers) == 2
    assert world.session.policy.session_ambr == SLOWER


def test_when_another_5qi_is_subscribed_then_the_flow_changes_and_the_upf_is_left_alone() -> None:
    world = World()
    world.active()
    subscribe(world, five_qi=5)

    (flow,) = transfer(world).qos_flow_add_or_modify_request_list or ()
    assert flow.qos_flow_level_qos_parameters is not None
    assert flow.qos_flow_level_qos_parameters.qos_characteristics == (
        "nonDynamic5QI",
        ngap.NonDynamic5QIDescriptor(five_qi=5),
    )
    (description,) = world.amf.n1.authorized_qos_flow_descriptions
    assert (description.qfi, description.operation, description.parameter(FIVE_QI)) == (1, 3, 5)
    assert world.amf.n1.session_ambr is None
    assert rates(world) == []


def test_when_nothing_that_counts_changed_then_nobody_is_asked() -> None:
    world = World()
    world.active()
    before = len(world.amf.transfers)
    subscribe(world, ssc_modes=(1, 2))

    assert len(world.amf.transfers) == before
    assert rates(world) == []


def test_when_the_user_plane_is_deactivated_then_only_the_terminal_is_told() -> None:
    world = World()
    reference = world.active()
    world.update(reference, up_cnx_state="DEACTIVATED")
    subscribe(world, session_ambr=SLOWER)

    assert world.amf.transfers[-1].n2_sm_info is None
    assert isinstance(world.amf.n1, nas.PduSessionModificationCommand)
    assert rates(world) == [pfcp.MBR(2000, 8000)]


def test_when_the_gnb_refuses_then_everything_is_as_before() -> None:
    world = World()
    reference = world.active()
    subscribe(world, session_ambr=SLOWER)
    world.update(reference, n2_sm_info=REFUSED, n2_sm_info_type="PDU_RES_MOD_FAIL")

    assert rates(world) == [pfcp.MBR(2000, 8000), pfcp.MBR(1_000_000, 1_000_000)]
    assert world.session.policy.session_ambr == Ambr(1_000_000_000, 1_000_000_000)
    assert any(event.name == "modification-refused" for event in world.environment.events)


@pytest.mark.parametrize("cause", [26, 44, 83])
def test_when_the_terminal_refuses_then_everything_is_as_before(cause: int) -> None:
    # TS 24.501 6.3.2.4
    world = World()
    reference = world.active()
    subscribe(world, session_ambr=SLOWER)
    said, _ = world.from_ue(reference, nas.PduSessionModificationCommandReject(1, 0, cause=cause))

    assert said is None
    assert rates(world)[-1] == pfcp.MBR(1_000_000, 1_000_000)
    assert world.session.state.value == "active"


def test_when_the_terminal_does_not_know_the_session_then_it_is_released() -> None:
    # TS 24.501 6.3.2.4: #43
    world = World()
    reference = world.active()
    subscribe(world, session_ambr=SLOWER)
    world.from_ue(reference, nas.PduSessionModificationCommandReject(1, 0, cause=43))
    world.settle()

    assert isinstance(world.amf.n1, nas.PduSessionReleaseCommand)


def test_when_the_terminal_never_answers_then_the_command_is_repeated_and_the_new_rates_hold() -> None:
    # T3591, TS 24.501 6.3.2.5 a
    world = World()
    world.active()
    subscribe(world, session_ambr=SLOWER)
    before = len(world.amf.transfers)
    world.wait(4 * 16 + 1)
    again = world.amf.transfers[before:]
    assert len(again) == 4
    assert all(data.n2_sm_info is None for data in again)
    world.wait(17)

    assert world.session.policy.session_ambr == SLOWER
    assert any(event.name == "modification-unanswered" for event in world.environment.events)


def test_when_the_data_network_is_subscribed_no_more_then_the_session_is_released() -> None:
    # TS 23.502 4.5.2
    world = World()
    world.active()
    world.udm.error = ServiceError(404, "DATA_NOT_FOUND")
    world.udm.told[SUPI](SUPI)
    world.settle()

    assert isinstance(world.amf.n1, nas.PduSessionReleaseCommand)
    assert world.amf.n1.cause == 36


def test_when_the_udm_fails_then_the_session_stays_as_it_is() -> None:
    world = World()
    world.active()
    before = len(world.amf.transfers)
    world.udm.error = ServiceError(503, "SYSTEM_FAILURE")
    world.udm.told[SUPI](SUPI)
    world.settle()

    assert len(world.amf.transfers) == before
    assert world.session.state.value == "active"


def test_when_another_static_address_is_subscribed_then_the_terminal_is_to_ask_again() -> None:
    # TS 24.501 6.3.3.2: #39
    world = World()
    world.active()
    subscribe(world, static_ipv4="10.45.0.77")

    assert isinstance(world.amf.n1, nas.PduSessionReleaseCommand)
    assert world.amf.n1.cause == 39


def test_when_the_subscription_changes_twice_then_the_second_change_follows_the_first() -> None:
    world = World()
    reference = world.active()
    subscribe(world, session_ambr=SLOWER)
    subscribe(world, session_ambr=Ambr(3_000_000, 3_000_000))
    assert rates(world) == [pfcp.MBR(2000, 8000)]
    world.from_ue(reference, COMPLETE)
    world.settle()

    assert rates(world)[-1] == pfcp.MBR(3000, 3000)
    assert world.amf.n1.session_ambr == nas.SessionAmbr.of(3_000_000, 3_000_000)


def test_when_the_upf_does_not_do_it_then_nobody_is_told() -> None:
    world = World(script={pfcp.SessionModificationRequest: lambda _: pfcp.SessionModificationResponse(73)})
    reference = world.create()
    world.upf.script.clear()
    world.set_up(reference)
    world.upf.script[pfcp.SessionModificationRequest] = lambda _: pfcp.SessionModificationResponse(73)
    before = len(world.amf.transfers)
    subscribe(world, session_ambr=SLOWER)

    assert len(world.amf.transfers) == before
    assert world.session.policy.session_ambr == Ambr(1_000_000_000, 1_000_000_000)


def test_when_an_answer_comes_to_no_command_then_its_pti_fits_nothing() -> None:
    # TS 24.501 7.3.1
    world = World()
    reference = world.active()
    said, _ = world.from_ue(reference, COMPLETE)

    assert isinstance(said, nas.SmStatus)
    assert said.cause == 47


def test_when_the_last_session_ends_then_the_udm_tells_of_it_no_more() -> None:
    world = World()
    reference = world.active()
    assert SUPI in world.udm.told
    world.call(world.smf.release_sm_context(reference))

    assert world.udm.told == {}
