"""Service request, paging, idle mode and configuration update of the terminal (TS 24.501 5.6.1, 5.6.2, 5.4.4)."""

import pytest

from freehold.codecs import nas
from freehold.spec.errors import TimerExpired
from freehold.spec.identities import Guti, Suci, Tai
from freehold.ue import MmState, NoConnection, Refused
from uekit import GUTI, SLICE, TAI, Network


@pytest.fixture
def network():
    network = Network()
    network.registered()
    network.session()
    network.release()
    return network


def opened(network):
    """The request, and what its container held."""
    request = nas.decode(network.security.unprotect(network.uplink.popleft()).plain).message
    return request, nas.decode(network.security.decipher_container(request.nas_message_container)).message


def test_when_the_connection_is_released_then_the_terminal_listens_to_paging(network):
    assert network.camped[-1] == GUTI.s_tmsi
    assert network.plane.calls[-1] == ("bind", 49, None)
    assert network.ue.sm.sessions[1].bearer is None


def test_when_the_terminal_is_paged_then_it_asks_for_mobile_terminated_service(network):  # TS 24.501 5.6.2.2
    network.ue.paged()

    request, whole = opened(network)
    assert request.service_type == nas.ServiceType.MOBILE_TERMINATED
    assert request.s_tmsi == GUTI.s_tmsi
    assert request.pdu_session_status is None
    assert whole.pdu_session_status == [1]
    assert network.setups[-1].cause == "mt-Access"


def test_when_uplink_data_waits_then_the_user_plane_of_its_session_is_asked_for(network):
    network.plane.pending[49]()

    request, whole = opened(network)
    assert request.service_type == nas.ServiceType.DATA
    assert whole.uplink_data_status == [1]
    assert network.setups[-1].cause == "mo-Data"


def test_when_uplink_data_waits_in_connected_mode_then_the_user_plane_is_asked_for_there():  # TS 24.501 5.6.1.1 e
    network = Network()
    network.registered()
    network.session()
    network.ue.bearers((), (1,))
    network.plane.pending[49]()

    request = network.take(nas.ServiceRequest)
    assert (request.service_type, request.uplink_data_status) == (nas.ServiceType.DATA, [1])
    assert request.nas_message_container is None
    assert len(network.setups) == 1


def test_when_the_service_is_accepted_then_the_session_gets_its_bearer_back(network):
    done = network.ue.service_request(nas.ServiceType.DATA, 1)
    network.uplink.clear()
    network.security.unprotect(b"")
    network.send(nas.ServiceAccept(pdu_session_status=[1], reactivation_result=[]))
    network.bearer(1, 71)

    assert done.result() is None
    assert network.ue.mm.state is MmState.REGISTERED
    assert network.plane.calls[-1] == ("bind", 49, 71)


def test_when_the_network_knows_no_session_any_more_then_the_terminal_drops_it(network):  # TS 24.501 5.6.1.4.1
    network.ue.service_request()
    network.send(nas.ServiceAccept(pdu_session_status=[]))

    assert network.ue.sm.sessions == {}


@pytest.mark.parametrize(("cause", "identity"), [(9, Suci), (10, Guti)])
def test_when_the_service_is_refused_for_an_unknown_context_then_the_terminal_registers_anew(network, cause, identity):
    done = network.ue.service_request()
    network.uplink.clear()
    network.send(nas.ServiceReject(cause), None)
    network.release()

    with pytest.raises(Refused) as refused:
        done.result()
    assert refused.value.cause == cause
    request = network.take(nas.RegistrationRequest)
    assert request.registration_type.value == nas.RegistrationKind.INITIAL
    assert isinstance(request.mobile_identity, identity)
    assert network.ue.sm.sessions == {}


def test_when_the_service_is_refused_for_congestion_then_the_terminal_stays_registered(network):
    done = network.ue.service_request()
    network.send(nas.ServiceReject(22), None)

    with pytest.raises(Refused):
        done.result()
    assert network.ue.mm.state is MmState.REGISTERED


