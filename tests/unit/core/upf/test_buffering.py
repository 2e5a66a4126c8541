"""Buffering action rules: how much waits, for how long, and when the SMF is told (TS 29.244 5.2.4)."""

from __future__ import annotations

from typing import Any

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    CreateBAR,
    CreateFAR,
    DLBufferingDuration,
    RemoveBAR,
    SDFFilter,
    SessionModificationRequest,
    SessionReportResponse,
    UpdateBAR,
    UpdateBARInReportResponse,
)
from freehold.spec.causes import PfcpCause
from upfkit import HOLD, QER, UPLINK_FAR, Attached, World, downlink_pdr, establishment, uplink_pdr


def idle(bar: CreateBAR | None, **fields: Any) -> Attached:
    world = Attached(
        create_bar=bar, create_far=(UPLINK_FAR, CreateFAR(2, 1, bar_id=bar.bar_id if bar else None)), **fields
    )
    world.update_downlink(HOLD)
    world.sent.clear()
    return world


def ask(world: Attached, **fields: Any) -> Any:
    return world.ask(SessionModificationRequest(**fields), world.seid)


def reports(world: World) -> list[pfcp.Decoded]:
    return [one for one in world.requests() if isinstance(one.message, pfcp.SessionReportRequest)]


def run(world: World, seconds: float) -> None:
    world.environment.clock.run_until(world.environment.now() + seconds)


def counted(world: World, name: str) -> int:
    return world.upf_plane.counters()[name]


def test_when_a_number_of_packets_is_suggested_then_no_more_are_held():
    # TS 29.244 8.2.100
    world = idle(CreateBAR(1, suggested_buffering_packets_count=2))
    for _ in range(5):
        world.ping()
    assert (counted(world, "downlink_buffered"), counted(world, "drop_buffer_full")) == (2, 3)
    assert ask(world, update_bar=UpdateBAR(1, suggested_buffering_packets_count=4)).cause == 1
    world.ping()
    world.ping()
    world.ping()
    assert (counted(world, "downlink_buffered"), counted(world, "drop_buffer_full")) == (4, 4)


def test_when_a_delay_is_asked_for_then_the_smf_is_told_after_it_and_only_if_it_still_matters():
    # TS 29.244 8.2.28: units of 50 ms
    world = idle(CreateBAR(1, downlink_data_notification_delay=20))
    world.ping()
    run(world, 0.9)
    assert reports(world) == []
    run(world, 0.2)
    assert len(reports(world)) == 1
    world.activate()
    world.update_downlink(HOLD)
    world.sent.clear()
    world.ping()
    world.activate()
    run(world, 2)
    assert reports(world) == [], "the terminal came by itself"


def test_when_the_answer_changes_buffering_then_the_next_packet_is_told_after_the_duration():
    # TS 29.244 7.5.9.2, 8.2.29
    world = idle(CreateBAR(1))
    world.ping()
    (request,) = reports(world)
    update = UpdateBARInReportResponse(
        1, dl_buffering_duration=DLBufferingDuration(0, 5), suggested_buffering_packets_count=2
    )
    world.respond(request, SessionReportResponse(cause=1, update_bar=update))
    world.ping()
    world.ping()
    run(world, 9)
    assert (reports(world), counted(world, "drop_buffer_full")) == ([], 1)
    run(world, 2)
    update = UpdateBARInReportResponse(1, suggested_buffering_packets_count=9)
    assert ask(world, update_bar=UpdateBAR(1, suggested_buffering_packets_count=9)).cause == 1
    world.ping()
    (request,) = reports(world)
    unknown = UpdateBARInReportResponse(7)
    world.respond(request, SessionReportResponse(cause=1, update_bar=unknown))
    assert "n4.report-answer-wrong" in [event.name for event in world.environment.events]


def test_when_a_second_flow_has_data_then_it_is_told_as_well():
    # TS 23.502 4.2.3.3 step 2b
    other = downlink_pdr(
        pdr_id=3, precedence=1, far_id=2, sdf_filter=(SDFFilter(flow_description=b"permit out 1 from any to assigned"),)
    )
    world = idle(None, create_pdr=(uplink_pdr(), downlink_pdr(), other))
    world.ping()
    world.upf_plane.inject(world.instance, udp())
    world.poll()
    told = [one.message.downlink_data_report.pdr_id for one in reports(world)]
    assert told == [(3,), (2,)]


def udp() -> bytes:
    return bytes.fromhex("4500001c00000000401100000a2d00010a2d00020035003500080000")


def test_when_a_bar_is_wrong_then_the_cause_names_it():
    far = CreateFAR(2, 4, bar_id=9)
    refused = World().ask(establishment(create_far=(UPLINK_FAR, far), create_qer=(QER,)))
    assert refused.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
    world = idle(CreateBAR(1))
    for fields in ({"create_bar": CreateBAR(1)}, {"update_bar": UpdateBAR(2)}, {"remove_bar": RemoveBAR(1)}):
        answer = ask(world, **fields)
        assert answer.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
        assert answer.failed_rule_id is not None
