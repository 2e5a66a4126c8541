"""Nnssf_NSSelection (TS 29.531 5.2, TS 23.501 5.15.5.2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from freehold.services.nnssf import AuthorizedNetworkSliceInfo, RejectedIn
from freehold.spec import counters
from freehold.spec.identities import SNssai, Tai

# TS 24.501 9.11.3.37 and 9.11.3.46: how many slices an Allowed, a Configured, and a Rejected NSSAI hold.
ALLOWED: Final = 8
CONFIGURED: Final = 16
REJECTED: Final = 8


class Nssf:
    """A `services.nnssf.SliceSelection` by the slices of the network and of its tracking areas."""

    def __init__(
        self,
        slices: Iterable[SNssai],
        areas: Mapping[Tai, Iterable[SNssai]] | None = None,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`areas` names the tracking areas that do not have all `slices`."""
        self._count = count
        self._network = tuple(dict.fromkeys(slices))
        self._areas = {tai: frozenset(offered) for tai, offered in (areas or {}).items()}

    def serve(self, slices: Iterable[SNssai]) -> None:
        """The network has these slices from now on."""
        self._network = tuple(dict.fromkeys(slices))

    async def select(
        self, requested: tuple[SNssai, ...], subscribed: tuple[SNssai, ...], default: tuple[SNssai, ...], tai: Tai
    ) -> AuthorizedNetworkSliceInfo:
        """Slices for a registration (TS 29.531 5.2.2.2.2, TS 23.501 5.15.5.2.1).

        Without a request, or where nothing requested may be used, the subscribed defaults that are here are allowed.
        """
        self._count(counters.SLICE_SELECTION_REQUEST)
        here = self._areas.get(tai, frozenset(self._network))
        permitted = frozenset(subscribed).intersection(self._network)
        wanted = tuple(dict.fromkeys(requested))
        allowed = tuple(one for one in wanted if one in permitted and one in here)
        if not allowed:
            allowed = tuple(one for one in dict.fromkeys(default) if one in permitted and one in here)
        configured = tuple(one for one in dict.fromkeys(subscribed) if one in permitted)
        self._count(counters.SLICE_SELECTION_SUCCESS)
        rejected = tuple((one, _where(one, permitted)) for one in wanted if one not in permitted or one not in here)
        return AuthorizedNetworkSliceInfo(allowed[:ALLOWED], configured[:CONFIGURED], rejected[:REJECTED])


def _where(slice_: SNssai, permitted: frozenset[SNssai]) -> RejectedIn:
    # TS 24.501 9.11.3.46: cause 1 where another area of the PLMN has it, 0 where no area has it for this UE.
    return "registration-area" if slice_ in permitted else "plmn"
