"""The ceremony: a root in shares, functions certified under it, a key for tokens, and a transcript of every step."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.spec.errors import Unusable
from freehold.spec.identities import PlmnId
from freehold.trust.keys import authority
from freehold.trust.seal import Signer, seal_envelope

CONSOLE: Final = "console"
HERE: Final = ("localhost", "127.0.0.1", "::1")
"""What the console is called on its own machine."""
FUNCTIONS: Final = ("amf", "smf", "ausf", "udm", "udr", "nrf", "nssf", "pcf", "upf", "gnb", CONSOLE)
TRANSCRIPT: Final = "application/vnd.freehold.ceremony+json"
_PRIVATE, _PUBLIC = 0o600, 0o644


class Step(msgspec.Struct, frozen=True):
    """One step: what was made, its file, and the SHA-256 of its public part; of a share, of its text."""

    what: str
    file: str
    digest: str


class Transcript(msgspec.Struct, frozen=True):
    """A ceremony: when, whose network, how many shares of how many, the root's fingerprint, and its steps."""

    time: str
    network: str
    threshold: int
    shares: int
    root: str
    steps: tuple[Step, ...]

    def digest(self) -> str:
        """What the ledger keeps of it."""
        return sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


class _Folder:
    """A new folder, and what was put into it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.steps: list[Step] = []
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise Unusable(f"{path} is not empty: a ceremony needs a new folder")
        except OSError as error:
            raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None

    def put(self, name: str, octets: bytes, mode: int) -> Path:
        place = self.path / name
        try:
            with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(octets)
        except OSError as error:
            raise Unusable(f"{place}: {(error.strerror or str(error)).lower()}") from None
        return place

    def step(self, what: str, name: str, octets: bytes, mode: int = _PUBLIC) -> None:
        self.put(name, octets, mode)
        self.steps.append(Step(what, name, sha256(octets).hexdigest()))


def perform(
    path: Path,
    network: str,
    plmn: PlmnId,
    shares: int,
    threshold: int,
    functions: Sequence[str],
    names: Sequence[str] = (),
) -> Transcript:
    """Make everything in a new folder; the root's key is in its shares alone when this returns.

    `names` are the console's: host names and addresses that its visitors know it by.
    """
    unknown = [each for each in functions if each not in FUNCTIONS]
    if unknown:
        raise Unusable(f"{unknown[0]}: no such function; known: {', '.join(FUNCTIONS)}")
    for each in names:
        authority.named(each)
    now = datetime.now(UTC)
    root = authority.new_authority(network, now)
    held = root.shares(shares, threshold, os.urandom)
    folder = _Folder(path)
    folder.step("root certificate", "root.crt", authority.public_pem(root.certificate))
    for share in held:
        folder.step(f"share {share.number}", f"share-{share.number}.json", authority.share_text(share), _PRIVATE)
    for function in functions:
        certify(folder.path, root, function, plmn, folder.steps, names)
    token = authority.new_key()
    folder.put("token.key", authority.private_pem(token), _PRIVATE)
    folder.step("key of access tokens", "token.pub", authority.public_pem(token.public_key()))
    when = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Transcript(when, network, threshold, shares, root.fingerprint, tuple(folder.steps))


def certify(
    path: Path,
    root: authority.Authority,
    function: str,
    plmn: PlmnId,
    steps: list[Step],
    names: Sequence[str] = (),
) -> None:
    """A fresh key of a function and its certificate, in place of those it had; `names` are the console's alone."""
    key, now = authority.new_key(), datetime.now(UTC)
    more = (*HERE, *names) if function == CONSOLE else ()
    certificate = authority.public_pem(root.certify(function, plmn, key.public_key(), now, more))
    pair = ((f"{function}.key", authority.private_pem(key), _PRIVATE), (f"{function}.crt", certificate, _PUBLIC))
    try:
        for name, octets, mode in pair:
            with os.fdopen(os.open(path / f".{name}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
                file.write(octets)
        for name, _, _ in pair:  # both are whole before either takes its place
            (path / f".{name}.new").replace(path / name)
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None
    steps.append(Step(f"certificate of {function}", f"{function}.crt", sha256(certificate).hexdigest()))


def signed(value: Any, signer: Signer) -> bytes:
    """A transcript or an attestation, signed by the owner."""
    return seal_envelope(msgspec.to_builtins(value), [signer], TRANSCRIPT)
