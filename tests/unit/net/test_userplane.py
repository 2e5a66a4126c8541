from __future__ import annotations

import asyncio
import socket

import pytest

from freehold.net.access import AccessPlane, SocketEvent
from freehold.net.userplane import PlaneSettings, UpfPlane, UserPlane, bind_n3
from freehold.procedure import Record, Tap
from freehold.services.access import PingResult, Tunnel
from freehold.services.userplane import (
    CoreAttacked,
    DownlinkData,
    PeerLostTunnel,
    Rule,
    RulesRefused,
    SessionEvent,
    SessionRules,
    VolumeReached,
)
from freehold.spec.errors import Unusable

FORWARD = Rule(action="forward", qfi=9)
HELD = Rule(action="notify", qfi=9)
TERMINAL = "10.45.0.2"
GATEWAY = "10.45.0.1"


class Network:
    """One UPF, one gNB, one terminal, all in process."""

    def __init__(self, tap: Tap | None = None, n3: str = "192.0.2.1", gnb: str = "192.0.2.10") -> None:
        self.plane = UserPlane(tap or Tap())
        self.upf: UpfPlane = self.plane.add_upf(PlaneSettings(n3), b"0123456789abcdef")
        self.instance = self.upf.add_instance("Internet", [("10.45.0.0", 16)])
        self.upf.attach_network(self.instance, GATEWAY)
        self.gnb: AccessPlane = self.plane.add_access(gnb, 7)
        self.teid = self.upf.open()
        self.handle, self.tunnel = self.gnb.add_bearer(Tunnel(self.upf.address, self.teid), 9)
        self.gnb.attach(1, TERMINAL, 1400)
        self.gnb.bind(1, self.handle)
        self.upf.install(self.teid, self.rules())
        self.events: list[SessionEvent] = []
        self.upf.listen(self.events.append)

    def rules(self, downlink: Rule = FORWARD, peer: Tunnel | None = None, report_at: int = 0) -> SessionRules:
        return SessionRules(
            self.instance,
            ipv4=TERMINAL,
            uplink=(FORWARD,),
            downlink=(downlink,),
            peer=peer or self.tunnel if downlink is FORWARD else None,
            report_at=report_at,
        )

    def lost(self) -> PeerLostTunnel:
        return PeerLostTunnel(self.teid, self.tunnel.address, self.tunnel.teid)

    def ping(self, now: float = 1.0, to: str = GATEWAY) -> list[PingResult]:
        results: list[PingResult] = []
        self.gnb.ping(1, to, 56, results.append)
        self.plane.poll(now)
        return results


def test_when_a_terminal_pings_then_the_packets_cross_n3_and_n6():
    network = Network()
    (result,) = network.ping()
    assert (result.rtt_ms, result.octets) == (0.0, 56)
    usage = network.upf.usage(network.teid)
    assert (usage.uplink_packets, usage.downlink_packets, usage.uplink_octets) == (1, 1, 84)
    assert network.gnb.octets(1) == (84, 84)


def test_when_two_networks_share_addresses_then_they_share_nothing_else():
    one, two = Network(), Network()
    one.upf.close(one.teid)
    assert one.ping() == []
    assert two.ping()[0].rtt_ms == 0.0
    assert (one.upf.sessions(), two.upf.sessions()) == (0, 1)


def test_when_two_upfs_and_two_gnbs_live_in_one_fabric_then_each_session_goes_its_way():
    network = Network()
    other = network.plane.add_upf(PlaneSettings("192.0.2.2"), b"fedcba9876543210")
    instance = other.add_instance("internet", [("10.46.0.0", 16)])
    other.attach_network(instance, "10.46.0.1")
    gnb = network.plane.add_access("192.0.2.11", 9)
    teid = other.open()
    handle, tunnel = gnb.add_bearer(Tunnel(other.address, teid), 5)
    gnb.attach(1, "10.46.0.2", 1400)
    gnb.bind(1, handle)
    rule = Rule(action="forward", qfi=5)
    other.install(teid, SessionRules(instance, ipv4="10.46.0.2", uplink=(rule,), downlink=(rule,), peer=tunnel))
    results: list[PingResult] = []
    gnb.ping(1, "10.46.0.1", 56, results.append)
    assert network.ping()[0].octets == 56
    assert results[0].octets == 56
    assert other.usage(teid).uplink_packets == 1


