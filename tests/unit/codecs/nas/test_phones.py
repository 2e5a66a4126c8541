"""What phones send is read whole and comes back octet for octet."""

import pytest

from freehold.codecs import nas
from freehold.codecs.nas import decode, encode
from freehold.spec.identities import Guti, Pei, Suci
from naskit.phones import phones

PHONES = phones()


def read(name):
    return decode(PHONES[name]).message


@pytest.mark.parametrize("name", PHONES)
def test_when_a_phone_sends_a_message_then_it_has_no_fault_and_comes_back_the_same(name):
    decoded = decode(PHONES[name])

    assert decoded.faults == ()
    assert decoded.message.unknown_ies == ()
    assert encode(decoded.message) == PHONES[name]


@pytest.mark.parametrize("name", PHONES)
def test_when_a_phones_message_is_cut_anywhere_then_it_is_read_in_part_or_refused(name):
    octets = PHONES[name]
    for length in range(len(octets)):
        decoded = decode(octets[:length])
        assert decoded.message is not None or decoded.faults, length


def test_when_a_phone_has_no_context_then_only_clear_elements_come():  # TS 24.501 4.4.6
    request = read("registration-suci-profile-a")

    assert isinstance(request.mobile_identity, Suci)
    assert (request.mobile_identity.scheme, request.mobile_identity.routing_indicator) == (1, "0")
    assert request.ue_security_capability.octets.hex() == "f070f070"
    assert request.requested_nssai is None


def test_when_a_phone_comes_from_eps_then_its_mapped_identity_and_container_are_read():  # TS 24.501 5.5.1.2.2
    request = read("registration-guti-mapped-from-eps")

    assert isinstance(request.mobile_identity, Guti)
    assert request.ue_status == nas.UeStatus(s1_mode_registered=True)
    assert request.eps_nas_message_container
    assert read("registration-mapped-with-additional-guti").additional_guti.guami.region == 2


def test_when_a_phone_completes_security_then_its_request_is_within():
    complete = read("security-mode-complete")

    assert complete.imeisv == Pei("imeisv-3534900698733190")
    assert decode(complete.nas_message_container).message == read("registration-complete-request")


def test_when_a_phone_asks_for_ims_then_every_container_is_seen():
    transport = read("transport-ims")
    request = decode(transport.payload_container).message

    assert (transport.dnn, transport.request_type) == ("ims", nas.RequestType.INITIAL_REQUEST)
    assert request == read("session-ims")
    assert request.always_on_requested
    asked = {option.identifier for option in request.extended_pco.options}
    assert asked >= {0x0001, 0x0003, 0x000C, 0x000D, 0x0010}


def test_when_a_phone_asks_in_ipcp_then_its_configure_request_is_kept():
    request = read("session-internet")

    assert request.pdu_session_type == nas.PduSessionType.IPV4V6
    assert request.extended_pco.contents(nas.ConfigurationContainer.IPCP).hex() == (
        "01000010" + "810600000000" + "830600000000"
    )
    assert request.maximum_packet_filters.value == 1024
