"""A whole network on virtual time: what a builder scripts."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

import freehold
from freehold.app.config import Configuration, DnnSection, parse
from freehold.app.network import Network
from freehold.spec.causes import MmCause, SmCause
from freehold.spec.errors import Bug, Unusable
from freehold.ue.errors import Refused, UsimInvalid


def test_when_a_terminal_registers_then_it_gets_an_address_and_its_pings_return(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        granted = await ue.register()
        session = await ue.pdu_session("internet")
        return granted, session, await session.ping(size=1000), session.traffic

    granted, session, ping, traffic = freehold_run(script())
    assert [str(tai) for tai in granted.tai_list] == ["001/01 tac 000001"]
    assert (session.ip, session.dns, session.mtu) == ("10.45.0.2", ("10.45.0.1",), 1400)
    assert ping.octets == 1000
    assert traffic == freehold.app.handles.Traffic(1028, 1028)


def test_when_a_hundred_terminals_register_at_once_then_each_has_its_own_address(freehold_network, freehold_run):
    async def script():
        ues = [freehold_network.ue() for _ in range(100)]
        for ue in ues:
            await ue.register()
        return [(await ue.pdu_session()).ip for ue in ues]

    assert len(set(freehold_run(script()))) == 100
    assert freehold_network.core.amf.counts()["sessions"] == 100
    assert freehold_network.upf_plane.sessions() == 100


def test_when_a_terminal_speaks_http_then_the_data_network_answers(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        await ue.register()
        session = await ue.pdu_session()
        socket = await session.tcp_connect(session.gateway, 80)
        await socket.send(b"GET /bytes/100000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return await socket.receive_all()

    head, _, body = freehold_run(script()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert len(body) == 100_000


def test_when_a_terminal_sends_udp_then_the_echo_comes_back(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        await ue.register()
        session = await ue.pdu_session()
        socket = session.udp()
        socket.send(b"are you there?", session.gateway, 7)
        return await socket.receive(), session.gateway

    (octets, host, port), gateway = freehold_run(script())
    assert (octets, host, port) == (b"are you there?", gateway, 7)


def test_when_nobody_listens_at_a_port_then_connecting_is_refused(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        await ue.register()
        session = await ue.pdu_session()
        await session.tcp_connect(session.gateway, 81)

    with pytest.raises(ConnectionError):
        freehold_run(script())


def test_when_a_terminal_was_idle_then_its_next_packet_brings_it_back(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        await ue.register()
        session = await ue.pdu_session()
        await ue.go_idle()
        before = (ue.idle, session.active)
        ping = await session.ping()
        return before, ping, (ue.idle, session.active)

    before, ping, after = freehold_run(script())
    assert before == (True, False)
    assert ping.rtt_ms is not None
    assert after == (False, True)


def test_when_a_session_is_released_then_its_address_is_free_again(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        await ue.register()
        session = await ue.pdu_session()
        await ue.release(session)
        await freehold_network.sleep(1)
        return freehold_network.upf_plane.sessions(), freehold_network.core.amf.counts()["sessions"]

    assert freehold_run(script()) == (0, 0)


@pytest.mark.parametrize("switch_off", [False, True])
def test_when_a_terminal_deregisters_then_nothing_of_it_remains(freehold_network, freehold_run, switch_off):
    async def script():
        ue = freehold_network.ue()
        await ue.register()
        await ue.pdu_session()
        await ue.deregister(switch_off=switch_off)
        await freehold_network.sleep(60)
        return ue.registered, freehold_network.core.amf.counts(), freehold_network.upf_plane.sessions()

    registered, counts, sessions = freehold_run(script())
    assert not registered
    assert (counts["ues"], counts["connections"], counts["sessions"], sessions) == (0, 0, 0, 0)


def test_when_a_terminal_registers_again_with_its_guti_then_no_authentication_is_needed(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        await ue.register()
        first = ue.guti
        await ue.go_idle()
        await ue.register()
        return first, ue.guti

    first, second = freehold_run(script())
    assert first != second
    assert freehold_network.world.counted()["AMF.AuthReq", ""] == 1


def test_when_the_card_has_another_key_then_authentication_fails(freehold_network, freehold_run):
    async def script():
        known = freehold_network.subscribe()
        stranger = freehold_network.subscribe()
        forged = freehold_network.ue(known.__class__(known.supi, stranger.authentication, known.mobility, known.slices))
        await forged.register()

    told = []
    freehold_network.world.listen(told.append)
    with pytest.raises(UsimInvalid, match="rejected the authentication"):
        freehold_run(script())
    assert freehold_network.core.amf.counts()["ues"] == 0
    assert [event.fix for event in told] == [
        "compare K and OPc of the subscriber with the SIM; after a repair switch the terminal off and on"
    ]


def test_when_a_subscriber_is_unknown_then_the_lab_cause_leaves_the_phone_alive(freehold_network, freehold_run):
    async def script():
        subscriber = freehold_network.subscribe()
        freehold_network.core.udr.delete(subscriber.supi)
        await freehold_network.ue(subscriber).register()

    with pytest.raises(Refused) as raised:
        freehold_run(script())
    assert raised.value.cause == MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA


def test_when_a_data_network_is_unknown_then_the_terminal_is_told(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        await ue.register()
        await ue.pdu_session("nowhere")

    with pytest.raises(Refused) as raised:
        freehold_run(script())
    assert raised.value.cause in {
        SmCause.MISSING_OR_UNKNOWN_DNN,
        MmCause.DNN_NOT_SUPPORTED_OR_NOT_SUBSCRIBED_IN_THE_SLICE,
    }


def test_when_two_networks_run_at_once_then_they_share_nothing(freehold_run):
    async def script():
        async with Network(seed=1) as one, Network(parse('[network]\nplmn = "999/70"'), seed=2) as two:
            ue, other = one.ue(), two.ue()
            await ue.register()
            await other.register()
            return one.core.amf.counts(), two.core.amf.counts(), str(ue.guti), str(other.guti)

    first, second, guti, other = freehold_run(script())
    assert first["ues"] == second["ues"] == 1
    assert "001/01" in guti
    assert "999/70" in other


def test_when_a_seed_is_given_again_then_everything_happens_again(freehold_run):
    async def script():
        async with Network(seed=7, trace=True) as network:
            ue = network.ue()
            await ue.register()
            return [(record.time, record.name, record.octets) for record in network.trace]

    assert freehold_run(script()) == freehold_run(script())


def test_when_an_hour_passes_then_the_periodic_update_keeps_the_terminal_registered(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        await ue.register(follow_on=False)
        await freehold_network.sleep(4 * 3600)
        return ue.registered, freehold_network.core.amf.counts()["ues"]

    assert freehold_run(script()) == (True, 1)


def test_when_terminals_register_in_several_ways_then_each_way_has_its_own_measurements(freehold_network, freehold_run):
    async def script():
        ue = freehold_network.ue()
        await ue.register(follow_on=False)
        await freehold_network.sleep(2 * 3600)
        refused = freehold_network.subscribe()
        freehold_network.core.udr.delete(refused.supi)
        with pytest.raises(Refused):
            await freehold_network.ue(refused).register()
        return {key: value for key, value in freehold_network.world.counted().items() if key[0].startswith("RM.Reg")}

    # TS 28.552 5.2.2: T3512 of 54 minutes expires twice in two hours
    assert freehold_run(script()) == {
        ("RM.RegInitReq", ""): 2,
        ("RM.RegInitSucc", ""): 1,
        ("RM.RegInitFail", "#15 no suitable cells in tracking area"): 1,
        ("RM.RegPeriodReq", ""): 2,
        ("RM.RegPeriodSucc", ""): 2,
        ("RM.RegTime", ""): 0,  # no time passes in a virtual network without delay
    }


def test_when_a_network_on_virtual_time_should_keep_things_then_it_is_unusable(tmp_path):
    async def script():
        async with Network(folder=tmp_path):
            pass

    with pytest.raises(Unusable, match="virtual time"):
        asyncio.run(script())


def test_when_a_network_was_not_started_then_its_world_is_missing():
    with pytest.raises(Bug, match="async with"):
        _ = Network(Configuration(dnn=(DnnSection(),))).world


def test_when_freehold_is_imported_then_the_app_is_not_loaded():
    code = "import sys, freehold, freehold.codecs; print([m for m in sys.modules if m.startswith('freehold.app')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_when_an_unknown_name_is_asked_of_freehold_then_attribute_error():
    with pytest.raises(AttributeError, match="no attribute"):
        _ = freehold.Nothing
