"""Rows of the store sealed under a data key, which itself is sealed: by a secret, a password, or a token's key."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import scrypt, sha256
from pathlib import Path
from typing import Final, Literal

import msgspec

from freehold.crypto.seal import Seal
from freehold.spec.errors import Unusable
from freehold.trust.keys.token import TokenKey
from freehold.trust.seal.reading import Refused, read_bounded, read_json

RESTORE: Final = "restore"
"""As a table: a backup that waits for the next start."""
TABLES: Final = frozenset({"subscriber", "home-network-key", "management-ca", RESTORE})
"""Tables whose rows hold secrets: of SIMs, of the home network, of the authority that vouches for the console."""
MARK: Final = b"\0FS1"
"""A sealed row's beginning: no row in clear begins with it."""
KEY: Final = 32
NONCE: Final = 12
COST: Final = (1 << 15, 8, 1)
"""scrypt's N, r and p: 32 MiB."""
_MOST: Final = 1 << 16
_MEMORY: Final = 64 << 20


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sealed data key: by what, its nonce and octets in Base64, and scrypt's salt or a token and its key's label."""

    kind: Literal["secret", "password", "token"]
    nonce: str
    sealed: str
    salt: str = ""
    module: str = ""
    token: str = ""
    label: str = ""


class RowSeal:
    """Seals rows with AES-256-GCM; a row opens only in its own table and under its own key."""

    def __init__(self, key: bytes) -> None:
        self._seal = Seal(key)
        self.key_id = sha256(b"freehold data key" + key).hexdigest()[:16]

    def seal(self, table: str, key: str, row: bytes) -> bytes:
        """The row as the store keeps it."""
        if table not in TABLES:
            return row
        nonce = os.urandom(NONCE)
        return MARK + nonce + self._seal.seal(nonce, row, _place(table, key))

    def open(self, table: str, key: str, row: bytes) -> bytes:
        """The row in clear; Unusable where it is in clear already, or was changed, moved or sealed by another key."""
        if table not in TABLES:
            return row
        if not is_sealed(row):
            raise Unusable(f"the store holds {table} {key} in clear, where it was sealed: put a backup in its place")
        nonce, sealed = row[len(MARK) : len(MARK) + NONCE], row[len(MARK) + NONCE :]
        try:
            return self._seal.open(nonce, sealed, _place(table, key))
        except ValueError:
            raise Unusable(f"{table} {key} does not open: it was changed or moved, or the key is another") from None


def is_sealed(row: bytes) -> bool:
    """Whether a row is one that somebody sealed."""
    return row[: len(MARK)] == MARK


def _place(table: str, key: str) -> bytes:
    return f"{table}\0{key}".encode()


def new_password_file(path: Path, password: bytes) -> RowSeal:
    """A fresh data key under a password, in a file where none is."""
    if len(password) < 12:
        raise Unusable("a password of a key file has at least 12 characters")
    key, salt, nonce = os.urandom(KEY), os.urandom(16), os.urandom(NONCE)
    sealed = Seal(_stretched(password, salt)).seal(nonce, key, b"password")
    _write(path, KeyFile("password", _text(nonce), _text(sealed), salt=_text(salt)))
    return RowSeal(key)


def new_secret_file(path: Path, secret: Path) -> RowSeal:
    """A fresh data key under a secret that is drawn where its file is not there yet, in a file where none is."""
    if not secret.exists():
        _create(secret, os.urandom(KEY).hex().encode() + b"\n")
    key, nonce = os.urandom(KEY), os.urandom(NONCE)
    sealed = Seal(_drawn(read_secret(secret))).seal(nonce, key, b"secret")
    _write(path, KeyFile("secret", _text(nonce), _text(sealed)))
    return RowSeal(key)


def new_token_file(path: Path, module: str, token: str, pin: str, label: str = "freehold-kek") -> RowSeal:
    """A fresh data key under a fresh key of a token that never leaves it, in a file where none is."""
    key, nonce = os.urandom(KEY), os.urandom(NONCE)
    with TokenKey(module, token, pin, label, create=True) as kek:
        sealed = kek.seal(nonce, key)
    _write(path, KeyFile("token", _text(nonce), _text(sealed), module=module, token=token, label=label))
    return RowSeal(key)


def open_key_file(path: Path, secret: Callable[[], bytes]) -> RowSeal:
    """The data key of a file; `secret` gives the password or the PIN. Unusable where it does not open."""
    try:
        file = msgspec.convert(read_json(path, _MOST), type=KeyFile)
        nonce, sealed, salt = (b64decode(each, validate=True) for each in (file.nonce, file.sealed, file.salt))
    except (msgspec.ValidationError, ValueError, Refused) as error:
        raise Unusable(f"{path} is no key file: {error}") from None
    if file.kind == "token":
        with TokenKey(file.module, file.token, secret().decode(errors="replace"), file.label) as kek:
            return RowSeal(kek.open(nonce, sealed))
    word = secret()
    stretched = _drawn(word) if file.kind == "secret" else _stretched(word, salt)
    try:
        return RowSeal(Seal(stretched).open(nonce, sealed, file.kind.encode()))
    except ValueError:
        raise Unusable(f"{path} does not open: the password is another, or the file was changed") from None


def read_secret(path: Path) -> bytes:
    """A password or PIN from a file of its owner alone, without the line's end."""
    octets = read_bounded(path, _MOST)
    if path.stat().st_mode & 0o077:
        raise Unusable(f"{path} can be read by others: chmod 600 {path}")
    return octets.rstrip(b"\r\n")


def _stretched(password: bytes, salt: bytes) -> bytes:
    cost, block, parallel = COST
    return scrypt(password, salt=salt, n=cost, r=block, p=parallel, maxmem=_MEMORY, dklen=KEY)


def _drawn(secret: bytes) -> bytes:
    """The key of a secret that was drawn at random: it has as much in it as a key, so nothing stretches it."""
    return sha256(b"freehold store secret" + secret).digest()


def _text(octets: bytes) -> str:
    return b64encode(octets).decode()


def _write(path: Path, file: KeyFile) -> None:
    _create(path, msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n")


def _create(path: Path, octets: bytes) -> None:
    """A new file of its owner alone, durable and whole or not there."""
    begun = path.with_name(f".{path.name}.new")
    try:
        begun.unlink(missing_ok=True)
        with os.fdopen(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(octets)
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(begun, path)  # never over a file that is there
        finally:
            begun.unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None
