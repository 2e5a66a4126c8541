"""TS 33.117: what packets of a subscriber, and of strangers on N3 and N4, may do."""

from __future__ import annotations

import struct

from freehold.codecs import pfcp
from freehold.services.datagram import Address
from freehold.spec.causes import PfcpCause
from freehold.trust.assure.case import case
from freehold.trust.assure.cases.upf import Stranger, stranger
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles import packets
from freehold.trust.assure.roles.gnb import SILENCE, Gnb
from freehold.trust.assure.roles.packets import ECHO_REPLY, ECHO_REQUEST, ICMP
from freehold.trust.assure.roles.ue import Terminal, g_pdu
from freehold.trust.assure.verdict import Blocked, need, require

UNWANTED = {
    4: "source quench",
    5: "redirect",
    10: "router solicitation",
    13: "timestamp",
    15: "information",
    17: "mask",
}
"""ICMP types that a host must not answer or act on."""
OPTIONS = {
    "loose source route": b"\x83\x07\x04\x0a\x2d\x00\x01",
    "strict source route": b"\x89\x07\x04\x0a\x2d\x00\x01",
    "record route": b"\x07\x07\x04\x00\x00\x00\x00",
    "timestamp": b"\x44\x08\x05\x00\x00\x00\x00\x00",
}
STREAM = (2152, 8805, 38412, 7777, 22, 443, 5380)
"""Ports of a core that terminals must not reach."""


async def subscriber(lab: Lab, number: int = 1) -> Terminal:
    """A terminal with a session whose ping is answered."""
    gnb = await Gnb(lab, number).serve()
    ue = Terminal(gnb)
    await ue.register()
    await ue.session()
    need(bool(lab.profile.gateway and ue.address), "no gateway is told, or the session has no IPv4 address")
    need(await pinged(ue), f"a plain ping of {lab.profile.gateway} is not answered")
    return ue


async def pinged(ue: Terminal) -> bool:
    """Whether a plain ping is answered."""
    ue.gnb.packets.clear()
    ue.send_packet(packets.icmp(ue.address, ue.lab.profile.gateway, ECHO_REQUEST))
    return await replied(ue, ICMP, ECHO_REPLY)


async def replied(ue: Terminal, protocol: int, first: int | None = None) -> bool:
    """Whether a packet of a protocol, and of a first octet where one is named, comes down the tunnel."""
    while (packet := await ue.gnb.packet()) is not None:
        _, found, octet = packets.protocol_of(packet)
        if found == protocol and first in {None, octet}:
            return True
    return False


async def hosts_icmp(lab: Lab) -> str:
    """The same at a foreign core's own addresses: its data network is another's."""
    need(lab.profile.core, "no address of the core is told")
    said = []
    for address in lab.profile.core:
        try:
            answered = [name for kind, name in UNWANTED.items() if await packets.icmp_answered(address, kind)]
        except PermissionError:
            raise Blocked("ICMP by hand needs the privilege of raw sockets: run this test as root") from None
        require(not answered, f"{address} answers ICMP {', '.join(answered)}")
        said.append(address)
    return f"{len(UNWANTED)} types unanswered at {', '.join(said)}"


@case("TS 33.117", "4.2.4.1.1.2", "N2", "N3")
async def icmp_handling(lab: Lab) -> str:
    """ICMP messages other than an echo request are neither answered nor acted on."""
    if "inside" not in lab.surfaces:
        return await hosts_icmp(lab)
    ue = await subscriber(lab)
    for kind, name in UNWANTED.items():
        body = struct.pack("!4s", b"\x0a\x2d\x00\x09") + packets.ipv4(ue.address, lab.profile.gateway, 17, bytes(8))
        ue.send_packet(packets.icmp(ue.address, lab.profile.gateway, kind, body))
        require(not await replied(ue, ICMP), f"an ICMP {name} (type {kind}) is answered")
    require(await pinged(ue), "after them a plain ping is not answered any more")
    return f"{len(UNWANTED)} types unanswered; a plain echo works before and after"


@case("TS 33.117", "4.2.4.1.1.3", "N2", "N3")
async def ip_options(lab: Lab) -> str:
    """Packets with IP options that steer or record their way are dropped."""
    ue = await subscriber(lab)
    for name, octets in OPTIONS.items():
        ue.send_packet(packets.icmp(ue.address, lab.profile.gateway, ECHO_REQUEST, options=octets))
        require(not await replied(ue, ICMP, ECHO_REPLY), f"a packet with the option {name} is forwarded and answered")
    require(await pinged(ue), "after them a plain ping is not answered any more")
    return f"{len(OPTIONS)} options dropped; a plain echo works before and after"


@case("TS 33.117", "4.3.3.1.1", "N2", "N3")
async def ip_spoofing(lab: Lab) -> str:
    """A packet whose source is not the terminal's own address goes nowhere."""
    ue = await subscriber(lab)
    victim = await subscriber(lab, 2)
    for source in (victim.address, lab.profile.gateway, "198.51.100.7", "0.0.0.0", "255.255.255.255"):  # noqa: S104
        victim.gnb.packets.clear()
        ue.send_packet(packets.icmp(source, lab.profile.gateway, ECHO_REQUEST))
        require(not await replied(ue, ICMP, ECHO_REPLY), f"the sender gets the answer to a packet from {source}")
        require(not await replied(victim, ICMP, ECHO_REPLY), "a terminal makes answers go to another one")
    require(await pinged(ue) and await pinged(victim), "after them a plain ping is not answered any more")
    return "five forged sources, another terminal's among them: nobody gets an answer"


