"""Packets traced at a UPF of another process of this machine: a socket of its own, for its owner alone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from freehold.app import config
from freehold.app.config import Configuration
from freehold.procedure import Record
from freehold.spec.errors import Unusable

NAME: Final = "upf-trace.sock"
LOOKING: Final = 0.1
"""Seconds between two looks at what was traced."""
UNSENT: Final = 4 * 1024 * 1024
"""Octets that may wait for who asked; what is traced meanwhile is lost."""
LONGEST: Final = 64 * 1024
MOST_ENDS: Final = 256
HEADER: Final = 4
SECONDS: Final = 2.0


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """Whose packets, by address; how many octets of each, and packets a second."""

    ends: tuple[str, ...]
    octets: int
    a_second: int


class Traceable(Protocol):
    """The packets of a UPF, as far as a trace is concerned."""

    def trace(self, ends: Sequence[str], octets: int = 0, a_second: int = 1) -> None:
        """Trace terminals by their addresses; nobody where there are none."""

    def take_traced(self) -> list[Record]:
        """The packets traced since the last call."""


def socket_path(configuration: Configuration) -> Path:
    """Where the UPF of another process is asked: beside the management socket."""
    return config.socket_path(configuration).with_name(NAME)


@contextlib.asynccontextmanager
async def traced_by_others(configuration: Configuration, plane: Traceable) -> AsyncIterator[None]:
    """Let the core of another process trace packets here; one at a time, whoever may open the socket (mode 0600)."""
    path = socket_path(configuration)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = asyncio.current_task()
        try:
            if own is not None and not serving:
                serving.add(own)
                await _serve(plane, reader, writer)
        finally:
            if own is not None:
                serving.discard(own)
            writer.close()

    server = await asyncio.start_unix_server(serve, path, limit=LONGEST)
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)
        ending = tuple(serving)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)


async def _serve(plane: Traceable, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sending = asyncio.create_task(_send(plane, writer))
    try:
        while line := await reader.readline():
            asked = msgspec.json.decode(line, type=Asked)
            plane.trace(asked.ends[:MOST_ENDS], asked.octets, asked.a_second)
    except (ValueError, msgspec.DecodeError, OSError):  # who asks so is not answered
        return
    finally:
        sending.cancel()
        plane.trace((), 0, 1)


async def _send(plane: Traceable, writer: asyncio.StreamWriter) -> None:
    while True:
        records = plane.take_traced()
        if records and writer.transport.get_write_buffer_size() < UNSENT:
            octets = msgspec.msgpack.encode(records)
            writer.write(len(octets).to_bytes(HEADER, "big") + octets)
        await asyncio.sleep(LOOKING)


class TraceElsewhere:
    """The trace of a UPF that runs in another process; Unusable where there is none on this machine."""

    def __init__(self, configuration: Configuration) -> None:
        self._path = socket_path(configuration)
        self._socket: socket.socket | None = None
        self._read = bytearray()

    def trace(self, ends: Sequence[str], octets: int, a_second: int) -> None:
        """Trace terminals by their addresses; nobody where there are none."""
        line = msgspec.json.encode(Asked(tuple(ends), octets, a_second)) + b"\n"
        try:
            connected = self._socket or self._connected()
            connected.sendall(line)
        except OSError as error:
            self.close()
            raise Unusable(
                f"no UPF on this machine lets its packets be traced ({self._path}: {error.strerror}): "
                "run the UPF here, with the same [management] socket, or trace on its own machine"
            ) from None
        if not ends:
            self.close()

    def take(self) -> list[Record]:
        """The packets traced since the last call."""
        with contextlib.suppress(BlockingIOError):
            while self._socket is not None and (octets := self._socket.recv(LONGEST)):
                self._read += octets
        found: list[Record] = []
        while len(self._read) >= HEADER:
            end = HEADER + int.from_bytes(self._read[:HEADER], "big")
            if len(self._read) < end:
                break
            found += msgspec.msgpack.decode(bytes(self._read[HEADER:end]), type=list[Record])
            del self._read[:end]
        return found

    def close(self) -> None:
        """Trace nobody; harmless when done twice."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._read.clear()

    def _connected(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(SECONDS)
        try:
            made.connect(str(self._path))
        except OSError:
            made.close()
            raise
        made.setblocking(False)
        self._socket = made
        return made
