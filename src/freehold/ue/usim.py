"""The USIM and the 5G security functions beside it: AKA, SUCI, and what outlives a switch-off (TS 33.501 6.1, 6.12)."""

from __future__ import annotations

import msgspec

from freehold.codecs.nas import UeSecurityCapability
from freehold.crypto import keys, suci
from freehold.crypto.aka import answer_challenge, make_auts
from freehold.crypto.sqn import SqnArray
from freehold.spec.causes import MmCause
from freehold.spec.identities import Guti, Suci, Tai
from freehold.stack.nas_security import NasSecurity
from freehold.ue.configuration import Subscription

PRIVATE_KEY = 32
"""Octets of the ephemeral private key of a SUCI (TS 33.501 C.3.2)."""


class Agreed(msgspec.Struct, frozen=True, gc=False):
    """A challenge that held: what to answer, and KAMF (TS 33.501 6.1.3.2.0)."""

    rand: bytes
    res_star: bytes
    kamf: bytes

    def __repr__(self) -> str:
        return f"Agreed(rand={self.rand.hex()})"


class Failed(msgspec.Struct, frozen=True, gc=False):
    """A challenge that did not hold: the 5GMM cause, and AUTS for a resynchronisation (TS 24.501 5.4.1.3.6)."""

    cause: MmCause
    auts: bytes | None = None


class PartialContext(msgspec.Struct, frozen=True, gc=False):
    """A partial native 5G NAS security context: agreed, not yet taken into use (TS 24.501 4.4.2.1.1)."""

    ngksi: int
    agreed: Agreed


class Usim:
    """One USIM; `guti`, `last_tai` and `security` are what EF 5GS3GPPLOCI and EF 5GS3GPPNSC keep (TS 31.102 4.4.11)."""

    __slots__ = ("guti", "invalid", "last_tai", "partial", "security", "sqn", "subscription", "suci")

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.sqn = SqnArray()
        self.guti: Guti | None = None
        self.last_tai: Tai | None = None
        self.security: NasSecurity | None = None
        self.partial: PartialContext | None = None
        self.suci: Suci | None = None
        self.invalid = False

    def conceal(self, ephemeral_private_key: bytes) -> Suci:
        """A SUCI; every call wants a fresh ephemeral key of PRIVATE_KEY octets (TS 33.501 6.12.2)."""
        subscription = self.subscription
        home, key = subscription.home_plmn, subscription.home_network_key
        plain = suci.imsi_plaintext(subscription.supi.digits[len(home.mcc + home.mnc) :])
        if key is None:  # TS 33.501 6.12.2: no home network public key is provisioned
            return Suci(home, subscription.routing_indicator, suci.Scheme.NULL, 0, plain)
        output = suci.conceal(key.scheme, key.public_key, ephemeral_private_key, plain)
        return Suci(home, subscription.routing_indicator, key.scheme, key.key_id, output)

    def authenticate(self, rand: bytes, autn: bytes, abba: bytes, serving_network_name: bytes) -> Agreed | Failed:
        """Judge a challenge and derive KAMF (TS 33.501 6.1.3.2.0 steps 7 to 9, TS 33.102 6.3.3)."""
        subscription = self.subscription
        answer = answer_challenge(subscription.k, subscription.opc, rand, autn, serving_network_name)
        if answer is None:
            return Failed(MmCause.MAC_FAILURE)  # TS 24.501 5.4.1.3.6 a
        if not answer.separated:
            return Failed(MmCause.NON_5G_AUTHENTICATION_UNACCEPTABLE)  # TS 24.501 5.4.1.3.6 b
        if not self.sqn.accept(answer.sqn):  # TS 33.102 C.2.2
            auts = make_auts(subscription.k, subscription.opc, rand, self.sqn.highest)
            return Failed(MmCause.SYNCH_FAILURE, auts)  # TS 24.501 5.4.1.3.6 c
        kseaf = keys.kseaf(answer.kausf, serving_network_name)
        return Agreed(rand, answer.res_star, keys.kamf(kseaf, subscription.supi.digits.encode(), abba))

    def forget(self) -> None:
        """Delete 5G-GUTI, last visited TAI and security context (TS 24.501 5.5.1.2.5)."""
        self.guti = self.last_tai = self.security = self.partial = None


def supports(capability: UeSecurityCapability, ciphering: int, integrity: int) -> bool:
    """Whether a terminal may be told to use these algorithms (TS 24.501 5.4.2.3)."""
    return capability.ciphering(ciphering) and capability.integrity(integrity)
