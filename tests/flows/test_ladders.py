"""Golden ladders: a run's own record reads like the figures of TS 23.502.

After a change that is meant, FREEHOLD_ACCEPT=1 writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from pathlib import Path

import pytest
from msgspec.structs import replace

from freehold.app.network import Network
from freehold.services.nudm import Ambr

HERE = Path(__file__).parent


async def _registered(network):
    ue = network.ue()
    await ue.register()
    return ue


async def _with_session(network):
    ue = await _registered(network)
    return ue, await ue.pdu_session("internet")


async def ng_setup(network):
    network.gnb()
    await network.sleep(1)


async def registration(network):
    ue = network.ue()
    network.trace.clear()
    await ue.register()


async def registration_with_guti(network):
    ue = await _registered(network)
    await ue.go_idle()
    network.trace.clear()
    await ue.register()


async def session_establishment(network):
    ue = await _registered(network)
    network.trace.clear()
    await ue.pdu_session("internet")
    await network.sleep(1)


async def session_release(network):
    ue, session = await _with_session(network)
    network.trace.clear()
    await ue.release(session)
    await network.sleep(1)


async def an_release(network):
    ue, _ = await _with_session(network)
    network.trace.clear()
    await ue.go_idle()
    await network.sleep(1)


async def service_request(network):
    ue, session = await _with_session(network)
    await ue.go_idle()
    network.trace.clear()
    await session.ping()
    await network.sleep(1)


async def paging(network):
    ue, session = await _with_session(network)
    await ue.go_idle()
    network.trace.clear()
    assert network.core.smf.release(ue.supi, session.identity)  # the network has something for an idle terminal
    await network.sleep(1)


async def downlink_data(network):
    ue, session = await _with_session(network)
    await ue.go_idle()
    network.trace.clear()
    plane = network.upf_plane
    for sequence in range(3):  # held, told once, delivered in order
        plane.inject(plane.instance("internet"), echo_request(session.gateway, session.ip, sequence))
    await network.sleep(1)
    assert (session.traffic.uplink, session.traffic.downlink) == (3 * 84, 3 * 84)


async def subscription_change(network):
    """Other rates for a terminal with a session (TS 23.502 4.5.1, 4.5.2, 4.3.3.2)."""
    ue, _ = await _with_session(network)
    network.trace.clear()
    change(network, ue, uplink=5_000_000, downlink=20_000_000)
    await network.sleep(1)


def change(network, ue, *, uplink, downlink):
    """What an operator does to a subscription: every rate of it."""
    udr = network.core.udr
    subscriber = udr.subscriber(ue.supi)
    ambr = Ambr(uplink, downlink)
    dnns = tuple(replace(dnn, session_ambr=ambr) for dnn in subscriber.slices[0].dnns)
    slices = (replace(subscriber.slices[0], dnns=dnns),)
    udr.put(replace(subscriber, slices=slices, mobility=replace(subscriber.mobility, ue_ambr=ambr)))
    network.core.udm.changed(ue.supi)


def echo_request(source, destination, sequence):
    """An ICMP echo request of the data network (RFC 792)."""
    body = struct.pack("!HH", 1, sequence) + bytes(56)
    icmp = struct.pack("!BBH", 8, 0, checksum(b"\x08\0\0\0" + body)) + body
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    fields = (0x45, 0, 20 + len(icmp), 0, 0, 64, 1)
    header = struct.pack("!BBHHHBBH", *fields, 0) + ends
    return struct.pack("!BBHHHBBH", *fields, checksum(header)) + ends + icmp


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


async def deregistration(network):
    ue, _ = await _with_session(network)
    network.trace.clear()
    await ue.deregister()
    await network.sleep(1)


async def _between_two(network, interface):
    """A terminal with a session goes from the first gNB to a second one."""
    second = network.gnb()
    await network.sleep(1)
    ue, session = await _with_session(network)
    network.trace.clear()
    await ue.handover(second, interface)
    await network.sleep(2)
    assert ue.terminal.cell is second
    assert (await session.ping()).rtt_ms is not None


async def n2_handover(network):
    """Preparation and execution by way of the AMF (TS 23.502 4.9.1.3)."""
    await _between_two(network, "n2")


async def xn_handover(network):
    """From gNB to gNB, then the path switch (TS 38.300 9.2.3.2.1, TS 23.502 4.9.1.2.2)."""
    await _between_two(network, "xn")


FLOWS = (
    ng_setup,
    registration,
    registration_with_guti,
    session_establishment,
    session_release,
    an_release,
    service_request,
    paging,
    downlink_data,
    deregistration,
    subscription_change,
    n2_handover,
    xn_handover,
)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_when_a_flow_runs_then_its_ladder_is_the_golden_one(flow):
    async def run():
        async with Network(trace=True) as network:
            bugs = []
            network.world.listen(lambda event: bugs.append(event.text) if event.name == "bug" else None)
            network.trace.clear()
            await flow(network)
            return network.trace.ladder(), bugs

    ladder, bugs = asyncio.run(run())
    golden = HERE / f"{flow.__name__}.txt"
    if os.environ.get("FREEHOLD_ACCEPT"):
        golden.write_text(ladder, encoding="utf-8")
    assert bugs == []
    assert ladder == golden.read_text(encoding="utf-8")


def test_when_ladders_are_kept_then_each_belongs_to_a_flow():
    assert {path.stem for path in HERE.glob("*.txt")} == {flow.__name__ for flow in FLOWS}
