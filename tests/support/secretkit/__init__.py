"""Certificates of holders for whom something is encrypted, and a look for secrets in what comes out."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

CANARIES = ("c0ffee00deadbeef0123456789abcdef", "0badcafe5ca1ab1e7e57ab1e0ddba115")
"""K and OPc that no other test has."""


def holder(name="a vendor of cards"):
    """A private key and a certificate, both PEM."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, certificate.public_bytes(Encoding.PEM)


def leaked(octets, secrets=CANARIES):
    """The secrets that stand in octets in any form that a person would find: raw, hexadecimal, base64."""
    found = []
    for secret in secrets:
        raw = bytes.fromhex(secret)
        forms = {raw, secret.encode(), secret.upper().encode(), raw[::-1]}
        forms |= {base64.b64encode(b"\0" * pad + raw)[4 * bool(pad) : -4] for pad in range(3)}
        found += [secret for form in forms if form in octets]
    return found
