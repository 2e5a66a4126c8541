"""Golden ladders of the AMF's side: the text of a run, beside the figures of TS 23.502.

A change of a flow shows here first. To accept one, run with FREEHOLD_ACCEPT=1 and read the difference.
"""

import os
from pathlib import Path

import pytest

from amfkit.harness import World, from_smf
from freehold.app.tapped import tapped
from freehold.codecs import nas, ngap
from freehold.core.amf import Amf, AmfPeers
from freehold.procedure.ladder import render
from freehold.spec.timers import Timers

GOLDEN = Path(__file__).parent


class Seen(World):
    """A world whose services and messages are watched."""

    def __init__(self):
        super().__init__()
        self.records = []
        self.environment.tap.listen(self.records.append)
        seen = lambda service, target: tapped(service, self.environment, "AMF", target)
        peers = AmfPeers(
            ausf=seen(self.home, "AUSF"),
            udm=seen(self.home, "UDM"),
            pcf=seen(self.pcf, "PCF"),
            nssf=seen(self.nssf, "NSSF"),
            nrf=self.nrf,
        )
        self.nrf.smf = seen(self.smf, "SMF")
        self.amf = Amf(self.configuration, peers, self.environment, Timers())
        self.smf.amf = tapped(self.amf, self.environment, "SMF", "AMF")

    def from_here(self):
        self.records.clear()


def registration(world, gnb, ue):
    world.from_here()
    ue.register()


def registration_under_known_keys(world, gnb, ue):
    ue.register()
    ue.go_idle()
    world.from_here()
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    ue.accepted()
    ue.set_up()
    ue.tell(nas.RegistrationComplete())


def session_establishment(world, gnb, ue):
    ue.register()
    world.from_here()
    ue.establish()


def an_release_and_service_request(world, gnb, ue):
    ue.register()
    ue.establish()
    world.from_here()
    ue.go_idle()
    ue.service_request(uplink=[1], status=[1])
    ue.downlink(ngap.InitialContextSetupRequest)


def paging(world, gnb, ue):
    ue.register()
    ue.establish()
    ue.go_idle()
    world.from_here()
    from_smf(world, ue, n2_sm_info=world.smf.TRANSFER, n2_sm_info_type="PDU_RES_SETUP_REQ")
    gnb.next(ngap.Paging)
    ue.service_request(kind=2)
    ue.read(ue.downlink(ngap.InitialContextSetupRequest).nas_pdu)
    ue.expect(nas.ConfigurationUpdateCommand)
    ue.tell(nas.ConfigurationUpdateComplete())


def deregistration_by_the_network(world, gnb, ue):
    ue.register()
    ue.establish()
    world.from_here()
    world.amf.start_deregistration(ue.subscription.supi)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(nas.DeregistrationAcceptFromUe())
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()


def wrong_key(world, gnb, ue):
    world.from_here()
    ue.start()
    ue.challenge()
    ue.tell(nas.AuthenticationFailure(cause=20))
    ue.downlink()
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()


FLOWS = [
    registration,
    registration_under_known_keys,
    session_establishment,
    an_release_and_service_request,
    paging,
    deregistration_by_the_network,
    wrong_key,
]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_when_a_flow_runs_then_its_ladder_is_the_golden_one(flow):
    world = Seen()
    gnb = world.gnb()
    flow(world, gnb, world.terminal(gnb))
    ladder = render(world.records)
    golden = GOLDEN / f"{flow.__name__}.txt"
    if os.environ.get("FREEHOLD_ACCEPT"):
        golden.write_text(ladder, encoding="utf-8")
    assert ladder == golden.read_text(encoding="utf-8")
