"""Neighbours that answer later: what happens to a UE meanwhile (TS 24.501 abnormal cases, TS 23.502)."""

import pytest

from amfkit.harness import World, from_smf
from freehold.codecs import nas, ngap
from freehold.procedure import Signal
from freehold.services.errors import ServiceError


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gnb(world):
    return world.gnb()


@pytest.fixture
def ue(world, gnb):
    return world.terminal(gnb)


def held(function, operation):
    function.hold[operation] = Signal()
    return function.hold[operation]


def answer(function, operation):
    function.hold.pop(operation).set(None)


def request(ue):
    return nas.DeregistrationRequestFromUe(
        deregistration_type=nas.DeregistrationType(),
        ng_ksi=nas.KeySetIdentifier(mapped=False, value=0),
        mobile_identity=ue.guti,
    )


@pytest.mark.parametrize("operation", ["authenticate", "confirm", "register_amf", "get_am_data"])
def test_when_a_neighbour_is_slow_then_the_registration_goes_on_where_it_was(world, gnb, ue, operation):
    held(world.home, operation)
    ue.start()
    if operation != "authenticate":
        ue.authenticate()
    if operation in {"register_amf", "get_am_data"}:
        ue.command()
        ue.complete()
    gnb.nothing()
    answer(world.home, operation)
    if operation == "authenticate":
        ue.authenticate()
    if operation in {"authenticate", "confirm"}:
        ue.command()
        ue.complete()
    assert ue.accepted().guti is not None


@pytest.mark.parametrize("operation", ["authenticate", "confirm", "register_amf", "get_am_data"])
def test_when_the_gnb_is_lost_while_a_neighbour_is_slow_then_nothing_stays(world, gnb, ue, operation):
    held(world.home, operation)
    ue.start()
    if operation != "authenticate":
        ue.authenticate()
    if operation in {"register_amf", "get_am_data"}:
        ue.command()
        ue.complete()
    gnb.lose()
    answer(world.home, operation)
    assert world.baseline() == {"ues": 0, "connections": 0, "gnbs": 0, "sessions": 0}
    assert world.home.registered == {}


def test_when_a_registered_ue_is_lost_mid_update_then_it_stays_registered(world, gnb, ue):
    ue.register()
    ue.establish()
    ue.go_idle()
    held(world.nssf, "select")
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    gnb.lose()
    answer(world.nssf, "select")
    (view,) = world.amf.ues()
    assert (view.mm_state, view.cm_state, len(view.sessions)) == ("5GMM-REGISTERED", "CM-IDLE", 1)
    ue.gnb = world.gnb()
    ue.service_request(uplink=[1])
    ue.downlink(ngap.InitialContextSetupRequest)


def test_when_the_radio_is_lost_mid_registration_then_the_release_ends_it(world, gnb, ue):
    held(world.home, "authenticate")
    ue.start()
    ue.amf_id = next(iter(world.amf.function.contexts.connections))
    gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=("radioNetwork", "radio-connection-with-ue-lost")), 1)
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    answer(world.home, "authenticate")
    gnb.nothing()
    assert world.baseline()["connections"] == 0


def test_when_the_ue_leaves_while_its_smf_is_slow_then_the_smf_forgets_too(world, gnb, ue):
    ue.register()
    held(world.smf, "create_sm_context")
    ue.ask_session()
    ue.tell(request(ue))
    ue.expect(nas.DeregistrationAcceptToUe)
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    assert world.baseline()["ues"] == 0
    world.smf.silent = True
    answer(world.smf, "create_sm_context")
    assert world.smf.contexts == {}


