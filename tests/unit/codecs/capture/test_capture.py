"""Capture files, and the messages put together from their packets."""

import struct

import pytest

from freehold.codecs.capture import UNSAID, Carrier, Malformed, Packet, is_capture, packets

ETHERNET = 1
SECTION = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)


def pcap(*frames, link=ETHERNET, order="<", magic=0xA1B2C3D4):
    head = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    return head + b"".join(struct.pack(f"{order}IIII", 7, 500_000, len(f), len(f)) + f for f in frames)


def ip(body, protocol=132):
    return (
        struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
        + body
    )


def ipv6(body, protocol=132):
    return struct.pack("!IHBB", 0x60000000, len(body), protocol, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + body


def chunk(number, payload, flags=3, ppid=60, stream=1):
    whole = struct.pack("!BBHIHHI", 0, flags, 16 + len(payload), number, stream, 0, ppid) + payload
    return whole + bytes(-len(whole) % 4)


def sctp(*chunks):
    return struct.pack("!HHII", 38412, 50000, 1, 0) + b"".join(chunks)


def ether(packet, kind=0x0800):
    return bytes(12) + struct.pack("!H", kind) + packet


def carried(*frames, link=ETHERNET):
    carrier = Carrier()
    return [found for frame in frames for found in carrier.messages(Packet(0.0, link, frame))]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "time"), [(0xA1B2C3D4, 7.5), (0xA1B23C4D, 7.0005)])
def test_when_a_pcap_is_read_then_its_packets_have_their_times(order, magic, time):
    octets = pcap(b"abc", b"", order=order, magic=magic)
    assert is_capture(octets)
    assert [(p.time, p.link, p.octets) for p in packets(octets)] == [(time, 1, b"abc"), (time, 1, b"")]


def test_when_a_packet_holds_several_chunks_then_each_is_a_message():
    found = carried(ether(ip(sctp(chunk(1, b"one"), chunk(2, b"two"), b"\x03\0\0\4"))))
    assert [message.octets for message in found] == [b"one", b"two"]
    assert found[0].source == "10.0.0.1:38412"
    assert found[0].ppid == 60


def test_when_fragments_come_out_of_order_and_again_then_one_message_becomes_whole():
    first, middle, last = chunk(0xFFFFFFFF, b"a", 2), chunk(0, b"b", 0), chunk(1, b"c", 1)
    frames = [ether(ip(sctp(part))) for part in (last, first, last, middle, first)]
    assert [message.octets for message in carried(*frames)] == [b"abc"]


def test_when_fragments_of_two_streams_mix_then_each_message_is_whole():
    parts = [chunk(1, b"a", 2, stream=1), chunk(3, b"x", 2, stream=2), chunk(2, b"b", 1), chunk(4, b"y", 1, stream=2)]
    assert [message.octets for message in carried(ether(ip(sctp(*parts))))] == [b"ab", b"xy"]


@pytest.mark.parametrize(
    ("frame", "link"),
    [
        (ip(sctp(chunk(1, b"one"))), 101),
        (ether(ipv6(sctp(chunk(1, b"one"))), 0x86DD), 1),
        (bytes(12) + b"\x81\0\0\1\x08\0" + ip(sctp(chunk(1, b"one"))), 1),
        (bytes(14) + b"\x08\0" + ip(sctp(chunk(1, b"one"))), 113),
        (b"\x08\0" + bytes(18) + ip(sctp(chunk(1, b"one"))), 276),
        (b"\2\0\0\0" + ip(sctp(chunk(1, b"one"))), 0),
        (b"\x1e\0\0\0" + ipv6(sctp(chunk(1, b"one"))), 0),
        (b"\0\0\0\x18" + ipv6(sctp(chunk(1, b"one"))), 108),
    ],
)
def test_when_the_link_differs_then_the_message_is_found(frame, link):
    assert [message.octets for message in carried(frame, link=link)] == [b"one"]


def test_when_a_link_type_is_not_read_then_its_packets_are_counted():
    carrier = Carrier()
    for link in (127, 101, 127, 195):
        assert list(carrier.messages(Packet(0.0, link, ip(b"no transport that is read", 1)))) == []
    assert carrier.unread == {127: 2, 195: 1}


