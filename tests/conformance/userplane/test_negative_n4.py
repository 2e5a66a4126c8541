"""P01 to P10 of the negative catalogue: real bytes on N4, a control session before, during and after."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    FTEID,
    CreateFAR,
    CreateURR,
    ForwardingParameters,
    HeartbeatRequest,
    HeartbeatResponse,
    NodeID,
    OuterHeaderCreation,
    RemovePDR,
    RemoveURR,
    SDFFilter,
    SessionDeletionRequest,
    SessionModificationRequest,
    SessionReportResponse,
    UpdateFAR,
    UpdatePDR,
)
from freehold.codecs.pfcp.flags import ApplyAction, PFCPSEReqFlag
from freehold.spec import counters
from freehold.spec.causes import PfcpCause

from .n4 import DROP_ACCESS, FORWARD_CORE, N4, OTHER, SMF, UPF, n4, packed, session

pytestmark = pytest.mark.xdist_group("n3")


@pytest.fixture
def net() -> Iterator[N4]:
    """The UPF; its control session is the same, and works, before and after every test; nothing of ours broke."""
    with n4() as net:
        assert net.ping()
        before = net.state()
        yield net
        assert net.ping()
        assert net.state() == before
        assert [event.name for event in net.environment.events if event.severity == "error"] == []
        assert net.upf.sessions.audit() == (0, 0)


def causes(answers: list[bytes]) -> list[int]:
    return [pfcp.decode(octets).message.cause for octets in answers]


# --- P01 ----------------------------------------------------------------------------------------
def test_p01_an_unlisted_peer_gets_no_association_and_it_is_told_once(net):
    for recovery in range(3):
        assert net.stranger.associate(recovery) == PfcpCause.REQUEST_REJECTED
    assert net.stranger.ask(session(9)).cause == PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION
    assert net.told() == ["n4.unlisted-peer"]
    assert net.environment.counts[counters.PFCP_REFUSED, "REQUEST_REJECTED"] == 3


def test_p01_a_peer_that_takes_the_smfs_node_id_is_refused(net):
    assert net.other.associate(99, NodeID(ipv4=packed(SMF))) == PfcpCause.REQUEST_REJECTED
    assert net.told() == ["n4.node-id-taken"]


# --- P02 ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "message",
    [
        SessionDeletionRequest(),
        SessionModificationRequest(remove_pdr=(RemovePDR(1),)),
        SessionModificationRequest(update_far=(UpdateFAR(2, apply_action=ApplyAction.DROP),)),
    ],
    ids=["delete", "remove a rule", "drop"],
)
def test_p02_another_peer_neither_changes_nor_deletes_a_session(net, message):
    assert net.other.ask(message, net.control).cause == PfcpCause.SESSION_CONTEXT_NOT_FOUND
    assert net.stranger.ask(message, net.control).cause == PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION
    assert net.told() == ["n4.foreign-session"]


def test_p02_guessed_seids_name_no_session(net):
    for bit in range(64):
        answer = net.other.ask(SessionDeletionRequest(), net.control ^ 1 << bit)
        assert answer.cause == PfcpCause.SESSION_CONTEXT_NOT_FOUND
        assert net.ping()


# --- P03, P04 -----------------------------------------------------------------------------------
def test_p03_a_live_address_is_not_claimed_again(net):
    for peer in (net.smf, net.other):
        assert peer.ask(session(2)).cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
    assert len(net.upf.sessions) == 1


def test_p04_a_live_f_teid_is_not_claimed_again(net):
    teid = net.control & 0xFFFFFFFF
    pdr, downlink = session(9).create_pdr
    taken = msgspec.structs.replace(pdr.pdi, local_f_teid=FTEID(teid, ipv4=packed(UPF)))
    pdrs = (msgspec.structs.replace(pdr, pdi=taken), downlink)
    refused = net.other.ask(session(9, create_pdr=pdrs))
    assert refused.cause == PfcpCause.INVALID_F_TEID_ALLOCATION_OPTION  # TS 29.244 5.5.1
    restored = net.other.ask(session(9, create_pdr=pdrs, pfcpsereq_flags=PFCPSEReqFlag.RESTI))
    assert (restored.cause, restored.offending_ie) == (PfcpCause.RULE_CREATION_MODIFICATION_FAILURE, 21)
    assert len(net.upf.sessions) == 1


# --- P05 ----------------------------------------------------------------------------------------
def elements(octets: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Where each IE of a message begins, grouped ones and what is in them, and its length."""
    at = start
    while at + 4 <= len(octets):
        kind, length = int.from_bytes(octets[at : at + 2], "big"), int.from_bytes(octets[at + 2 : at + 4], "big")
        yield at, length
        if kind in {1, 2, 3, 4}:
            yield from ((inside, size) for inside, size in elements(octets[: at + 4 + length], at + 4))
        at += 4 + length


