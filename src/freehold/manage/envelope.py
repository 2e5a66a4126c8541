"""Octets for the holder of a certificate alone: CMS EnvelopedData (RFC 5652 6) with AES-256."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def _certificate(pem: bytes) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        found = x509.load_pem_x509_certificate(pem)
        usable = isinstance(found.public_key(), RSAPublicKey)
    except ValueError:
        raise Unusable("the recipient's certificate is not one in PEM") from None
    if not usable or cast("RSAPublicKey", found.public_key()).key_size < 2048:
        raise Unusable("the recipient's certificate needs an RSA key of 2048 bits or more")
    return found


def recipient_name(pem: bytes) -> str:
    """How a certificate names its holder; Unusable where it is none that can be encrypted to."""
    return _certificate(pem).subject.rfc4514_string()


def enveloped(octets: bytes, pem: bytes) -> bytes:
    """DER for the holder of the certificate."""
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

    builder = PKCS7EnvelopeBuilder().set_data(octets).add_recipient(_certificate(pem))
    builder = builder.set_content_encryption_algorithm(AES256)
    return builder.encrypt(Encoding.DER, [PKCS7Options.Binary])


def unenveloped(der: bytes, private_key: bytes, certificate: bytes) -> bytes:
    """What is in an envelope, by the holder's private key and certificate, both in PEM."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der

    try:
        key = cast("RSAPrivateKey", load_pem_private_key(private_key, None))
        return pkcs7_decrypt_der(der, _certificate(certificate), key, [])
    except (ValueError, TypeError):
        raise Unusable("the private key does not open it: is it the recipient's, and without a passphrase?") from None
