import asyncio
import socket

import pytest

from freehold.net.association import IGNORED, Ended, Listener, Message, Restarted, SocketAssociation

from .recorder import Gate, Recorder


class Scripted:
    """A carrier that reads by script, and writes what it is let."""

    def __init__(self, *happenings):
        self.socket, self.far = socket.socketpair()
        self.socket.setblocking(False)
        self.happenings = list(happenings)
        self.sent = []
        self.failures = []

    def read(self):
        if not self.happenings:
            self.socket.recv(100)  # nothing left: as a socket that is drained
            raise BlockingIOError
        happening = self.happenings.pop(0)
        if isinstance(happening, Exception):
            raise happening
        return happening

    def write(self, octets, stream, ppid):
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((octets, stream, ppid))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.far.close()


def play(carrier, script, accept=None):
    user = Recorder()

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: pytest.fail(str(context)))
        association = SocketAssociation(loop, carrier, accept or user.accept, "peer", 0)
        association.open()
        await script(association, user)
        association.close()

    asyncio.run(main())
    return user.log


def test_when_the_peer_restarts_then_the_user_is_lost_and_a_new_one_asked_for():
    users = Gate()

    async def script(association, _):
        carrier.far.send(b"wake")
        await users.until(2)
        await users.users[1].until(2)

    with Scripted(Message(b"a", 0, 60), IGNORED, Restarted(), Message(b"b", 1, 60)) as carrier:
        play(carrier, script, users.accept)
    assert users.users[0].log == ["up", (b"a", 0, 60), "lost: the peer restarted the association"]
    assert users.users[1].log == ["up", (b"b", 1, 60)]
    assert users.users[0].association is users.users[1].association


@pytest.mark.parametrize(
    ("happening", "words"),
    [
        (Ended("association lost"), "association lost"),
        (OSError(104, "Connection reset by peer"), "connection reset by peer"),
    ],
)
def test_when_reading_ends_then_the_user_is_told_once(happening, words):
    async def script(association, user):
        carrier.far.send(b"wake")
        await user.until(2)
        association.send(b"late", 0)
        association.close()

    with Scripted(happening, Message(b"never", 0, 60)) as carrier:
        assert play(carrier, script) == ["up", f"lost: {words}"]
        assert carrier.sent == []


def test_when_sending_fails_then_the_user_is_told_later():
    async def script(association, user):
        association.send(b"x", 0)
        assert user.log == ["up"]
        await user.until(2)

    with Scripted() as carrier:
        carrier.failures = [BrokenPipeError(32, "Broken pipe")]
        assert play(carrier, script) == ["up", "lost: broken pipe"]


def test_when_a_queued_message_cannot_be_sent_then_the_user_is_told():
    async def script(association, user):
        association.send(b"1", 0)
        association.send(b"2", 0)
        await user.until(2)

    with Scripted() as carrier:
        carrier.failures = [BlockingIOError(), OSError(90, "Message too long")]
        assert play(carrier, script) == ["up", "lost: message too long"]


def test_when_the_socket_is_full_for_a_while_then_everything_is_sent_in_order():
    async def script(association, user):
        for number in range(5):
            association.send(bytes([number]), 0)
        for _ in range(20):  # turns of the loop: it is asked to write in each
            await asyncio.sleep(0)

    with Scripted() as carrier:
        carrier.failures = [BlockingIOError(), BlockingIOError()]
        play(carrier, script)
        assert [octets[0] for octets, _, _ in carrier.sent] == [0, 1, 2, 3, 4]


def test_when_there_is_one_stream_at_most_then_at_least_one_is_offered():
    async def script(association, user):
        assert association.outbound_streams == 1

    with Scripted() as carrier:
        play(carrier, script)


def test_when_an_acceptor_breaks_then_only_that_association_ends():
    errors = []

    def accept(_):
        raise ZeroDivisionError

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: errors.append(type(context["exception"])))
        with socket.socket() as listening, socket.socket() as client:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            listening.setblocking(False)
            listener = Listener(loop, listening, accept, lambda accepted, _: (Bare(accepted), "peer", 1))
            client.connect(listening.getsockname())
            client.setblocking(False)
            assert await loop.sock_recv(client, 1) == b""
            assert len(listener) == 0
            listener.close()

    class Bare:
        def __init__(self, accepted):
            self.socket = accepted

    asyncio.run(main())
    assert errors == [ZeroDivisionError]