def test_when_the_n3_address_is_taken_then_the_engine_is_refused():
    network = Network()
    with pytest.raises(ValueError, match=r"192\.0\.2\.1 is in use"):
        network.plane.add_upf(PlaneSettings("192.0.2.1"), bytes(16))


def test_when_the_terminal_is_idle_then_the_first_packet_is_told_and_all_are_delivered_later():
    network = Network()
    network.ping()
    network.upf.install(network.teid, network.rules(HELD))
    network.upf.discard(network.teid)
    results = network.ping()
    assert results == []
    assert network.events == [DownlinkData(network.teid, 0, 9, 0)]
    network.upf.install(network.teid, network.rules())
    network.plane.poll(1.5)
    assert results[0].rtt_ms == pytest.approx(500)


def test_when_no_reply_comes_within_a_second_then_the_ping_ends_without():
    network = Network()
    network.upf.install(network.teid, network.rules(HELD))
    results = network.ping()
    assert network.plane.poll(1.5) == 2.0
    assert results == []
    network.plane.poll(2.1)
    assert results[0].rtt_ms is None


def test_when_a_session_detaches_then_its_pings_end_without_a_reply():
    network = Network()
    network.upf.install(network.teid, network.rules(HELD))
    results = network.ping()
    network.gnb.detach(1)
    assert results == [PingResult(1, None, 0)]


def test_when_the_volume_is_reached_then_it_is_told():
    network = Network()
    network.upf.install(network.teid, network.rules(report_at=100))
    network.ping()
    assert network.events == [VolumeReached(network.teid)]


def test_when_the_gnb_lost_the_tunnel_then_its_error_indication_is_told():
    network = Network()
    network.upf.install(network.teid, network.rules(HELD))
    network.ping()
    network.gnb.remove_bearer(network.handle)
    network.upf.install(network.teid, network.rules())
    network.plane.poll(1.1)
    assert network.events == [DownlinkData(network.teid, 0, 9, 0), network.lost()]


def test_when_the_upf_lost_the_tunnel_then_the_gnb_is_told():
    network = Network()
    lost: list[int] = []
    network.gnb.on_tunnel_lost(lost.append)
    network.upf.close(network.teid)
    network.ping()
    assert lost == [network.handle]


def test_when_a_terminal_has_no_bearer_then_its_uplink_asks_for_service():
    network = Network()
    asked: list[bool] = []
    network.gnb.on_uplink_pending(1, lambda: asked.append(True))
    network.gnb.bind(1, None)
    results = network.ping()
    assert asked == [True]
    network.gnb.bind(1, network.handle)
    network.plane.poll(1.2)
    assert results[0].rtt_ms == pytest.approx(200)


def test_when_a_terminal_attacks_the_core_then_it_is_told():
    network = Network()
    network.ping(to=network.upf.address)
    assert network.events == [CoreAttacked(network.teid)]
    assert network.upf.counters()["drop_protected_destination"] == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ipv4": "192.0.2.77"}, "address_outside_pools"),
        ({"ipv4": TERMINAL}, "address_in_use"),
        ({"instance": 9}, "unknown_instance"),
        ({"uplink": (FORWARD,) * 65}, "too_many_rules"),
    ],
)
def test_when_rules_are_refused_then_the_reason_is_named(change, reason):
    network = Network()
    teid = network.upf.open()
    fields = {"instance": network.instance, "ipv4": "10.45.0.9"} | change
    with pytest.raises(RulesRefused) as caught:
        network.upf.install(teid, SessionRules(**fields))
    assert caught.value.reason == reason
    assert network.ping()[0].rtt_ms == 0.0


def test_when_sessions_are_exhausted_or_unknown_then_it_is_refused():
    plane = UserPlane()
    upf = plane.add_upf(PlaneSettings("192.0.2.1", capacity=1), bytes(16))
    teid = upf.open()
    with pytest.raises(RulesRefused, match="full"):
        upf.open()
    upf.close(teid)
    for use in (upf.close, upf.usage):
        with pytest.raises(RulesRefused, match="unknown session"):
            use(teid)


def test_when_an_instance_is_asked_by_name_then_case_does_not_matter():
    network = Network()
    assert network.upf.instance("INTERNET") == network.instance
    assert network.upf.instance("ims") is None


