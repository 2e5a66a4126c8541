"""Ed25519 keys in PEM (RFC 8410): the owner's own key that signs, and keys of others that verify."""

from __future__ import annotations

import base64
import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold.spec.errors import Unusable
from freehold.trust.seal.reading import read_bounded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_MOST: Final = 1 << 16
_OTHERS: Final = 0o077


class Verifier:
    """A public key; `key_id` is the SHA-256 of its SubjectPublicKeyInfo in hexadecimal."""

    __slots__ = ("_key", "key_id", "raw")

    def __init__(self, key: Ed25519PublicKey) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._key = key
        self.raw = key.public_bytes_raw()
        self.key_id = sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    def holds(self, signature: bytes, octets: bytes) -> bool:
        """Whether the signature is this key's over these octets."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, octets)
        except InvalidSignature:
            return False
        return True

    def pem(self) -> bytes:
        """The key as others load it."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Signer:
    """A private key and its public half."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = Verifier(key.public_key())

    def sign(self, octets: bytes) -> bytes:
        """The signature over these octets: 64 octets."""
        return self._key.sign(octets)


def new_signer(path: Path) -> Signer:
    """Make a key and write it where no file is, for its owner alone; its public half beside it as `.pub`."""
    ed25519, serialization = _library()
    key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signer = Signer(key)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        path.with_name(path.name + ".pub").write_bytes(signer.public.pem())
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None
    return signer


def load_signer(path: Path) -> Signer:
    """The owner's key; Unusable where others may read it or it is none."""
    ed25519, serialization = _library()
    octets = read_bounded(path, _MOST)
    if path.stat().st_mode & _OTHERS:
        raise Unusable(f"{path} can be read by others: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(octets, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise Unusable(f"{path} holds no Ed25519 private key in PEM without a password")
    return Signer(key)


def load_verifier(path: Path) -> Verifier:
    """A public key of somebody; Unusable where the file holds none."""
    ed25519, serialization = _library()
    octets = read_bounded(path, _MOST)
    try:
        key = serialization.load_pem_public_key(octets)
    except ValueError:
        key = None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise Unusable(f"{path} holds no Ed25519 public key in PEM")
    return Verifier(key)


def verifier_of(raw: bytes) -> Verifier:
    """A public key from its 32 octets."""
    ed25519, _ = _library()
    return Verifier(ed25519.Ed25519PublicKey.from_public_bytes(raw))


def base64url(octets: bytes) -> str:
    """Base64 of RFC 4648 5 without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def needs(what: str) -> Unusable:
    """What to say where the packages of this room are not installed."""
    return Unusable(f"{what} is not installed: pip install --require-hashes -r locks/trust.txt")


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise needs("cryptography") from None
    return ed25519, serialization