def test_when_a_program_exported_a_message_then_its_dissector_says_the_protocol():
    frame = struct.pack("!HH", 12, 8) + b"nas-5gs\0" + bytes(4) + b"\x7e"
    (found,) = carried(frame, link=252)
    assert (found.protocol, found.octets) == ("nas", b"\x7e")
    (found,) = carried(b"\x7e", link=147)
    assert (found.protocol, found.octets) == (UNSAID, b"\x7e")


def test_when_a_program_exported_a_channel_of_rrc_then_its_message_has_its_type():
    frame = struct.pack("!HH", 12, 16) + b"nr-rrc.dl.dcch\0\0" + bytes(4) + b"\x28"
    (found,) = carried(frame, link=252)
    assert (found.protocol, found.type_name, found.octets) == ("rrc", "DLDCCHMessage", b"\x28")


def test_when_a_frame_ends_anywhere_then_nothing_breaks():
    whole = ether(ip(sctp(chunk(1, b"one"), chunk(2, b"two"))))
    for frame in (whole, ether(ipv6(sctp(chunk(1, b"one"))), 0x86DD)):
        for size in range(len(frame)):
            for link in (1, 101, 113, 147, 252, 276, 999):
                octets = {message.octets for message in carried(frame[:size], link=link)}
                assert octets <= {b"one", b"two", frame[:size]}


@pytest.mark.parametrize("size", [4, 23, 30, 41, 42])
def test_when_a_pcap_ends_too_early_then_it_is_said_where(size):
    with pytest.raises(Malformed, match="octet"):
        list(packets(pcap(b"abc")[:size]))


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (
            SECTION + struct.pack("<III", 6, 8, 0),
            "a block of 8",
        ),
        (SECTION + struct.pack("<II", 6, 44), "too early"),
        (struct.pack("<8I", 6, 32, 3, 0, 0, 0, 0, 32), "magic"),
    ],
)
def test_when_blocks_are_damaged_then_it_is_said_where(octets, said):
    with pytest.raises(Malformed, match=said):
        list(packets(octets))


def fragment(body, offset, more, number=9, protocol=132):
    whole = bytearray(ip(body, protocol))
    whole[4:8] = struct.pack("!HH", number, more << 13 | offset // 8)
    return ether(bytes(whole))


def fragment6(body, offset, more, number=9):
    return ether(ipv6(struct.pack("!BBHI", 132, 0, offset | more, number) + body, 44), 0x86DD)


@pytest.mark.parametrize("make", [fragment, fragment6])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 1, 0)])
def test_when_ip_fragments_arrive_in_any_order_then_their_message_is_whole(make, order):
    body = sctp(chunk(1, bytes(range(60))))
    parts = [make(body[:24], 0, 1), make(body[24:48], 24, 1), make(body[48:], 48, 0)]
    assert [message.octets for message in carried(*(parts[at] for at in order))] == [bytes(range(60))]


def test_when_fragments_of_two_packets_mix_then_each_is_whole():
    one, two = sctp(chunk(1, b"a" * 20)), sctp(chunk(2, b"b" * 20))
    frames = [fragment(one[:16], 0, 1, 1), fragment(two[:16], 0, 1, 2), fragment(one[16:], 16, 0, 1)]
    assert [message.octets for message in carried(*frames, fragment(two[16:], 16, 0, 2))] == [b"a" * 20, b"b" * 20]


def test_when_fragments_never_end_then_what_is_kept_is_bounded():
    carrier = Carrier()
    for number in range(3000):
        for at in range(2):
            list(carrier.messages(Packet(0.0, ETHERNET, fragment(bytes(8), 8 * at, 1, number))))
    for at in range(3000):
        list(carrier.messages(Packet(0.0, ETHERNET, fragment(bytes(8), 8 * at, 1, 7))))
    kept = carrier._fragments._waiting
    assert len(kept) <= 256
    assert all(len(pieces) <= 64 for pieces in kept.values())


