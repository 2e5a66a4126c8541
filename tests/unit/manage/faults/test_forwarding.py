"""Alarms told to others: in order, signed, again until taken, and never in the network's way."""

import asyncio
import hashlib
import hmac
import json
import shutil
import socket
import subprocess

import pytest

from freehold.manage.faults import ber, forwarding
from freehold.manage.faults.alarm import AlarmNotification, AlarmView
from freehold.manage.faults.forwarding import TrapForwarder, TrapReceiver, Webhook, WebhookForwarder
from freehold.manage.faults.snmp import trap
from freehold.spec.errors import Unusable
from interopkit.tshark import fields, malformed

ALARM = AlarmView(
    "7", "GNBCUCPFunction", "gnb-1", 42, "COMMUNICATIONS_ALARM", "communicationsSubsystemFailure", "MAJOR", "gnb-lost",
    100.0, 100.0, "gNB gnb-1 is gone", "look at the gNB",
)  # fmt: skip


def notification(number=1, severity="MAJOR"):
    alarm = AlarmView(
        **{name: getattr(ALARM, name) for name in ALARM.__struct_fields__} | {"perceived_severity": severity}
    )
    return AlarmNotification("notifyNewAlarm", number, 1767225600.25, alarm)


class Receiver:
    """What answers posts: so many failures, then 204."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.taken = []
        self.waits = []

    async def post(self, url, headers, body):
        failure = self.failures.pop(0) if self.failures else 204
        if isinstance(failure, Exception):
            raise failure
        if failure < 300:
            self.taken.append((url.geturl(), dict(headers), body))
        return failure

    async def sleep(self, seconds):
        self.waits.append(seconds)


def numbers(receiver):
    return [json.loads(body)["notification_id"] for _, _, body in receiver.taken]


def delivered(receiver, told, *, until, **webhook):
    async def main():
        forwarder = WebhookForwarder(
            Webhook("http://oss.example/alarms?x=1", **webhook), lambda: 1234.0, receiver.post, receiver.sleep
        )
        for each in told:
            forwarder(each)
        forwarder.start()
        async with asyncio.timeout(10):
            while not until(forwarder):  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0)
        await forwarder.stop()
        return forwarder

    return asyncio.run(main())


def test_when_alarms_come_then_they_are_posted_in_order_and_signed():
    receiver = Receiver()
    delivered(receiver, [notification(1), notification(2)], until=lambda f: f.delivered == 2, secret=b"key")
    assert numbers(receiver) == [1, 2]
    url, headers, body = receiver.taken[0]
    assert url == "http://oss.example/alarms?x=1"
    expected = hmac.new(b"key", b"1234." + body, hashlib.sha256).hexdigest()
    assert (headers["x-freehold-timestamp"], headers["x-freehold-signature"]) == ("1234", f"sha256={expected}")
    assert json.loads(body)["alarm"]["object_instance"] == "gnb-1"


def test_when_there_is_no_secret_then_nothing_is_signed():
    receiver = Receiver()
    delivered(receiver, [notification()], until=lambda f: f.delivered == 1)
    assert "x-freehold-signature" not in receiver.taken[0][1]


def test_when_a_receiver_fails_then_it_is_tried_again_ever_later_and_order_holds():
    receiver = Receiver(ConnectionRefusedError("refused"), 500, 503, TimeoutError())
    forwarder = delivered(receiver, [notification(1), notification(2)], until=lambda f: f.delivered == 2)
    assert receiver.waits == [1.0, 2.0, 4.0, 8.0]
    assert numbers(receiver) == [1, 2]
    assert (forwarder.failing, forwarder.lost) == ("", 0)


def test_when_one_notification_is_never_taken_then_it_is_given_up_and_the_next_goes(monkeypatch):
    monkeypatch.setattr(forwarding, "TRIES", 3)
    receiver = Receiver(400, 400, 400)
    forwarder = delivered(receiver, [notification(1), notification(2)], until=lambda f: f.delivered == 1)
    assert (numbers(receiver), forwarder.lost) == ([2], 1)


def test_when_a_receiver_is_gone_for_long_then_the_oldest_are_lost_and_counted(monkeypatch):
    monkeypatch.setattr(forwarding, "QUEUED", 3)
    receiver = Receiver()
    told = [notification(number) for number in range(10)]
    forwarder = delivered(receiver, told, until=lambda f: f.delivered == 3)
    assert (numbers(receiver), forwarder.lost) == ([7, 8, 9], 7)


def test_when_waits_grow_then_they_stay_bounded(monkeypatch):
    receiver = Receiver(*[500] * 15)
    delivered(receiver, [notification()], until=lambda f: f.delivered == 1)
    assert max(receiver.waits) == 300.0


@pytest.mark.parametrize(
    ("least", "severity", "told"),
    [("MAJOR", "MINOR", False), ("MAJOR", "MAJOR", True), ("MAJOR", "CRITICAL", True), ("CRITICAL", "CLEARED", True)],
)
def test_when_an_alarm_is_too_mild_then_the_receiver_does_not_hear_of_it(least, severity, told):
    assert forwarding.told(notification(severity=severity), least) is told


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "x"])
def test_when_the_url_is_none_then_the_owner_is_told(url):
    with pytest.raises(Unusable, match=r"alarms\.webhook\.url"):
        WebhookForwarder(Webhook(url), lambda: 0.0)


def answering(reply):
    async def main():
        got = []

        async def serve(reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.startswith(b"content-length"))
            got.append((head, await reader.readexactly(length)))
            writer.write(reply)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        forwarder = WebhookForwarder(Webhook(f"http://127.0.0.1:{port}/hook"), lambda: 0.0)
        wrong = await forwarder._tried(b'{"a":1}')
        server.close()
        await server.wait_closed()
        return wrong, got

    return asyncio.run(main())


def test_when_a_real_server_takes_it_then_it_had_the_whole_body():
    wrong, got = answering(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert wrong == ""
    assert got[0][0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert got[0][1] == b'{"a":1}'


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 500 no\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 "])
def test_when_a_real_server_fails_in_some_way_then_that_is_said(reply):
    assert answering(reply)[0]


def test_when_nobody_listens_then_that_is_said():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        forwarder = WebhookForwarder(Webhook(f"http://127.0.0.1:{held.getsockname()[1]}/"), lambda: 0.0)
        assert asyncio.run(forwarder._tried(b"{}"))


# --- SNMP -----------------------------------------------------------------------------------------
def tree(octets):
    return [(tag, tree(content) if tag & 0x20 else content) for tag, content in ber.values(octets)]


def arcs(octets):
    numbers, value = [octets[0] // 40, octets[0] % 40], 0
    for octet in octets[1:]:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    return ".".join(map(str, numbers))


def bindings(octets):
    ((_, (version, community, (kind, (_, _, _, (_, listed))))),) = tree(octets)
    return version[1], community[1], kind, {arcs(name): value for _, ((_, name), (_, value)) in listed}


@pytest.mark.parametrize(("severity", "oid"), [("MAJOR", "1.3.6.1.2.1.118.0.2"), ("CLEARED", "1.3.6.1.2.1.118.0.3")])
def test_when_an_alarm_is_sent_as_a_trap_then_it_is_that_of_alarm_mib(severity, oid):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        forwarder = TrapForwarder(TrapReceiver(receiver.getsockname(), "lab"), lambda: 12.5)
        forwarder(notification(severity=severity))
        octets = receiver.recv(65536)
        forwarder.close()
    version, community, kind, found = bindings(octets)
    assert (version, community, kind) == (b"\x01", b"lab", 0xA7)
    assert list(found)[:2] == ["1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"]
    assert found["1.3.6.1.2.1.1.3.0"] == (1250).to_bytes(2, "big")
    assert arcs(found["1.3.6.1.6.3.1.1.4.1.0"]) == oid
    assert found["1.3.6.1.2.1.118.1.2.2.1.2.7"] == bytes((7, 234, 1, 1, 0, 0, 0, 2)) + b"+\0\0"
    assert found["1.3.6.1.2.1.118.1.2.2.1.10.7"] == b"GNBCUCPFunction=gnb-1"
    assert found["1.3.6.1.2.1.118.1.2.2.1.11.7"] == b"gnb-lost: gNB gnb-1 is gone"
    assert found["1.3.6.1.2.1.121.1.1.1.1.1.7"] == (b"\x04" if severity == "MAJOR" else b"\x01")


def test_when_a_receiver_is_not_there_then_nobody_is_held_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        address = held.getsockname()
    forwarder = TrapForwarder(TrapReceiver(address), lambda: 0.0)
    for _ in range(3):
        forwarder(notification())
    forwarder.close()


@pytest.mark.interop
@pytest.mark.skipif(not (shutil.which("tshark") and shutil.which("text2pcap")), reason="tshark is not installed")
def test_when_wireshark_reads_a_trap_then_it_finds_nothing_wrong(tmp_path):
    octets = trap(notification(), "public", 12.5)
    (tmp_path / "trap.hex").write_text("0000 " + octets.hex(" ") + "\n")
    words = ["text2pcap", "-q", "-u", "5000,162", str(tmp_path / "trap.hex"), str(tmp_path / "trap.pcap")]
    subprocess.run(words, check=True, capture_output=True)
    (found,) = fields(tmp_path / "trap.pcap", "snmp.version", "snmp.community", "snmp.data", "snmp.name")
    assert found[:2] == ["1", "public"]
    assert found[2] == "7"  # snmpV2-trap
    assert found[3].split(",")[1] == "1.3.6.1.6.3.1.1.4.1.0"
    assert malformed(tmp_path / "trap.pcap") == []


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, -1, -128, -129, 2**31 - 1, 2**32 - 1])
def test_when_a_number_is_encoded_then_it_is_read_back(value):
    ((tag, content),) = ber.values(ber.integer(value))
    assert (tag, int.from_bytes(content, "big", signed=True)) == (2, value)


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 70000])
def test_when_content_is_long_then_its_length_is_too(length):
    ((_, content),) = ber.values(ber.tlv(4, bytes(length)))
    assert len(content) == length
