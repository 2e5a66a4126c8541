"""One 5G NAS security context, as the UE and as the AMF keep it: counts, protection, keys (TS 24.501 4.4)."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from msgspec import Struct

from freehold.crypto import keys
from freehold.crypto.algorithms import DOWNLINK, NULL, UPLINK, NasKeys
from freehold.crypto.handover import Chain
from freehold.spec.errors import Bug

# TS 24.501 4.4.3.1: 16 bits of overflow counter and the 8 bits of sequence number that a message carries.
COUNT_MAX = (1 << 24) - 1
_SEQUENCE_NUMBERS = 1 << 8
# TS 24.501 4.4.3.5: how close to the end of a count a new authentication is due.
_RENEWAL_MARGIN = 1 << 12
# TS 24.501 9.1.1: EPD, security header type, MAC (4), sequence number, then at least one octet of message.
_HEADER = 7
_EPD_5GMM = 0x7E


class HeaderType(IntEnum):
    """Security header types (TS 24.501 9.3)."""

    PLAIN = 0
    INTEGRITY = 1
    INTEGRITY_CIPHERED = 2
    INTEGRITY_NEW_CONTEXT = 3
    INTEGRITY_CIPHERED_NEW_CONTEXT = 4


class Unprotected(Struct, frozen=True, gc=False):
    """A received message with its verdict.

    `plain` is None where the octets are no protected message, or are ciphered and did not verify. `count` is the NAS
    COUNT that verified. `replayed` says that the MAC is right for a count already used (TS 24.501 4.4.3.2).
    """

    plain: bytes | None
    verified: bool
    header_type: int
    count: int | None = None
    replayed: bool = False


class NasSecurityState(Struct, frozen=True, gc=False, array_like=True):
    """What is stored of a context: enough to resume it without using a NAS COUNT twice."""

    kamf: bytes
    ngksi: int
    nea: int
    nia: int
    access: int
    uplink: int
    downlink: int

    def __repr__(self) -> str:
        return f"NasSecurityState(ngksi={self.ngksi}, nea={self.nea}, nia={self.nia})"


class NasSecurity:
    """A 5G NAS security context of one access, full once its algorithms are chosen (TS 33.501 6.4, TS 24.501 4.4.2).

    `side` is the end this one stands at. The same class protects what its side sends and verifies what it receives.
    """

    __slots__ = (
        "_direction",
        "_expected",
        "_kamf",
        "_keys",
        "_mark_expected",
        "_mark_next",
        "_next",
        "access",
        "nea",
        "ngksi",
        "nia",
    )

    def __init__(
        self,
        side: Literal["ue", "amf"],
        kamf: bytes,
        ngksi: int,
        *,
        nea: int,
        nia: int,
        uplink: int = 0,
        downlink: int = 0,
        access: int = keys.THREE_GPP,
    ) -> None:
        self.ngksi, self.nea, self.nia, self.access = ngksi, nea, nia, access
        self._kamf = kamf
        self._keys = NasKeys(kamf, nea, nia)
        self._direction = UPLINK if side == "ue" else DOWNLINK
        self._next, self._expected = (uplink, downlink) if side == "ue" else (downlink, uplink)
        self._mark_next = self._mark_expected = 0

    def __repr__(self) -> str:
        return f"NasSecurity(ngksi={self.ngksi}, nea={self.nea}, nia={self.nia})"

    @property
    def uplink(self) -> int:
        """The next uplink NAS COUNT, to be sent by the UE or expected by the AMF."""
        return self._next if self._direction == UPLINK else self._expected

    @property
    def downlink(self) -> int:
        """The next downlink NAS COUNT."""
        return self._next if self._direction == DOWNLINK else self._expected

    @property
    def renewal_due(self) -> bool:
        """Whether a count is so close to its end that the AMF authenticates anew (TS 24.501 4.4.3.5)."""
        return max(self._next, self._expected) > COUNT_MAX - _RENEWAL_MARGIN

    def protect(self, plain: bytes, header_type: int = HeaderType.INTEGRITY_CIPHERED) -> bytes:
        """The octets to send for a plain message under a header type 1..4; each call uses one NAS COUNT.

        A retransmission is protected again, under the next count (TS 24.501 4.4.3.1). Raises Bug past the last count:
        the caller renews the context or releases the connection before (TS 24.501 4.4.3.5).
        """
        count = self._next
        if count > COUNT_MAX:
            raise Bug("a NAS COUNT has reached its end")
        self._next = count + 1
        return self._keys.protect(header_type, count, self.access, self._direction, plain)

    def unprotect(self, octets: bytes) -> Unprotected:
        """The verdict on received octets, whatever they are; only a right MAC moves the expected count.

        The overflow counter is the lowest that puts the received sequence number at or after the expected count
        (TS 24.501 4.4.3.1), so that no count is accepted twice (TS 24.501 4.4.3.2).
        """
        header_type = octets[1] & 0xF if len(octets) > _HEADER and octets[0] == _EPD_5GMM else 0
        if not header_type:
            return Unprotected(None, verified=False, header_type=0)
        count = self._estimate(octets[_HEADER - 1])
        result = self._keys.unprotect(count, self.access, 1 - self._direction, octets)
        # TS 24.501 9.3: a reserved security header type. TS 24.501 4.4.3.5: no count follows the last one.
        if result is None or count > COUNT_MAX:
            return Unprotected(None, verified=False, header_type=header_type)
        verified, plain = result
        # TS 33.501 6.4.3.2: without integrity there is nothing that a count could protect.
        if verified:
            self._expected = count + 1
            return Unprotected(plain, verified=True, header_type=header_type, count=count)
        return Unprotected(plain, verified=False, header_type=header_type, replayed=self._is_replay(count, octets))

    def cipher_container(self, octets: bytes) -> bytes:
        """A NAS message container ciphered for the initial message that `protect` makes next (TS 24.501 4.4.6)."""
        return self._keys.cipher(self._next, self.access, self._direction, octets)

    def decipher_container(self, octets: bytes) -> bytes:
        """The content of the NAS message container of the message just verified (TS 24.501 4.4.6)."""
        return self._keys.cipher(self._expected - 1, self.access, 1 - self._direction, octets)

    def kgnb(self, uplink_count: int | None = None) -> bytes:
        """KgNB of the uplink NAS COUNT of the message that set up the connection, the last one by default.

        TS 33.501 6.8.1.2.2 and A.9: of SECURITY MODE COMPLETE, SERVICE REQUEST or REGISTRATION REQUEST.
        """
        count = self.uplink - 1 if uplink_count is None else uplink_count
        return keys.kgnb(self._kamf, count, self.access)

    def nh(self, sync_input: bytes) -> bytes:
        """The next hop parameter after KgNB or the NH before it (TS 33.501 A.10)."""
        return keys.nh(self._kamf, sync_input)

    def follow(self, chain: Chain, ncc: int, pci: int, arfcn_dl: int) -> Chain:
        """What a UE's AS keys become with the NCC 0..7 of a handover command (TS 33.501 6.9.2.3.4)."""
        return chain.follow(self._kamf, ncc, pci, arfcn_dl)

    @property
    def must_persist(self) -> bool:
        """Whether the next message would use a count that no stored state covers."""
        return self._next >= self._mark_next or self._expected >= self._mark_expected

    def snapshot(self, ahead: int) -> NasSecurityState:
        """The state to store now, with both counts `ahead` messages from here: none below is ever used after it.

        Once it is stored, `persisted` lets that many messages pass before `must_persist` asks again.
        """
        return NasSecurityState(
            self._kamf, self.ngksi, self.nea, self.nia, self.access, self.uplink + ahead, self.downlink + ahead
        )

    def persisted(self, state: NasSecurityState) -> None:
        """A snapshot is durable: its counts are the new marks."""
        marks = (state.uplink, state.downlink) if self._direction == UPLINK else (state.downlink, state.uplink)
        self._mark_next, self._mark_expected = marks

    @classmethod
    def resume(cls, side: Literal["ue", "amf"], state: NasSecurityState) -> NasSecurity:
        """The context of a stored state, at its counts."""
        return cls(
            side,
            state.kamf,
            state.ngksi,
            nea=state.nea,
            nia=state.nia,
            uplink=state.uplink,
            downlink=state.downlink,
            access=state.access,
        )

    def _estimate(self, sequence_number: int) -> int:
        count = self._expected - self._expected % _SEQUENCE_NUMBERS + sequence_number
        return count if count >= self._expected else count + _SEQUENCE_NUMBERS

    def _is_replay(self, count: int, octets: bytes) -> bool:
        earlier = count - _SEQUENCE_NUMBERS
        if self.nia == NULL or earlier < 0:
            return False
        result = self._keys.unprotect(earlier, self.access, 1 - self._direction, octets)
        return result is not None and result[0]
