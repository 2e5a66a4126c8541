"""K inside a token: the repository keeps rows without it, and the UDM asks for vectors there."""

import msgspec
import pytest

from freehold.core.udm import Sidf, Udm
from freehold.core.udr import Udr
from freehold.core.udr.rows import subscriber_of as of_row
from freehold.crypto import aka, milenage
from freehold.procedure import Signal
from freehold.services.errors import ServiceError
from freehold.services.nausf import ResynchronizationInfo
from freehold.spec.errors import Unusable
from freehold.spec.keys import Key
from freehold.store import MemoryStore

from .home import NAME, Home, World, subscriber_of, supi_of


def done(value=None, error=None):
    signal = Signal()
    signal.fail(error) if error else signal.set(value)
    return signal


class Token:
    """A token in memory that can be taken away."""

    def __init__(self):
        self.keys, self.asked, self.gone = {}, [], False

    def _answer(self, make):
        return done(error=Unusable("token 'own': it is gone")) if self.gone else done(make())

    def keep(self, keys):
        return self._answer(lambda: self.keys.update(keys))

    def forget(self, supis):
        return self._answer(lambda: [self.keys.pop(supi, None) for supi in supis])

    def vector(self, supi, opc, rand, sqn, amf, serving_network_name):
        self.asked.append(supi)
        k = self.keys.get(supi, Key(16))
        return self._answer(lambda: aka.generate_vector(k, opc, rand, sqn, amf, serving_network_name))

    def sqn_ms(self, supi, opc, rand, auts):
        return self._answer(lambda: aka.verify_auts(self.keys[supi], opc, rand, auts))


class Network:
    def __init__(self):
        self.store, self.token, self.world = MemoryStore(), Token(), World()
        self.udr = Udr(self.store, self.token)
        self.udm = Udm(self.udr, Sidf(), self.token)

    def rows(self):
        return [of_row(row) for _, row in self.store.load("subscriber")]

    def vector(self, number, resynchronization=None):
        return self.world.run(self.udm.generate_auth_data(supi_of(number), NAME, resynchronization))


@pytest.fixture
def network():
    return Network()


def test_when_a_subscription_is_put_then_the_token_has_k_and_the_row_has_none(network):
    given = subscriber_of(7)
    network.udr.put_all([given, subscriber_of(8)]).result()
    assert network.token.keys[given.supi] == given.authentication.k
    assert [len(each.authentication.k) for each in network.rows()] == [0, 0]
    assert network.udr.subscriber(given.supi).authentication.elsewhere
    assert network.rows()[0].authentication.opc == given.authentication.opc
    found = network.vector(7)
    assert network.token.asked == [given.supi]
    assert aka.answer_challenge(given.authentication.k, given.authentication.opc, found.rand, found.autn, NAME)


def test_when_rows_have_k_from_before_then_it_is_handed_over_once(network):
    Udr(network.store).put_all([subscriber_of(number) for number in (1, 2)]).result()
    again = Udr(network.store, network.token)
    again.hand_over().result()
    again.hand_over().result()
    assert len(network.token.keys) == 2
    assert all(each.authentication.elsewhere for each in network.rows())


def test_when_the_token_does_not_take_k_then_everything_is_as_before(network):
    network.token.gone = True
    with pytest.raises(Unusable, match="gone"):
        network.udr.put(subscriber_of(7)).result()
    assert (network.rows(), network.udr.subscriber(supi_of(7))) == ([], None)


def test_when_a_subscription_goes_then_so_does_its_key_and_other_changes_leave_it(network):
    network.udr.put(subscriber_of(7)).result()
    known = network.udr.subscriber(supi_of(7))
    network.udr.put(msgspec.structs.replace(known, name="pump")).result()
    assert network.token.keys == {known.supi: subscriber_of(7).authentication.k}
    assert network.udr.delete(known.supi).result() is True
    assert network.token.keys == {}
    assert network.udr.delete(known.supi).result() is False


def test_when_a_usim_is_ahead_then_its_auts_is_judged_inside(network):
    network.udr.put(subscriber_of(7)).result()
    secrets = subscriber_of(7).authentication
    challenge = network.vector(7)
    auts = aka.make_auts(secrets.k, secrets.opc, challenge.rand, 9000 << 5)
    network.vector(7, ResynchronizationInfo(challenge.rand, auts))
    assert network.udr.subscriber(supi_of(7)).authentication.sqn_offset > 0
    assert network.udr.subscriber(supi_of(7)).authentication.elsewhere
    challenge = network.vector(7)
    with pytest.raises(ServiceError, match="MAC-S is wrong"):
        network.vector(7, ResynchronizationInfo(challenge.rand, bytes(14)))


def test_when_nobody_is_asked_for_then_the_token_works_as_long_as_for_somebody(network):
    with pytest.raises(ServiceError, match="no such subscription"):
        network.vector(9)
    assert network.token.asked == [None]
    network.token.gone = True
    with pytest.raises(ServiceError, match="no such subscription"):
        network.vector(9)


def test_when_the_token_is_gone_then_a_vector_is_a_problem_of_ours(network):
    network.udr.put(subscriber_of(7)).result()
    network.token.gone = True
    with pytest.raises(ServiceError, match="it is gone") as told:
        network.vector(7)
    assert told.value.status == 500


def test_when_k_is_inside_a_token_and_none_is_configured_then_it_is_said(network):
    network.udr.put(subscriber_of(7)).result()
    home = Home()
    home.udr.put(network.udr.subscriber(supi_of(7))).result()
    with pytest.raises(ServiceError, match=r"set \[keys\] mode"):
        home.world.run(home.udm.generate_auth_data(supi_of(7), NAME, None))


def test_when_functions_are_computed_elsewhere_then_the_vector_is_the_same():
    k, opc, rand, amf = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)), b"\x80\x00"
    sqn = 0x123456789ABC
    res, ck, ik, ak = milenage.f2345(k, opc, rand)
    mac_s, ak_star = milenage.f1_star(k, opc, rand, sqn, bytes(2)), milenage.f5_star(k, opc, rand)
    out = aka.Milenage(milenage.f1(k, opc, rand, sqn, amf), mac_s, res, ck, ik, ak, ak_star)
    assert aka.vector_of(out, rand, sqn, amf, NAME) == aka.generate_vector(k, opc, rand, sqn, amf, NAME)
    auts = aka.make_auts(k, opc, rand, sqn)
    assert aka.concealed_sqn(auts, out.ak_star) == sqn
    assert aka.same_mac(auts, out.mac_s)
    assert not aka.same_mac(auts[:-1] + bytes([auts[-1] ^ 1]), out.mac_s)
