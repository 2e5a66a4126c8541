"""A gNB on the native engines: what NGAP sets up carries packets (TS 38.413 8.2.1, TS 29.281)."""

from __future__ import annotations

import pytest

from freehold.codecs import ngap
from freehold.net.userplane import PlaneSettings, UserPlane
from freehold.procedure import Tap
from freehold.ran.cu_cp.gnb import Gnb
from freehold.services.access import Tunnel
from freehold.services.userplane import Rule, SessionRules
from freehold.stack.ngap_values import tunnel_of
from rankit import CONFIGURATION, Scene, release_command, session_setup, setup_transfer

FORWARD = Rule(action="forward", qfi=1)
TERMINAL, GATEWAY = "10.45.0.2", "10.45.0.1"


class Network(Scene):
    """A scene whose bearers are real, with a UPF and a data network behind N3."""

    def __init__(self):
        super().__init__()
        self.engines = UserPlane(Tap())
        self.upf = self.engines.add_upf(PlaneSettings("192.0.2.1"), b"0123456789abcdef")
        self.instance = self.upf.add_instance("internet", [("10.45.0.0", 16)])
        self.upf.attach_network(self.instance, GATEWAY)
        self.access = self.engines.add_access("192.0.2.10", 7)
        self.gnb = Gnb(CONFIGURATION, self.environment, self.access)
        self.link = self.gnb.add_amf("amf.example", self.amf.connect)
        self.now = 1.0

    def poll(self, times=1):
        for _ in range(times):
            self.now += 0.001
            self.engines.poll(self.now)

    def session(self):
        """A terminal whose session 5 stands at the gNB, the UPF and its own stack."""
        self.terminal_, self.ran_id = self.established(7)
        teid = self.upf.open()
        self.amf.say(session_setup(7, self.ran_id, (5, setup_transfer(peer=Tunnel("192.0.2.1", teid)))))
        (item,) = self.amf.expect(ngap.PDUSessionResourceSetupResponse).pdu_session_resource_setup_list_su_res
        flows = item.pdu_session_resource_setup_response_transfer.dl_qos_flow_per_tnl_information
        peer = tunnel_of(flows.up_transport_layer_information)
        rules = SessionRules(self.instance, ipv4=TERMINAL, uplink=(FORWARD,), downlink=(FORWARD,), peer=peer)
        self.upf.install(teid, rules)
        self.access.attach(1, TERMINAL, 1400)
        self.access.bind(1, self.terminal_.added[-1].handle)
        return teid

    def ping(self):
        results = []
        self.access.ping(1, GATEWAY, 56, results.append)
        self.poll()
        return results


@pytest.fixture
def network():
    return Network()


def test_when_a_session_is_set_up_then_the_terminal_pings_through_gnb_and_upf(network):
    network.session()
    (result,) = network.ping()
    assert result.octets == 56


def test_when_a_session_carries_data_then_the_terminal_is_not_inactive(network):
    network.session()
    for _ in range(3):
        network.environment.run_for(15)
        network.ping()
    network.amf.silent()
    network.environment.run_for(60)
    network.amf.expect(ngap.UEContextReleaseRequest)


def test_when_the_context_is_released_then_uplink_waits_and_asks_for_a_service_request(network):
    network.session()
    pending = []
    network.access.on_uplink_pending(1, lambda: pending.append("service request"))
    network.amf.say(release_command(7, network.ran_id))
    assert network.ping() == []
    assert pending == ["service request"]


def test_when_the_upf_forgets_the_session_then_the_amf_is_notified(network):
    teid = network.session()
    network.upf.close(teid)
    network.access.ping(1, GATEWAY, 56, lambda _: None)
    network.poll(3)
    network.amf.expect(ngap.PDUSessionResourceNotify)
    assert network.terminal_.removed == [5]


def test_when_a_terminal_downloads_then_every_octet_comes(network):
    network.session()
    fabric, number = network.access.fabric, network.access.number
    socket = fabric.tcp_connect(number, 1, GATEWAY, 80)
    network.poll(5)
    fabric.send(number, socket, b"GET /bytes/1000000 HTTP/1.0\r\n\r\n")
    received = b""
    while not received.endswith(b"f") or len(received) < 1_000_000:
        network.poll()
        received += fabric.receive(number, socket, 1 << 20) or b""
        assert network.now < 5
    assert len(received.partition(b"\r\n\r\n")[2]) == 1_000_000
    uplink, downlink = network.access.octets(1)
    assert downlink > 1_000_000 > uplink
