"""The native user plane: engines, their ports, their thread, and events in the loop's thread."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal, cast

import msgspec

from freehold._native.userplane import Fabric, measure
from freehold._native.xdp import Datapath
from freehold.net.access import AccessPlane, Terminals
from freehold.net.ipfix import Flow
from freehold.net.sctp import show
from freehold.net.tap import TapInterface
from freehold.net.tun import Tun
from freehold.procedure import SILENT, Record, Tap
from freehold.services.userplane import (
    NOTHING,
    CoreAttacked,
    DownlinkData,
    ForeignSource,
    Measured,
    Network,
    PathFailed,
    PathRecovered,
    PeerLostTunnel,
    PlaneEvent,
    Refusal,
    RulesRefused,
    SessionRules,
    StationHeard,
    Usage,
    VolumeReached,
)
from freehold.spec.errors import Bug, Unusable

LocalSwitch = Literal["refuse", "switch", "route"]
"""Terminal to terminal: never, straight, or through the data network (TS 23.501 5.8.2.13)."""

BehindListener = Callable[[int, Network, bool], None]
"""Hears of an instance, a network behind one of its terminals, and whether it is there (TS 23.501 5.6.14)."""

GTPU_PORT = 2152  # TS 29.281 4.4.2.3
WATCH_SECONDS = 0.2
ROUNDS = 5


class PlaneSettings(msgspec.Struct, frozen=True):
    """One user plane function: its N3 address, its limits, the core's networks, and nodes it trusts on any session.

    `echo_seconds` lie between two echo requests to each peer, at least 60; 0 asks none (TS 29.281 7.2.1).
    `link_mtu` is the longest packet of N6 that a tunnel carries; 0 is any.
    """

    address: str
    second: str | None = None
    """Its N3 address of the other version of IP."""
    capacity: int = 1 << 17
    protected: tuple[Network, ...] = ()
    trusted_sources: tuple[Network, ...] = ()
    buffer_packets: int = 64
    answers_a_second: int = 100
    echo_seconds: int = 0
    link_mtu: int = 0


class UserPlane:
    """All engines of one network in this process; two networks have two of these and share nothing."""

    def __init__(self, tap: Tap = SILENT) -> None:
        self.fabric = Fabric()
        self._tap = tap
        self._upfs: dict[int, UpfPlane] = {}
        self._accesses: dict[int, AccessPlane] = {}
        self._terminals = Terminals()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._tapped = False

    def add_upf(
        self,
        settings: PlaneSettings,
        seed: bytes,
        port: socket.socket | None = None,
        second: socket.socket | None = None,
    ) -> UpfPlane:
        """Add a user plane function; `seed` (16 octets) hides its TEIDs, the ports open N3 to the outside."""
        number = self.fabric.add_upf(
            settings.address,
            seed,
            second=settings.second,
            capacity=settings.capacity,
            protected=list(settings.protected),
            trusted=list(settings.trusted_sources),
            buffer_packets=settings.buffer_packets,
            answers_a_second=settings.answers_a_second,
            echo_seconds=settings.echo_seconds,
            link_mtu=settings.link_mtu,
            socket=port.fileno() if port else None,
        )
        if second is not None:
            self.fabric.add_second_socket(number, second.fileno())
        addresses = (settings.address, *((settings.second,) if settings.second else ()))
        plane = self._upfs[number] = UpfPlane(self.fabric, number, addresses, settings.link_mtu, seed)
        return plane

    def add_access(self, address: str, seed: int, port: socket.socket | None = None) -> AccessPlane:
        """Add a gNB's bearers and its terminals' IP stacks, with the N3 address of that gNB."""
        number = self.fabric.add_access(address, seed, port.fileno() if port else None)
        plane = self._accesses[number] = AccessPlane(self.fabric, number, address, self._terminals)
        return plane

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run the engines in their own thread; events are handed out in `loop`."""
        self._loop = loop
        self._watch_on()
        loop.add_reader(self.fabric.fileno(), self.hand_out)
        self.fabric.start()

    def stop(self) -> None:
        """End the thread; the engines stay as they are."""
        if self._loop is not None:
            self._loop.remove_reader(self.fabric.fileno())
            self._loop = None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        self.fabric.stop()

    def close(self) -> None:
        """End the thread and let every engine, socket and TUN go; nothing may be asked of them afterwards."""
        self.stop()
        self.fabric.close()

    def poll(self, now: float) -> float | None:
        """Run the engines now, at `now` seconds, in this thread; when to come again."""
        self.watch()
        then = self.fabric.poll(round(now * 1e9))
        self.hand_out()
        return None if then is None else max(then / 1e9, now)

    def watch(self) -> None:
        """Copy the packets of N3 to the tap while somebody listens there; costs nothing otherwise."""
        if self._tap.packets != self._tapped:
            self._tapped = self._tap.packets
            self.fabric.tap(self._tapped)

    def _watch_on(self) -> None:
        """Look now and then whether somebody began to listen at the tap."""
        self.watch()
        if self._loop is not None:
            self._watching = self._loop.call_later(WATCH_SECONDS, self._watch_on)

    def hand_out(self) -> None:
        """Hand every event to its listener, and tapped packets to the tap; one listener's mistake costs no other."""
        mistakes: list[Exception] = []
        for name, number, *fields in self.fabric.take_events():
            try:
                self._tell(name, number, fields)
            except Exception as mistake:  # noqa: BLE001 - raised below, when everybody was told
                mistakes.append(mistake)
        if self._tapped:
            for time_ns, source, target, octets in self.fabric.take_tap():
                self._tap.record(self._record(time_ns, source, target, octets))
            self.watch()
        if mistakes:
            raise ExceptionGroup("what listened to the user plane broke", mistakes)

    def _tell(self, name: str, number: int, fields: list[object]) -> None:
        if name == "broken":
            raise Bug("the packet thread met a mistake of ours; the packets at hand were lost")
        build = PLANE_EVENTS.get(name)
        if build is None:
            self._accesses[number].happened(name, fields)
        else:
            self._upfs[number].happened(build(*cast("list[int]", fields)))

    def _record(self, time_ns: int, source: tuple[str, int], target: tuple[str, int], octets: bytes) -> Record:
        message = GTPU_MESSAGES.get(octets[1], "GTP-U") if len(octets) > 1 else "GTP-U"
        ends = self._named(source), self._named(target)
        return Record(time_ns / 1e9, "N3", *ends, message, "TS 29.281 6.1", octets=octets)

    def _named(self, end: tuple[str, int]) -> str:
        """An end of N3 with what stands there, where it is in this process."""
        upf = any(end[0] in plane.addresses for plane in self._upfs.values())
        access = any(plane.address == end[0] for plane in self._accesses.values())
        return f"{'UPF ' if upf else 'gNB ' if access else ''}{show(end)}"


