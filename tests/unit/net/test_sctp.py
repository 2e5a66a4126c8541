import asyncio
import errno
import os
import socket
import struct
import subprocess
import sys

import pytest

from freehold.net import sctp
from freehold.net.association import IGNORED, Ended, Message, Restarted
from freehold.spec.errors import Unusable

from .recorder import Gate, Recorder

EVENT = struct.Struct("=HHIHHHHi")


def change(state):
    return EVENT.pack(sctp.ASSOC_CHANGE, 0, EVENT.size, state, 0, 10, 10, 1)


@pytest.mark.parametrize(
    ("octets", "happening"),
    [
        (change(0), IGNORED),
        (change(1), Ended("association lost")),
        (change(2), Restarted()),
        (change(3), Ended("shut down by the peer")),
        (change(4), Ended("the peer does not answer")),
        (change(99), IGNORED),
        (change(1)[:12], IGNORED),
        (struct.pack("=HHIi", sctp.SHUTDOWN_EVENT, 0, 12, 1), Ended("shut down by the peer")),
        (struct.pack("=HHI", 0x8002, 0, 8), IGNORED),
        (b"", IGNORED),
    ],
)
def test_when_the_kernel_notifies_then_it_is_understood(octets, happening):
    assert sctp.notified(octets) == happening


def test_when_ancillary_data_is_there_then_stream_and_ppid_are_read():
    info = sctp.RCVINFO_FORMAT.pack(5, 1, 0, socket.htonl(60), 9, 0, 0, 1)
    assert sctp.received_on([(132, 3, info)]) == (5, 60)
    assert sctp.received_on([(132, 3, info[:8])]) == (0, 0)
    assert sctp.received_on([(0, 3, info)]) == (0, 0)
    assert sctp.received_on([]) == (0, 0)


