"""IPv6 inside and outside, from one end of a network to the other, on virtual time."""

from __future__ import annotations

import asyncio
from ipaddress import IPv6Address, IPv6Network
from typing import Any

import pytest

from freehold.app.config import Configuration, parse
from freehold.app.handles import PduSession
from freehold.app.managed import Managed
from freehold.app.network import Network
from freehold.app.reconfiguration import LiveConfiguration
from freehold.codecs import ndp
from freehold.codecs.nas import PduSessionType
from freehold.spec.causes import SmCause
from freehold.spec.errors import Unusable
from freehold.ue.errors import Refused

DUAL = '[[dnn]]\nname = "internet"\npool6 = "fd45::/48"\n'
ALONE = f"{DUAL}ipv4 = false\n"
PREFIX = IPv6Network("fd45:0:0:1::/64")


def dual() -> Configuration:
    return parse(DUAL)


def carried(configuration: Configuration, script: Any) -> Any:
    async def all_of_it() -> Any:
        async with Network(configuration) as network:
            return await script(network)

    return asyncio.run(all_of_it())


async def opened(network: Network, kind: PduSessionType | None = None, **subscription: str) -> PduSession:
    ue = network.ue(network.subscribe(**subscription))
    await ue.register()
    return await ue.pdu_session(kind=kind)


def test_when_a_data_network_has_both_versions_then_so_has_a_session_and_both_carry_packets():
    async def script(network: Network) -> Any:
        session = await opened(network)
        pings = [await session.ping(to, size) for to in (session.gateway, session.gateway6) for size in (56, 4000)]
        return session, pings, Managed(network).sessions()[0]

    session, pings, view = carried(dual(), script)
    assert (session.ip, session.gateway, session.gateway6) == ("10.45.0.2", "10.45.0.1", "fd45::1")
    assert IPv6Address(session.ip6) in PREFIX
    assert session.dns == ("10.45.0.1", "fd45::1")
    assert [ping.octets for ping in pings] == [56, 4000, 56, 4000]
    assert (view.ip, view.ip6) == ("10.45.0.2", "fd45:0:0:1::/64")


def test_when_the_mtu_changes_live_then_terminals_hear_of_it_from_their_router():
    async def script(network: Network) -> Any:
        session = await opened(network)
        network.upf_plane.trace([str(PREFIX.network_address)], 2000, 1000)
        changed = await LiveConfiguration(network, None).apply(
            DUAL.replace("pool6", "mtu = 1300\npool6"), "ada", "smaller"
        )
        advertised: list[bytes] = []
        for _ in range(20):
            await session.ping(session.gateway6)
            await network.world.sleep(0.5)
            told = [record.octets for record in network.upf_plane.take_traced() if record.interface == "N3"]
            advertised += [octets for octets in told if octets[16 + 40 : 16 + 41] == b"\x86"]
        return changed, advertised

    changed, advertised = carried(dual(), script)
    assert [(change.key, change.takes_effect) for change in changed] == [("dnn.internet.mtu", "now")]
    # RFC 4861 4.6.4; an SMF that is the router would say the same (ADR 28)
    assert [octets[16:] for octets in advertised] == [ndp.advertisement(PREFIX.network_address.packed[:8], 1300)]


def test_when_a_data_network_has_ipv6_alone_then_sessions_are_of_it():
    async def script(network: Network) -> Any:
        session = await opened(network)
        ping = await session.ping()
        with pytest.raises(Refused) as refused:
            await opened(network, PduSessionType.IPV4)
        return session, ping, refused.value.cause, await opened(network, PduSessionType.IPV4V6)

    session, ping, cause, limited = carried(parse(ALONE), script)
    assert (session.ip, session.gateway, session.gateway6) == ("", "fd45::1", "fd45::1")
    assert ping.rtt_ms is not None
    assert cause == SmCause.PDU_SESSION_TYPE_IPV6_ONLY_ALLOWED
    assert (limited.ip, bool(limited.ip6)) == ("", True)
    assert limited._session.granted.cause == SmCause.PDU_SESSION_TYPE_IPV6_ONLY_ALLOWED


def test_when_one_version_is_asked_of_both_then_only_that_one_is_given():
    async def script(network: Network) -> Any:
        return await opened(network, PduSessionType.IPV4), await opened(network, PduSessionType.IPV6)

    four, six = carried(dual(), script)
    assert (four.ip, four.ip6, four.gateway6) == ("10.45.0.2", "", "")
    assert (six.ip, six.gateway) == ("", "fd45::1")
    assert IPv6Address(six.ip6) in PREFIX