class UpfPlane:
    """The packets of one user plane function: the native `SessionPlane`."""

    def __init__(
        self, fabric: Fabric, number: int, addresses: tuple[str, ...], link_mtu: int = 0, seed: bytes = bytes(16)
    ) -> None:
        self._fabric = fabric
        self._number = number
        self.addresses = addresses
        """The N3 address, and one of the other version of IP where there is one."""
        self.link_mtu = link_mtu
        """The longest packet of N6 that a tunnel carries; 0 is any."""
        self.seed = seed
        """What hides its TEIDs."""
        self._instances: dict[str, int] = {}
        self._pools: dict[int, list[IPv4Network | IPv6Network]] = {}
        self._listener: Callable[[PlaneEvent], None] | None = None
        self._behind: dict[int, tuple[tuple[int, Network], ...]] = {}
        """Of sessions with framed routes, each network and its instance."""
        self._listener_behind: BehindListener = _nobody

    @property
    def address(self) -> str:
        """The N3 address of every tunnel."""
        return self.addresses[0]

    def add_instance(
        self,
        name: str,
        pools: Sequence[Network],
        local_switch: LocalSwitch = "refuse",
        *,
        mtu: int = 0,
        ethernet: bool = False,
    ) -> int:
        """Add a network instance (TS 29.244 8.2.4) with the pools of its terminals' addresses, or for Ethernet.

        `mtu` is what their links carry whole: it is advertised, and senders of longer packets are told (RFC 8200 5).
        """
        number = self._fabric.add_instance(self._number, list(pools), mtu, local_switch, ethernet)
        self._instances[name.lower()] = number
        self._pools[number] = [ip_network(pool) for pool in pools]
        return number

    def set_mtu(self, instance: int, mtu: int) -> None:
        """Have the links of an instance's terminals carry packets of at most so many octets; terminals hear of it."""
        self._fabric.set_mtu(self._number, instance, mtu)

    def attach_network(self, instance: int, *addresses: str, mtu: int = 1400, seed: int = 1) -> None:
        """Put a data network of this process behind an instance; it answers at its addresses, and for every other one.

        There is one address for each version of IP that it has.
        """
        self._fabric.attach_network(self._number, instance, list(addresses), mtu, seed)

    def attach_relay(
        self, instance: int, *addresses: str, mtu: int = 1400, seed: int = 1, resolver: str | None = None
    ) -> None:
        """The same, but TCP and UDP to other addresses leave through this host; never to its own ones or to loopback.

        Names that the data network does not know are asked at `resolver`, an IP address. Attach before `start`.
        """
        self._fabric.attach_relay(self._number, instance, list(addresses), mtu, seed, resolver)

    def attach_tun(self, instance: int, tun: Tun | TapInterface) -> None:
        """Put an open TUN behind an instance, or a TAP behind one for Ethernet."""
        self._fabric.attach_tun(self._number, instance, tun.descriptor, tun.offloads)

    def inject(self, instance: int, packet: bytes) -> None:
        """Hand the UPF one IP packet as if the instance's data network had sent it."""
        self._fabric.inject(self._number, instance, packet)

    def detach_network(self, instance: int) -> None:
        """Leave nothing behind an instance; a TUN is let go of."""
        self._fabric.detach_network(self._number, instance)

    def instance(self, name: str) -> int | None:
        """The number of a network instance by its name, in any case; None where it is not served."""
        return self._instances.get(name.lower())

    def instances_of(self, addresses: Sequence[str]) -> list[int]:
        """The numbers of the network instances in whose pools all these addresses are; of all without one."""
        ends = [ip_address(address) for address in addresses]
        return [
            number for number, pools in self._pools.items() if all(any(end in pool for pool in pools) for end in ends)
        ]

    def open(self) -> int:
        """Open a session: its TEID."""
        teid = self._fabric.open_session(self._number)
        if teid is None:
            raise RulesRefused("full")
        return teid

    def trace(self, ends: Sequence[str], octets: int = 0, a_second: int = 1) -> None:
        """Trace terminals by their addresses, prefixes or stations: of each packet so many octets, so many a second."""
        self._fabric.trace(self._number, list(ends), octets, a_second)

    def take_traced(self) -> list[Record]:
        """The packets of N3 and N6 traced since the last call, in their order."""
        return [self._traced(*fields) for fields in self._fabric.take_traced(self._number)]

    def _traced(self, time_ns: int, what: list[bool], peer: tuple[str, int], length: int, octets: bytes) -> Record:
        at_n3, inward, frame = what
        if at_n3:
            name = GTPU_MESSAGES.get(octets[1], "GTP-U") if len(octets) > 1 else "GTP-U"
            far, near = f"gNB {show(peer)}", f"UPF {self._towards(peer[0])}"
            far, near = (far, near) if inward else (near, far)
        elif frame:
            name, (far, near) = "frame", frame_ends(octets)
        else:
            name, (far, near) = "packet", inner_ends(octets)
        clause = "TS 29.281 6.1" if at_n3 else ""
        return Record(time_ns / 1e9, "N3" if at_n3 else "N6", far, near, name, clause, octets=octets, length=length)

    def _towards(self, peer: str) -> str:
        """The N3 address of the version of IP that a peer has."""
        return next((one for one in self.addresses if (":" in one) is (":" in peer)), self.address)

    def record_flows(self, instances: list[int]) -> None:
        """Count the flows of these network instances from now on, and of no others."""
        self._fabric.record_flows(self._number, instances)

    def take_flows(self, now: float, offset: float, idle: int, active: int) -> list[Flow]:
        """The flows idle for so many seconds, and those that go on for so many; all with both 0.

        `offset` seconds lie between the engine's time and 1970.
        """
        found = self._fabric.take_flows(self._number, round(now * 1e9), idle * 1_000_000_000, active * 1_000_000_000)
        return [_flow(offset, *fields) for fields in found]

    def uncounted(self) -> int:
        """Packets of flows that there was no room to count."""
        return self._fabric.uncounted(self._number)

    def reopen(self, teid: int, carried: Usage = NOTHING) -> bool:
        """Whether a session is open again under the TEID that it had before, with the same seed."""
        return self._fabric.reopen_session(self._number, teid) and self.carry_on(teid, carried)

    def carry_on(self, teid: int, carried: Usage) -> bool:
        """Have a session's usage go on from what it carried before; False where it is not open."""
        return self._fabric.carry_on(self._number, teid, msgspec.structs.astuple(carried))

    def reopen_tunnel(self, teid: int, tunnel: int) -> bool:
        """Whether one more local tunnel of a session is open again under the TEID that it had before."""
        return self._fabric.reopen_tunnel(self._number, teid, tunnel)

    def fleeting(self, teid: int) -> Usage:
        """What of a session's usage ends with this process: all."""
        return self.usage(teid)

    def install(self, teid: int, rules: SessionRules, *, end_marker: bool = False) -> None:
        """Give a session its rules, all at once or, with RulesRefused, not at all."""
        refused = self._fabric.install(self._number, teid, rules, end_marker)
        if refused is not None:
            raise RulesRefused(cast("Refusal", refused))
        if rules.framed or teid in self._behind:
            self._tell_behind(teid, rules.instance, rules.framed)

    def _tell_behind(self, teid: int, instance: int, framed: tuple[Network, ...]) -> None:
        before = self._behind.pop(teid, ())
        after = tuple((instance, network) for network in framed)
        if after:
            self._behind[teid] = after
        for number, network in before:
            if (number, network) not in after:
                self._listener_behind(number, network, False)
        for number, network in after:
            if (number, network) not in before:
                self._listener_behind(number, network, True)

    def watch_behind(self, listener: BehindListener) -> None:
        """Call `listener` as networks come to be behind terminals of an instance, and as they are no more."""
        self._listener_behind = listener

    def open_tunnel(self, teid: int, wanted: int = 0) -> int:
        """Open one more local tunnel of a session: its TEID, `wanted` where that is not 0; RulesRefused without one."""
        tunnel, refused = self._fabric.open_tunnel(self._number, teid, wanted)
        if refused is not None:
            raise RulesRefused(cast("Refusal", refused))
        return tunnel

    def close(self, teid: int) -> Usage:
        """Close a session: what it carried."""
        if teid in self._behind:
            self._tell_behind(teid, 0, ())
        return _usage(self._fabric.close_session(self._number, teid))

    def usage(self, teid: int) -> Usage:
        """What a session carried until now."""
        return _usage(self._fabric.usage(self._number, teid))

    def measured(self, teid: int) -> dict[int, Measured]:
        """What the counters of a session counted until now."""
        found = self._fabric.measured(self._number, teid)
        if found is None:
            raise RulesRefused("unknown_session")
        return {
            number: Measured(Usage(*usage), *dropped, first / 1e9, last / 1e9)
            for number, usage, dropped, (first, last) in found
        }

    def discard(self, teid: int) -> None:
        """Discard what is held for a session."""
        self._fabric.discard(self._number, teid)

    def tell_again(self, teid: int) -> None:
        """Tell of the next packet that is held for a session as of the first."""
        self._fabric.tell_again(self._number, teid)

    def listen(self, listener: Callable[[PlaneEvent], None]) -> None:
        """Call `listener` with what the packets tell."""
        self._listener = listener

    def happened(self, event: PlaneEvent) -> None:
        """Pass an event of the engine to the listener."""
        if self._listener is not None:
            self._listener(event)

    def tunnel_key(self) -> tuple[int, int, int, int]:
        """How TEIDs hide their slots, for a faster path."""
        return self._fabric.tunnel_key(self._number)

    def share_meters(self, datapath: Datapath) -> None:
        """Take from the buckets of a faster path for sessions that it carries: no rate is given out twice."""
        datapath.share(self._fabric, self._number)

    def teids(self) -> list[int]:
        """The TEIDs of all open sessions, in no order."""
        return self._fabric.teids(self._number)

    def sessions(self) -> int:
        """How many sessions are open."""
        return self._fabric.sessions(self._number)

    def counters(self) -> dict[str, int]:
        """What became of every packet, by name."""
        return self._fabric.counters(self._number)