def test_when_somebody_taps_then_every_datagram_of_n3_is_seen_once():
    tap = Tap()
    network = Network(tap)
    network.ping()
    seen: list[Record] = []
    stop = tap.listen(seen.append)
    network.ping(2.0)
    assert [(record.source, record.target, record.name) for record in seen] == [
        ("gNB 192.0.2.10:2152", "UPF 192.0.2.1:2152", "G-PDU"),
        ("UPF 192.0.2.1:2152", "gNB 192.0.2.10:2152", "G-PDU"),
    ]
    assert seen[0].octets[4:8] == network.teid.to_bytes(4, "big")
    assert seen[0].time == 2.0
    stop()
    network.ping(3.0)
    network.ping(4.0)
    assert len(seen) == 2


def test_when_programs_of_the_terminal_use_udp_then_datagrams_cross():
    network = Network()
    port = network.gnb.fabric.udp_open(network.gnb.number, 1, 0)
    events: list[SocketEvent] = []
    network.gnb.on_socket(port, events.append)
    network.gnb.fabric.send_to(network.gnb.number, port, b"hello", GATEWAY, 7)
    network.plane.poll(1.0)
    assert [event.kind for event in events] == ["readable"]
    assert network.gnb.fabric.receive_from(network.gnb.number, port) == (GATEWAY, 7, b"hello")
    network.gnb.on_socket(port, None)


async def _threaded(network: Network) -> PingResult:
    loop = asyncio.get_running_loop()
    network.plane.start(loop)
    try:
        done: asyncio.Future[PingResult] = loop.create_future()
        network.gnb.ping(1, GATEWAY, 56, done.set_result)
        return await asyncio.wait_for(done, 10)
    finally:
        network.plane.stop()


def test_when_the_engines_have_their_thread_then_results_come_in_the_loop():
    result = asyncio.run(_threaded(Network()))
    assert result.rtt_ms is not None
    assert result.octets == 56


def test_when_packets_are_for_a_node_that_nothing_reaches_then_they_are_counted():
    network = Network()
    network.upf.install(network.teid, network.rules(peer=Tunnel("198.51.100.77", 5)))
    network.upf.inject(network.instance, network_packet())
    network.plane.poll(1.0)
    assert network.upf.counters()["drop_n3_unroutable"] == 1


def test_when_more_comes_than_the_ring_holds_then_the_rest_is_counted():
    network = Network()
    for _ in range(5000):
        network.upf.inject(network.instance, network_packet())
    network.plane.poll(1.0)
    counters = network.upf.counters()
    assert counters["drop_overrun"] == 5000 - 4096
    assert counters["downlink_forwarded"] == 4096


def network_packet() -> bytes:
    """A UDP packet of the data network to the terminal."""
    ends = bytes((198, 51, 100, 1)) + bytes((10, 45, 0, 2))
    return bytes.fromhex("4500001c00000000 40110000") + ends + bytes.fromhex("0007000900080000")


async def _tapped_later(network: Network, tap: Tap) -> list[Record]:
    loop = asyncio.get_running_loop()
    network.plane.start(loop)
    seen: list[Record] = []
    tap.listen(seen.append)
    try:
        async with asyncio.timeout(10):
            while not seen:
                done: asyncio.Future[PingResult] = loop.create_future()
                network.gnb.ping(1, GATEWAY, 56, done.set_result)
                await done
                await asyncio.sleep(0.01)
    finally:
        network.plane.close()
    return seen


def test_when_somebody_begins_to_tap_later_then_packets_are_seen_in_the_threads_mode_too():
    tap = Tap()
    assert asyncio.run(_tapped_later(Network(tap), tap))[0].interface == "N3"


def test_when_a_listener_breaks_then_the_others_are_still_told():
    network = Network()
    results: list[PingResult] = []
    network.gnb.ping(1, GATEWAY, 56, lambda _: results[9])
    network.gnb.ping(1, GATEWAY, 56, results.append)
    with pytest.raises(ExceptionGroup, match="listened to the user plane"):
        network.plane.poll(1.0)
    assert results[0].octets == 56


def echo(port: socket.socket, target: tuple[str, int]) -> bytes:
    port.sendto(bytes.fromhex("32010004 00000000 abcd0000"), target)
    return port.recv(100)


