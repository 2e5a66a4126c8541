"""SUCIs written as names (TS 23.003 28.7.3)."""

import pytest

from amfkit.harness import World
from freehold.codecs import nas
from freehold.core.amf.names import suci_of
from freehold.spec.identities import Guti, PlmnId, Suci

PLAIN = b"type1.rid678.schid0.useriduser17@example.com"
CONCEALED = b"type1.rid0.schid1.hnkey27.ecckey0011.cip2233.mac4455@example.com"


def named(text):
    return nas.NetworkSpecificSuci(1, text)


def test_when_the_name_is_in_clear_then_its_user_is_the_output():
    assert suci_of(named(PLAIN)) == Suci(None, "678", 0, 0, b"user17", "nai", "example.com")


def test_when_the_user_has_dots_then_they_stay():
    assert suci_of(named(b"type1.rid1.schid0.userida.b.c@example.com")).output == b"a.b.c"


def test_when_the_name_is_concealed_then_key_text_and_tag_are_joined():
    expected = Suci(None, "0", 1, 27, bytes.fromhex("001122334455"), "nai", "example.com")
    assert suci_of(named(CONCEALED)) == expected


def test_when_the_suci_is_one_already_then_it_stays():
    suci = Suci(PlmnId("001", "01"), "0000", 0, 0, b"\x21")
    assert suci_of(suci) is suci


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"@",
        b"user@example.com",
        PLAIN.replace(b"@example.com", b""),
        PLAIN.replace(b"rid678", b"ridabc"),
        PLAIN.replace(b"rid678", b"rid67890"),
        CONCEALED.replace(b"hnkey27", b"hnkey256"),
        CONCEALED.replace(b"hnkey27", b"hnkey-1"),
        CONCEALED.replace(b"ecckey0011", b"ecckey001"),
        CONCEALED.replace(b".mac4455", b""),
        CONCEALED.replace(b"cip2233", b"cipxy"),
        b"\xff\xfe",
    ],
)
def test_when_the_name_is_none_of_the_clause_then_it_names_nobody(text):
    assert suci_of(named(text)) is None


def test_when_it_is_another_identity_then_there_is_no_suci():
    assert suci_of(nas.NoIdentity(bytes(3))) is None
    assert suci_of(Guti) is None


def test_when_a_named_suci_registers_then_the_home_network_is_asked_for_it():
    world = World()
    ue = world.terminal(world.gnb())
    ue.begin(nas.encode(ue.registration_request(identity=named(PLAIN))))
    assert world.home.last("authenticate")[0].identity.realm == "example.com"


def test_when_the_identity_response_names_nobody_then_9():
    world = World()
    ue = world.terminal(world.gnb())
    ue.begin(nas.encode(ue.registration_request(identity=named(b"user@example.com"))))
    ue.expect(nas.IdentityRequest)
    ue.tell(nas.IdentityResponse(mobile_identity=named(b"user@example.com")))
    assert ue.expect(nas.RegistrationReject).cause == 9
