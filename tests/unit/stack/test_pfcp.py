from __future__ import annotations

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    AssociationSetupRequest,
    Header,
    HeartbeatRequest,
    HeartbeatResponse,
    Message,
    NodeID,
    SessionDeletionRequest,
    SessionDeletionResponse,
)
from freehold.procedure import Driver, Record
from freehold.services.datagram import Address
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError, TimerExpired
from freehold.spec.timers import Timers
from freehold.stack.pfcp import NTP_EPOCH, Answer, PfcpEntity

PEER: Address = ("10.0.0.9", 8805)
NODE = NodeID(ipv4=bytes((10, 0, 0, 1)))


class End:
    """A port and a user that remember."""

    address: Address = ("10.0.0.1", 8805)

    def __init__(self) -> None:
        self.environment = VirtualEnvironment()
        self.sent: list[tuple[bytes, Address]] = []
        self.asked: list[Message] = []
        self.stamps: list[int] = []
        self.error: Exception | None = None
        self.entity = PfcpEntity(Driver("UPF", self.environment, Timers()), self, NODE, self)

    def send(self, octets: bytes, destination: Address) -> None:
        self.sent.append((octets, destination))

    def heard(self, recovery_time_stamp: int, source: Address) -> None:
        self.stamps.append(recovery_time_stamp)

    def answer(self, request: Message, header: Header, source: Address) -> Answer:
        self.asked.append(request)
        if self.error is not None:
            raise self.error
        return Answer(SessionDeletionResponse(cause=PfcpCause.REQUEST_ACCEPTED), 77)

    def receive(self, message: Message, sequence: int = 5, seid: int | None = None, source: Address = PEER) -> None:
        self.entity.received(pfcp.encode(message, sequence, seid), source)

    def last(self) -> pfcp.Decoded:
        return pfcp.decode(self.sent[-1][0])


DELETE = SessionDeletionRequest()


def test_when_a_request_comes_then_its_answer_has_its_sequence_and_the_peers_seid():
    end = End()
    end.receive(DELETE, 5, 1, ("10.0.0.9", 40000))
    assert end.last().header == Header(55, 77, 5)
    assert end.sent[-1][1] == ("10.0.0.9", 40000)


def test_when_a_request_comes_again_then_the_same_answer_is_sent_and_nothing_done():
    end = End()
    end.receive(DELETE, 5, 1)
    end.receive(DELETE, 5, 1)
    assert len(end.asked) == 1
    assert end.sent[0] == end.sent[1]
    end.receive(DELETE, 6, 1)
    end.receive(DELETE, 5, 1, ("10.0.0.8", 8805))
    assert len(end.asked) == 3


def test_when_a_number_comes_again_with_another_request_or_much_later_then_it_is_carried_out():
    # TS 29.244 6.4: a peer that restarted counts from 1 again
    end = End()
    end.receive(DELETE, 5, 1)
    end.receive(DELETE, 5, 2)
    assert len(end.asked) == 2
    end.receive(DELETE, 5, 2)
    assert len(end.asked) == 2
    end.environment.clock.run_until(60)
    end.receive(DELETE, 5, 2)
    assert len(end.asked) == 3
    end.entity.forget(PEER[0])
    end.receive(DELETE, 5, 2)
    assert len(end.asked) == 4


def test_when_many_requests_came_then_only_the_latest_answers_are_kept():
    end = End()
    for sequence in range(3000):
        end.receive(DELETE, sequence, 1)
    end.receive(DELETE, 2999, 1)
    assert len(end.asked) == 3000
    end.receive(DELETE, 0, 1)
    assert len(end.asked) == 3001


def test_when_a_peer_asks_whether_we_live_then_the_recovery_time_is_told():
    end = End()
    end.receive(HeartbeatRequest(recovery_time_stamp=1), 9)
    answer = end.last().message
    assert answer == HeartbeatResponse(recovery_time_stamp=int(end.environment.utc()) + NTP_EPOCH)
    assert (end.asked, end.stamps) == ([], [1])