def test_when_the_network_is_congested_then_only_paging_is_answered_until_t3346_is_over(network):  # TS 24.501 5.6.1.1
    network.ue.service_request()
    network.send(nas.ServiceReject(22, t3346=nas.GprsTimer.of(60)), None)
    network.release()
    network.uplink.clear()

    with pytest.raises(Refused):
        network.ue.service_request().result()
    assert not network.uplink
    network.ue.paged()
    assert network.uplink


def test_when_t3346_is_over_then_a_registered_terminal_does_not_register_anew(network):
    network.ue.service_request()
    network.send(nas.ServiceReject(22, t3346=nas.GprsTimer.of(60)), None)
    network.release()
    network.uplink.clear()
    network.world.run(100)

    assert not network.uplink


def test_when_no_answer_comes_then_t3517_ends_the_request(network):  # TS 24.501 5.6.1.7 c
    done = network.ue.service_request()
    network.world.run(15.1)

    with pytest.raises(TimerExpired):
        done.result()
    assert network.ue.mm.state is MmState.REGISTERED
    assert network.ue.link.connection is None


def test_when_the_connection_is_lost_then_the_request_ends(network):
    done = network.ue.service_request()
    network.release()

    with pytest.raises(NoConnection):
        done.result()
    assert network.ue.mm.state is MmState.REGISTERED


def test_when_the_terminal_is_not_registered_then_no_service_is_asked_for():
    network = Network()
    network.ue.switch_on()
    network.ue.paged()

    with pytest.raises(NoConnection):
        network.ue.service_request().result()
    assert not network.setups


def test_when_the_user_is_inactive_then_the_cell_is_told():
    network = Network()
    network.registered()
    network.ue.go_idle()

    assert network.release_requests == ["user-inactivity"]


# --- configuration update --------------------------------------------------------------------------
def test_when_the_configuration_changes_then_it_is_kept_and_acknowledged():  # TS 24.501 5.4.4.3
    network = Network()
    network.registered()
    guti = Guti(GUTI.guami, 0x77)
    other = Tai(TAI.plmn, 9)
    network.send(
        nas.ConfigurationUpdateCommand(
            configuration_update_indication=nas.ConfigurationUpdateIndication(acknowledgement_requested=True),
            guti=guti,
            tai_list=nas.tai_list([TAI, other]),
            allowed_nssai=nas.nssai([SLICE]),
            configured_nssai=nas.nssai([SLICE]),
            rejected_nssai=[nas.RejectedSNssai(0, SLICE)],
            full_name=nas.NetworkName.of("Freehold"),
        )
    )

    network.take(nas.ConfigurationUpdateComplete)
    assert network.ue.usim.guti == guti
    assert network.ue.mm.granted.tai_list == (TAI, other)
    assert network.ue.mm.granted.configured_nssai == (SLICE,)
    assert network.ue.mm.granted.rejected_nssai == (SLICE,)
    assert network.ue.mm.granted.network_name == "Freehold"


def test_when_the_same_change_comes_again_then_it_is_acknowledged_again():  # TS 24.501 5.4.4.6: T3555
    network = Network()
    network.registered()
    asked = nas.ConfigurationUpdateIndication(acknowledgement_requested=True)
    for _ in range(2):
        network.send(nas.ConfigurationUpdateCommand(configuration_update_indication=asked, guti=GUTI))
        network.take(nas.ConfigurationUpdateComplete)


def test_when_no_acknowledgement_is_asked_for_then_none_is_sent():
    network = Network()
    network.registered()
    network.send(nas.ConfigurationUpdateCommand(guti=Guti(GUTI.guami, 1)))

    assert not network.uplink


def test_when_a_registration_is_asked_for_then_it_follows_the_release():
    network = Network()
    network.registered()
    network.send(
        nas.ConfigurationUpdateCommand(
            configuration_update_indication=nas.ConfigurationUpdateIndication(registration_requested=True)
        )
    )
    assert not network.uplink
    network.release()

    _, whole = opened(network)
    assert whole.registration_type.value == nas.RegistrationKind.MOBILITY_UPDATING
