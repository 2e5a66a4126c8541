"""The owner's root: its key in shares and nowhere whole, and the certificates of functions under it (TS 33.310 6.1)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from freehold.spec.errors import Unusable
from freehold.spec.identities import PlmnId
from freehold.trust.keys.shamir import join, split
from freehold.trust.seal import Refused, read_bounded, read_json

ROOT_DAYS: Final = 3650
_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,20}")
FUNCTION_DAYS: Final = 397
SCALAR: Final = 32
SKEW: Final = timedelta(minutes=5)
_MOST: Final = 1 << 16


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One share of a root's key: its number, how many it takes, the root it is of, and its octets with a check."""

    number: int
    threshold: int
    root: str
    value: str
    check: str

    def octets(self) -> bytes:
        """The share's octets; Refused where they were written down wrongly."""
        if self.check != _check(self.number, self.threshold, self.root, self.value):
            raise Refused(f"share {self.number} was changed or copied wrongly")
        return bytes.fromhex(self.value)


def _check(number: int, threshold: int, root: str, value: str) -> str:
    return sha256(f"{number}/{threshold}/{root}/{value}".encode()).hexdigest()[:16]


class Authority:
    """A root certificate with its key, for as long as it is held together."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the root certificate."""
        return fingerprint(self.certificate)

    def shares(self, count: int, threshold: int, random: Callable[[int], bytes]) -> list[Share]:
        """The root's key in shares."""
        secret = self._key.private_numbers().private_value.to_bytes(SCALAR, "big")
        root = self.fingerprint
        return [
            Share(number, threshold, root, octets.hex(), _check(number, threshold, root, octets.hex()))
            for number, octets in split(secret, count, threshold, random).items()
        ]

    def certify(
        self,
        function: str,
        plmn: PlmnId,
        public: ec.EllipticCurvePublicKey,
        now: datetime,
        more: Iterable[str] = (),
    ) -> x509.Certificate:
        """A certificate of a function, by its name in the home network's domain (TS 23.003 28.2) and `more` of its own.

        Unusable where one of these is neither a host name nor an address.
        """
        name = f"{function}.5gc.mnc{plmn.mnc:>03}.mcc{plmn.mcc}.3gppnetwork.org"
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = _builder(_name(function), self.certificate.subject, public, now, FUNCTION_DAYS)
        return (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), *map(named, more)]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def named(text: str) -> x509.GeneralName:
    """A host name or an address as a certificate has it; Unusable where it is neither."""
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        if not _HOST.fullmatch(text):
            raise Unusable(f"{text!r} is neither a host name nor an address") from None
        return x509.DNSName(text)


def new_authority(name: str, now: datetime) -> Authority:
    """A fresh root."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"{name} root")
    certificate = (
        _builder(subject, subject, key.public_key(), now, ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def gathered(certificate: x509.Certificate, shares: Iterable[Share]) -> Authority:
    """The root again, of its shares; Refused where they are too few, of another root, or wrong."""
    held = {share.number: share for share in shares}
    root = fingerprint(certificate)
    for share in held.values():
        if share.root != root:
            raise Refused(f"share {share.number} is of another root")
    threshold = max((share.threshold for share in held.values()), default=0)
    if len(held) < max(threshold, 1):
        raise Refused(f"{len(held)} shares, and it takes {threshold}")
    secret = int.from_bytes(join({number: share.octets() for number, share in held.items()}), "big")
    try:
        key = ec.derive_private_key(secret, ec.SECP256R1())
    except ValueError:
        raise Refused("these shares do not give the key of this root") from None
    if key.public_key() != certificate.public_key():
        raise Refused("these shares do not give the key of this root")
    return Authority(certificate, key)


def read_share(path: Path) -> Share:
    """A share's file."""
    try:
        share = msgspec.convert(read_json(path, _MOST), type=Share)
        bytes.fromhex(share.value)
    except (msgspec.ValidationError, ValueError) as error:
        raise Refused(f"{path} is no share: {error}") from None
    return share


def read_certificate(path: Path) -> x509.Certificate:
    """A certificate in PEM."""
    try:
        return x509.load_pem_x509_certificate(read_bounded(path, _MOST))
    except ValueError:
        raise Unusable(f"{path} holds no certificate in PEM") from None


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of a certificate in hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh key of a function, or of tokens (ES256)."""
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key in PEM, for a file of its owner alone."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def public_pem(key: Any) -> bytes:
    """A certificate or public key in PEM."""
    if isinstance(key, x509.Certificate):
        return key.public_bytes(serialization.Encoding.PEM)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    octets: bytes = key.public_bytes(serialization.Encoding.PEM, form)
    return octets


def share_text(share: Share) -> bytes:
    """A share as it is written down."""
    return json.dumps(msgspec.to_builtins(share), indent=1).encode() + b"\n"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    start = now.astimezone(UTC) - SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs, key_cert_sign=not signs, crl_sign=not signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
