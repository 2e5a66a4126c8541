"""What belongs to one UE among all the records, also from before anybody knew whose it was."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from freehold.procedure.tap import Record
from freehold.spec.identities import Supi

KEPT: Final = 2000
"""Records kept that may turn out to be the UE's."""
NAMED: Final = ("imsi-", "nai-")
"""How a subject begins that is a subscriber."""

OF_SOURCE: Final = frozenset(("HandoverRequest", "SNStatusTransfer", "HandoverCancel"))
"""What the source gNB of a handover sends on Xn; the target sends the rest (TS 38.423 8.2)."""


class Follower:
    """Picks one UE's records by its SUPI, or by the masked one, which other UEs may share.

    A connection is anonymous until the AMF knows the SUPI: its records are kept, and handed over once a message on N2
    shows that this connection is the UE's.
    """

    __slots__ = ("_carrier", "_connections", "_kept", "_subject", "_supi")

    def __init__(self, subject: Supi | str) -> None:
        self._supi = subject if isinstance(subject, Supi) else None
        self._subject = str(subject)
        self._connections: set[tuple[str, int]] = set()
        self._carrier: tuple[str, int] | None = None
        self._kept: deque[tuple[tuple[str, int] | None, Record]] = deque(maxlen=KEPT)

    def __call__(self, record: Record) -> Sequence[Record]:
        """The records to show now, oldest first: none, this one, or those that turned out to be the UE's too."""
        mine = self._mine(record)
        if not mine and named(record.subject):
            self._carrier = None  # most records of a busy network: another subscriber's
            return []
        connection = connection_of(record)
        carrier, self._carrier = self._carrier, connection
        if connection is None and record.interface == "N1" and record.source == "UE":
            connection = carrier  # an AMF records a NAS message right after the message on N2 that carried it
        if mine and connection is not None and connection not in self._connections:
            return [*self._learn(connection), record]
        if connection in self._connections and not named(record.subject):
            return [record]
        if mine and self._connections:
            return [record]
        if mine or not named(record.subject):
            self._kept.append((connection, record))
        return []

    def _mine(self, record: Record) -> bool:
        if self._supi is not None and record.about is not None:
            return record.about == self._supi
        return self._subject in record.subject

    def _learn(self, connection: tuple[str, int]) -> list[Record]:
        """Remember that a connection is the UE's; what was kept of it."""
        self._connections.add(connection)
        aliases = {record.subject for known, record in self._kept if known == connection and record.subject}
        taken, left = [], deque[tuple[tuple[str, int] | None, Record]](maxlen=KEPT)
        for known, record in self._kept:
            if known == connection or record.subject in aliases or self._mine(record):
                taken.append(record)
            else:
                left.append((known, record))
        self._kept = left
        return taken


def follow(records: Iterable[Record], subject: Supi | str) -> Iterator[Record]:
    """One UE's records out of a whole run, in their order."""
    everything = list(records)
    follower = Follower(subject)
    mine = {id(chosen) for record in everything for chosen in follower(record)}
    return (record for record in everything if id(record) in mine)


def connection_of(record: Record) -> tuple[str, int] | None:
    """The gNB and the RAN UE NGAP ID of a UE-associated message on N2 (TS 38.413 9.3.3.2)."""
    value: Any = record.value
    if record.interface == "Xn":
        return _source_of(record, value)
    number = getattr(value, "ran_ue_ngap_id", None)
    named_by = getattr(value, "ue_ngap_ids", None)  # of a release command (TS 38.413 9.2.2.5)
    if isinstance(named_by, tuple):
        number = getattr(named_by[1], "ran_ue_ngap_id", None)
    if record.interface != "N2" or not isinstance(number, int):
        return None
    return record.target if "amf" in record.source.casefold() else record.source, number


def _source_of(record: Record, value: Any) -> tuple[str, int] | None:
    """The same for a message on Xn: our gNBs name a UE there as on N2 (TS 38.423 9.2.3.16)."""
    number = getattr(value, "source_ng_ran_node_ue_xnap_id", None)
    if not isinstance(number, int):
        return None
    return record.source if record.name in OF_SOURCE else record.target, number


def named(subject: str) -> bool:
    """Whether a subject is a subscriber rather than a connection nobody knows yet."""
    return subject.startswith(NAMED)
