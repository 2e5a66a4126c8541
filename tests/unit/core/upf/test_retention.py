"""The UPF's process dies and another goes on with what its journal says: peers, sessions, tunnels, measurements."""

from __future__ import annotations

from typing import Any

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    ApplicationIDsPFDs,
    AssociationReleaseRequest,
    CreateFAR,
    CreateURR,
    PFDContext,
    PFDManagementRequest,
    QueryURR,
    SessionDeletionRequest,
    SessionModificationRequest,
    SessionSetDeletionRequest,
    UEIPAddress,
)
from freehold.codecs.pfcp.flags import ApplyAction, MeasurementMethod, ReportingTrigger
from freehold.spec.causes import PfcpCause
from freehold.spec.timers import TIMERS
from freehold.store import FileJournal
from upfkit import SMF, SMF_NODE, Attached, World, downlink_pdr, establishment, uplink_pdr

ACCEPTED = PfcpCause.REQUEST_ACCEPTED
VOLUME = MeasurementMethod.VOLUM


@pytest.fixture
def journal_of(tmp_path):
    """The journal of the next process: what the one before has of it is closed, as it died."""
    held: list[FileJournal] = []

    def opened() -> FileJournal:
        for before in held:
            before.close()
        held[:] = [FileJournal(tmp_path / "upf.journal")]
        return held[0]

    yield opened
    for last in held:
        last.close()


def again(before: World, journal: Any, **settings: Any) -> Attached:
    """Another process with the same N3, on the same machine."""
    world = Attached.__new__(Attached)
    World.__init__(world, associated=False, journal=journal, environment=before.environment, **settings)
    world.sequence = before.sequence
    if isinstance(before, Attached):
        world.seid, world.teid = before.seid, before.teid
        world.attach()
        assert world.tunnel == before.tunnel
    return world


def metered(journal: Any, *urrs: CreateURR, **fields: Any) -> Attached:
    ids = tuple(urr.urr_id for urr in urrs)
    pdrs = uplink_pdr(urr_id=ids), downlink_pdr(urr_id=ids, **fields)
    return Attached(journal=journal, create_pdr=pdrs, create_urr=urrs)


def heartbeats(world: World, recovery: int | None) -> list[int]:
    """Let the UPF ask its peers, who answer that they started then, or not at all; what it says of itself."""
    world.environment.clock.run_until(world.environment.now() + 0.01)
    asked = world.requests_of(pfcp.HeartbeatRequest)
    for request in asked if recovery is not None else ():
        world.respond(request, pfcp.HeartbeatResponse(recovery_time_stamp=recovery))
    return [request.message.recovery_time_stamp for request in asked]


def volume_of(report: Any) -> int:
    return report.volume_measurement.total_volume


def test_when_the_process_dies_then_the_next_one_forwards_in_the_same_tunnels_and_nobody_sees_a_restart(journal_of):
    # TS 23.527 4.3
    first = Attached(journal=journal_of())
    assert len(first.ping()) == 1
    world = again(first, journal_of())
    assert heartbeats(world, recovery=1) == [first.upf.entity.recovery_time_stamp]
    assert len(world.ping()) == 1
    assert world.activate().cause == ACCEPTED
    assert world.ask(SessionDeletionRequest(), world.seid).cause == ACCEPTED
    assert (world.ping(), world.upf_plane.sessions()) == ([], 0)


def test_when_a_session_was_deleted_or_never_answered_for_then_it_does_not_come_back(journal_of):
    first = Attached(journal=journal_of())
    first.ask(SessionDeletionRequest(), first.seid)
    world = again(World(journal=journal_of()), journal_of())
    assert (len(world.upf.sessions), world.upf_plane.sessions()) == (0, 0)


@pytest.mark.parametrize("selective", [False, True])
def test_when_a_rule_measures_then_it_goes_on_from_what_was_written_down(journal_of, selective):
    """`selective`: the rule asks for what only a counter of its own tells."""
    triggers = ReportingTrigger.VOLTH | (ReportingTrigger.DROTH if selective else 0)
    threshold, drops = pfcp.VolumeThreshold(total_volume=1 << 30), pfcp.DroppedDLTrafficThreshold(1 << 30)
    more = {"dropped_dl_traffic_threshold": drops} if selective else {}
    urr = CreateURR(1, VOLUME, triggers, volume_threshold=threshold, **more)
    first = metered(journal_of(), urr)
    first.ping()
    first.environment.clock.run_until(first.environment.now() + 3)
    world = again(first, journal_of())
    assert heartbeats(world, recovery=1)
    world.ping()
    answer = world.ask(SessionModificationRequest(query_urr=(QueryURR(1),)), world.seid)
    assert [volume_of(report) for report in answer.usage_report] == [4 * 84]


def test_when_a_quota_was_partly_used_then_the_next_process_grants_no_more(journal_of):
    quota = pfcp.VolumeQuota(total_volume=336)
    first = metered(journal_of(), CreateURR(1, VOLUME, ReportingTrigger.VOLQU, volume_quota=quota))
    assert len(first.ping()) == 1
    first.environment.clock.run_until(first.environment.now() + 3)
    world = again(first, journal_of())
    assert [len(world.ping()) for _ in range(3)] == [1, 0, 0]


def test_when_the_smf_restarted_meanwhile_then_its_sessions_end(journal_of):
    # TS 23.527 4.3.2
    world = again(Attached(journal=journal_of()), journal_of())
    heartbeats(world, recovery=2)
    world.associate(recovery=2)
    assert len(world.upf.sessions) == 0
    assert again(world, journal_of()).upf_plane.sessions() == 0