def test_when_a_prefix_is_fixed_then_its_subscriber_has_it_and_the_pool_passes_it_over():
    async def script(network: Network) -> Any:
        fixed = await opened(network, ip6="fd45:0:0:1::/64")
        far = await opened(network, ip6="fd45:0:0:ffff::/64")
        return fixed, far, await opened(network)

    fixed, far, other = carried(dual(), script)
    assert IPv6Address(fixed.ip6) in PREFIX
    assert IPv6Address(far.ip6) in IPv6Network("fd45:0:0:ffff::/64")
    assert IPv6Address(other.ip6) in IPv6Network("fd45:0:0:2::/64")


def test_when_a_page_is_fetched_and_datagrams_are_sent_over_ipv6_then_they_come_back():
    async def script(network: Network) -> Any:
        session = await opened(network, PduSessionType.IPV6)
        socket = await session.tcp_connect(session.gateway, 80)
        await socket.send(b"GET /bytes/100000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        page = await socket.receive_all()
        udp = session.udp()
        udp.send(b"are you there?", session.gateway, 7)
        return page, await udp.receive()

    page, datagram = carried(dual(), script)
    assert len(page.partition(b"\r\n\r\n")[2]) == 100_000
    assert datagram == (b"are you there?", "fd45::1", 7)


def test_when_a_terminal_was_idle_then_packets_of_ipv6_wake_it_and_its_address_stays():
    async def script(network: Network) -> Any:
        ue = network.ue()
        await ue.register()
        session = await ue.pdu_session()
        before = session.ip6
        await ue.go_idle()
        idle = session.active
        ping = await session.ping(session.gateway6)
        if ping.rtt_ms is None:
            ping = await session.ping(session.gateway6)
        return before, session.ip6, idle, ping

    before, after, idle, ping = carried(dual(), script)
    assert (before, idle) == (after, False)
    assert ping.rtt_ms is not None


def test_when_a_session_is_released_then_its_prefix_rests_and_another_one_is_given():
    async def script(network: Network) -> Any:
        ue = network.ue()
        await ue.register()
        first = await ue.pdu_session()
        address = first.ip6
        await ue.release(first)
        (found,) = network.core.smf._smf.networks
        return address, (await ue.pdu_session()).ip6, found.pool6.taken

    first, second, taken = carried(dual(), script)
    assert IPv6Address(first) in PREFIX
    assert IPv6Address(second) in IPv6Network("fd45:0:0:2::/64")
    assert taken == 1


@pytest.mark.parametrize(
    ("upf", "gnb"),
    [
        ('n3 = "fd03::1"', 'n3 = "fd03::10"'),
        ('n3 = "192.0.2.1"\nn3_second = "fd03::1"', 'n3 = "fd03::10"'),
        ('n3 = "192.0.2.1"\nn3_second = "fd03::1"', 'n3 = "192.0.2.10"'),
        ('n3 = "fd03::1"\nn3_second = "192.0.2.1"', 'n3 = "192.0.2.10"'),
    ],
)
def test_when_the_access_network_is_of_either_version_then_tunnels_are_too(upf: str, gnb: str):
    wanted = gnb.split('"')[1]

    async def script(network: Network) -> Any:
        ue = network.ue()
        await ue.register()
        session = await ue.pdu_session()
        pings = [await session.ping(to) for to in (session.gateway, session.gateway6)]
        (context,) = network.core.smf.sessions
        await ue.go_idle()
        await ue.service_request()
        pings.append(await session.ping())
        return pings, context.user_plane

    pings, plane = carried(parse(f"[upf]\n{upf}\n[[gnb]]\n{gnb}\n{DUAL}"), script)
    assert all(ping.rtt_ms is not None for ping in pings)
    assert (plane.downlink.ipv6 is not None) is (":" in wanted)
    both = "n3_second" in upf
    assert len(plane.uplink.address) == (20 if both else 16)


MISTAKES = {
    '[[dnn]]\npool6 = "fd45::/64"': "has no room for a terminal",
    "[[dnn]]\nipv4 = false": "has no addresses: set pool6",
    '[[dnn]]\npool6 = "10.0.0.0/8"': "not of the form",
    '[[dnn]]\ndns = ["nobody"]': 'not of the form "192.0.2.1" or "2001:db8::1"',
    '[[dnn]]\nname = "a"\npool = "10.1.0.0/16"\npool6 = "fd45::/48"\n'
    '[[dnn]]\nname = "b"\npool6 = "fd45:0:0:8000::/49"': "a and b overlap",
}


@pytest.mark.parametrize(("text", "complaint"), MISTAKES.items(), ids=lambda text: text[-30:])
def test_when_a_configuration_is_wrong_then_one_line_says_where(text: str, complaint: str):
    with pytest.raises(Unusable, match=complaint):
        parse(text)


def test_when_both_n3_addresses_are_of_one_version_then_it_is_told():
    with pytest.raises(Unusable, match="of the same version"):
        carried(parse('[upf]\nn3 = "192.0.2.1"\nn3_second = "192.0.2.2"'), opened)
