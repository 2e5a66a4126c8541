"""Every attribute of EAP-AKA and EAP-AKA' (RFC 4187 10, RFC 9048 3, 4, RFC 9678 6)."""

from __future__ import annotations

from typing import ClassVar, Final, Self

from freehold.codecs.eap.layout import (
    Bits,
    Counted,
    Flag,
    Known,
    Number,
    Plain,
    Whole,
)
from freehold.codecs.eap.names import KeyExchange

_VECTOR: Final = frozenset({16})
_KEYS: Final[dict[int, int]] = {KeyExchange.X25519: 32, KeyExchange.P_256: 33}
"""Octets of a public key: the second curve's is a compressed point (RFC 9678 6.1)."""


class AtRand(Plain, frozen=True, gc=False):
    """The network's random challenge of 16 octets (RFC 4187 10.6)."""

    number: ClassVar[int] = 1
    clause: ClassVar[str] = "RFC 4187 10.6"
    sizes: ClassVar[frozenset[int]] = _VECTOR


class AtAutn(Plain, frozen=True, gc=False):
    """The authentication token of 16 octets (RFC 4187 10.7)."""

    number: ClassVar[int] = 2
    clause: ClassVar[str] = "RFC 4187 10.7"
    sizes: ClassVar[frozenset[int]] = _VECTOR


class AtRes(Bits, frozen=True, gc=False):
    """The answer to the challenge, 32 to 128 bits (RFC 4187 10.8)."""

    number: ClassVar[int] = 3
    clause: ClassVar[str] = "RFC 4187 10.8"
    sizes: ClassVar[range] = range(32, 129)


class AtAuts(Whole, frozen=True, gc=False):
    """What resynchronizes the sequence number, 14 octets (RFC 4187 10.9)."""

    number: ClassVar[int] = 4
    clause: ClassVar[str] = "RFC 4187 10.9"
    sizes: ClassVar[frozenset[int]] = frozenset({14})


class AtPadding(Whole, frozen=True, gc=False):
    """Zeros that fill encrypted data to a block: 2, 6 or 10 octets (RFC 4187 10.12)."""

    number: ClassVar[int] = 6
    clause: ClassVar[str] = "RFC 4187 10.12"
    sizes: ClassVar[frozenset[int]] = frozenset({2, 6, 10})

    @classmethod
    def read(cls, octets: bytes) -> Self | None:
        """The attribute, None where its size is wrong or an octet is not zero."""
        return None if any(octets) else super().read(octets)


class AtPermanentIdReq(Flag, frozen=True, gc=False):
    """The server asks for the permanent identity (RFC 4187 10.2)."""

    number: ClassVar[int] = 10
    clause: ClassVar[str] = "RFC 4187 10.2"


class AtMac(Plain, frozen=True, gc=False):
    """The packet's message authentication code, 16 octets (RFC 4187 10.15, RFC 9048 3.4.2)."""

    number: ClassVar[int] = 11
    clause: ClassVar[str] = "RFC 4187 10.15"
    sizes: ClassVar[frozenset[int]] = _VECTOR


class AtNotification(Number, frozen=True, gc=False):
    """What the server notifies of, a NotificationCode (RFC 4187 10.19)."""

    number: ClassVar[int] = 12
    clause: ClassVar[str] = "RFC 4187 10.19"

    @property
    def success(self) -> bool:
        """Whether it implies no failure: the S bit (RFC 4187 6.1)."""
        return bool(self.value & 0x8000)

    @property
    def before_authentication(self) -> bool:
        """Whether it may be used only before the peer is authenticated: the P bit (RFC 4187 6.1)."""
        return bool(self.value & 0x4000)


class AtAnyIdReq(Flag, frozen=True, gc=False):
    """The server asks for any identity (RFC 4187 10.3)."""

    number: ClassVar[int] = 13
    clause: ClassVar[str] = "RFC 4187 10.3"


class AtIdentity(Counted, frozen=True, gc=False):
    """The peer's identity, a network access identifier (RFC 4187 10.5)."""

    number: ClassVar[int] = 14
    clause: ClassVar[str] = "RFC 4187 10.5"


class AtFullauthIdReq(Flag, frozen=True, gc=False):
    """The server asks for an identity of full authentication (RFC 4187 10.4)."""

    number: ClassVar[int] = 17
    clause: ClassVar[str] = "RFC 4187 10.4"


class AtCounter(Number, frozen=True, gc=False):
    """How many fast re-authentications there were, encrypted (RFC 4187 10.16)."""

    number: ClassVar[int] = 19
    clause: ClassVar[str] = "RFC 4187 10.16"


class AtCounterTooSmall(Flag, frozen=True, gc=False):
    """The peer refuses a counter that is not fresh, encrypted (RFC 4187 10.17)."""

    number: ClassVar[int] = 20
    clause: ClassVar[str] = "RFC 4187 10.17"


