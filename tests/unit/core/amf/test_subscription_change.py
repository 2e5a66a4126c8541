"""A registered UE whose subscription changes (TS 23.502 4.5.1)."""

import pytest
from msgspec.structs import replace

from amfkit.harness import World
from amfkit.neighbours import SLICE, SLICE_SD
from freehold.codecs import nas, ngap
from freehold.services.errors import ServiceError
from freehold.services.npcf import AmPolicyAssociation
from freehold.services.nudm import Ambr

SLOWER = Ambr(5_000_000, 9_000_000)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gnb(world):
    return world.gnb()


@pytest.fixture
def ue(world, gnb):
    terminal = world.terminal(gnb)
    terminal.register(terminal.registration_request(requested_nssai=nas.nssai((SLICE, SLICE_SD))))
    terminal.establish()
    gnb.all()
    return terminal


def subscribe(world, ue, **changes):
    """Another subscription, and the UDM says so."""
    ue.subscription.data = replace(ue.subscription.data, **changes)
    supi = ue.subscription.supi
    world.home.told[supi](supi)
    world.run_for(0)


def rates(world, ue):
    world.pcf.answer = AmPolicyAssociation(SLOWER)
    subscribe(world, ue, ue_ambr=SLOWER)


def of(world, ue):
    return world.amf.function.contexts.supis[ue.subscription.supi]


def test_when_another_ue_ambr_is_subscribed_then_the_gnb_is_told(world, gnb, ue):
    rates(world, ue)

    request = gnb.next(ngap.UEContextModificationRequest)
    ambr = request.ue_aggregate_maximum_bit_rate
    assert (ambr.ue_aggregate_maximum_bit_rate_ul, ambr.ue_aggregate_maximum_bit_rate_dl) == (5_000_000, 9_000_000)
    gnb.send(ngap.UEContextModificationResponse(**ue.ids()))
    world.run_for(100)
    gnb.nothing()
    assert not world.events("ue-ambr-unchanged")


def test_when_the_gnb_refuses_another_ue_ambr_then_the_operator_hears_of_it(world, gnb, ue):
    rates(world, ue)
    gnb.next(ngap.UEContextModificationRequest)
    gnb.send(ngap.UEContextModificationFailure(**ue.ids(), cause=("misc", "om-intervention")))

    assert world.events("ue-ambr-unchanged")


def test_when_the_gnb_does_not_answer_then_the_operator_hears_of_it(world, gnb, ue):
    rates(world, ue)
    world.run_for(11)

    assert world.events("ue-ambr-unchanged")


def test_when_the_ue_is_idle_then_its_next_gnb_is_told(world, gnb, ue):
    ue.go_idle()
    gnb.all()
    rates(world, ue)
    gnb.nothing()

    assert of(world, ue).subscription.policy.ue_ambr == SLOWER


def test_when_a_slice_is_subscribed_no_more_then_it_is_not_allowed_any_more(world, gnb, ue):
    subscribe(world, ue, slices=(SLICE,))

    command = ue.expect(nas.ConfigurationUpdateCommand)
    assert [item.snssai for item in command.allowed_nssai] == [SLICE]
    assert [item.snssai for item in command.configured_nssai] == [SLICE]
    assert command.network_slicing_indication.subscription_changed
    assert command.configuration_update_indication.acknowledgement_requested
    assert not command.configuration_update_indication.registration_requested
    ue.tell(nas.ConfigurationUpdateComplete())
    world.run_for(100)
    gnb.nothing()
    assert of(world, ue).mobility.allowed == (SLICE,)


def test_when_a_slice_becomes_a_default_then_the_ue_registers_again(world, gnb, ue):
    # TS 24.501 5.4.4.4: the N1 signalling connection is released for it
    subscribe(world, ue, default_slices=(SLICE, SLICE_SD))
    command = ue.expect(nas.ConfigurationUpdateCommand)
    assert command.allowed_nssai is None
    assert command.configuration_update_indication.registration_requested
    ue.tell(nas.ConfigurationUpdateComplete())

    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    assert of(world, ue).connection is None


def test_when_no_slice_is_left_then_the_ue_is_to_ask_anew(world, gnb, ue):
    other = replace(SLICE, sst=7)
    subscribe(world, ue, slices=(other,), default_slices=(other,))

    request = ue.expect(nas.DeregistrationRequestToUe)
    assert request.deregistration_type.reregistration_required


def test_when_an_idle_ue_loses_a_slice_then_it_is_paged_for_it(world, gnb, ue):
    ue.go_idle()
    gnb.all()
    subscribe(world, ue, slices=(SLICE,))
    gnb.next(ngap.Paging)
    ue.service_request(kind=2)
    world.run_for(0)
    context = ue.downlink(ngap.InitialContextSetupRequest)
    assert type(ue.read(context.nas_pdu)) is nas.ServiceAccept
    ue.expect(nas.ConfigurationUpdateCommand)  # a new 5G-GUTI first
    ue.tell(nas.ConfigurationUpdateComplete())

    assert [item.snssai for item in ue.expect(nas.ConfigurationUpdateCommand).allowed_nssai] == [SLICE]


def test_when_an_idle_ue_does_not_come_then_it_hears_at_its_next_registration(world, gnb, ue):
    ue.go_idle()
    gnb.all()
    subscribe(world, ue, slices=(SLICE,))
    world.run_for(60)
    gnb.all()

    assert of(world, ue).mobility.allowed == (SLICE,)
    gnb.nothing()


def test_when_nothing_that_counts_changed_then_nobody_is_told(world, gnb, ue):
    subscribe(world, ue, gpsi="msisdn-4915112345678")

    gnb.nothing()
    assert of(world, ue).subscription.data.gpsi


def test_when_the_udm_fails_then_the_ue_stays_as_it_is(world, gnb, ue):
    world.home.fail["get_am_data"] = ServiceError(503, "SYSTEM_FAILURE")
    rates(world, ue)

    gnb.nothing()
    assert of(world, ue).state.value == "5GMM-REGISTERED"


def test_when_the_ue_is_gone_then_the_udm_tells_of_it_no_more(world, gnb, ue):
    world.amf.start_deregistration(ue.subscription.supi)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(nas.DeregistrationAcceptFromUe())
    ue.released()

    assert world.home.told == {}