@pytest.mark.parametrize("length", [0, 1, 0x7FFF, 0xFFFF])
def test_p05_an_ie_with_a_wrong_length_breaks_nothing(net, length):
    # TS 29.244 7.6.3, 7.6.7
    whole = pfcp.encode(session(9), 1, 0)
    for turn, (at, _) in enumerate(elements(whole, 16)):
        damaged = bytearray(whole)
        damaged[at + 2 : at + 4] = length.to_bytes(2, "big")
        damaged[12:15] = (0x1000 + turn).to_bytes(3, "big")
        answers = net.other.send(bytes(damaged))
        assert len(answers) <= 1
        assert all(cause in set(PfcpCause) for cause in causes(answers))
        for one in net.sessions_of(OTHER):
            net.upf.sessions.drop(one)
    assert net.ping()


def test_p05_every_prefix_of_a_message_is_answered_or_ignored(net):
    whole = pfcp.encode(session(9), 1, 0)
    for end in range(len(whole)):
        cut = bytearray(whole[:end])
        if end >= 16:
            cut[2:4] = (end - 4).to_bytes(2, "big")
            cut[12:15] = end.to_bytes(3, "big")
        assert 1 not in causes(net.other.send(bytes(cut)))
    assert net.ping()


def test_p05_a_header_of_wrong_length_is_answered_with_invalid_length(net):
    # TS 29.244 7.6.3
    whole = pfcp.encode(session(9), 0x777, 0)
    (answer,) = net.other.send(whole[:2] + (len(whole)).to_bytes(2, "big") + whole[4:])
    assert pfcp.decode(answer).message.cause == PfcpCause.INVALID_LENGTH


# --- P06 ----------------------------------------------------------------------------------------
def replaced(number, **fields):
    """The session with one of its two rules changed."""
    pdrs = list(session(9).create_pdr)
    pdrs[number] = msgspec.structs.replace(pdrs[number], **fields)
    return {"create_pdr": tuple(pdrs)}


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        (replaced(0, far_id=None), PfcpCause.CONDITIONAL_IE_MISSING),
        (replaced(0, far_id=99), PfcpCause.RULE_CREATION_MODIFICATION_FAILURE),
        (replaced(0, qer_id=(9,)), PfcpCause.RULE_CREATION_MODIFICATION_FAILURE),
        (replaced(0, urr_id=(0xFFFFFFFF,)), PfcpCause.RULE_CREATION_MODIFICATION_FAILURE),
        (replaced(1, pdr_id=1), PfcpCause.RULE_CREATION_MODIFICATION_FAILURE),
        ({"create_far": (FORWARD_CORE, FORWARD_CORE)}, PfcpCause.RULE_CREATION_MODIFICATION_FAILURE),
        (replaced(0, activate_predefined_rules=("all",)), PfcpCause.SERVICE_NOT_SUPPORTED),
        (replaced(0, mar_id=1), PfcpCause.SERVICE_NOT_SUPPORTED),
    ],
    ids=["no FAR", "unknown FAR", "unknown QER", "unknown URR", "PDR twice", "FAR twice", "predefined rule", "MAR"],
)
def test_p06_rules_that_point_nowhere_are_refused_whole(net, fields, cause):
    assert net.other.ask(session(9, **fields)).cause == cause
    assert net.sessions_of(OTHER) == []
    assert net.upf_plane.sessions() == 1


@pytest.mark.parametrize(
    "message",
    [
        SessionModificationRequest(update_pdr=(UpdatePDR(99, far_id=1),)),
        SessionModificationRequest(update_far=(UpdateFAR(99, apply_action=1),)),
        SessionModificationRequest(remove_pdr=(RemovePDR(99),)),
        SessionModificationRequest(create_far=(CreateFAR(1, 1),)),
    ],
    ids=["update PDR", "update FAR", "remove PDR", "FAR again"],
)
def test_p06_a_modification_of_what_is_not_there_changes_nothing(net, message):
    assert net.smf.ask(message, net.control).cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE


