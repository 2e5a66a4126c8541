"""What looks at packets: traces of a terminal, records of its flows and their way to a collector."""

from __future__ import annotations

import shutil
import socket
import struct
from pathlib import Path

import pytest

from freehold.manage.capture import CaptureWriter
from freehold.net.flowrecords import FlowRecords
from freehold.net.ipfix import Exporter, Flow
from interopkit import tshark

from .test_userplane import GATEWAY, TERMINAL, Network

UTC = 1_700_000_000.0


needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark here")


def write(records, place: Path) -> int:
    with place.open("wb") as file:
        writer = CaptureWriter(file, utc_offset=UTC)
        for record in records:
            writer.record(record)
        return writer.written


@needs_tshark
def test_when_a_terminal_is_traced_then_a_capture_has_its_packets_of_both_sides_and_can_be_read(tmp_path):
    network = Network()
    network.ping()
    network.upf.trace([TERMINAL], 2000, 1000)
    network.ping(2.0)
    records = network.upf.take_traced()
    assert [(record.interface, record.name) for record in records] == [
        ("N3", "G-PDU"),
        ("N6", "packet"),
        ("N6", "packet"),
        ("N3", "G-PDU"),
    ]
    capture = tmp_path / "trace.pcapng"
    assert write(records, capture) == 4
    assert tshark.malformed(capture) == []
    assert tshark.count(capture, "icmp.type") == {"8": 2, "0": 2}
    tunnelled = tshark.fields(capture, "ip.src", "gtp.teid", only="gtp")
    assert [row[0] for row in tunnelled] == [f"192.0.2.10,{TERMINAL}", f"192.0.2.1,{GATEWAY}"]
    assert int(tunnelled[0][1], 16) == network.teid


@needs_tshark
def test_when_a_trace_keeps_some_octets_only_then_the_capture_says_how_long_packets_were(tmp_path):
    network = Network()
    network.upf.trace([TERMINAL], 64, 1000)
    network.gnb.ping(1, GATEWAY, 1000, lambda _: None)
    network.plane.poll(1.0)
    capture = tmp_path / "cut.pcapng"
    assert write(network.upf.take_traced(), capture) == 4
    lengths = tshark.fields(capture, "frame.cap_len", "frame.len", "_ws.malformed")
    assert [row[:2] for row in lengths] == [
        ["106", "1086"],
        ["78", "1042"],
        ["78", "1042"],
        ["106", "1086"],
    ]
    assert {row[2] for row in lengths} == {""}
    network.upf.trace([])
    network.ping(3.0)
    assert network.upf.take_traced() == []


@pytest.fixture
def collector():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.settimeout(5)
        yield port


def pcap(messages: list[bytes], place: Path) -> Path:
    """Datagrams to a collector as a capture file."""
    octets = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 228)  # raw IPv4
    for message in messages:
        ends = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.9")
        head = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(message), 0, 0, 64, 17, 0) + ends
        packet = head + struct.pack("!HHHH", 4739, 4739, 8 + len(message), 0) + message
        octets += struct.pack("<IIII", int(UTC), 0, len(packet), len(packet)) + packet
    place.write_bytes(octets)
    return place


@needs_tshark
def test_when_flows_end_then_the_collector_hears_of_each_direction_with_the_network_s_name(collector, tmp_path):
    network = Network()
    clock = [1.0]
    address = collector.getsockname()
    records = FlowRecords(
        network.upf, {network.instance: ("internet", address)}, lambda: clock[0], lambda: UTC + clock[0]
    )
    network.ping(1.0)
    network.ping(2.0)
    clock[0] = 5.0
    records.tell()
    clock[0] = 20.0
    records.tell()
    network.ping(21.0)
    clock[0] = 22.0
    records.stop()
    messages = [collector.recv(2000) for _ in range(4)]
    capture = pcap(messages, tmp_path / "flows.pcap")
    assert [row for row in tshark.malformed(capture) if row[1]] == []
    names = (
        "cflow.srcaddr",
        "cflow.dstaddr",
        "cflow.octets",
        "cflow.packets",
        "cflow.flow_end_reason",
        "cflow.protocol",
    )
    told = tshark.fields(capture, *names, only="cflow.srcaddr")
    assert sorted(zip(*(row.split(",") for row in told[0]), strict=True)) == [
        (GATEWAY, TERMINAL, "168", "2", "1", "1"),
        (TERMINAL, GATEWAY, "168", "2", "1", "1"),
    ]
    assert sorted(zip(*(row.split(",") for row in told[1]), strict=True)) == [
        (GATEWAY, TERMINAL, "84", "1", "4", "1"),
        (TERMINAL, GATEWAY, "84", "1", "4", "1"),
    ]
    assert b"internet" in messages[0]
    sequences = [struct.unpack("!I", message[8:12])[0] for message in messages]
    assert sequences == [0, 1, 3, 4]
    assert messages[2][16:] == messages[0][16:]


def test_when_flows_are_many_then_no_message_is_longer_than_it_may_be_and_all_are_told():
    flows = [
        Flow(0, True, bytes(4 if number % 2 else 16), bytes(4 if number % 2 else 16), 6, (1, 2), 2, 9, 1, 1, 2, 1)
        for number in range(1000)
    ]
    exporter = Exporter({0: "internet"})
    messages = list(exporter.messages(flows, UTC))
    assert max(map(len, messages)) <= 1400
    assert all(struct.unpack("!H", message[2:4])[0] == len(message) for message in messages)
    sizes = {256: 53, 257: 77}
    counts = [(len(message) - 20) / sizes[struct.unpack("!H", message[16:18])[0]] for message in messages[1:]]
    assert sum(counts) == 1000
    assert list(exporter.messages([], UTC + 1)) == []
    [again] = exporter.messages([], UTC + 61)
    assert again[16:] == messages[0][16:]
    assert struct.unpack("!I", again[8:12])[0] == 1001
