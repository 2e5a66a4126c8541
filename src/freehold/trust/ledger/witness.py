"""What is kept outside of a ledger as it grows: a state after every act, signed where the owner has a key here.

A note is a checkpoint's three lines; signed, an empty line and one more follow, as C2SP's signed notes have them.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.spec.errors import Unusable
from freehold.trust.ledger.checkpoint import ORIGIN, Checkpoint, parse
from freehold.trust.seal.reading import read_bounded

if TYPE_CHECKING:
    from freehold.trust.seal import Signer, Verifier

MOST: Final = 64 << 20
"""Octets of a file of notes at most."""
_DASH: Final = "\N{EM DASH} "
_HINT: Final = 4


class Witness:
    """A file on another machine's share, or a stick, that every state is added to."""

    def __init__(self, path: Path, signer: Signer | None = None) -> None:
        self.path = path
        self._signer = signer

    def add(self, checkpoint: Checkpoint) -> None:
        """Add a state; Unusable where the file cannot be written."""
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(descriptor, note(checkpoint, self._signer).encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Unusable(f"{self.path}: {(error.strerror or str(error)).lower()}") from None

    def notes(self) -> list[Checkpoint]:
        """The states so far; none where the file is not there yet."""
        if not self.path.exists():
            return []
        trusted = [self._signer.public] if self._signer else []
        return read_notes(self.path, trusted)


def note(checkpoint: Checkpoint, signer: Signer | None = None) -> str:
    """A checkpoint as it is kept: three lines, or five with a signature over them."""
    text = str(checkpoint)
    if signer is None:
        return text
    hint = bytes.fromhex(signer.public.key_id)[:_HINT]
    return f"{text}\n{_DASH}freehold {base64.b64encode(hint + signer.sign(text.encode())).decode()}\n"


def read_notes(path: Path, trusted: Sequence[Verifier] = ()) -> list[Checkpoint]:
    """Every checkpoint of a file; with `trusted` keys, Unusable where one has no signature of any of them."""
    octets = read_bounded(path, MOST)
    found: list[list[str]] = []
    for line in octets.decode("utf-8", "replace").splitlines():
        if line == ORIGIN or not found:
            found.append([])
        found[-1].append(line)
    if not found:
        raise Unusable(f"{path} holds no checkpoint")
    return [_checked(lines, trusted, path) for lines in found]


def _checked(lines: list[str], trusted: Sequence[Verifier], path: Path) -> Checkpoint:
    checkpoint = parse("\n".join(lines[:3]))
    rest = [line for line in lines[3:] if line]
    if any(not line.startswith(_DASH) for line in rest):
        raise Unusable(f"{path}: a checkpoint has three lines, and signatures below an empty one")
    if trusted and not any(_signed(line, checkpoint, trusted) for line in rest):
        raise Unusable(f"{path}: the checkpoint of {checkpoint.size} entries has no signature of a key you trust")
    return checkpoint


def _signed(line: str, checkpoint: Checkpoint, trusted: Sequence[Verifier]) -> bool:
    try:
        octets = base64.b64decode(line.rpartition(" ")[2], validate=True)
    except (binascii.Error, ValueError):
        return False
    return any(key.holds(octets[_HINT:], str(checkpoint).encode()) for key in trusted)