def test_p06_the_same_request_again_is_answered_and_not_carried_out_again(net):
    # TS 29.244 6.4
    octets = pfcp.encode(session(9), 0x500, 0)
    first, again = net.other.send(octets), net.other.send(octets)
    assert first == again
    assert len(net.sessions_of(OTHER)) == 1
    (seid,) = [one.seid for one in net.sessions_of(OTHER)]
    assert net.other.ask(SessionDeletionRequest(), seid).cause == 1


# --- P07 ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("interface", [2, 4, 5, 9, 15])
def test_p07_a_destination_interface_leads_somewhere_or_is_refused(net, interface):
    parameters = ForwardingParameters(interface)
    fars = (CreateFAR(1, ApplyAction.FORW, parameters), DROP_ACCESS)
    answer = net.smf.ask(session(9, create_far=fars))
    if interface == 2:  # TS 29.244 8.2.24: N6-LAN
        assert answer.cause == 1
        assert net.smf.ask(SessionDeletionRequest(), answer.up_f_seid.seid).cause == 1
    else:
        assert (answer.cause, answer.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 42)


@pytest.mark.parametrize("interface", [0x99, 0xF0, 0xFF])
def test_p07_spare_bits_of_an_interface_are_not_looked_at(net, interface):
    whole = bytearray(pfcp.encode(session(9), 0x300, 0))
    at = whole.index(bytes.fromhex("002a0001"))  # TS 29.244 8.2.24
    whole[at + 4] = interface
    (cause,) = causes(net.other.send(bytes(whole)))
    assert cause in {PfcpCause.MANDATORY_IE_INCORRECT, PfcpCause.RULE_CREATION_MODIFICATION_FAILURE}
    assert net.ping()


# --- P08 ----------------------------------------------------------------------------------------
def test_p08_when_every_session_is_taken_then_resources_are_missing_and_the_others_are_served():
    with n4(capacity=40) as net:
        answers = [net.other.ask(session(10 + number, seid=number)) for number in range(60)]
        assert sum(answer.cause == 1 for answer in answers) == 39
        assert {answer.cause for answer in answers[39:]} == {PfcpCause.NO_RESOURCES_AVAILABLE}
        assert net.ping()
        for answer in answers[:39]:
            assert net.other.ask(SessionDeletionRequest(), answer.up_f_seid.seid).cause == 1
        assert net.other.ask(session(10)).cause == 1
        assert net.ping()


def test_p08_too_many_rules_are_refused_and_the_session_stays(net):
    pdr = session(9).create_pdr[1]
    many = tuple(msgspec.structs.replace(pdr, pdr_id=100 + number) for number in range(500))
    answer = net.other.ask(session(9, create_pdr=(*session(9).create_pdr, *many)))
    assert answer.cause == PfcpCause.NO_RESOURCES_AVAILABLE
    assert net.upf_plane.sessions() == 1


MANY = {
    "URRs": {"create_urr": tuple(CreateURR(number + 1, 2, 2) for number in range(1500))},
    "FARs": {"create_far": tuple(CreateFAR(number + 1, 1) for number in range(2000))},
    "filters": replaced(
        1, pdi=msgspec.structs.replace(session(9).create_pdr[1].pdi, sdf_filter=(SDFFilter(b"permit out ip"),) * 900)
    ),
    "framed routes": replaced(
        1, pdi=msgspec.structs.replace(session(9).create_pdr[1].pdi, framed_route=("192.168.0.0/24",) * 2000)
    ),
}


@pytest.mark.parametrize("fields", MANY.values(), ids=MANY)
def test_p08_thousands_in_one_message_are_refused_before_they_are_looked_at(net, fields):
    assert net.other.ask(session(9, **fields)).cause == PfcpCause.NO_RESOURCES_AVAILABLE
    assert net.upf_plane.sessions() == 1