def measure_engine(sessions: int, octets: int, packets: int) -> tuple[float, float]:
    """Nanoseconds an uplink and a downlink packet take in the engine alone, over that many sessions in random order.

    The best of several rounds: what else the machine does only ever adds.
    """
    rounds = [measure(sessions, octets, packets) for _ in range(ROUNDS)]
    return min(uplink for uplink, _ in rounds), min(downlink for _, downlink in rounds)


def _nobody(_: int, __: Network, ___: bool) -> None:
    """Nobody needs to know what is behind terminals."""


def _usage(counts: tuple[int, int, int, int] | None) -> Usage:
    if counts is None:
        raise RulesRefused("unknown_session")
    return Usage(*counts)


def _flow(
    offset: float,
    kind: tuple[int, bool],
    ends: tuple[bytes, bytes, int, int, int, int],
    volume: tuple[int, int],
    told: tuple[int, int, int],
) -> Flow:
    source, destination, protocol, near, far, control = ends
    first, last = (round(moment / 1e6 + offset * 1e3) for moment in told[:2])
    return Flow(*kind, source, destination, protocol, (near, far), control, *volume, first, last, told[2])


def inner_ends(octets: bytes) -> tuple[str, str]:
    """The source and the destination of an IP packet as a trace names them."""
    first, last = (8, 40) if octets[:1] >= b"\x60" else (12, 20)
    half = (last - first) // 2
    source, destination = octets[first : first + half], octets[first + half : last]
    return f"N6 {ip_address(source)}", f"N6 {ip_address(destination)}"


