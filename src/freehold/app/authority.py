"""The network's own certificate authority, for a management that nobody else vouches for."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from freehold.services.store import Store
from freehold.spec.errors import Unusable
from freehold.store import replace_file

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from freehold.procedure import Signal

TABLE: Final = "management-ca"
OWN: Final = "own"
"""What management.certificate says where this authority shall make one."""
CERTIFICATE, KEY, AUTHORITY = "tls.pem", "tls.key", "ca.pem"
"""Files of the data folder."""
_YEARS, _DAYS = 10, 397
_EARLY: Final = timedelta(hours=1)


def check(pair: object) -> object:
    """A row of the authority: PEM; ValueError where it is none."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    octets = cast("bytes", pair)
    if octets.startswith(b"-----BEGIN CERTIFICATE"):
        return x509.load_pem_x509_certificate(octets)
    return load_pem_private_key(octets, None)


def ensure(store: Store, name: str) -> tuple[bytes, bytes, Signal[None] | None]:
    """Certificate and key of the authority in PEM; made at the first call, and then durable once the signal is set."""
    rows = dict(store.load(TABLE))
    if {"certificate", "key"} <= rows.keys():
        return rows["certificate"], rows["key"], None
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    made = _signed(f"{name} network", key, f"{name} network", key, timedelta(days=365 * _YEARS), ())
    certificate, private = _pem(made), _private(key)
    return certificate, private, store.commit(TABLE, [("certificate", certificate), ("key", private)])


def issue(authority: tuple[bytes, bytes], folder: Path, host: str) -> tuple[Path, Path]:
    """A fresh certificate for where management listens, with its key and the authority's: files of the data folder."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    signer = cast("EllipticCurvePrivateKey", load_pem_private_key(authority[1], None))
    issuer = x509.load_pem_x509_certificate(authority[0])
    key = ec.generate_private_key(ec.SECP256R1())
    by = str(issuer.subject.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)[0].value)
    made = _signed(host, key, by, signer, timedelta(days=_DAYS), _names(host))
    certificate, private = folder / CERTIFICATE, folder / KEY
    replace_file(private, _private(key), 0o600)
    replace_file(certificate, _pem(made) + authority[0])
    replace_file(folder / AUTHORITY, authority[0])
    return certificate, private


def _names(host: str) -> tuple[x509.GeneralName, ...]:
    """What a browser may call the machine: where it listens, its name, and localhost."""
    from cryptography import x509

    addresses = {ip_address(host)} if not ip_address(host).is_unspecified else set(_own_addresses())
    name = socket.gethostname()
    names = {"localhost", *({name} if name.isascii() and name else ())}
    loopback = ip_address("127.0.0.1")
    return (*map(x509.IPAddress, sorted({*addresses, loopback}, key=str)), *map(x509.DNSName, sorted(names)))


def _own_addresses() -> set[object]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        return set()
    return {ip_address(str(each[4][0]).partition("%")[0]) for each in found}


def _signed(
    name: str,
    key: EllipticCurvePrivateKey,
    by: str,
    signer: EllipticCurvePrivateKey,
    life: timedelta,
    names: tuple[x509.GeneralName, ...],
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    now, common = datetime.now(UTC), x509.oid.NameOID.COMMON_NAME
    authority = not names
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(common, name[:64])]))
        .issuer_name(x509.Name([x509.NameAttribute(common, by[:64])]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(authority=authority), critical=True)
    )
    if names:
        server = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(server, critical=False)
    return builder.sign(signer, SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _private(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def needs_folder(folder: Path | None) -> Path:
    """The data folder; Unusable where the network has none."""
    if folder is None:
        raise Unusable('management.certificate = "own" needs a data folder')
    return folder