def test_p08_a_session_does_not_grow_by_modifications_either(net):
    rules = tuple(CreateURR(number + 1, 2, 2) for number in range(128))
    answer = net.other.ask(session(9, create_urr=rules))
    assert answer.cause == 1
    seid = answer.up_f_seid.seid
    one = SessionModificationRequest(create_urr=(CreateURR(500, 2, 2),))
    assert net.other.ask(one, seid).cause == PfcpCause.NO_RESOURCES_AVAILABLE
    instead = SessionModificationRequest(create_urr=(CreateURR(500, 2, 2),), remove_urr=(RemoveURR(1),))
    assert net.other.ask(instead, seid).cause == 1
    assert net.other.ask(SessionDeletionRequest(), seid).cause == 1


# --- P09 ----------------------------------------------------------------------------------------
def test_p09_answers_to_reports_that_nobody_sent_do_nothing(net):
    for octets in (
        pfcp.encode(SessionReportResponse(cause=PfcpCause.SESSION_CONTEXT_NOT_FOUND), 1, net.control),
        bytes.fromhex("21390010") + net.control.to_bytes(8, "big") + bytes.fromhex("00000100"),
        bytes.fromhex("2139000c") + net.control.to_bytes(8, "big") + bytes.fromhex("00000100"),
    ):
        for peer in (net.smf, net.other, net.stranger):
            assert peer.send(octets) == []
    assert net.environment.counts[counters.PROTOCOL_FAULT, "PFCP response without request"] >= 3


def test_p09_a_report_answered_with_nonsense_leaves_the_session(net):
    net.environment.events.clear()
    net.upf.reports._inactive(net.control & 0xFFFFFFFF)  # a report of the control session
    (report,) = [one for one in map(pfcp.decode, net.smf.heard()) if one.header.message_type == 56]
    sequence = report.header.sequence.to_bytes(3, "big")
    assert net.smf.send(bytes.fromhex("2139000c") + bytes(8) + sequence + b"\0") == []  # without a cause
    assert net.smf.send(bytes.fromhex("21390011") + bytes(8) + sequence + bytes.fromhex("00 0013000163")) == []
    assert net.ping()


# --- P10 ----------------------------------------------------------------------------------------
def test_p10_recovery_time_stamps_of_third_parties_close_nothing(net):
    for stamp in range(2, 20):
        for peer in (net.stranger, net.other):
            assert peer.send(pfcp.encode(HeartbeatRequest(recovery_time_stamp=stamp), stamp))
            assert peer.send(pfcp.encode(HeartbeatResponse(recovery_time_stamp=stamp), stamp)) == []
    assert net.ping()


def test_p10_a_forged_heartbeat_of_the_smf_is_verified_before_it_is_believed(net):
    # TS 23.527 4.3: whoever can only send in the SMF's name does not hear what it is asked
    net.smf.heard()
    net.smf.send(pfcp.encode(HeartbeatRequest(recovery_time_stamp=77), 0x900))
    assert net.ping()
    net.environment.clock.run_until(net.environment.now() + 1)
    assert len(net.upf.sessions) == 1


# --- Rates --------------------------------------------------------------------------------------
def test_a_flood_of_a_stranger_is_counted_and_costs_the_smf_nothing(net):
    octets = pfcp.encode(HeartbeatRequest(recovery_time_stamp=1), 5)
    answered = sum(
        len(net.stranger.send(octets[:-5] + number.to_bytes(1, "big") + octets[-4:])) for number in range(99)
    )
    for _ in range(5):
        for number in range(200):
            net.stranger.port.sendto(octets[:6] + number.to_bytes(1, "big") + octets[7:], (UPF, 8805))
        net.poll()
    assert answered <= 100
    assert net.environment.counts[counters.N4_RATE_EXCEEDED, ""] > 500
    assert net.smf.ask(HeartbeatRequest(recovery_time_stamp=1)).recovery_time_stamp


def test_p07_an_outer_header_that_leads_nowhere_is_refused(net):
    for creation in (
        OuterHeaderCreation(gtpu_ipv4=True, teid=0, ipv4=packed(OTHER)),
        OuterHeaderCreation(gtpu_ipv4=True, teid=5, ipv4=bytes(4)),
        OuterHeaderCreation(gtpu_ipv4=True, teid=5, ipv4=bytes((239, 0, 0, 1))),
    ):
        far = CreateFAR(2, ApplyAction.FORW, ForwardingParameters(0, outer_header_creation=creation))
        answer = net.other.ask(session(9, far=far))
        assert (answer.cause, answer.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 84)
