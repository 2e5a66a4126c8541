"""What other networks' SMFs really sent (tests/vectors/pfcp/foreign_smf.json), again, with packets between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from freehold.codecs import pfcp
from freehold.services.access import Tunnel
from freehold.spec.causes import PfcpCause
from upfkit import SMF, World

CAPTURES = json.loads((Path(__file__).parents[3] / "vectors/pfcp/foreign_smf.json").read_text(encoding="ascii"))

G_PDU = 255
DOWNLINK = bytes.fromhex("4500001c000000004011 0000 c6336401 0a2d0101 0007 0009 0008 0000".replace(" ", ""))
"""UDP from outside to free5GC's terminal."""


class Replay(World):
    """A UPF that leaves F-TEIDs to the SMF whose requests come, and terminals at the gNB of the capture."""

    def __init__(self, name):
        super().__init__(associated=False, smf_teids=True)
        self.requests_left = [bytes.fromhex(text) for text in CAPTURES[name]["requests"]]
        self.given = []
        self.seids = {}
        self.plane.fabric.tap(True)

    def step(self, count=1):
        """Send the next requests with the SEIDs that this UPF gave; all are accepted."""
        for _ in range(count):
            octets = self.requests_left.pop(0)
            header = pfcp.decode(octets).header
            if header.seid:
                octets = octets[:4] + self.ours(header.seid).to_bytes(8, "big") + octets[12:]
            self.sent.clear()
            self.upf.received(octets, SMF)
            answer = pfcp.decode(self.sent[0][0]).message
            assert answer.cause == PfcpCause.REQUEST_ACCEPTED, answer
            if isinstance(answer, pfcp.SessionEstablishmentResponse):
                self.given.append(answer.up_f_seid.seid)

    def ours(self, captured):
        """The SEID here of a session that had another one then: they come in the order of their establishments."""
        if captured not in self.seids:
            self.seids[captured] = self.given[min(len(self.seids), len(self.given) - 1)]
        return self.seids[captured]

    def attach(self, number, address, uplink):
        """A terminal whose uplink goes into that tunnel."""
        handle, _ = self.gnb.add_bearer(Tunnel("192.0.2.1", uplink), 9)
        self.gnb.attach(number, address, 1400)
        self.gnb.bind(number, handle)

    def ping(self, number=1):
        """Send an echo request; the TEIDs in which packets then left towards the gNB."""
        self.plane.fabric.take_tap()
        self.gnb.ping(number, "10.45.0.1", 56, lambda _: None)
        self.poll()
        seen = self.plane.fabric.take_tap()
        left = (octets for _, source, _, octets in seen if source[0] == "192.0.2.1" and octets[1] == G_PDU)
        return [int.from_bytes(octets[4:8], "big") for octets in left]


def test_when_pfcpsims_requests_come_again_then_packets_pass_as_they_say():
    world = Replay("pfcpsim")
    world.step(3)
    for number in (1, 2):
        world.attach(number, f"10.45.0.{1 + number}", 10 * number - 9)
    assert (world.ping(1), world.ping(2)) == ([], [])  # the gNB is not known
    world.step(2)
    assert (world.ping(1), world.ping(2)) == ([2], [12])
    world.step(2)
    assert (world.ping(1), world.ping(2)) == ([], [])  # buffered, and nobody may send: the tunnel was released
    world.step(2)
    assert (world.ping(1), world.ping(2)) == ([2], [12])
    world.step()
    assert (world.ping(1), world.ping(2)) == ([], [12])
    world.step(2)
    assert (world.ping(2), world.upf_plane.sessions(), world.upf.associations.by_peer) == ([], 0, {})
    assert world.requests_left == []


def test_when_free5gcs_requests_come_again_then_packets_pass_as_they_say():
    world = Replay("free5gc")
    world.step(2)
    world.attach(1, "10.45.1.1", 2)
    assert world.ping() == []
    world.step()
    assert world.ping() == [1]
    world.step()  # a modification that changes nothing
    assert world.ping() == [1]
    world.step()
    assert world.ping() == []
    world.sent.clear()
    world.upf_plane.inject(world.instance, DOWNLINK)
    world.poll()
    (report,) = world.requests_of(pfcp.SessionReportRequest)  # the SMF is told that the idle terminal has traffic
    assert report.message.downlink_data_report.pdr_id == (2,)
    world.step()
    assert world.upf_plane.sessions() == 0
    assert world.requests_left == []


@pytest.mark.parametrize("name", CAPTURES)
def test_when_captured_requests_are_read_then_they_are_written_as_they_were(name):
    for text in CAPTURES[name]["requests"]:
        octets = bytes.fromhex(text)
        decoded = pfcp.decode(octets)
        assert decoded.faults == ()
        header = decoded.header
        again = pfcp.encode(decoded.message, header.sequence, header.seid, priority=header.priority, spare=header.spare)
        assert again == octets
