import io
import shutil
import struct
import subprocess

import pytest

from freehold.codecs import gtpu, ndp
from freehold.manage.capture import CaptureWriter
from freehold.manage.packets import FRAGMENT, SctpPath, crc32c, internet_checksum, ip, udp
from freehold.procedure.tap import Record

NG_SETUP_FAILURE = bytes.fromhex("40150008000001000f400140")
HEARTBEAT = bytes.fromhex("2001000c00000100" + "00600004e5000000")
ECHO = bytes.fromhex("3201000400000000" + "00010000")
ADVERTISED = gtpu.encode(gtpu.GPdu(teid=7, payload=ndp.advertisement(bytes.fromhex("20010db800000005"), 1400)))
REGISTRATION_REJECT = bytes.fromhex("7e00440f")
PING = bytes.fromhex("4500001c000000004001f8e20a2d0001080808080800f7ff00000000")


def test_when_the_checksums_are_computed_then_they_are_the_published_ones():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert internet_checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2 ^ 0xFFFF
    assert internet_checksum(ip(b"", 17, "192.0.2.1", "192.0.2.2")) == 0


def test_when_a_datagram_is_framed_then_its_checksum_holds():
    frame = udp(b"odd", ("192.0.2.1", 8805), ("192.0.2.2", 8805))
    datagram = frame[34:]
    pseudo = frame[26:34] + struct.pack("!HH", 17, len(datagram))
    assert internet_checksum(pseudo + datagram) == 0
    assert struct.unpack("!HHH", datagram[:6]) == (8805, 8805, 11)


def test_when_messages_follow_each_other_then_tsn_and_sequence_count():
    path = SctpPath(("192.0.2.1", 1), ("192.0.2.2", 2), 0xFFFFFFFF)
    chunks = [frame[46:] for stream in (0, 1, 0) for frame in path.frames(b"x", stream, 60)]
    numbers = [struct.unpack("!BBHIHHI", chunk[:16]) for chunk in chunks]
    assert [(tsn, stream, sequence) for _, _, _, tsn, stream, sequence, _ in numbers] == [
        (0xFFFFFFFF, 0, 0),
        (0, 1, 0),
        (1, 0, 1),
    ]
    assert all(flags == 3 and length == 17 and ppid == 60 for _, flags, length, _, _, _, ppid in numbers)


def test_when_a_message_is_long_then_it_is_fragmented():
    path = SctpPath(("192.0.2.1", 1), ("192.0.2.2", 2), 7)
    frames = list(path.frames(bytes(FRAGMENT * 2 + 5), 3, 60))
    assert [frame[47] for frame in frames] == [2, 0, 1]
    assert len({struct.unpack("!H", frame[56:58])[0] for frame in frames}) == 1


def records():
    yield Record(1.5, "N2", "amf", "gnb-1", "NGSetupFailure", octets=NG_SETUP_FAILURE)
    yield Record(1.6, "N4", "smf", "upf", "HeartbeatRequest", octets=HEARTBEAT)
    yield Record(1.7, "N3", "10.1.2.3:2152", "upf", "EchoRequest", octets=ECHO)
    yield Record(1.7, "N4-u", "smf 10.1.2.9:2152", "10.1.2.3:2152", "RouterAdvertisement", octets=ADVERTISED)
    yield Record(1.8, "N6", "upf", "dn", "ICMP", octets=PING)
    yield Record(1.9, "N1", "amf", "UE", "RegistrationReject", octets=REGISTRATION_REJECT)
    yield Record(2.0, "SBI", "amf", "ausf", "request")
    yield Record(2.1, "procedure", "amf", "amf", "registration")


def capture(**options):
    file = io.BytesIO()
    writer = CaptureWriter(file, utc_offset=1_700_000_000.0, **options)
    for record in records():
        writer.record(record)
    return writer, file.getvalue()


def test_when_records_have_no_octets_then_they_are_left_out():
    assert capture()[0].written == 5
    assert capture(nas=True)[0].written == 6


def test_when_written_then_every_block_is_whole():
    octets, place, kinds = capture(nas=True)[1], 0, []
    while place < len(octets):
        kind, length = struct.unpack_from("=II", octets, place)
        assert length % 4 == 0
        assert struct.unpack_from("=I", octets, place + length - 4)[0] == length
        kinds.append(kind)
        place += length
    assert kinds == [0x0A0D0D0A] + [1] * 7 + [6] * 6


def test_when_names_hold_addresses_then_they_are_used_and_others_get_their_own():
    writer = capture()[0]
    assert writer.address("10.1.2.3:2152") == "10.1.2.3"
    assert writer.address("10.1.2.3") == "10.1.2.3"
    assert writer.address("UPF 10.1.2.4:8805") == "10.1.2.4"
    assert writer.address("10.1.2.400") == writer.address("10.1.2.400") != "10.1.2.400"
    assert writer.address("amf") == writer.address("amf") != writer.address("gnb-1")


def test_when_names_hold_ipv6_addresses_then_frames_are_of_ipv6():
    file = io.BytesIO()
    writer = CaptureWriter(file)
    record = Record(1.0, "N3", "UPF [fd03::1]:2152", "gNB [fd03::10]:2152", "G-PDU", octets=b"\x30\xff\0\0\0\0\0\1")
    assert writer.ends(record) == ("fd03::1", "fd03::10")
    writer.record(record)
    frame = file.getvalue().partition(b"\x86\xdd")[2]
    assert frame[:8] == bytes.fromhex("6000000000101140")
    datagram = frame[40:56]
    pseudo = frame[8:40] + struct.pack("!HH", 17, 16)
    assert internet_checksum(pseudo + datagram) == 0
    mixed = Record(1.0, "N2", "AMF", "gNB [fd03::10]:38412", "NGSetupRequest", octets=b"x")
    assert [end.startswith("10.254.") for end in writer.ends(mixed)] == [True, True]


@pytest.mark.interop
def test_when_an_analyser_reads_the_file_then_nothing_is_malformed(tmp_path):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    place = tmp_path / "capture.pcapng"
    place.write_bytes(capture(nas=True)[1])
    fields = ["-T", "fields", "-e", "frame.interface_name", "-e", "frame.protocols", "-e", "_ws.malformed"]
    checks = ["-o", "sctp.checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    command = ["tshark", "-r", place, *checks, *fields, "-e", "_ws.expert.message", "-e", "frame.comment"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    rows = [line.split("\t") for line in finished.stdout.splitlines()]
    assert [(row[0], row[1].split(":")[-1]) for row in rows] == [
        ("N2", "ngap"),
        ("N4", "pfcp"),
        ("N3", "gtp"),
        ("N4-u", "icmpv6"),
        ("N6", "icmp"),
        ("N1", "nas-5gs"),
    ]
    assert all(row[2] == "" for row in rows)
    assert not any("hecksum" in row[3] and "incorrect" in row[3].lower() for row in rows)
    assert rows[0][4] == "amf -> gnb-1: NGSetupFailure TS 38.413 8.7.1"
