import asyncio
import gc
import os
import socket
import stat
from pathlib import Path

import pytest
import uvloop

from freehold.net import association as bounds
from freehold.net import unix
from freehold.spec.errors import Unusable

from .recorder import Gate, Recorder

NGAP = 60


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request):
    """Run a coroutine on each kind of loop; errors that only the loop sees fail the test."""
    factory = asyncio.new_event_loop if request.param == "asyncio" else uvloop.new_event_loop

    def runner(coroutine):
        unseen = []
        with asyncio.Runner(loop_factory=factory) as made:
            made.get_loop().set_exception_handler(lambda _, context: unseen.append(context))
            made.run(coroutine)
        assert unseen == []

    return runner


def descriptors():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def mode(path):
    return stat.S_IMODE(Path(path).stat().st_mode)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "n2.sock")


def test_when_messages_are_sent_both_ways_then_octets_stream_and_ppid_arrive(run, path):
    async def main():
        gate, gnb = Gate(echo=True), Recorder()
        listener = unix.listen(path, gate.accept)
        association = await unix.connect(path, gnb.accept)
        association.send(b"setup", 0)
        association.send(b"ue", 7, 61)
        assert await gnb.until(3) == ["up", (b"setup", 0, NGAP), (b"ue", 7, 61)]
        assert gate.users[0].log == gnb.log
        assert association.peer == f"unix:{path}"
        association.close()
        assert (await gate.users[0].until(4))[-1] == "lost: closed by the peer"
        assert len(listener.listener) == 0
        listener.close()

    run(main())
    assert not Path(path).exists()


def test_when_the_listener_closes_then_clients_lose_their_association(run, path):
    async def main():
        gate, gnb = Gate(), Recorder()
        listener = unix.listen(path, gate.accept)
        association = await unix.connect(path, gnb.accept)
        await gate.until(1)
        listener.close()
        assert (await gnb.until(2))[-1] == "lost: closed by the peer"
        association.send(b"into nothing", 0)
        with pytest.raises(OSError, match="No such file"):
            await unix.connect(path, Recorder().accept)

    run(main())


def test_when_a_message_is_large_then_it_comes_whole(run, path):
    async def main():
        gate, gnb = Gate(), Recorder()
        listener = unix.listen(path, gate.accept)
        association = await unix.connect(path, gnb.accept)
        octets = os.urandom(60_000)
        association.send(octets, 1)
        await gate.until(1)
        assert (await gate.users[0].until(2))[1] == (octets, 1, NGAP)
        listener.close()

    run(main())


def test_when_the_peer_does_not_read_then_messages_wait_and_come_in_order(run, path):
    async def main():
        gate = Gate()
        listener = unix.listen(path, gate.accept)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(path)
            user = (await gate.until(1))[0]
            sent = 3000
            for number in range(sent):
                user.association.send(number.to_bytes(4, "big") * 100, 0)
            loop = asyncio.get_running_loop()
            client.setblocking(False)
            for number in range(sent):
                packet = await loop.sock_recv(client, 1000)
                assert packet[8:12] == number.to_bytes(4, "big")
        listener.close()

    run(main())