class AtNonceS(Plain, frozen=True, gc=False):
    """The server's nonce of a fast re-authentication, 16 octets, encrypted (RFC 4187 10.18)."""

    number: ClassVar[int] = 21
    clause: ClassVar[str] = "RFC 4187 10.18"
    sizes: ClassVar[frozenset[int]] = _VECTOR


class AtClientErrorCode(Number, frozen=True, gc=False):
    """Why the peer ends the exchange, a ClientErrorCode (RFC 4187 10.20)."""

    number: ClassVar[int] = 22
    clause: ClassVar[str] = "RFC 4187 10.20"


class AtKdfInput(Counted, frozen=True, gc=False):
    """The network name: in 5GS the serving network name (RFC 9048 3.1, TS 33.501 6.1.1.4)."""

    number: ClassVar[int] = 23
    clause: ClassVar[str] = "RFC 9048 3.1"


class AtKdf(Number, frozen=True, gc=False):
    """A key derivation function, a KeyDerivation; several in the order of preference (RFC 9048 3.2)."""

    number: ClassVar[int] = 24
    clause: ClassVar[str] = "RFC 9048 3.2"


class AtIv(Plain, frozen=True, gc=False):
    """The initialization vector of AT_ENCR_DATA, 16 octets (RFC 4187 10.12)."""

    number: ClassVar[int] = 129
    clause: ClassVar[str] = "RFC 4187 10.12"
    sizes: ClassVar[frozenset[int]] = _VECTOR


class AtEncrData(Plain, frozen=True, gc=False):
    """Attributes in whole blocks, encrypted (RFC 4187 10.12)."""

    number: ClassVar[int] = 130
    clause: ClassVar[str] = "RFC 4187 10.12"

    @classmethod
    def read(cls, octets: bytes) -> Self | None:
        """The attribute, None where it has not whole blocks of 16 octets."""
        return None if (len(octets) - 2) % 16 else super().read(octets)


class AtNextPseudonym(Counted, frozen=True, gc=False):
    """The pseudonym for the next full authentication, encrypted (RFC 4187 10.10)."""

    number: ClassVar[int] = 132
    clause: ClassVar[str] = "RFC 4187 10.10"


class AtNextReauthId(Counted, frozen=True, gc=False):
    """The identity for the next fast re-authentication, encrypted (RFC 4187 10.11)."""

    number: ClassVar[int] = 133
    clause: ClassVar[str] = "RFC 4187 10.11"


class AtCheckcode(Plain, frozen=True, gc=False):
    """Nothing, or the hash of the identity packets in 20 or 32 octets (RFC 4187 10.13, RFC 9048 3.4.3)."""

    number: ClassVar[int] = 134
    clause: ClassVar[str] = "RFC 4187 10.13"
    sizes: ClassVar[frozenset[int]] = frozenset({0, 20, 32})


class AtResultInd(Flag, frozen=True, gc=False):
    """Protected result indications are wanted (RFC 4187 10.14)."""

    number: ClassVar[int] = 135
    clause: ClassVar[str] = "RFC 4187 10.14"


class AtBidding(Number, frozen=True, gc=False):
    """Bits of BiddingFlag, in EAP-AKA against bidding down (RFC 9048 4)."""

    number: ClassVar[int] = 136
    clause: ClassVar[str] = "RFC 9048 4"


class AtPubEcdhe(Whole, frozen=True, gc=False):
    """An ephemeral public key with the zeros that fill its word (RFC 9678 6.1)."""

    number: ClassVar[int] = 152
    clause: ClassVar[str] = "RFC 9678 6.1"

    def key(self, exchange: int) -> bytes | None:
        """The public key alone, of a KeyExchange; None where there is none of that (RFC 9678 6.1)."""
        size = _KEYS.get(exchange, 0)
        return self.value[:size] if 0 < size <= len(self.value) else None


class AtKdfFs(Number, frozen=True, gc=False):
    """A key exchange for forward secrecy, a KeyExchange; several in the order of preference (RFC 9678 6.2)."""

    number: ClassVar[int] = 153
    clause: ClassVar[str] = "RFC 9678 6.2"


ATTRIBUTES: Final[dict[int, type[Known]]] = {
    kind.number: kind
    for kind in (
        AtRand,
        AtAutn,
        AtRes,
        AtAuts,
        AtPadding,
        AtPermanentIdReq,
        AtMac,
        AtNotification,
        AtAnyIdReq,
        AtIdentity,
        AtFullauthIdReq,
        AtCounter,
        AtCounterTooSmall,
        AtNonceS,
        AtClientErrorCode,
        AtKdfInput,
        AtKdf,
        AtIv,
        AtEncrData,
        AtNextPseudonym,
        AtNextReauthId,
        AtCheckcode,
        AtResultInd,
        AtBidding,
        AtPubEcdhe,
        AtKdfFs,
    )
}
"""Every attribute by its type."""
