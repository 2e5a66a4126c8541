"""A file of rows for the next process: written at its end, read once, made anew when most of it is old."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from freehold.spec.errors import Unusable
from freehold.store.faults import unusable

BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_HEAD: Final = struct.Struct("<IHBxI")
"""Of an entry: its checksum, the length of its key, whether it removes, the length of its row."""
_MAGIC: Final = b"freehold journal 1\n"
_SPARE: Final = 4 << 20
"""So many octets of old entries are not worth a new file."""


class FileJournal:
    """A `services.journal.Journal` in one file, which this process holds until it is closed.

    What the processor wrote survives the process, not the machine: monotonic times in its rows go on. A file of an
    earlier start of the machine, or one that is damaged, is read as far as it is right.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file; Unusable where it cannot be or another process has it."""
        self._path = path
        self._rows: dict[bytes, tuple[int, int]] = {}
        self._live = 0
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(path, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise Unusable(f"{path} is in use by another process") from error
        self._head = _MAGIC + BOOT.read_bytes()
        self._end = self._read()

    def _read(self) -> int:
        """Learn where rows are; the end of what is right."""
        size = os.fstat(self._file).st_size
        if os.pread(self._file, len(self._head), 0) != self._head:
            return self._begin()
        with mmap.mmap(self._file, size, prot=mmap.PROT_READ) as octets:
            place = len(self._head)
            for key, start, length in _entries(octets, place):
                self._note(key, start, length)
                place = start + max(length, 0)
        os.ftruncate(self._file, place)
        return place

    def _begin(self) -> int:
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, self._head, 0)
        return len(self._head)

    def clear(self) -> None:
        """Have no row."""
        self._rows, self._live, self._end = {}, 0, self._begin()

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Every row."""
        return [(key, os.pread(self._file, length, start)) for key, (start, length) in self._rows.items()]

    def put(self, key: bytes, row: bytes) -> None:
        """Have a row at a key."""
        self._append(key, row)

    def remove(self, key: bytes) -> None:
        """Have none there."""
        if key in self._rows:
            self._append(key, None)

    def close(self, *, forget: bool = False) -> None:
        """Let go of the file; `forget` leaves none to the next process."""
        if forget:
            self._path.unlink(missing_ok=True)
        os.close(self._file)

    def _append(self, key: bytes, row: bytes | None) -> None:
        entry = _entry(key, row)
        os.pwrite(self._file, entry, self._end)
        self._note(key, self._end + len(entry) - len(row or b""), -1 if row is None else len(row))
        self._end += len(entry)
        if self._end > 2 * self._live + _SPARE:
            self._renew()

    def _note(self, key: bytes, start: int, length: int) -> None:
        before = self._rows.pop(key, None)
        if before is not None:
            self._live -= _HEAD.size + len(key) + before[1]
        if length >= 0:
            self._rows[key] = start, length
            self._live += _HEAD.size + len(key) + length

    def _renew(self) -> None:
        """Put a file of the rows alone in the place of this one."""
        other = self._path.with_suffix(".new")
        rows = self.items()
        new = os.open(other, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        fcntl.flock(new, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._rows, self._live, place = {}, 0, len(self._head)
        with open(new, "wb", closefd=False) as stream:
            stream.write(self._head)
            for key, row in rows:
                entry = _entry(key, row)
                stream.write(entry)
                self._note(key, place + len(entry) - len(row), len(row))
                place += len(entry)
        other.replace(self._path)
        os.close(self._file)
        self._file, self._end = new, place


def _entry(key: bytes, row: bytes | None) -> bytes:
    body = _HEAD.pack(0, len(key), row is None, len(row or b""))[4:] + key + (row or b"")
    return struct.pack("<I", zlib.crc32(body)) + body


def _entries(octets: mmap.mmap, place: int) -> Iterator[tuple[bytes, int, int]]:
    """The key of each entry, where its row begins and how long it is (-1: it removes); until one is not right."""
    while place + _HEAD.size <= len(octets):
        checksum, key_length, removes, length = _HEAD.unpack_from(octets, place)
        start = place + _HEAD.size + key_length
        if start + length > len(octets) or zlib.crc32(octets[place + 4 : start + length]) != checksum:
            return
        yield octets[start - key_length : start], start, -1 if removes else length
        place = start + length
