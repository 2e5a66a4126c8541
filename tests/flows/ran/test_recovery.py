"""How terminals come back: inactivity, loss of N2, reset, a forgotten tunnel (TS 23.502 4.2.3, 4.2.6)."""

from __future__ import annotations

import pytest

from freehold.ran.cu_cp.nas_transport import uplink

GATEWAY = "10.45.0.1"
AN_RELEASE = ["UEContextReleaseRequest", "UEContextReleaseCommand", "UEContextReleaseComplete"]
SERVICE_REQUEST = [
    "InitialUEMessage",
    "ServiceRequest",
    "ServiceAccept",
    "InitialContextSetupRequest",
    "InitialContextSetupResponse",
]


class Scene:
    def __init__(self, network, run):
        self.network, self.run = network, run
        self.gnb = network.radio.gnbs[0]
        self.link = self.gnb.links[0]
        self.names = []
        network.tap.listen(lambda record: self.names.append(record.name) if record.interface in {"N1", "N2"} else None)
        self.ue = network.ue()
        run(self.ue.register())
        self.session = run(self.ue.pdu_session("internet"))
        assert self.ping()
        self.seen()

    def ping(self):
        return self.run(self.session.ping()).rtt_ms is not None

    def wait(self, seconds):
        self.run(self.network.world.sleep(seconds))

    def seen(self):
        names, self.names[:] = list(self.names), []
        return names


@pytest.fixture
def scene(freehold_network, freehold_run):
    return Scene(freehold_network, freehold_run)


def test_when_a_terminal_is_quiet_then_it_goes_idle_and_its_next_packet_brings_it_back(scene):
    scene.wait(30)
    assert scene.seen() == AN_RELEASE
    assert (scene.ue.idle, scene.session.active, scene.gnb.contexts.ues) == (True, False, {})
    assert scene.ping()
    assert scene.seen() == SERVICE_REQUEST
    assert (scene.ue.idle, scene.session.active) == (False, True)


def test_when_a_terminal_keeps_sending_then_it_stays_connected(scene):
    for _ in range(8):
        scene.wait(15)
        assert scene.ping()
    assert scene.seen() == []


def test_when_n2_breaks_then_gnb_and_terminal_come_back(scene):
    scene.link.association.fail("cable cut")
    assert (scene.ue.idle, scene.session.active) == (True, False)
    assert scene.gnb.system_information.barred
    scene.wait(2)
    assert scene.seen() == ["NGSetupRequest", "NGSetupResponse"]
    assert scene.ping()
    assert scene.seen() == SERVICE_REQUEST


def test_when_the_gnb_resets_then_both_sides_forget_and_the_terminal_comes_back(scene):
    scene.gnb.reset(scene.link)
    scene.wait(0.1)
    assert scene.seen() == ["NGReset", "NGResetAcknowledge"]
    assert scene.ue.idle
    assert scene.ping()
    assert scene.seen() == SERVICE_REQUEST


def test_when_a_connection_outlives_an_idle_period_then_it_goes_on(scene):
    async def exchange():
        socket = await scene.session.tcp_connect(GATEWAY, 7)
        await socket.send(b"before")
        before = await socket.receive(100)
        await scene.network.world.sleep(40)
        idle = scene.ue.idle
        await socket.send(b"after")
        return before, idle, await socket.receive(100)

    assert scene.run(exchange()) == (b"before", True, b"after")


def test_when_the_core_forgets_a_terminal_then_its_errors_release_it_and_nobody_else(scene, freehold_network):
    other = freehold_network.ue()
    scene.run(other.register())
    session = scene.run(other.pdu_session("internet"))
    (first, second) = scene.gnb.contexts.ues.values()
    first.amf_ue_ngap_id = 999_999
    scene.seen()
    uplink(first, b"\x7e\x00\x43\x03\x0e")
    scene.wait(1)
    assert scene.seen() == ["UplinkNASTransport", "ErrorIndication"]
    assert list(scene.gnb.contexts.ues.values()) == [second]
    assert scene.run(session.ping()).rtt_ms is not None


def test_when_the_session_goes_then_whoever_waits_on_its_sockets_is_told(scene):
    async def wait_for_ever():
        tcp = await scene.session.tcp_connect(GATEWAY, 7)
        udp = scene.session.udp()
        await scene.ue.deregister()
        told = []
        for receiving in (tcp.receive(), udp.receive(), tcp.send(b"x")):
            try:
                await receiving
            except ConnectionError as error:
                told.append(str(error))
        tcp.close()
        udp.close()
        return told

    assert scene.run(wait_for_ever()) == ["the session of this socket is gone"] * 2 + ["the connection was reset"]
