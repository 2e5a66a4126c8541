"""Ethernet PDU sessions from one end of a network to the other (TS 23.501 5.6.10.2)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from freehold.app.config import parse
from freehold.app.handles import PduSession
from freehold.app.managed import Managed
from freehold.app.network import Network
from freehold.app.sockets import EthernetSocket
from freehold.codecs.nas import PduSessionType
from freehold.spec.causes import SmCause
from freehold.spec.errors import Unusable
from freehold.ue.errors import Refused

LAN = '[[dnn]]\nname = "internet"\n[[dnn]]\nname = "lan"\ntype = "ethernet"\n'
SWITCHED = f'{LAN}local_switch = "switch"\n'
GROUP = b"\xff" * 6
ONE, TWO, THREE = (bytes((2, 0, 0, 0, 0, number)) for number in (1, 2, 3))
PAYLOAD = b"\x88\xb5" + bytes(46)
TAGGED = b"\x81\x00\x60\x64" + PAYLOAD


def carried(text: str, script: Any) -> Any:
    async def all_of_it() -> Any:
        async with Network(parse(text)) as network:
            return await script(network)

    return asyncio.run(all_of_it())


async def opened(network: Network, **wish: Any) -> PduSession:
    ue = network.ue()
    await ue.register()
    return await ue.pdu_session(**{"dnn": "lan", **wish})


async def heard(network: Network, *sockets: EthernetSocket) -> list[list[bytes]]:
    """What came to each within a second."""
    await network.world.sleep(1)
    found: list[list[bytes]] = []
    for socket in sockets:
        frames: list[bytes] = []
        while (frame := socket.take()) is not None:
            frames.append(frame)
        found.append(frames)
    return found


def test_when_terminals_share_a_lan_then_frames_go_where_their_addresses_were_heard():
    async def script(network: Network) -> Any:
        sessions = [await opened(network) for _ in range(3)]
        sockets = [session.frames() for session in sessions]
        for socket, own in zip(sockets, (ONE, TWO, THREE), strict=True):
            socket.send(GROUP + own + PAYLOAD)
        groups = await heard(network, *sockets)
        sockets[0].send(TWO + ONE + TAGGED)
        alone = await heard(network, *sockets)
        return sessions, groups, alone, Managed(network).sessions()

    sessions, groups, alone, views = carried(SWITCHED, script)
    assert [(session.kind, session.addresses, session.gateway, session.mtu) for session in sessions] == [
        ("ethernet", (), "", 1400)
    ] * 3
    assert groups == [
        [GROUP + TWO + PAYLOAD, GROUP + THREE + PAYLOAD],
        [GROUP + ONE + PAYLOAD, GROUP + THREE + PAYLOAD],
        [GROUP + ONE + PAYLOAD, GROUP + TWO + PAYLOAD],
    ]
    assert alone == [[], [TWO + ONE + TAGGED], []]
    assert [(view.type, view.ip, view.ip6, view.macs) for view in views] == [
        ("Ethernet", "", "", (own.hex(":"),)) for own in (ONE, TWO, THREE)
    ]


def test_when_a_terminal_sends_from_anothers_address_then_nothing_of_it_passes():
    async def script(network: Network) -> Any:
        one, two, three = [(await opened(network)).frames() for _ in range(3)]
        one.send(GROUP + ONE + PAYLOAD)
        await heard(network, two, three)
        two.send(THREE + ONE + PAYLOAD)
        two.send(GROUP + ONE + PAYLOAD)
        three.send(ONE + THREE + PAYLOAD)
        return await heard(network, one, two, three), network.upf_plane.counters()

    came, counters = carried(SWITCHED, script)
    assert came == [[ONE + THREE + PAYLOAD], [], []]
    assert counters["drop_inner_source"] == 2


def test_when_the_policy_keeps_terminals_apart_then_they_hear_nothing_of_each_other():
    async def script(network: Network) -> Any:
        one, two = [(await opened(network)).frames() for _ in range(2)]
        for target in (GROUP, TWO):
            two.send(ONE + TWO + PAYLOAD)
            one.send(target + ONE + PAYLOAD)
        return await heard(network, one, two)

    assert carried(LAN, script) == [[], []]


REFUSED = {
    "IP of a LAN": ("lan", PduSessionType.IPV4, SmCause.PDU_SESSION_TYPE_ETHERNET_ONLY_ALLOWED),
    "both versions of a LAN": ("lan", PduSessionType.IPV4V6, SmCause.PDU_SESSION_TYPE_ETHERNET_ONLY_ALLOWED),
    "frames of IPv4": ("internet", PduSessionType.ETHERNET, SmCause.PDU_SESSION_TYPE_IPV4_ONLY_ALLOWED),
    "neither": ("internet", PduSessionType.UNSTRUCTURED, SmCause.UNKNOWN_PDU_SESSION_TYPE),
}


@pytest.mark.parametrize(("dnn", "kind", "cause"), REFUSED.values(), ids=REFUSED)
def test_when_a_data_network_has_no_such_sessions_then_the_cause_says_which_it_has(dnn, kind, cause):
    # TS 24.501 6.4.1.4.1
    async def script(network: Network) -> Any:
        with pytest.raises(Refused) as refused:
            await opened(network, dnn=dnn, kind=kind)
        return refused.value.cause

    assert carried(LAN, script) == cause


def test_when_a_session_of_frames_rests_then_a_frame_of_its_terminal_wakes_it():
    async def script(network: Network) -> Any:
        ues = [network.ue() for _ in range(2)]
        sockets = []
        for ue in ues:
            await ue.register()
            sockets.append((await ue.pdu_session("lan")).frames())
        sockets[0].send(GROUP + ONE + PAYLOAD)
        await heard(network, *sockets)
        await ues[0].go_idle()
        sockets[1].send(ONE + TWO + PAYLOAD)  # paging
        woken = await heard(network, *sockets)
        await ues[0].go_idle()
        sockets[0].send(TWO + ONE + PAYLOAD)  # a service request
        return woken, await heard(network, *sockets)

    woken, answered = carried(SWITCHED, script)
    assert woken == [[ONE + TWO + PAYLOAD], []]
    assert answered == [[], [TWO + ONE + PAYLOAD]]


WRONG = {
    "a way out for packets": ('n6 = "nat"', "dnn.n6"),
    "flows": ('flow_records = "192.0.2.1:4739"', "flows are of IP"),
    "no name of an interface": ('n6 = "tap"\ninterface = "a name that is too long"', "dnn.interface"),
    "a bridge without a TAP": ('bridge = "br0"', "dnn.bridge"),
}


@pytest.mark.parametrize(("more", "said"), WRONG.values(), ids=WRONG)
def test_when_a_lan_cannot_be_as_it_is_configured_then_one_line_says_so(more, said):
    with pytest.raises(Unusable, match=said):
        parse(f"{LAN}{more}\n")


def test_when_a_tap_is_for_packets_then_one_line_says_so():
    with pytest.raises(Unusable, match="tap is for type"):
        parse('[[dnn]]\nname = "internet"\nn6 = "tap"\n')


@pytest.mark.root
@pytest.mark.parametrize("kind", ["tap", "bridge"])
def test_when_terminals_are_interfaces_then_hosts_speak_through_the_lan(kind):
    """Two terminals and a host behind N6, each in a namespace: ARP, ping, a VLAN tag, and no spoofed address."""
    if os.getuid() != 0 or shutil.which("unshare") is None or shutil.which("ping") is None:
        pytest.skip("needs root, unshare and ping for namespaces")
    device = "dummy" if kind == "tap" else "br0 type bridge"
    adding = ["ip", "tuntap", "add", device, "mode", "tap"] if kind == "tap" else ["ip", "link", "add", *device.split()]
    probe = subprocess.run(["unshare", "--net", *adding], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"no {kind} can be made here: {probe.stderr.strip()}")
    words = ["unshare", "--net", sys.executable, str(Path(__file__).with_name("lan_namespace.py")), kind]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["reached"] == {"one to two": True, "one to host": True, "host to two": True}
    assert told["tags"] == [f"02:00:00:00:00:01 {0x6064}"] * 2
    assert told["heard"] == ["02:00:00:00:00:01", "02:00:00:00:00:02"]
    assert told["spoofed"] == 0
    assert told["left"] == []
