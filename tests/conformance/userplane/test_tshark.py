"""tshark reads every GTP-U message of ours as it is meant."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
from pathlib import Path

import msgspec
import pytest

from freehold.services.access import Tunnel
from freehold.services.userplane import Rule

from .network import GNB, OUTSIDE, UPF, VICTIM, Network, Session, g_pdu, inner, network

pytestmark = [
    pytest.mark.interop,
    pytest.mark.xdist_group("n3"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


def everything(net: Network) -> None:
    """Make the UPF send each kind of message it has."""
    net.ping(net.victim)
    net.send(struct.pack("!BBHIHBB", 0x32, 1, 4, 0, 77, 0, 0))
    net.send(g_pdu(net.victim.teid ^ 1, inner(VICTIM, OUTSIDE)))
    net.send(struct.pack("!BBHIHBBBBBB", 0x34, 255, 8, net.victim.teid, 0, 0, 0xC7, 1, 0, 0, 0))
    moved = msgspec.structs.replace(net.victim.rules, peer=Tunnel(UPF, 1))
    net.upf.install(net.victim.teid, moved, end_marker=True)
    net.poll()


def capture(path: Path, datagrams: list[tuple[int, tuple[str, int], tuple[str, int], bytes]]) -> None:
    """A pcap of raw IPv4 packets."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
        for _, source, target, octets in datagrams:
            udp = struct.pack("!HHHH", source[1], target[1], 8 + len(octets), 0) + octets
            ends = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
            packet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ends + udp
            file.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)


FIELDS = (
    "gtp.message",
    "gtp.teid",
    "gtp.ext_hdr.pdu_ses_con.pdu_type",
    "gtp.ext_hdr.pdu_ses_con.qos_flow_id",
    "gtp.seq_number",
    "gtp.teid_data",
    "gtp.gsn_ipv4",
    "gtp.ext_hdr.udp_port",
)


def dissect(path: Path) -> list[dict[str, str]]:
    command = ["tshark", "-r", str(path), "-T", "fields", "-e", "_ws.malformed", "-e", "_ws.expert.severity"]
    for field in FIELDS:
        command += ["-e", field]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    rows = []
    for line in lines:
        malformed, _, *values = line.split("\t")
        assert malformed == ""
        rows.append(dict(zip(FIELDS, values, strict=True)))
    return rows


def test_when_tshark_reads_what_the_upf_sends_then_each_message_is_what_it_should_be(tmp_path):
    with network() as net:
        net.plane.fabric.tap(True)
        everything(net)
        sent = [datagram for datagram in net.plane.fabric.take_tap() if datagram[1][0] == UPF]
    capture(tmp_path / "n3.pcap", sent)
    pdu, echo, indication, extensions, marker = dissect(tmp_path / "n3.pcap")
    assert (pdu["gtp.message"], pdu["gtp.teid"]) == ("0xff", f"0x{net.victim.tunnel.teid:08x}")
    assert (pdu["gtp.ext_hdr.pdu_ses_con.pdu_type"], pdu["gtp.ext_hdr.pdu_ses_con.qos_flow_id"]) == ("0", "9")
    assert (echo["gtp.message"], int(echo["gtp.seq_number"], 0)) == ("0x02", 77)
    assert (indication["gtp.message"], indication["gtp.gsn_ipv4"]) == ("0x1a", UPF)
    assert int(indication["gtp.teid_data"], 0) == net.victim.teid ^ 1
    assert indication["gtp.ext_hdr.udp_port"] == "2152"
    assert extensions["gtp.message"] == "0x1f"
    assert (marker["gtp.message"], int(marker["gtp.teid"], 0)) == ("0xfe", net.victim.tunnel.teid)


def test_when_tshark_reads_what_the_gnb_sends_then_it_is_an_uplink_pdu(tmp_path):
    with network() as net:
        net.plane.fabric.tap(True)
        net.ping(net.victim)
        sent = [datagram for datagram in net.plane.fabric.take_tap() if datagram[1][0] == GNB]
    capture(tmp_path / "n3.pcap", sent)
    (pdu,) = dissect(tmp_path / "n3.pcap")
    assert (pdu["gtp.message"], int(pdu["gtp.teid"], 0)) == ("0xff", net.victim.teid)
    assert (pdu["gtp.ext_hdr.pdu_ses_con.pdu_type"], pdu["gtp.ext_hdr.pdu_ses_con.qos_flow_id"]) == ("1", "9")


@pytest.mark.parametrize("qfi", [1, 9, 63])
def test_when_a_flow_is_marked_then_tshark_reads_its_qfi(tmp_path, qfi):
    with network() as net:
        session: Session = net.victim
        rule = Rule(action="forward", qfi=qfi)
        rules = session.rules.__class__(
            net.instance, session.address, uplink=(rule,), downlink=(rule,), peer=session.tunnel
        )
        net.upf.install(session.teid, rules)
        net.plane.fabric.tap(True)
        net.ping(session)
        sent = [datagram for datagram in net.plane.fabric.take_tap() if datagram[1][0] == UPF]
    capture(tmp_path / "n3.pcap", sent)
    assert [row["gtp.ext_hdr.pdu_ses_con.qos_flow_id"] for row in dissect(tmp_path / "n3.pcap")] == [str(qfi)]