@case("TS 33.117", "4.3.3.1.2", "N2", "N3")
async def broadcast_icmp(lab: Lab) -> str:
    """An echo request to a broadcast or multicast address is not answered."""
    ue = await subscriber(lab)
    network = lab.profile.gateway.rsplit(".", 2)[0]
    for target in ("255.255.255.255", f"{network}.255.255", "224.0.0.1"):
        ue.send_packet(packets.icmp(ue.address, target, ECHO_REQUEST))
        require(not await replied(ue, ICMP, ECHO_REPLY), f"a ping of {target} is answered")
    return "pings of limited and directed broadcast and of all hosts are not answered"


@case("TS 33.117", "4.3.5.1", "N2", "N3")
async def traffic_separation(lab: Lab) -> str:
    """A subscriber reaches neither signalling nor management of the core through the user plane."""
    ue = await subscriber(lab)
    need(lab.profile.core, "no address of the core is told")
    heartbeat = pfcp.encode(pfcp.HeartbeatRequest(recovery_time_stamp=3_900_000_000), 1)
    for address in lab.profile.core:
        for port in STREAM:
            ue.send_packet(packets.syn(ue.address, address, port))
            require(not await replied(ue, packets.TCP, None), f"TCP port {port} of {address} answers a terminal")
            ue.send_packet(packets.udp(ue.address, address, port, heartbeat))
            require(not await replied(ue, packets.UDP, None), f"UDP port {port} of {address} answers a terminal")
    if "inside" in lab.surfaces:
        counted = lab.inside.packets()
        dropped = counted["drop_protected_destination"] + counted["drop_nested_tunnel"]
        require(dropped, "packets to the core were not dropped at the UPF, or not counted there")
    require(await pinged(ue), "after them a plain ping is not answered any more")
    return f"{len(STREAM)} ports of {', '.join(lab.profile.core)} by TCP and UDP: no answer"


async def strangers_association(lab: Lab) -> str:
    """How a PFCP peer that nobody configured is met."""
    peer = stranger(lab, "N4")
    request = pfcp.AssociationSetupRequest(
        node_id=pfcp.NodeID(fqdn="stranger"), recovery_time_stamp=3_900_000_000, cp_function_features=0
    )
    peer.port.send(pfcp.encode(request, 7), lab.n4_target())
    await lab.until(lambda: bool(peer.came), SILENCE)
    said = [pfcp.decode(octets).message for octets, _ in peer.came]
    accepted = [each for each in said if getattr(each, "cause", 0) == PfcpCause.REQUEST_ACCEPTED]
    require(not accepted, "a peer that nobody configured got a PFCP association")
    return "refused" if said else "no answer"


@case("TS 33.117", "4.2.6.2.1", "N2", "N3")
async def packet_filtering(lab: Lab) -> str:
    """N4 serves configured peers alone, and N3 the gNB of a session alone."""
    ue = await subscriber(lab)
    n4 = await strangers_association(lab) if "N4" in lab.surfaces else "not told"
    resources = ue.connection.resources[1]
    foreign = stranger(lab, "N3")
    packet = g_pdu(resources.uplink.teid, packets.icmp(ue.address, lab.profile.gateway, ECHO_REQUEST), resources.qfi)
    foreign.port.send(packet, lab.n3_target())
    require(not await replied(ue, ICMP, ECHO_REPLY), "a G-PDU of another node than the session's gNB was forwarded")
    return f"N4: {n4}; N3: dropped"


def path_message(kind: int, teid: int = 0) -> bytes:
    """A GTP-U message of a type with a sequence number (TS 29.281 5.1)."""
    return struct.pack("!BBHIHBB", 0x32, kind, 4, teid, 1, 0, 0)


@case("TS 33.117", "4.2.6.2.4", "N2", "N3")
async def gtp_u_filtering(lab: Lab) -> str:
    """GTP-U messages that no gNB sends are dropped; unknown tunnels get an error indication at most."""
    ue = await subscriber(lab)
    teid = ue.connection.resources[1].uplink.teid
    target: Address = lab.n3_target()
    peer: Stranger = stranger(lab, "N3")
    for kind in (0, 3, 4, 16, 25, 27, 32, 100, 252, 253):
        peer.port.send(path_message(kind, teid), target)
        require(not await lab.until(lambda: bool(peer.came), 0.5), f"GTP-U message type {kind} is answered")
    guess = g_pdu(teid ^ 0x5A5A5A5A, packets.icmp(ue.address, lab.profile.gateway, ECHO_REQUEST), 1)
    for _ in range(50):
        peer.port.send(guess, target)
    await lab.until(lambda: len(peer.came) >= 50, SILENCE)
    kinds = {octets[1] for octets, _ in peer.came if len(octets) > 1}
    require(kinds <= {26}, f"a G-PDU of an unknown tunnel is answered with types {sorted(kinds)}")
    require(await pinged(ue), "after them a plain ping is not answered any more")
    return f"ten types dropped; 50 G-PDUs of unknown tunnels: {len(peer.came)} error indications"
