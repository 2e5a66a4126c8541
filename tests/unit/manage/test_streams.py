import asyncio
import json

from freehold.manage import streams
from freehold.manage.kept import Kept
from freehold.manage.streams import Mailbox, as_capture, as_ladder, as_lines, record_view, wanted
from freehold.procedure.tap import Record
from freehold.spec.identities import Supi
from managekit import SUPI, FakeNetwork

MASKED = str(Supi(SUPI))


class Refusal:
    """A message that carries a cause (TS 24.501 8.2.9)."""

    cause = 15


def test_when_a_record_is_shown_then_time_is_utc_and_the_cause_and_clause_are_there():
    record = Record(5.0, "N1", "AMF", "UE", "RegistrationReject", octets=b"\x7e", value=Refusal(), subject=MASKED)
    shown = record_view(record, 1000.0)
    assert (shown.time, shown.detail, shown.clause, shown.octets) == (1005.0, " #15", "TS 24.501 8.2.9", "7e")


def test_when_a_reader_falls_behind_then_the_oldest_are_lost_and_counted(monkeypatch):
    monkeypatch.setattr(streams, "WAITING", 100)

    async def main():
        mailbox = Mailbox()
        for number in range(1000):
            mailbox.put(number)
        items = await mailbox.take()
        assert items[-1] == 999
        assert len(items) <= 100
        assert mailbox.lost == 1000 - len(items)

    asyncio.run(main())


def test_when_nothing_is_there_then_the_reader_waits_for_the_next():
    async def main():
        mailbox = Mailbox()
        task = asyncio.ensure_future(mailbox.take())
        await asyncio.sleep(0)
        assert not task.done()
        mailbox.put("x")
        assert await task == ["x"]

    asyncio.run(main())


def test_when_interfaces_are_asked_then_only_those_are_chosen():
    n1, n2 = Record(0.0, "N1", "AMF", "UE", "a"), Record(0.0, "N2", "AMF", "gnb-1", "b")
    assert wanted([n1, n2], {"interfaces": "N2,N4"}) == [n2]
    assert wanted([n1, n2], {}) == [n1, n2]


def stream(pieces, *records):
    """The pieces of a stream for some records; and that it lets go of the tap at its end."""

    async def main():
        network = FakeNetwork()
        made = pieces(network, Kept(network.tap), {})
        found = []
        first = asyncio.ensure_future(anext(made))
        await asyncio.sleep(0)
        assert network.tap.active
        for record in records:
            network.tap.record(record)
        found.append(await first)
        if pieces is not as_lines:
            found.append(await anext(made))
        await made.aclose()
        assert not network.tap.active
        return found

    return asyncio.run(main())


RECORDS = [
    Record(1.0, "N2", "AMF", "gnb-1", "NGSetupResponse", octets=b"\x20\x15\x00"),
    Record(2.0, "SBI", "AMF", "UDM", "Get"),
]


def test_when_records_are_streamed_then_every_form_has_them():
    lines = [json.loads(line) for line in stream(as_lines, *RECORDS)[0].splitlines()]
    assert [line["name"] for line in lines] == ["NGSetupResponse", "Get"]
    header, drawn = stream(as_ladder, *RECORDS)
    assert header.split()[:2] == [b"UE", b"gNB"]
    assert drawn.count(b"\n") == 2
    section, packet = stream(as_capture, *RECORDS)
    assert section[:4] == b"\n\r\r\n"
    assert b"\x20\x15\x00" in packet
