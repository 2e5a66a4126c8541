"""A gNB's end of one tunnel, as a program: echo requests of a terminal go in, their answers come out of the other one.

    python -m interopkit.tunnel_end OWN-ADDRESS UPF-ADDRESS UPLINK-TEID DOWNLINK-TEID TERMINAL TARGET COUNT

prints how many answers came.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from ipaddress import IPv4Address

GTPU_PORT = 2152
QFI = 9
WAIT_SECONDS = 2.0


def checksum(octets):
    """The sum of RFC 1071."""
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo(source, target, number):
    """An IPv4 packet with an ICMP echo request."""
    body = struct.pack("!HH", 0x5EED, number) + bytes(56)
    icmp = struct.pack("!BBH", 8, 0, checksum(struct.pack("!BBH", 8, 0, 0) + body)) + body
    ends = IPv4Address(source).packed + IPv4Address(target).packed
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), number, 0, 64, 1, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + icmp


def g_pdu(teid, packet):
    """An uplink G-PDU with a PDU session container (TS 38.415 5.5.2.2)."""
    body = bytes((0, 0, 0, 0x85, 1, 0x10, QFI, 0)) + packet
    return struct.pack("!BBHI", 0x34, 255, len(body), teid) + body


def answers(datagram, teid, number):
    """Whether a datagram has the answer to that request, in that tunnel."""
    if len(datagram) < 8 or datagram[1] != 255 or int.from_bytes(datagram[4:8], "big") != teid:
        return False
    head = datagram.find(b"\x45", 8)
    icmp = datagram[head + 20 :]
    return icmp[:1] == b"\0" and icmp[4:8] == struct.pack("!HH", 0x5EED, number)


def main(own, upf, uplink, downlink, terminal, target, count):
    """Ping, one after the other."""
    found = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind((own, GTPU_PORT))
        port.settimeout(WAIT_SECONDS)
        for number in range(int(count)):
            port.sendto(g_pdu(int(uplink), echo(terminal, target, number)), (upf, GTPU_PORT))
            end = time.monotonic() + WAIT_SECONDS
            try:
                while not answers(port.recv(2048), int(downlink), number) and time.monotonic() < end:
                    pass
            except TimeoutError:
                continue
            found += 1
    sys.stdout.write(f"{found}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