def test_when_the_smf_asks_to_keep_them_then_they_stay(journal_of):
    world = again(Attached(journal=journal_of()), journal_of())
    assert world.associate(recovery=1).pfcpasrsp_flags == 1
    assert len(world.ping()) == 1


def test_when_nobody_answers_for_sessions_then_they_end_after_a_while(journal_of):
    world = again(Attached(journal=journal_of()), journal_of())
    world.environment.clock.run_until(world.environment.now() + TIMERS["PFCP-retention"].seconds - 1)
    assert len(world.upf.sessions) == 1
    world.environment.clock.run_until(world.environment.now() + 2)
    assert (len(world.upf.sessions), world.upf_plane.sessions()) == (0, 0)
    assert SMF[0] not in world.upf.associations.by_peer


def test_when_an_smf_is_not_served_any_more_then_its_sessions_do_not_come_back(journal_of):
    first = World(journal=journal_of())
    stranger = pfcp.NodeID(ipv4=bytes((10, 0, 0, 8)))
    first.associate(("10.0.0.8", 8805), node=stranger)
    assert first.ask(establishment(), source=("10.0.0.8", 8805)).cause == ACCEPTED
    journal = journal_of()
    journal.remove(b"peer 10.0.0.8")
    world = again(first, journal)
    assert (len(world.upf.sessions), world.upf_plane.sessions()) == (0, 0)


def test_when_rows_are_of_a_version_that_writes_them_otherwise_then_the_function_begins_without_them(journal_of):
    first = Attached(journal=journal_of())
    journal = journal_of()
    for key, _ in list(journal.items()):
        if not key.startswith(b"started"):
            journal.put(key, b"\xc1 of another version")
    world = again(first, journal)
    assert (len(world.upf.sessions), world.upf_plane.sessions(), world.upf.associations.by_peer) == (0, 0, {})


def test_when_the_smf_chose_the_tunnel_then_the_next_process_has_the_same(journal_of):
    # TS 29.244 5.5.1
    local = pfcp.FTEID(teid=11, ipv4=bytes((192, 0, 2, 1)))
    wanted = establishment(create_pdr=(uplink_pdr(local_f_teid=local), downlink_pdr()))
    first = World(journal=journal_of(), smf_teids=True)
    seid = first.ask(wanted).up_f_seid.seid
    world = again(first, journal_of(), smf_teids=True)
    elsewhere = UEIPAddress(ipv4=bytes((10, 45, 0, 3)))
    other = uplink_pdr(local_f_teid=local, ue_ip_address=(elsewhere,)), downlink_pdr(ue_ip_address=(elsewhere,))
    assert world.ask(establishment(create_pdr=other)).cause != ACCEPTED
    assert world.ask(SessionDeletionRequest(), seid).cause == ACCEPTED
    assert world.ask(establishment(create_pdr=other)).cause == ACCEPTED


def test_when_applications_were_described_then_the_next_process_finds_their_packets(journal_of):
    # TS 29.244 6.2.5
    first = Attached(journal=journal_of())
    ping = b"permit out 1 from any to assigned"
    text = bytes((1, 0)) + len(ping).to_bytes(2, "big") + ping
    contents = (PFDContext(pfd_contents=(text,)),)
    described = PFDManagementRequest(application_ids_pfds=(ApplicationIDsPFDs("ping", pfd_context=contents),))
    assert first.ask(described).cause == ACCEPTED
    pdr = downlink_pdr(pdr_id=7, precedence=1, far_id=7, application_id="ping", qer_id=())
    request = SessionModificationRequest(create_pdr=(pdr,), create_far=(CreateFAR(7, ApplyAction.DROP),))
    assert first.ask(request, first.seid).cause == ACCEPTED
    world = again(first, journal_of())
    assert heartbeats(world, recovery=1)
    assert (world.ping(), list(world.upf.sessions.applications.of(SMF[0]))) == ([], ["ping"])
    ended = PFDManagementRequest(application_ids_pfds=(ApplicationIDsPFDs("ping"),))
    assert world.ask(ended).cause == ACCEPTED
    assert len(world.ping()) == 1
    third = again(world, journal_of())
    assert dict(third.upf.sessions.applications.of(SMF[0])) == {}


def test_when_an_smf_is_gone_then_its_applications_do_not_come_back(journal_of):
    first = World(journal=journal_of())
    contents = (PFDContext(pfd_contents=(b"\x01\x00\x00\x21permit out 1 from any to assigned",)),)
    described = PFDManagementRequest(application_ids_pfds=(ApplicationIDsPFDs("ping", pfd_context=contents),))
    assert first.ask(described).cause == ACCEPTED
    assert first.ask(AssociationReleaseRequest(node_id=SMF_NODE)).cause == ACCEPTED
    world = again(first, journal_of())
    assert dict(world.upf.sessions.applications.of(SMF[0])) == {}


def test_when_a_session_is_in_a_set_then_the_next_process_knows(journal_of):
    # TS 23.527 4.6
    named = b"\x01\x0a\x00\x00\x09\x00\x07"
    first = Attached(journal=journal_of(), fq_csid=(named,))
    world = again(first, journal_of())
    assert heartbeats(world, recovery=1)
    lost = SessionSetDeletionRequest(node_id=SMF_NODE, fq_csid=(named,))
    assert (world.ask(lost).cause, world.upf_plane.sessions()) == (ACCEPTED, 0)
