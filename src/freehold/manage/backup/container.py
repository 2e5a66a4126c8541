r"""The file of a backup: a head that anybody may read, and a content that is authenticated and encrypted with it.

    "FREEHOLD BACKUP\n"  length of the head (4 octets)  head (JSON)  AES-256-GCM of the content  SHA-256 of all before

The head says how to find the key: from a passphrase by scrypt (RFC 7914), or from CMS EnvelopedData (RFC 5652 6) for
the holder of a certificate. The digest at the end tells a damaged file from a wrong passphrase.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Annotated, Final

import msgspec

from freehold.manage.envelope import enveloped, recipient_name, unenveloped
from freehold.spec.errors import Unusable

MAGIC: Final = b"FREEHOLD BACKUP\n"
FORMAT: Final = 1
"""The newest format of the file and of its content."""
SHORTEST: Final = 12
LONGEST: Final = 1024
"""Characters of a passphrase."""
_LENGTH, _DIGEST, _TAG, _KEY, _NONCE = 4, 32, 16, 32, 12
_MOST_HEAD: Final = 16 * 1024
_COST, _BLOCK, _LANES = 1 << 16, 8, 1
"""scrypt: 64 MiB, as RFC 7914 2 counts."""


class Passphrase(msgspec.Struct, frozen=True, tag="passphrase", tag_field="lock"):
    """The key comes from a passphrase by scrypt; its cost is bounded: a file is somebody else's until it is opened."""

    salt: bytes
    cost: Annotated[int, msgspec.Meta(ge=1 << 14, le=1 << 18)] = _COST
    block: Annotated[int, msgspec.Meta(ge=1, le=8)] = _BLOCK
    lanes: Annotated[int, msgspec.Meta(ge=1, le=4)] = _LANES


class Recipient(msgspec.Struct, frozen=True, tag="recipient", tag_field="lock"):
    """The key is in CMS EnvelopedData, DER, for the holder of a certificate."""

    name: str
    envelope: bytes


class Head(msgspec.Struct, frozen=True):
    """What anybody may know of a backup: which program made it when (seconds since 1970), and how it is locked."""

    format: int
    program: str
    made: float
    size: int
    nonce: bytes
    lock: Passphrase | Recipient


class Opener(msgspec.Struct, frozen=True):
    """What opens a backup: its passphrase, or its key as `unwrapped` found it."""

    passphrase: str = ""
    key: bytes = b""


class WrongKey(Unusable):
    """The passphrase or the key does not open the backup."""


def sealed(content: bytes, program: str, made: float, *, passphrase: str = "", recipient: bytes = b"") -> bytes:
    """The file of a content, for a passphrase or for the holder of a certificate in PEM; takes a while."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    lock: Passphrase | Recipient
    if bool(passphrase) == bool(recipient):
        raise Unusable("a backup is encrypted to a passphrase or to a recipient: give one of them")
    if passphrase:
        if not SHORTEST <= len(passphrase) <= LONGEST:
            raise Unusable(f"passphrase: {SHORTEST} to {LONGEST} characters")
        lock = Passphrase(secrets.token_bytes(16), _COST)
        key = _stretched(lock, passphrase)
    else:
        key = secrets.token_bytes(_KEY)
        lock = Recipient(recipient_name(recipient), enveloped(key, recipient))
    nonce = secrets.token_bytes(_NONCE)
    head = msgspec.json.encode(Head(FORMAT, program, made, len(content) + _TAG, nonce, lock))
    front = MAGIC + len(head).to_bytes(_LENGTH, "big") + head
    whole = front + AESGCM(key).encrypt(nonce, content, front)
    return whole + hashlib.sha256(whole).digest()


def head_of(file: bytes) -> Head:
    """The head of a whole and undamaged file; Unusable says what it is instead."""
    return _parts(file)[0]


def opened(file: bytes, opener: Opener) -> bytes:
    """The content; Unusable says what is wrong with the file, WrongKey that the key is not its own. Takes a while."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head, front, locked = _parts(file)
    if opener.key:
        key = opener.key
    elif isinstance(head.lock, Passphrase):
        if not opener.passphrase:
            raise WrongKey("the backup is encrypted to a passphrase: give it")
        key = _stretched(head.lock, opener.passphrase)
    else:
        raise WrongKey(f"the backup is encrypted to {head.lock.name}: open it with that one's private key")
    if len(key) != _KEY:
        raise WrongKey(f"the key of a backup has {_KEY} octets")
    try:
        return AESGCM(key).decrypt(head.nonce, locked, front)
    except InvalidTag:
        raise WrongKey("the passphrase or key is not that of this backup, or somebody altered it on purpose") from None


def unwrapped(file: bytes, private_key: bytes, certificate: bytes) -> bytes:
    """The key of a backup for a recipient, by that one's private key and certificate in PEM."""
    lock = head_of(file).lock
    if isinstance(lock, Passphrase):
        raise WrongKey("the backup is encrypted to a passphrase, not to a recipient")
    return unenveloped(lock.envelope, private_key, certificate)


def _parts(file: bytes) -> tuple[Head, bytes, bytes]:
    """Head, all octets up to the content, and the content as it is encrypted."""
    if not file.startswith(MAGIC):
        raise Unusable("this is no backup of Freehold")
    begin = len(MAGIC) + _LENGTH
    length = int.from_bytes(file[len(MAGIC) : begin], "big")
    if length > _MOST_HEAD or len(file) < begin + length:
        raise Unusable("the backup is cut short or damaged: its head is not whole")
    try:
        format_ = msgspec.json.decode(file[begin : begin + length], type=_Format).format
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unusable("the backup is damaged: its head cannot be read") from None
    if format_ != FORMAT:
        raise Unusable(f"the backup has format {format_} and this program knows {FORMAT}: take the program of its time")
    try:
        head = msgspec.json.decode(file[begin : begin + length], type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unusable("the backup is damaged: its head cannot be read") from None
    whole = begin + length + head.size + _DIGEST
    if len(file) != whole:
        what = "cut short" if len(file) < whole else "followed by something else"
        raise Unusable(f"the backup is {what}: it has {len(file)} octets instead of {whole}")
    if not hmac.compare_digest(hashlib.sha256(file[:-_DIGEST]).digest(), file[-_DIGEST:]):
        raise Unusable("the backup is damaged: its octets are not those that were written")
    if head.size < _TAG or len(head.nonce) != _NONCE:
        raise Unusable("the backup is damaged: its head is not right")
    return head, file[: begin + length], file[begin + length : -_DIGEST]


class _Format(msgspec.Struct, frozen=True):
    format: int


def _stretched(lock: Passphrase, passphrase: str) -> bytes:
    if lock.cost & (lock.cost - 1):
        raise Unusable("the backup is damaged: its head is not right")
    return hashlib.scrypt(
        passphrase.encode("utf-8", "surrogatepass"),
        salt=lock.salt,
        n=lock.cost,
        r=lock.block,
        p=lock.lanes,
        maxmem=2 * 128 * lock.cost * lock.block + 1024 * 1024,
        dklen=_KEY,
    )