def test_when_an_ipv6_packet_is_its_only_fragment_then_it_is_whole():
    assert [found.octets for found in carried(fragment6(sctp(chunk(1, b"one")), 0, 0))] == [b"one"]


def block(kind, body):
    padded = body + bytes(-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(padded)) + padded + struct.pack("<I", 12 + len(padded))


def interface(link=101, options=b""):
    return block(1, struct.pack("<HHI", link, 0, 0) + options)


def enhanced(octets, time=0, number=0):
    return block(6, struct.pack("<IIIII", number, time >> 32, time & 0xFFFFFFFF, len(octets), len(octets)) + octets)


@pytest.mark.parametrize(
    ("resolution", "ticks", "seconds"),
    [(6, 2_500_000, 2.5), (9, 2_500_000_000, 2.5), (0x80 | 10, 2560, 2.5), (0, 3, 3.0)],
)
def test_when_an_interface_says_its_resolution_then_times_are_in_its_units(resolution, ticks, seconds):
    other = struct.pack("<HH", 2, 4) + b"eth0"
    says = other + struct.pack("<HHB3x", 9, 1, resolution) + struct.pack("<HH", 0, 0)
    octets = SECTION + interface(options=says) + enhanced(b"abcd", ticks)
    assert list(packets(octets)) == [Packet(seconds, 101, b"abcd")]


@pytest.mark.parametrize("options", [b"", struct.pack("<HH", 0, 0), struct.pack("<HHI", 9, 4, 0), b"\x09\0\x01\0"])
def test_when_an_interface_says_no_resolution_then_times_are_in_microseconds(options):
    octets = SECTION + interface(options=options) + enhanced(b"abcd", 1_500_000)
    assert list(packets(octets)) == [Packet(1.5, 101, b"abcd")]


def test_when_a_packet_block_is_simple_then_it_is_of_the_first_interface_and_no_time():
    simple = block(3, struct.pack("<I", 3) + b"abc")
    octets = (
        SECTION + interface(147) + interface(101) + simple + block(0x0BAD, b"unknown to all") + enhanced(b"d", 1, 1)
    )
    assert [(each.time, each.link, each.octets) for each in packets(octets)] == [(0.0, 147, b"abc"), (1e-6, 101, b"d")]


def test_when_a_section_begins_anew_then_its_interfaces_do_too():
    octets = SECTION + interface(147) + enhanced(b"a") + SECTION + interface(101) + enhanced(b"b")
    assert [(each.link, each.octets) for each in packets(octets)] == [(147, b"a"), (101, b"b")]
    with pytest.raises(Malformed, match="interface 0, which is not described"):
        list(packets(SECTION + interface() + SECTION + enhanced(b"c")))


def test_when_sctp_fragments_never_end_then_what_is_kept_is_bounded():
    carrier = Carrier()
    for number in range(3000):
        frame = ether(ip(sctp(chunk(2 * number, b"begun", 2, stream=number))))
        assert list(carrier.messages(Packet(0.0, ETHERNET, frame))) == []
    assert len(carrier._parts) <= 1024
    large = Carrier()
    for number in range(40):
        frame = ether(ip(sctp(chunk(2 * number, bytes(60_000), 0))))
        assert list(large.messages(Packet(0.0, ETHERNET, frame))) == []
    assert sum(len(octets) for parts in large._parts.values() for _, octets in parts.values()) <= (1 << 20) + 60_000


def test_when_a_chunk_has_no_size_that_can_be_then_what_came_before_is_given():
    damaged = struct.pack("!BBH", 0, 3, 2) + bytes(20)
    assert [found.octets for found in carried(ether(ip(sctp(chunk(1, b"one"), damaged))))] == [b"one"]
    heartbeat = struct.pack("!BBHI", 4, 0, 8, 0)
    assert [found.octets for found in carried(ether(ip(sctp(heartbeat, chunk(1, b"one")))))] == [b"one"]


def test_when_a_program_exported_what_is_not_known_then_nothing_is_given():
    assert carried(struct.pack("!HH", 12, 4) + b"http" + bytes(4) + b"GET", link=252) == []
    assert carried(b"\0\x0c", link=252) == []