class Scripted:
    """A socket whose recvmsg answers by script."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def recvmsg(self, *_):
        return self.answers.pop(0)


def test_when_a_message_comes_in_parts_then_it_is_put_together():
    info = [(132, 3, sctp.RCVINFO_FORMAT.pack(2, 1, 0, socket.htonl(60), 9, 0, 0, 1))]
    carrier = sctp.SctpCarrier(
        Scripted((b"ab", info, 0, None), (b"cd", info, 0, None), (b"e", info, socket.MSG_EOR, None), (b"", [], 0, None))
    )
    assert [carrier.read() for _ in range(4)] == [
        IGNORED,
        IGNORED,
        Message(b"abcde", 2, 60),
        Ended("closed by the peer"),
    ]


def test_when_parts_never_end_then_the_association_does():
    carrier = sctp.SctpCarrier(Scripted(*[(bytes(60_000), [], 0, None)] * 10))
    happenings = [carrier.read() for _ in range(9)]
    assert happenings[:8] == [IGNORED] * 8
    assert happenings[8] == Ended("a message above 524288 octets")


def test_when_the_kernel_has_no_sctp_then_one_line_says_what_to_do(monkeypatch):
    def refused(*_):
        raise OSError(errno.EPROTONOSUPPORT, "Protocol not supported")

    monkeypatch.setattr(socket, "socket", refused)
    with pytest.raises(Unusable, match=r"127\.0\.0\.1:38412: this kernel has no SCTP: .*modprobe sctp"):
        sctp.make_socket(("127.0.0.1", 38412))
    assert not sctp.supported()


@pytest.mark.parametrize(
    ("code", "words"), [(errno.EADDRINUSE, "in use"), (errno.EADDRNOTAVAIL, "no such address"), (errno.EACCES, "root")]
)
def test_when_an_address_cannot_be_bound_then_the_complaint_says_why(code, words):
    text = sctp.complaint([("192.0.2.1", 38412), ("2001:db8::1", 38412)], OSError(code, "x"))
    assert text.startswith("SCTP 192.0.2.1:38412, [2001:db8::1]:38412: ")
    assert words in text


def test_when_an_address_is_packed_then_it_is_as_linux_lays_it_out():
    assert sctp.sockaddr("192.0.2.1", 0x1234)[2:] == bytes.fromhex("1234c0000201") + bytes(8)
    assert len(sctp.sockaddr("2001:db8::1", 1)) == 28
    assert sctp.sockaddr("2001:db8::1", 0x1234)[2:4] == b"\x12\x34"


# --- over a real SCTP socket API: the kernel's, or a stand-in -----------------------------------
async def talk(port):
    """Set up, exchange, restart and end associations; used here and in a child process under a stand-in."""
    gate, gnb = Gate(echo=True), Recorder()
    listener = sctp.listen([("127.0.0.1", port), ("127.0.0.2", port)], gate.accept)
    association = await sctp.connect(("127.0.0.1", port), gnb.accept)
    assert association.peer == f"127.0.0.1:{port}"
    assert association.outbound_streams >= 2
    association.send(b"setup", 0)
    association.send(b"ue", association.outbound_streams - 1, 61)
    large = os.urandom(100_000) if "LD_PRELOAD" not in os.environ else os.urandom(60_000)
    association.send(large, 1)
    assert await gnb.until(4) == [
        "up",
        (b"setup", 0, 60),
        (b"ue", association.outbound_streams - 1, 61),
        (large, 1, 60),
    ]
    user = gate.users[0]
    association.close()
    assert (await user.until(5))[4] in {"lost: shut down by the peer", "lost: closed by the peer"}
    second = Recorder()
    await sctp.connect(("127.0.0.2", port), second.accept)
    await gate.until(2)
    gate.users[1].association.close()
    assert (await second.until(2))[1].startswith("lost: ")
    try:
        sctp.listen([("127.0.0.1", port)], gate.accept)
    except Unusable as error:
        assert "in use" in str(error)  # noqa: PT017
    else:
        raise AssertionError("bound twice")
    listener.close()
    try:
        await sctp.connect(("127.0.0.1", port), gnb.accept)
    except OSError:
        pass
    else:
        raise AssertionError("nobody listens")


def test_when_the_kernel_has_sctp_then_associations_work():
    if not sctp.supported():
        pytest.skip("this kernel has no SCTP; tests/interop runs this test in a guest that has it")
    asyncio.run(talk(38499))


@pytest.fixture(scope="session")
def standin(shared_tool, tmp_path_factory):
    """The SCTP stand-in built for this run; skips where its source or a C compiler is not here."""
    source = shared_tool("sctp-standin.c")
    library = tmp_path_factory.mktemp("standin") / "libsctp-standin.so"
    try:
        subprocess.run(
            ["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"the SCTP stand-in does not build here: {error}")
    return library


@pytest.mark.interop
def test_when_under_a_standin_then_associations_work(standin, tmp_path):
    program = "import asyncio; from unit.net.test_sctp import talk; asyncio.run(talk(38498)); print('talked')"
    finished = under(standin, tmp_path, program)
    assert finished.stdout == "talked\n", finished.stderr


@pytest.mark.interop
def test_when_a_peer_under_a_standin_meets_our_unix_listener_then_they_talk(standin, tmp_path):
    from freehold.net import unix

    async def main():
        gate = Gate(echo=True)
        listener = unix.listen(unix.standin_path(str(tmp_path), "127.0.0.1", 38412), gate.accept)
        program = (
            "import asyncio\n"
            "from freehold.net import sctp\n"
            "from unit.net.recorder import Recorder\n"
            "async def main():\n"
            "    gnb = Recorder()\n"
            "    association = await sctp.connect(('127.0.0.1', 38412), gnb.accept)\n"
            "    association.send(b'NG SETUP', 0)\n"
            "    association.send(b'InitialUEMessage', 3)\n"
            "    print(await gnb.until(3))\n"
            "    association.close()\n"
            "asyncio.run(main())\n"
        )
        finished = await asyncio.to_thread(under, standin, tmp_path, program)
        assert finished.stdout == "['up', (b'NG SETUP', 0, 60), (b'InitialUEMessage', 3, 60)]\n", finished.stderr
        log = await gate.users[0].until(4)
        assert log[1:3] == [(b"NG SETUP", 0, 60), (b"InitialUEMessage", 3, 60)]
        assert log[3] == "lost: closed by the peer"
        assert gate.users[0].association.peer.startswith("127.0.0.1:")
        listener.close()

    asyncio.run(main())


def under(standin, folder, program):
    environment = {**os.environ, "LD_PRELOAD": str(standin), "SCTPSHIM_DIR": str(folder), "PYTHONPATH": "tests"}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
