"""What takes keys: AT_MAC over a whole packet, and the attributes in AT_ENCR_DATA (RFC 9048 3.4.2, RFC 4187 10.12)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from freehold.codecs.eap.aka import AtEncrData, AtIv, AtMac, AtPadding
from freehold.codecs.eap.attributes import read_attributes, write_attributes
from freehold.codecs.eap.faults import Fault, unable
from freehold.codecs.eap.layout import Attribute
from freehold.codecs.eap.methods import AkaPrime
from freehold.codecs.eap.packet import Packet, Request, Response, encode
from freehold.crypto import eap

_BLOCK: Final = 16


def with_mac(message: Request | Response, k_aut: bytes, extra: bytes = b"") -> Request | Response:
    """The message with its AT_MAC right; ValueError where it is no EAP-AKA' message with an AT_MAC (RFC 9048 3.4.2).

    `extra` is NONCE_S in the response of a fast re-authentication, nothing elsewhere (RFC 4187 9.8, 10.15).
    """
    method = message.method
    mac = eap.mac(k_aut, _octets(message), extra) if isinstance(method, AkaPrime) else None
    if mac is None or not isinstance(method, AkaPrime):
        raise ValueError("an EAP-AKA' message with an AT_MAC is needed")
    attributes = tuple(
        msgspec.structs.replace(each, value=mac) if isinstance(each, AtMac) else each for each in method.attributes
    )
    return msgspec.structs.replace(message, method=msgspec.structs.replace(method, attributes=attributes))


def mac_is_right(message: Packet, k_aut: bytes, extra: bytes = b"") -> bool:
    """Whether an EAP-AKA' message has an AT_MAC and it is the one that K_aut makes (RFC 9048 3.4.2)."""
    if not isinstance(message, Request | Response) or not isinstance(message.method, AkaPrime):
        return False
    return eap.verify_mac(k_aut, _octets(message), extra)


def _octets(message: Packet) -> bytes:
    """The packet without what came after its end."""
    return encode(msgspec.structs.replace(message, more=b""))


def encrypted(attributes: Iterable[Attribute], k_encr: bytes, iv: bytes) -> tuple[AtIv, AtEncrData]:
    """AT_IV and AT_ENCR_DATA of attributes, padded to a block (RFC 4187 10.12)."""
    plain = write_attributes(attributes)
    missing = -len(plain) % _BLOCK
    if missing:
        plain += write_attributes((AtPadding(bytes(missing - 2)),))
    return AtIv(iv), AtEncrData(eap.encrypt(k_encr, iv, plain))


def decrypted(message: AkaPrime, k_encr: bytes) -> tuple[tuple[Attribute, ...], tuple[Fault, ...]]:
    """The attributes that AT_ENCR_DATA holds, none where it is not there, and the faults of them (RFC 4187 10.12)."""
    iv, data = message.first(AtIv), message.first(AtEncrData)
    if data is None:
        return (), ()
    if iv is None:
        return (), (unable("mandatory attribute missing", AtIv.clause, "AT_IV"),)
    attributes, faults = read_attributes(eap.decrypt(k_encr, iv.value, data.value))
    return attributes or (), faults
