"""What a UPF writes down of its peers and sessions: its next process goes on with them, and no peer sees a restart.

A restart is what makes a peer give sessions up (TS 23.527 4.3), so whoever lost none keeps its recovery time stamp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

import msgspec

from freehold.codecs.pfcp import NodeID
from freehold.core.upf.readings import Measures
from freehold.core.upf.state import Association, Session
from freehold.services.datagram import Address
from freehold.services.journal import Journal
from freehold.services.userplane import Filter, Usage

_STARTED: Final = b"started"
_PEER, _SESSION, _APPLICATIONS = b"peer ", b"session ", b"applications "

Described = Mapping[str, tuple[Filter, ...]]
"""The filters of applications by their identifiers (TS 29.244 6.2.5)."""


class Left(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A session as it was when it last changed: what it had carried beside what the kernel remembers, and measured.

    `chosen` are the TEIDs of it that the SMF chose.
    """

    nonce: int
    peer: str
    cp_seid: int
    rules: bytes
    carried: Usage
    measured: Measures = {}
    chosen: tuple[int, ...] = ()
    sets: tuple[bytes, ...] = ()

    def session(self, teid: int) -> Session:
        """The session, under its TEID."""
        return Session(teid, self.nonce, self.peer, self.cp_seid, self.rules, self.sets)


class _Peer(msgspec.Struct, frozen=True, gc=False, array_like=True):
    address: Address
    node_id: tuple[bytes | None, bytes | None, str | None]
    recovery_time_stamp: int


_ENCODER: Final = msgspec.msgpack.Encoder()
_LEFT: Final = msgspec.msgpack.Decoder(Left)
_PEERS: Final = msgspec.msgpack.Decoder(_Peer)
_DESCRIBED: Final = msgspec.msgpack.Decoder(dict[str, tuple[Filter, ...]])


class Retention:
    """The journal of one user plane function; without one nothing is kept."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._left: dict[int, Left] = {}
        self._peers: list[Association] = []
        self._applications: dict[str, Described] = {}
        self._started: int | None = None
        for key, row in journal.items() if journal is not None else ():
            with suppress(msgspec.DecodeError):  # of a version that writes them otherwise
                self._read(key, row)

    @property
    def keeps(self) -> bool:
        """Whether anything is written down."""
        return self._journal is not None

    def _read(self, key: bytes, row: bytes) -> None:
        if key == _STARTED:
            self._started = int.from_bytes(row, "big")
        elif key.startswith(_SESSION):
            self._left[int.from_bytes(key[len(_SESSION) :], "big")] = _LEFT.decode(row)
        elif key.startswith(_PEER):
            peer = _PEERS.decode(row)
            self._peers.append(Association(peer.address, NodeID(*peer.node_id), peer.recovery_time_stamp))

        elif key.startswith(_APPLICATIONS):
            self._applications[key[len(_APPLICATIONS) :].decode()] = _DESCRIBED.decode(row)

    def started(self, now: int) -> int:
        """When this function started, or the earlier process that it goes on for (TS 29.244 8.2.65)."""
        if self._started is None:
            self._started = now
            self._put(_STARTED, now.to_bytes(8, "big"))
        return self._started

    def peers(self) -> Iterator[Association]:
        """The associations of the earlier process, once."""
        while self._peers:
            yield self._peers.pop()

    def sessions(self) -> Iterator[tuple[int, Left]]:
        """Its sessions by TEID, once."""
        while self._left:
            yield self._left.popitem()

    def applications(self) -> Iterator[tuple[str, Described]]:
        """What its peers described, once."""
        while self._applications:
            yield self._applications.popitem()

    def keep_peer(self, association: Association) -> None:
        """Write an association down."""
        node = association.node_id
        row = _Peer(association.address, (node.ipv4, node.ipv6, node.fqdn), association.recovery_time_stamp)
        self._put(_PEER + association.address[0].encode(), _ENCODER.encode(row))

    def forget_peer(self, peer: str) -> None:
        """It ended."""
        if self._journal is not None:
            self._journal.remove(_PEER + peer.encode())

    def keep_session(self, session: Session, carried: Usage, measured: Measures, chosen: tuple[int, ...] = ()) -> None:
        """Write a session down as it is now."""
        own = (session.nonce, session.peer, session.cp_seid, session.rules)
        row = Left(*own, carried, measured, chosen, session.sets)
        self._put(_SESSION + session.teid.to_bytes(4, "big"), _ENCODER.encode(row))

    def forget_session(self, teid: int) -> None:
        """It ended."""
        if self._journal is not None:
            self._journal.remove(_SESSION + teid.to_bytes(4, "big"))

    def keep_applications(self, peer: str, described: Described) -> None:
        """Write down what a peer described; nothing is nothing to keep."""
        if described:
            self._put(_APPLICATIONS + peer.encode(), _ENCODER.encode(described))
        else:
            self.forget_applications(peer)

    def forget_applications(self, peer: str) -> None:
        """They ended."""
        if self._journal is not None:
            self._journal.remove(_APPLICATIONS + peer.encode())

    def _put(self, key: bytes, row: bytes) -> None:
        if self._journal is not None:
            self._journal.put(key, row)
