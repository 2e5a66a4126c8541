"""What comes by, handed to one slow reader: a bounded queue between the network and a client."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

import msgspec

from freehold.manage import tracefile
from freehold.manage.capture import CaptureWriter
from freehold.manage.kept import Kept
from freehold.manage.network import ManagedNetwork
from freehold.manage.views import RecordView
from freehold.procedure.clauses import clause_of
from freehold.procedure.follow import follow
from freehold.procedure.ladder import LANES, WATCHING, Ladder, cause_of, ends_of, inside
from freehold.procedure.tap import PACKETS, Record
from freehold.spec.identities import Supi

T = TypeVar("T")
SEALED: Final = " sealed"
"""In a query where NAS is not for who asks; the handler sets it, and takes away what a client set."""
WAITING: Final = 10_000
"""Items kept for a reader; beyond, the oldest are lost and counted."""
LOOKING: Final = 0.1
"""Seconds between two looks at what a trace of packets has."""


class Mailbox(Generic[T]):
    """Items for one reader, put in from the loop."""

    __slots__ = ("_items", "_ready", "lost")

    def __init__(self) -> None:
        self._items: list[T] = []
        self._ready = asyncio.Event()
        self.lost = 0

    def put(self, item: T) -> None:
        """Add one; the oldest half goes where the reader is far behind."""
        if len(self._items) >= WAITING:
            half = len(self._items) // 2
            self.lost += half
            del self._items[:half]
        self._items.append(item)
        self._ready.set()

    @property
    def filled(self) -> bool:
        """Whether something is there."""
        return bool(self._items)

    async def take(self) -> list[T]:
        """Everything there is, at least one."""
        await self._ready.wait()
        self._ready.clear()
        items, self._items = self._items, []
        return items


def record_view(record: Record, utc_offset: float, number: int = 0, *, sealed: bool = False) -> RecordView:
    """A tap record as it is shown; `sealed` without the octets of NAS, which are in clear here."""
    start, end = ends_of(record)
    return RecordView(
        record.time + utc_offset,
        record.interface,
        record.source,
        record.target,
        record.name,
        cause_of(record.value),
        record.clause or clause_of(record.name, record.value, record.interface),
        record.subject,
        "" if sealed and record.interface == "N1" else record.octets.hex(),
        start,
        end,
        inside(record.value),
        number,
    )


def followed(query: dict[str, str]) -> Supi | None:
    """The UE a client asked for; the handler has seen that it is a SUPI."""
    return Supi(query["ue"]) if query.get("ue") else None


def interfaces_of(query: dict[str, str]) -> frozenset[str]:
    """The interfaces a client asked for, with commas between; empty for all of them."""
    return frozenset(filter(None, query.get("interfaces", "").split(",")))


def wanted(kept: Kept, query: dict[str, str]) -> list[Record]:
    """What a client asked for of what was kept: `ue` by identity, `interfaces` with commas between."""
    supi, interfaces = followed(query), interfaces_of(query)
    return [
        record
        for record in (kept if supi is None else follow(kept, supi))
        if not interfaces or record.interface in interfaces
    ]


@contextmanager
def listening(kept: Kept, query: dict[str, str], *, packets: bool = True) -> Iterator[Mailbox[Record]]:
    """The records a client asked for: those `kept` where it wants them, then those that come.

    Users' packets are among them where it names their interface, and where it names none if `packets`.
    """
    interfaces = interfaces_of(query)
    mailbox: Mailbox[Record] = Mailbox()

    def put(record: Record) -> None:
        if not interfaces or record.interface in interfaces:
            mailbox.put(record)

    stop = kept.watch(
        put,
        packets=bool(interfaces & PACKETS) if interfaces else packets,
        supi=followed(query),
        kept="kept" in query,
    )
    try:
        yield mailbox
    finally:
        stop()


async def as_lines(network: ManagedNetwork, kept: Kept, query: dict[str, str]) -> AsyncIterator[bytes]:
    """Records as JSON, one a line."""
    offset = network.utc() - network.now()
    with listening(kept, query) as mailbox:
        while True:
            batch = await mailbox.take()
            views = [record_view(record, offset, kept.number(record), sealed=SEALED in query) for record in batch]
            yield b"".join(msgspec.json.encode(view) + b"\n" for view in views)


async def as_file(network: ManagedNetwork, kept: Kept, query: dict[str, str]) -> AsyncIterator[bytes]:
    """What was kept as a file that can be opened elsewhere; it ends by itself."""
    offset, sealed = network.utc() - network.now(), SEALED in query
    yield tracefile.head(network.status().name, network.utc(), sealed=sealed)
    for record in wanted(kept, query):
        yield msgspec.json.encode(record_view(record, offset, sealed=sealed)) + b"\n"


async def as_ladder(_: ManagedNetwork, kept: Kept, query: dict[str, str]) -> AsyncIterator[bytes]:
    """Records as a ladder, that of the signalling unless the client asks for packets."""
    lanes = query["lanes"].split(",") if query.get("lanes") else LANES[:9]
    ladder = Ladder(lanes, columns=int(query["columns"]) if "columns" in query else None)
    with listening(kept, query, packets=False) as mailbox:
        if header := ladder.header():
            yield header.encode() + b"\n"
        while True:
            records = [record for record in await mailbox.take() if record.name not in WATCHING]
            yield "".join(f"{ladder.draw(record)}\n" for record in records).encode()


async def as_capture(network: ManagedNetwork, kept: Kept, query: dict[str, str]) -> AsyncIterator[bytes]:
    """Records as a pcapng file that grows."""
    file = io.BytesIO()
    writer = CaptureWriter(file, utc_offset=network.utc() - network.now(), nas="nas" in query and SEALED not in query)
    with listening(kept, query) as mailbox:
        yield _drained(file)
        while "end" not in query or mailbox.filled:
            for record in await mailbox.take():
                writer.record(record)
            if file.tell():
                yield _drained(file)


async def as_packets(network: ManagedNetwork, supi: str, octets: int, a_second: int) -> AsyncIterator[bytes]:
    """One UE's packets of N3 and N6 at the UPF as a pcapng file that grows; sessions that come later are in it too."""
    file = io.BytesIO()
    writer = CaptureWriter(file, utc_offset=network.utc() - network.now())
    traced: list[str] = []
    try:
        while True:
            mine = [session for session in network.sessions() if session.supi == supi]
            ends = sorted(end for one in mine for end in (one.ip, one.ip6.partition("/")[0], *one.macs) if end)
            if ends != traced:
                network.trace(ends, octets, a_second)
                traced = ends
            for record in network.traced():
                writer.record(record)
            if file.tell():
                yield _drained(file)
            await asyncio.sleep(LOOKING)
    finally:
        network.trace((), 0, 1)


def _drained(file: io.BytesIO) -> bytes:
    octets = file.getvalue()
    file.seek(0)
    file.truncate()
    return octets