def test_when_a_request_lacks_an_ie_then_its_answer_names_it():
    end = End()
    whole = pfcp.encode(AssociationSetupRequest(node_id=NODE, recovery_time_stamp=7), 3)
    end.entity.received(bytes((whole[0], whole[1], 0, len(whole) - 12)) + whole[4:-8], PEER)
    answer = end.last().message
    assert isinstance(answer, pfcp.AssociationSetupResponse)
    assert answer.cause == PfcpCause.MANDATORY_IE_MISSING


def test_when_the_version_is_unknown_then_ours_is_told():
    end = End()
    end.entity.received(bytes.fromhex("40 05 0004 000003 00"), PEER)
    assert isinstance(end.last().message, pfcp.VersionNotSupportedResponse)


@pytest.mark.parametrize(
    "octets", [b"", b"\x20", b"\x20\x05", bytes(40), b"\xff" * 40, bytes.fromhex("20ff000400000100")]
)
def test_when_octets_are_no_message_then_nothing_happens(octets):
    end = End()
    end.entity.received(octets, PEER)
    assert end.asked == []


def test_when_messages_are_bundled_then_each_is_answered():
    end = End()
    one = pfcp.encode(HeartbeatRequest(recovery_time_stamp=1), 9, follow_on=True)
    end.entity.received(one + pfcp.encode(HeartbeatRequest(recovery_time_stamp=1), 10), PEER)
    assert [pfcp.decode(octets).header for octets, _ in end.sent] == [Header(2, None, 9), Header(2, None, 10)]


@pytest.mark.parametrize(
    ("error", "cause", "events"),
    [
        (PeerError("no", PfcpCause.SESSION_CONTEXT_NOT_FOUND), PfcpCause.SESSION_CONTEXT_NOT_FOUND, 0),
        (PeerError("no"), PfcpCause.REQUEST_REJECTED, 0),
        (KeyError("ours"), PfcpCause.SYSTEM_FAILURE, 1),
    ],
)
def test_when_the_function_fails_then_the_answer_has_a_cause_and_the_process_goes_on(error, cause, events):
    end = End()
    end.error = error
    end.receive(DELETE, 5, 1)
    assert end.last().message == SessionDeletionResponse(cause=cause)
    assert len(end.environment.events) == events


def test_when_our_request_is_answered_then_the_signal_has_the_response():
    end = End()
    signal = end.entity.heartbeat(PEER)
    sequence = end.last().header.sequence
    end.receive(HeartbeatResponse(recovery_time_stamp=3), sequence + 1)
    end.receive(HeartbeatResponse(recovery_time_stamp=3), sequence, source=("10.0.0.66", 8805))
    assert not signal.settled
    end.receive(HeartbeatResponse(recovery_time_stamp=3), sequence)
    assert signal.result().recovery_time_stamp == 3
    end.environment.clock.run_until(100)
    assert len(end.sent) == 1


def test_when_our_request_is_not_answered_then_it_is_sent_again_and_given_up():
    end = End()
    signal = end.entity.heartbeat(PEER)
    end.environment.clock.run_until(11)
    assert len({octets for octets, _ in end.sent}) == 1
    assert len(end.sent) == 4
    end.environment.clock.run_until(13)
    with pytest.raises(TimerExpired):
        signal.result()
    end.receive(HeartbeatResponse(recovery_time_stamp=3), end.last().header.sequence)
    assert len(end.sent) == 4


def test_when_the_answer_is_of_another_kind_then_the_signal_fails():
    end = End()
    signal = end.entity.heartbeat(PEER)
    end.receive(SessionDeletionResponse(cause=1), end.last().header.sequence, 1)
    with pytest.raises(PeerError):
        signal.result()


def test_when_somebody_taps_then_request_and_response_are_seen():
    end = End()
    seen: list[Record] = []
    end.environment.tap.listen(seen.append)
    end.receive(DELETE, 5, 1)
    assert [(record.name, record.source, record.clause, record.transaction) for record in seen] == [
        ("SessionDeletionRequest", "10.0.0.9:8805", "TS 29.244 7.5.6", 5),
        ("SessionDeletionResponse", "UPF 10.0.0.1:8805", "TS 29.244 7.5.7.1", 5),
    ]