def test_when_n3_is_a_socket_then_the_same_socket_answers_from_its_own_address():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as n3,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gnb,
    ):
        n3.bind(("127.0.0.1", 0))
        gnb.bind(("127.0.0.2", 0))
        gnb.connect(n3.getsockname())
        gnb.settimeout(10)
        plane = UserPlane()
        plane.add_upf(PlaneSettings("127.0.0.1"), bytes(16), n3)
        plane.fabric.start()
        assert echo(gnb, n3.getsockname()) == bytes.fromhex("32020006 00000000 abcd0000 0e00")
        plane.close()


def test_when_a_port_is_added_while_the_thread_runs_then_it_is_heard():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as n3,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gnb,
    ):
        n3.bind(("127.0.0.1", 0))
        gnb.bind(("127.0.0.2", 0))
        gnb.connect(n3.getsockname())
        gnb.settimeout(10)
        plane = UserPlane()
        plane.fabric.start()
        plane.add_upf(PlaneSettings("127.0.0.1"), bytes(16), n3)
        assert echo(gnb, n3.getsockname()) == bytes.fromhex("32020006 00000000 abcd0000 0e00")
        plane.close()


def test_when_the_user_plane_is_closed_then_its_ports_are_free_and_its_engines_gone():
    with bind_n3("127.0.0.84") as port:
        plane = UserPlane()
        upf = plane.add_upf(PlaneSettings("127.0.0.84"), bytes(16), port)
        plane.fabric.start()
    plane.close()
    bind_n3("127.0.0.84").close()
    with pytest.raises(IndexError):
        upf.open()


def test_when_n3_cannot_be_bound_then_one_line_says_so():
    with pytest.raises(Unusable, match=r"N3 address 192\.0\.2\.99 port 2152/udp: .*upf\.n3"):
        bind_n3("192.0.2.99")


def test_when_n3_is_bound_then_it_is_the_registered_port():
    with bind_n3("127.0.0.83") as port:
        assert port.getsockname() == ("127.0.0.83", 2152)


def test_when_n3_is_ipv6_then_packets_flow_as_over_ipv4():
    network = Network(n3="2001:db8:3::1", gnb="2001:db8:3::10")
    assert network.ping()[0].octets == 56
    network.upf.install(network.teid, network.rules(HELD))
    network.ping()
    network.gnb.remove_bearer(network.handle)
    network.upf.install(network.teid, network.rules())
    network.plane.poll(1.1)
    assert network.events[-1] == network.lost()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as port:
            port.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback here")
def test_when_n3_is_an_ipv6_socket_then_it_answers():
    with bind_n3("::1") as port, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as gnb:
        gnb.bind(("::1", 0))
        gnb.connect(("::1", 2152))
        gnb.settimeout(10)
        plane = UserPlane()
        plane.add_upf(PlaneSettings("::1"), bytes(16), port)
        plane.fabric.start()
        assert echo(gnb, ("::1", 2152))[1] == 2
        plane.close()


def marked(n3: str, gnb: str) -> tuple[int, int]:
    """Send one packet in a rule that marks and one in a rule that does not: the octets of their outer headers."""
    family, level, wanted, kind = (
        (socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS)
        if ":" in n3
        else (socket.AF_INET, socket.IPPROTO_IP, getattr(socket, "IP_RECVTOS", 13), socket.IP_TOS)
    )
    with bind_n3(n3) as port, socket.socket(family, socket.SOCK_DGRAM) as peer:
        peer.bind((gnb, 2152 if gnb != n3 else 0))
        peer.setsockopt(level, wanted, 1)
        peer.settimeout(10)
        plane = UserPlane()
        upf = plane.add_upf(PlaneSettings(n3), bytes(16), port)
        instance = upf.add_instance("internet", [("10.45.0.0", 16)])
        plane.fabric.start()
        teid = upf.open()
        found = []
        for service in (0xB8, 0):
            rule = Rule(action="forward", qfi=9, service=service)
            upf.install(teid, SessionRules(instance, TERMINAL, downlink=(rule,), peer=Tunnel(gnb, 7)))
            upf.inject(instance, network_packet())
            octets, ancillary, *_ = peer.recvmsg(2048, 64)
            assert octets[4:8] == bytes((0, 0, 0, 7))
            found.append(next((data[0] for of, which, data in ancillary if (of, which) == (level, kind)), 0))
        plane.close()
    return found[0], found[1]


def test_when_a_rule_marks_packets_then_their_outer_header_has_the_mark():
    # TS 29.244 8.2.12
    assert marked("127.0.0.85", "127.0.0.86") == (0xB8, 0)
