"""The subscription identifier de-concealing function (TS 33.501 6.12.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from freehold.crypto.suci import Scheme, SchemeOutputError, deconceal, msin_of_plaintext, suci_public_key
from freehold.services.errors import ServiceError
from freehold.spec.failures import Unmet
from freehold.spec.identities import PlmnId, Suci, Supi
from freehold.spec.keys import Key


class HomeNetworkKey(msgspec.Struct, frozen=True, gc=False):
    """A key pair of the home network: its identifier 0..255, its scheme, 32 private octets (TS 33.501 C.3.4)."""

    key_id: int
    scheme: int
    private: Key

    @property
    def public(self) -> bytes:
        """What the operator writes on SIMs (TS 31.102 4.4.11.8); ValueError where the private octets are no key."""
        return suci_public_key(self.scheme, self.private)


class Sidf:
    """SUPIs of SUCIs, by the keys of the home network and its policy on the null scheme."""

    def __init__(
        self,
        keys: Iterable[HomeNetworkKey] = (),
        *,
        null_scheme: bool = True,
        plmns: Iterable[PlmnId] = (),
        used: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`plmns` are those whose subscribers are at home here; every one where none is named.

        `used` hears the identifier of each key that opened a SUCI.
        """
        self._used = used
        self._keys: dict[tuple[int, int], Key] = {}
        self.take(keys)
        self.null_scheme = null_scheme
        self._plmns = frozenset(plmns)

    def take(self, keys: Iterable[HomeNetworkKey]) -> None:
        """Open what is concealed with these keys from now on, and with no others."""
        self._keys = {(key.scheme, key.key_id): key.private for key in keys}

    def supi(self, suci: Suci) -> Supi:
        """The SUPI of a SUCI; ServiceError with the application error of TS 29.503 6.3.7.3."""
        if self._plmns and suci.supi_type == "imsi" and suci.plmn not in self._plmns:
            ours = ", ".join(map(str, sorted(self._plmns)))
            unmet = Unmet("home-plmn", f"PLMN {suci.plmn}", f"PLMN {ours}", {"plmn": str(suci.plmn)})
            raise ServiceError(404, "USER_NOT_FOUND", "the SUCI is of another PLMN", unmet=unmet)
        plain = self._plain(suci)
        try:
            return _imsi(suci, plain) if suci.supi_type == "imsi" else _nai(suci, plain)
        except ValueError as error:
            raise ServiceError(403, "INVALID_SCHEME_OUTPUT", "what the SUCI conceals is no identity") from error

    def _plain(self, suci: Suci) -> bytes:
        if suci.scheme == Scheme.NULL:
            # TS 33.501 6.12.2: the operator decides whether an identity may come in clear.
            if not self.null_scheme:
                unmet = Unmet("null-scheme", "scheme 0, in clear", "[amf] null_scheme = false")
                raise ServiceError(
                    501, "UNSUPPORTED_PROTECTION_SCHEME", "the policy asks for a concealed identity", unmet=unmet
                )
            return suci.output
        private = self._keys.get((suci.scheme, suci.key_id))
        if private is None:
            here = ", ".join(f"{key} of scheme {scheme}" for scheme, key in sorted(self._keys)) or "none"
            raise ServiceError(
                403,
                "INVALID_HN_PUBLIC_KEY_IDENTIFIER",
                f"no home network key {suci.key_id} of scheme {suci.scheme}: provision it, or correct the SIM",
                unmet=Unmet("home-key", f"key {suci.key_id} of scheme {suci.scheme}", f"key {here}"),
            )
        try:
            plain = deconceal(suci.scheme, private, suci.output)
        except SchemeOutputError as error:
            # TS 33.501 C.3.3, TS 33.514 4.2.1: nothing of the plaintext is used before its tag is right.
            unmet = Unmet("concealed-identity", f"scheme {suci.scheme}, key {suci.key_id}", f"wrong {error}")
            raise ServiceError(
                403, "INVALID_SCHEME_OUTPUT", f"the SUCI does not open: wrong {error}", unmet=unmet
            ) from error
        self._used(suci.key_id)
        return plain


def _imsi(suci: Suci, plain: bytes) -> Supi:
    msin = msin_of_plaintext(plain)
    if suci.plmn is None or msin is None:
        raise ValueError("no IMSI")
    return Supi.imsi(f"{suci.plmn.mcc}{suci.plmn.mnc}{msin}")


def _nai(suci: Suci, plain: bytes) -> Supi:
    # TS 23.003 28.7.2: username@realm. UnicodeDecodeError is a ValueError.
    user = plain.decode("ascii")
    if not user or "@" in user:
        raise ValueError("no username")
    return Supi(f"nai-{user}@{suci.realm}")
