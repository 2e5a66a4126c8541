import pytest

from freehold.net.local import TURN, Batch, LocalNetwork, associate
from freehold.services.n2 import NGAP_PPID
from freehold.sim.clock import VirtualEnvironment
from freehold.sim.links import Impairment, Ordered, Unordered
from freehold.spec.errors import Unusable


class End:
    """An association's user that writes down what happens."""

    def __init__(self, association=None):
        self.association = association
        self.log = []

    def accept(self, association):
        self.association = association
        self.log.append("up")
        return self

    def received(self, octets, stream, ppid):
        self.log.append((octets, stream, ppid))

    def lost(self, reason):
        self.log.append(f"lost: {reason}")


@pytest.fixture
def environment():
    return VirtualEnvironment()


def join(environment, deliver=None):
    client, server = End(), End()
    associate(client.accept, server.accept, deliver or Batch(environment.call_soon), names=("gnb", "amf"))
    environment.settle()
    return client, server


def test_when_associated_then_both_users_are_asked_for_from_the_loop(environment):
    client, server = End(), End()
    near, far = associate(client.accept, server.accept, Batch(environment.call_soon), names=("gnb", "amf"))
    assert client.log == server.log == []
    environment.settle()
    assert client.log == server.log == ["up"]
    assert (near.peer, far.peer) == ("amf", "gnb")


def test_when_sent_then_it_is_delivered_later_and_in_order(environment):
    client, server = join(environment)
    client.association.send(b"a", 1)
    client.association.send(b"b", 0, 61)
    assert server.log == ["up"]
    environment.settle()
    assert server.log == ["up", (b"a", 1, NGAP_PPID), (b"b", 0, 61)]


def test_when_answered_inside_received_then_the_answer_is_not_nested(environment):
    client, server = join(environment)
    order = []

    def echo(octets, stream, ppid):
        order.append("in")
        server.association.send(octets, stream, ppid)
        order.append("out")

    server.received = echo
    client.received = lambda *_: order.append("answer")
    client.association.send(b"x", 3)
    environment.settle()
    assert order == ["in", "out", "answer"]


def test_when_closed_then_what_was_sent_before_arrives_and_then_the_loss(environment):
    client, server = join(environment)
    client.association.send(b"last", 0)
    client.association.close()
    client.association.send(b"too late", 0)
    client.association.close()
    environment.settle()
    assert server.log == ["up", (b"last", 0, NGAP_PPID), "lost: closed by the peer"]
    assert client.log == ["up"]
    server.association.send(b"into nothing", 0)
    environment.settle()
    assert client.log == ["up"]


def test_when_the_path_breaks_then_both_users_are_told_once(environment):
    client, server = join(environment)
    client.association.fail("path failure")
    client.association.fail("path failure")
    environment.settle()
    assert client.log == server.log == ["up", "lost: path failure"]


def test_when_one_hand_over_raises_then_the_next_ones_still_come(environment):
    client, server = join(environment)
    seen = []

    def received(octets, stream, ppid):
        if octets == b"bad":
            raise ZeroDivisionError
        seen.append(octets)

    server.received = received
    for octets in (b"1", b"bad", b"2", b"3"):
        client.association.send(octets, 0)
    with pytest.raises(ZeroDivisionError):
        environment.settle()
    environment.settle()
    assert seen == [b"1", b"2", b"3"]


def test_when_the_path_has_jitter_then_an_association_keeps_its_order(environment):
    client, server = join(environment, Ordered(environment, Impairment(delay=0.01, jitter=0.1)))
    environment.run_for(1)
    for number in range(50):
        client.association.send(bytes([number]), 0)
    environment.settle()
    assert len(server.log) == 1
    environment.run_for(0.2)
    assert [entry[0][0] for entry in server.log[1:]] == list(range(50))


class Datagrams:
    def __init__(self):
        self.log = []

    def accept(self, port):
        self.port = port
        return self

    def received(self, octets, source):
        self.log.append((octets, source))


def test_when_datagrams_are_sent_then_they_reach_the_bound_address_only(environment):
    network = LocalNetwork(Batch(environment.call_soon))
    smf, upf = Datagrams(), Datagrams()
    network.bind(("10.0.0.1", 8805), smf.accept)
    upf_port = network.bind(("10.0.0.2", 8805), upf.accept)
    smf.port.send(b"request", ("10.0.0.2", 8805))
    smf.port.send(b"nobody", ("10.0.0.3", 8805))
    assert upf.log == []
    environment.settle()
    assert upf.log == [(b"request", ("10.0.0.1", 8805))]
    upf_port.close()
    smf.port.send(b"request", ("10.0.0.2", 8805))
    environment.settle()
    assert len(upf.log) == 1


def test_when_an_address_is_bound_twice_then_it_says_so(environment):
    network = LocalNetwork(Batch(environment.call_soon))
    network.bind(("10.0.0.1", 8805), Datagrams().accept)
    with pytest.raises(Unusable, match=r"10\.0\.0\.1:8805 is in use"):
        network.bind(("10.0.0.1", 8805), Datagrams().accept)


def test_when_the_path_loses_and_duplicates_then_datagrams_do(environment):
    link = Unordered(environment, Impairment(delay=0.01, jitter=0.05, loss=0.3, duplication=0.2))
    network = LocalNetwork(link)
    near, far = Datagrams(), Datagrams()
    network.bind(("a", 1), near.accept)
    network.bind(("b", 1), far.accept)
    for number in range(1000):
        near.port.send(number.to_bytes(2, "big"), ("b", 1))
    environment.run_for(1)
    numbers = [int.from_bytes(octets, "big") for octets, _ in far.log]
    assert 200 < link.lost < 400
    assert len(numbers) > len(set(numbers)) > 600
    assert numbers != sorted(numbers)


def test_when_thousands_of_hand_overs_wait_then_the_loop_serves_others_in_between(environment):
    order = []
    deliver = Batch(environment.call_soon)
    for number in range(3 * TURN):
        deliver(lambda number=number: order.append(number))
    environment.call_soon(lambda: order.append("another"))
    environment.settle()
    assert order.index("another") == TURN
    assert [one for one in order if one != "another"] == list(range(3 * TURN))