def test_when_the_gnb_is_lost_while_the_smf_is_slow_then_the_session_is_kept_and_the_ue_paged(world, gnb, ue):
    other = world.gnb()
    ue.register()
    held(world.smf, "create_sm_context")
    ue.ask_session()
    gnb.lose()
    answer(world.smf, "create_sm_context")
    assert world.baseline()["sessions"] == 1
    other.next(ngap.Paging)
    ue.gnb = other
    ue.service_request(kind=2)
    ue.downlink(ngap.InitialContextSetupRequest)
    ue.set_up()
    while type(message := other.next_any()) is not ngap.PDUSessionResourceSetupRequest:
        pass
    (item,) = message.pdu_session_resource_setup_list_su_req
    assert item.pdu_session_id == 1


# TS 24.501 5.6.1.8 c
@pytest.mark.parametrize(("again", "asked"), [([1], 1), ([1, 2], 2)])
def test_when_service_is_asked_for_twice_then_the_same_changes_nothing_and_another_starts_over(
    world, gnb, ue, again, asked
):
    ue.register()
    ue.establish()
    before = world.smf.calls["update_sm_context"]
    held(world.smf, "update_sm_context")
    ue.ask_service(uplink=[1])
    ue.ask_service(uplink=again)
    gnb.nothing()
    assert world.smf.calls["update_sm_context"] - before == asked
    answer(world.smf, "update_sm_context")
    ue.expect(nas.ServiceAccept)
    gnb.next(ngap.PDUSessionResourceSetupRequest)
    gnb.nothing()


def test_when_the_ue_comes_back_while_the_smf_is_slow_then_it_is_served_on_its_new_connection(world, gnb, ue):
    ue.register()
    ue.establish()
    ue.go_idle()
    held(world.smf, "update_sm_context")
    ue.service_request(uplink=[1])
    gnb.nothing()
    ue.service_request(uplink=[1])
    gnb.next(ngap.UEContextReleaseCommand)
    answer(world.smf, "update_sm_context")
    context = ue.downlink(ngap.InitialContextSetupRequest)
    assert type(ue.read(context.nas_pdu)) is nas.ServiceAccept
    assert world.baseline()["sessions"] == 1


def test_when_two_sessions_are_asked_for_then_a_slow_one_does_not_hold_the_other(world, gnb, ue):
    ue.register()
    held(world.smf, "create_sm_context")
    ue.ask_session(1)
    slow = world.smf.hold.pop("create_sm_context")
    ue.ask_session(2, "ims")
    request_ = gnb.next(ngap.PDUSessionResourceSetupRequest)
    assert request_.pdu_session_resource_setup_list_su_req[0].pdu_session_id == 2
    slow.set(None)
    assert gnb.next(ngap.PDUSessionResourceSetupRequest).pdu_session_resource_setup_list_su_req[0].pdu_session_id == 1


def test_when_the_same_session_is_asked_for_twice_then_the_second_waits_and_replaces_the_first(world, gnb, ue):
    ue.register()
    held(world.smf, "create_sm_context")
    ue.ask_session(1)
    ue.ask_session(1)
    assert world.smf.calls["create_sm_context"] == 1
    answer(world.smf, "create_sm_context")
    assert world.smf.calls["create_sm_context"] == 2
    assert len(world.smf.contexts) == 1
    assert world.baseline()["sessions"] == 1


def test_when_data_comes_while_the_connection_is_released_then_the_ue_is_paged_after(world, gnb, ue):
    ue.register()
    ue.establish()
    gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=("radioNetwork", "user-inactivity")), 1)
    gnb.next(ngap.UEContextReleaseCommand)
    from_smf(world, ue, n2_sm_info=world.smf.TRANSFER, n2_sm_info_type="PDU_RES_SETUP_REQ")
    gnb.nothing()
    ue.released()
    gnb.next(ngap.Paging)


def test_when_the_smf_is_broken_while_idle_then_an_an_release_ends_all_the_same(world, ue):
    ue.register()
    ue.establish()
    world.smf.fail["update_sm_context"] = ServiceError(500, "SYSTEM_FAILURE")
    ue.go_idle()
    (view,) = world.amf.ues()
    assert view.cm_state == "CM-IDLE"
