"""QoS flows beside the default one, from policy and by a terminal's wish (TS 23.502 4.3.3, TS 24.501 6.4.2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from freehold.app.config import parse
from freehold.app.handles import PduSession, UserEquipment
from freehold.app.managed import Managed
from freehold.app.network import Network
from freehold.app.reconfiguration import LiveConfiguration
from freehold.codecs.nas import QosFlowDescription, QosRule
from freehold.codecs.nas.values.qos import (
    CREATE,
    DELETE,
    FIVE_QI,
    GFBR_DOWNLINK,
    GFBR_UPLINK,
    MFBR_DOWNLINK,
    MFBR_UPLINK,
    Component,
    FlowParameter,
    PacketFilter,
)
from freehold.codecs.nas.values.session import BitRate
from freehold.spec.causes import SmCause
from freehold.spec.errors import Unusable
from freehold.ue.errors import Refused

QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x08freehold\x00\x00\x01\x00\x01"
NAMES = """
[[dnn]]
name = "internet"
[[dnn.flow]]
five_qi = 2
gbr_up = "64 kbit/s"
gbr_down = "64 kbit/s"
mbr_up = "1 Mbit/s"
mbr_down = "1 Mbit/s"
[[dnn.flow.filter]]
protocol = 17
remote_ports = "53"
"""
MARKED = NAMES.replace("[[dnn.flow]]", "dscp = 10\ndscp_5qi = { 2 = 46 }\n[[dnn.flow]]")
PLAIN = '[[dnn]]\nname = "internet"\n'
ASKING = f'{PLAIN}ask_5qi = [1, 80]\nask_rate = "2 Mbit/s"\nask_flows = 1\n'
UPLINK, DOWNLINK = 1, 0


def carried(text: str, script: Any) -> Any:
    async def all_of_it() -> Any:
        async with Network(parse(text)) as network:
            ue = network.ue()
            await ue.register()
            session = await ue.pdu_session()
            network.upf_plane.trace([session.ip], 200, 10_000)
            await network.sleep(1)
            return await script(network, ue, session)

    return asyncio.run(all_of_it())


async def flows_of(network: Network, session: PduSession) -> dict[str, set[tuple[int, int]]]:
    """The direction of N3 and the QFI of name queries and of pings (TS 38.415 5.5.2)."""
    network.upf_plane.take_traced()
    socket = session.udp()
    socket.send(QUERY, session.gateway, 53)
    await socket.receive()
    socket.close()
    queries = _marks(network)
    await session.ping()
    return {"name": queries, "ping": _marks(network)}


def _marks(network: Network) -> set[tuple[int, int]]:
    told = (record.octets for record in network.upf_plane.take_traced() if record.interface == "N3")
    return {(octets[13] >> 4, octets[14] & 0x3F) for octets in told}


def wish(five_qi: int, guaranteed: int | None, *components: Component, qfi: int = 0) -> dict[str, Any]:
    """A request for a new flow: its numbers are for the network to assign."""
    parts = [FlowParameter(FIVE_QI, five_qi)]
    if guaranteed is not None:
        kinds = (GFBR_UPLINK, GFBR_DOWNLINK, MFBR_UPLINK, MFBR_DOWNLINK)
        parts += [FlowParameter(kind, BitRate.of(guaranteed)) for kind in kinds]
    rule = QosRule(
        0, CREATE, default=False, packet_filters=[PacketFilter(3, 1, list(components))], precedence=80,
        segregation=False, qfi=qfi,
    )  # fmt: skip
    return {"rules": (rule,), "flows": (QosFlowDescription(qfi, CREATE, all_parameters=True, parameters=parts),)}


DNS = (Component(0x30, 17), Component(0x50, 53))


async def ask(network: Network, ue: UserEquipment, **asked: Any) -> Any:
    return await network.wait(ue.terminal.modify_session(1, **asked))


@pytest.mark.parametrize("text", [NAMES, MARKED], ids=["plain", "marked"])
def test_when_a_data_network_has_a_flow_then_its_packets_take_it_in_both_directions(text):
    async def script(network: Network, ue: UserEquipment, session: PduSession) -> Any:
        seen = await flows_of(network, session)
        await ue.go_idle()
        return session._session.granted, seen, await flows_of(network, session), Managed(network).sessions()[0]

    granted, seen, again, view = carried(text, script)
    assert view.flows == ("QFI 2: 5QI 2",)
    (default, own) = granted.rules
    assert (default.default, own.identifier, own.qfi, own.packet_filters[0].direction) == (True, 2, 2, 3)
    told = next(flow for flow in granted.flows if flow.qfi == 2)
    assert [told.parameter(kind) for kind in (FIVE_QI, GFBR_UPLINK, MFBR_DOWNLINK)] == [
        2,
        BitRate.of(64_000),
        BitRate.of(1_000_000),
    ]
    assert seen == {"name": {(UPLINK, 2), (DOWNLINK, 2)}, "ping": {(UPLINK, 1), (DOWNLINK, 1)}}
    assert again == seen


def test_when_flows_change_live_then_sessions_follow():
    async def script(network: Network, ue: UserEquipment, session: PduSession) -> Any:
        configuration, seen = LiveConfiguration(network), []
        for text in (NAMES, NAMES.replace("remote_ports", "local_ports"), PLAIN):
            changes = await configuration.apply(text, "ada", "")
            assert [change.takes_effect for change in changes] == ["now"]
            await network.sleep(1)
            seen.append(((await flows_of(network, session))["name"], len(session._session.granted.rules)))
        return seen

    assert carried(PLAIN, script) == [
        ({(UPLINK, 2), (DOWNLINK, 2)}, 2),
        ({(UPLINK, 1), (DOWNLINK, 1)}, 2),
        ({(UPLINK, 1), (DOWNLINK, 1)}, 1),
    ]


def test_when_a_terminal_asks_for_a_flow_that_it_may_have_then_it_has_it_until_it_gives_it_up():
    async def script(network: Network, ue: UserEquipment, session: PduSession) -> Any:
        await ask(network, ue, **wish(1, 128_000, *DNS))
        granted, seen = session._session.granted, await flows_of(network, session)
        with pytest.raises(Refused) as second:
            await ask(network, ue, **wish(80, None, Component(0x30, 6)))
        gone = {"rules": (QosRule(2, DELETE, default=False),), "flows": (QosFlowDescription(2, 2),)}
        await ask(network, ue, **gone)
        return granted, seen, second.value.cause, session._session.granted, await flows_of(network, session)

    granted, seen, second, after, last = carried(ASKING, script)
    assert [(rule.identifier, rule.qfi, rule.precedence) for rule in granted.rules] == [(1, 1, 255), (2, 2, 70)]
    assert seen["name"] == {(UPLINK, 2), (DOWNLINK, 2)}
    assert second == SmCause.QOS_NOT_ACCEPTED  # ask_flows
    assert [rule.identifier for rule in after.rules] == [1]
    assert last["name"] == {(UPLINK, 1), (DOWNLINK, 1)}


REFUSED = {
    "nothing may be asked for": (PLAIN, wish(80, None, *DNS), SmCause.QOS_NOT_ACCEPTED),
    "another 5QI": (ASKING, wish(2, 64_000, *DNS), SmCause.UNSUPPORTED_5QI_VALUE),
    "a higher rate": (ASKING, wish(1, 4_000_000, *DNS), SmCause.QOS_NOT_ACCEPTED),
    "nothing guaranteed": (ASKING, wish(1, None, *DNS), SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION),
    "a guaranteed rate of another kind": (
        ASKING,
        wish(80, 64_000, *DNS),
        SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION,
    ),
    "frames in a session of packets": (
        ASKING,
        wish(80, None, Component(0x83, 7)),
        SmCause.SEMANTIC_ERRORS_IN_PACKET_FILTERS,
    ),
    "what nobody tells apart": (ASKING, wish(80, None, Component(0x80, 7)), SmCause.QOS_NOT_ACCEPTED),
    "an end of what is not there": (
        ASKING,
        {"rules": (QosRule(9, DELETE, default=False),)},
        SmCause.SEMANTIC_ERROR_IN_THE_QOS_OPERATION,
    ),
}


@pytest.mark.parametrize(("text", "asked", "cause"), REFUSED.values(), ids=REFUSED)
def test_when_a_terminal_may_not_have_a_flow_then_the_cause_says_why(text, asked, cause):
    # TS 24.501 6.4.2.4.1
    async def script(network: Network, ue: UserEquipment, session: PduSession) -> Any:
        with pytest.raises(Refused) as refused:
            await ask(network, ue, **asked)
        return refused.value.cause, len(session._session.granted.rules), await flows_of(network, session)

    assert carried(text, script)[:2] == (cause, 1)


def test_when_a_terminal_ends_a_flow_of_the_network_then_it_stays():
    async def script(network: Network, ue: UserEquipment, session: PduSession) -> Any:
        with pytest.raises(Refused) as refused:
            await ask(network, ue, rules=(QosRule(2, DELETE, default=False),))
        return refused.value.cause, (await flows_of(network, session))["name"]

    assert carried(NAMES, script) == (SmCause.QOS_NOT_ACCEPTED, {(UPLINK, 2), (DOWNLINK, 2)})


def test_when_frames_have_a_vlan_then_their_flow_is_its_own():
    text = (
        '[[dnn]]\nname = "lan"\ntype = "ethernet"\nlocal_switch = "switch"\n'
        "[[dnn.flow]]\nfive_qi = 80\n[[dnn.flow.filter]]\nvlan = 100\n"
    )

    async def all_of_it() -> Any:
        async with Network(parse(text), trace=True) as network:
            sockets = []
            for _ in range(2):
                ue = network.ue()
                await ue.register()
                sockets.append((await ue.pdu_session()).frames())
            await network.sleep(1)
            network.trace.clear()
            sockets[0].send(b"\xff" * 6 + b"\x02" * 6 + b"\x81\x00\x00\x64\x88\xb5" + bytes(46))
            sockets[0].send(b"\xff" * 6 + b"\x02" * 6 + b"\x88\xb5" + bytes(46))
            await network.sleep(1)
            return [one.octets for one in network.trace if one.interface == "N3"]

    octets = asyncio.run(all_of_it())
    assert [(one[13] >> 4, one[14] & 0x3F) for one in octets] == [
        (UPLINK, 2),
        (UPLINK, 1),
        (DOWNLINK, 2),
        (DOWNLINK, 1),
    ]


WRONG = {
    "no filter": ("[[dnn.flow]]\nfive_qi = 9\n", "dnn.flow.filter"),
    "nothing guaranteed": ("[[dnn.flow]]\nfive_qi = 1\n[[dnn.flow.filter]]\n", "dnn.flow.five_qi"),
    "one direction": (
        '[[dnn.flow]]\nfive_qi = 1\ngbr_up = "1 Mbit/s"\n[[dnn.flow.filter]]\n',
        "dnn.flow.gbr_up",
    ),
    "ports": ('[[dnn.flow]]\n[[dnn.flow.filter]]\nremote_ports = "7-5"\n', "ends before it begins"),
    "frames": ("[[dnn.flow]]\n[[dnn.flow.filter]]\nvlan = 7\n", "are of frames"),
    "reflective and guaranteed": (
        (
            '[[dnn.flow]]\nfive_qi = 1\ngbr_up = "1 Mbit/s"\ngbr_down = "1 Mbit/s"\nreflective = true\n'
            "[[dnn.flow.filter]]\n"
        ),
        "dnn.flow.reflective",
    ),
    "reflective one way": (
        '[[dnn.flow]]\nreflective = true\n[[dnn.flow.filter]]\ndirection = "uplink"\n',
        "dnn.flow.reflective",
    ),
    "a mark": ("dscp = 64\n", "dnn.dscp"),
    "a mark of a 5QI": ("dscp_5qi = { 1 = 64 }\n", "dnn.dscp_5qi: internet: 64"),
    "a mark of none": ("dscp_5qi = { 0 = 4 }\n", "dnn.dscp_5qi: internet: 5QI"),
    "a mark of a word": ("dscp_5qi = { voice = 46 }\n", "dnn.dscp_5qi: internet: 5QI"),
    "a 5QI": ("ask_5qi = [0]\n", "dnn.ask_5qi"),
}


@pytest.mark.parametrize(("more", "said"), WRONG.values(), ids=WRONG)
def test_when_a_flow_cannot_be_as_it_is_configured_then_one_line_says_so(more, said):
    with pytest.raises(Unusable, match=said):
        parse(f"{PLAIN}{more}")
