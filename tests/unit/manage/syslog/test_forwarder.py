"""Messages to a log server that comes and goes: in order, none twice but after an outage, losses told."""

import asyncio

import pytest

from freehold.manage.syslog import forwarder as room
from freehold.manage.syslog import queue as queue_room
from freehold.manage.syslog.forwarder import Forwarder
from freehold.manage.syslog.message import Origin
from freehold.manage.syslog.queue import Queue
from freehold.manage.syslog.server import Receiver
from freehold.services.ledger import Act
from freehold.spec.errors import Unusable
from freehold.spec.events import Event

RECEIVER = Receiver(("192.0.2.1", 514), "tcp")


class Server:
    """A server whose ways break after so many messages; `None`: it is not there at all."""

    def __init__(self, *breaks):
        self.breaks = list(breaks)
        self.taken = []
        self.opened = 0

    async def open(self, receiver, context):
        self.opened += 1
        after = self.breaks.pop(0) if self.breaks else 10**9
        if after is None:
            raise ConnectionRefusedError("it is not there")
        return Way(self, after)


class Way:
    def __init__(self, server, after):
        self.server, self.after = server, after
        self.sent = []
        self.closed = False

    async def send(self, message):
        self.sent.append(message)

    def arrived(self):
        if len(self.sent) > self.after:
            raise ConnectionResetError("it is gone")
        self.server.taken += self.sent
        self.after -= len(self.sent)
        self.sent = []
        return True

    def close(self):
        self.closed = True


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    for name in ("FIRST_WAIT", "LONGEST_WAIT", "LOOK"):
        monkeypatch.setattr(room, name, 0.0)


def made(server, queue=None, **settings):
    return Forwarder(
        RECEIVER, Origin("host", 1), Queue() if queue is None else queue, lambda: 0.0, opened=server.open, **settings
    )


def told(server, numbers, **settings):
    """Tell acts of these numbers and run until the server has the last."""

    async def main():
        forwarder = made(server, **settings)
        forwarder.start()
        for number in numbers:
            forwarder.act(Act(0.0, "anna", "act", str(number)))
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while str(numbers[-1]).encode() not in b"".join(server.taken[-1:]):  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0)
        await forwarder.stop()
        return forwarder

    return asyncio.run(main())


def subjects(server):
    return [int(message.rpartition(b" ")[2]) for message in server.taken]


def test_when_the_server_is_there_then_it_hears_all_in_order_on_one_way():
    server = Server()
    forwarder = told(server, range(20))
    assert subjects(server) == list(range(20))
    assert (server.opened, forwarder.failing, forwarder.delivered) == (1, "", 20)


def test_when_nothing_happens_then_nobody_is_bothered():
    async def main():
        server = Server()
        forwarder = made(server)
        forwarder.start()
        await asyncio.sleep(0.01)
        await forwarder.stop()
        return server.opened

    assert asyncio.run(main()) == 0


@pytest.mark.parametrize("breaks", [(None, None), (0,), (3, None, 0, 2), (1, 1, 1, 1)])
def test_when_the_server_goes_and_comes_back_then_nothing_is_missing_and_the_order_is_kept(breaks):
    server = Server(*breaks)
    told(server, range(10))
    assert subjects(server) == list(range(10))
    assert server.opened == len(breaks) + 1


def test_when_it_is_not_there_then_it_says_why_until_it_is():
    async def main():
        server = Server(None, None)
        forwarder = made(server)
        forwarder.start()
        forwarder.act(Act(0.0, "anna", "act", "1"))
        reasons = set()
        async with asyncio.timeout(10):
            while not forwarder.delivered:
                reasons.add(forwarder.failing)
                await asyncio.sleep(0)
        await forwarder.stop()
        return reasons, forwarder.failing

    assert asyncio.run(main()) == ({"", "it is not there"}, "")


def test_when_the_process_ends_in_an_outage_then_the_next_one_tells_it(tmp_path):
    path = tmp_path / "queue"

    async def first():
        forwarder = made(Server(*[None] * 1000), Queue(path))
        forwarder.start()
        for number in range(5):
            forwarder.act(Act(0.0, "anna", "act", str(number)))
        async with asyncio.timeout(10):
            while not forwarder.failing:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0)
        await forwarder.stop()

    asyncio.run(first())
    server = Server()
    told(server, range(5, 8), queue=Queue(path))
    assert subjects(server) == list(range(8))
    assert not path.exists()


def test_when_too_much_waits_then_the_loss_is_told_once_the_server_hears_again(monkeypatch):
    monkeypatch.setattr(queue_room, "MOST", 4)
    lost = []

    async def main():
        queue, server = Queue(), Server()
        forwarder = made(server, queue, on_loss=lost.append)
        for number in range(10):
            forwarder.act(Act(0.0, "anna", "act", str(number)))
        forwarder.start()
        async with asyncio.timeout(10):
            while not lost:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0)
        await forwarder.stop()
        return server

    assert subjects(asyncio.run(main())) == [6, 7, 8, 9]
    assert lost == [6]


@pytest.mark.parametrize(("least", "heard"), [("error", 1), ("warning", 2), ("info", 3), ("debug", 4)])
def test_when_events_are_milder_than_asked_then_they_are_not_told(least, heard):
    queue = Queue()
    forwarder = made(Server(), queue, least=least)
    for severity in ("debug", "info", "warning", "error"):
        forwarder.event(Event("x", "y", severity))
    assert len(queue) == heard


def test_when_messages_are_counted_then_the_number_stays_in_its_range(monkeypatch):
    monkeypatch.setattr(room, "NUMBERS", 2)
    queue = Queue()
    forwarder = made(Server(), queue)
    for _ in range(3):
        forwarder.act(Act(0.0, "anna", "act"))
    numbers = [queue.taken().partition(b'sequenceId="')[2][:1] for _ in range(3)]
    assert numbers == [b"1", b"2", b"1"]


def test_when_the_authority_cannot_be_read_then_it_says_which_file(tmp_path):
    with pytest.raises(Unusable, match=r"log\.server: .*ca\.pem"):
        Forwarder(
            Receiver(("192.0.2.1", 6514), "tls", ca=str(tmp_path / "ca.pem")), Origin("h", 1), Queue(), lambda: 0.0
        )