def test_when_the_peer_never_reads_then_memory_is_bounded_and_it_is_lost(run, path, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_QUEUED", 100_000)

    async def main():
        gate = Gate()
        listener = unix.listen(path, gate.accept)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(path)
            user = (await gate.until(1))[0]
            for _ in range(20_000):
                user.association.send(bytes(1000), 0)
            assert user.log == ["up"], "never told inside its own send"
            assert (await user.until(2))[1].startswith("lost: the peer does not read")
        listener.close()

    run(main())


@pytest.mark.parametrize("packet", [b"", b"\0", b"\0\0\0\0\0\0\0"])
def test_when_a_packet_has_no_header_then_only_that_association_ends(run, path, packet):
    async def main():
        gate, gnb = Gate(echo=True), Recorder()
        listener = unix.listen(path, gate.accept)
        good = await unix.connect(path, gnb.accept)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(path)
            client.send(packet)
            bad = (await gate.until(2))[1]
            assert (await bad.until(2))[1].startswith("lost: ")
        good.send(b"still here", 0)
        assert (await gnb.until(2))[1] == (b"still here", 0, NGAP)
        listener.close()

    run(main())


def test_when_a_message_is_too_long_then_only_that_association_ends(run, path, monkeypatch):
    monkeypatch.setattr(unix, "MAX_MESSAGE", 1000)

    async def main():
        gate = Gate()
        listener = unix.listen(path, gate.accept)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(path)
            client.send(bytes(8 + 1000))
            client.send(bytes(8 + 1001))
            log = await (await gate.until(1))[0].until(3)
            assert log[1] == (bytes(1000), 0, 0)
            assert log[2] == "lost: a message above 1000 octets"
        listener.close()

    run(main())


def test_when_peers_connect_and_close_in_a_flood_then_nothing_stays_behind(run, path):
    async def main():
        gate, gnb = Gate(echo=True), Recorder()
        listener = unix.listen(path, gate.accept)
        good = await unix.connect(path, gnb.accept)
        await gate.until(1)
        gc.collect()  # what other tests left is not this one's
        before = descriptors()
        for _ in range(20):
            for _ in range(50):
                with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
                    client.connect(path)
            good.send(b"control", 0)
            await gnb.until(len(gnb.log) + 1)
        for user in await gate.until(1001):
            if user is not gate.users[0]:
                await user.until(2)
        assert len(listener.listener) == 1
        assert descriptors() <= before
        listener.close()

    run(main())


def test_when_silent_peers_fill_the_listener_then_the_oldest_silent_one_gives_way(run, path):
    async def main():
        gate, gnb = Gate(echo=True), Recorder()
        listener = unix.listen(path, gate.accept, limit=3)
        good = await unix.connect(path, gnb.accept)
        good.send(b"hello", 0)
        await gnb.until(2)
        clients = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(4)]
        for client in clients:
            client.connect(path)
        users = await gate.until(5)
        assert await users[1].until(2) == ["up", "lost: silent while others wait"]
        assert await users[2].until(2) == ["up", "lost: silent while others wait"]
        assert len(listener.listener) == 3
        assert listener.listener.refused == 2
        good.send(b"still here", 0)
        assert (await gnb.until(3))[2] == (b"still here", 0, NGAP)
        listener.close()
        for client in clients:
            client.close()

    run(main())


def test_when_every_peer_spoke_and_the_listener_is_full_then_the_new_one_is_refused(run, path):
    async def main():
        gate, gnb, late = Gate(echo=True), Recorder(), Recorder()
        listener = unix.listen(path, gate.accept, limit=1)
        good = await unix.connect(path, gnb.accept)
        good.send(b"hello", 0)
        await gnb.until(2)
        await unix.connect(path, late.accept)
        assert (await late.until(2))[1] == "lost: closed by the peer"
        assert len(gate.users) == 1
        listener.close()

    run(main())


def test_when_descriptors_run_out_then_the_listener_rests_and_comes_back(run, path, monkeypatch):
    monkeypatch.setattr(bounds, "PAUSE", 0)

    async def main():
        gate, gnb = Gate(), Recorder()
        listener = unix.listen(path, gate.accept)
        real, failures = listener.listener._socket, [OSError(24, "Too many open files")] * 3

        class Poor:
            fileno = real.fileno
            close = real.close

            def accept(self):
                if failures:
                    raise failures.pop()
                return real.accept()

        listener.listener._socket = Poor()
        await unix.connect(path, gnb.accept)
        await gate.until(1)
        assert failures == []
        listener.close()

    run(main())


def test_when_a_peer_is_known_by_a_standin_then_its_address_is_its_name(run, path):
    async def main():
        gate = Gate()
        listener = unix.listen(path, gate.accept)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.bind(f"\0sctpshim/127.0.0.1_{os.getpid()}/c")
            client.connect(path)
            user = (await gate.until(1))[0]
            assert user.association.peer == f"127.0.0.1:{os.getpid()}"
        listener.close()

    run(main())


def test_when_a_socket_file_is_stale_then_it_is_replaced(run, path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
        dead.bind(path)

    async def main():
        listener = unix.listen(path, Gate().accept)
        assert mode(path) == 0o600
        with pytest.raises(Unusable, match="another program listens there"):
            unix.listen(path, Gate().accept)
        listener.close()

    run(main())


def test_when_the_path_is_an_ordinary_file_then_it_is_left_alone(run, tmp_path):
    place = tmp_path / "precious"
    place.write_text("data")

    async def main():
        with pytest.raises(Unusable, match="is not a socket"):
            unix.listen(str(place), Gate().accept)
        with pytest.raises(Unusable, match="choose another path"):
            unix.listen(str(tmp_path / ("x" * 200)), Gate().accept)

    run(main())
    assert place.read_text() == "data"


def test_when_a_user_closes_inside_received_then_nothing_more_is_handed_over(run, path):
    async def main():
        class Once(Recorder):
            def received(self, octets, stream, ppid):
                super().received(octets, stream, ppid)
                self.association.close()

        user, gnb = Once(), Recorder()
        listener = unix.listen(path, user.accept)
        association = await unix.connect(path, gnb.accept)
        association.send(b"1", 0)
        association.send(b"2", 0)
        assert (await gnb.until(2))[1].startswith("lost: ")
        assert user.log == ["up", (b"1", 0, NGAP)]
        listener.close()

    run(main())