def is_station(end: str) -> bool:
    """Whether an end of a trace is a MAC address: its frames are the engine's anyway."""
    return [len(part) for part in end.split(":")] == [2] * 6


def frame_ends(octets: bytes) -> tuple[str, str]:
    """The source and the destination of an Ethernet frame as a trace names them."""
    return f"N6 {octets[6:12].hex('-')}", f"N6 {octets[:6].hex('-')}"


def bind_n3(address: str) -> socket.socket:
    """A UDP socket for N3 at exactly that address: answers leave from where they were asked."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    port = socket.socket(family, socket.SOCK_DGRAM)
    try:
        port.bind((address, GTPU_PORT))
    except OSError as error:
        port.close()
        raise Unusable(
            f"N3 address {address} port {GTPU_PORT}/udp: {error.strerror}; set upf.n3 to a free address of this machine"
        ) from error
    return port


PLANE_EVENTS: dict[str, Callable[..., PlaneEvent]] = {
    "downlink_data": DownlinkData,
    "volume": VolumeReached,
    "error_indication": PeerLostTunnel,
    "protected_destination": CoreAttacked,
    "foreign_source": ForeignSource,
    "station_heard": StationHeard,
    "path_failed": PathFailed,
    "path_recovered": PathRecovered,
}

GTPU_MESSAGES = {  # TS 29.281 6.1
    1: "Echo Request",
    2: "Echo Response",
    26: "Error Indication",
    31: "Supported Extension Headers Notification",
    254: "End Marker",
    255: "G-PDU",
}
