"""Nnrf_NFManagement and Nnrf_NFDiscovery (TS 29.510 5.2, 5.3)."""

from __future__ import annotations

from collections.abc import Callable

from freehold.services.errors import ServiceError
from freehold.services.nnrf import NfProfile, NfType
from freehold.spec import counters
from freehold.spec.identities import SNssai


class Nrf:
    """A `services.nnrf.Discovery` of the functions in this network."""

    def __init__(self, count: Callable[[str], None] = lambda _: None) -> None:
        self._count = count
        self._profiles: dict[str, NfProfile] = {}

    async def register(self, profile: NfProfile) -> None:
        """Add or renew an instance; its type never changes (TS 29.510 5.2.2.2)."""
        self._count(counters.NF_REGISTRATION_REQUEST)
        known = self._profiles.get(profile.nf_instance_id)
        if known is not None and known.nf_type != profile.nf_type:
            raise ServiceError(403, "NF_INSTANCE_ID_IN_USE", f"this identifier is that of a {known.nf_type}")
        self._profiles[profile.nf_instance_id] = profile
        self._count(counters.NF_REGISTRATION_SUCCESS)

    async def deregister(self, nf_instance_id: str) -> None:
        """Remove an instance (TS 29.510 5.2.2.4)."""
        if self._profiles.pop(nf_instance_id, None) is None:
            raise ServiceError(404, "CONTEXT_NOT_FOUND", "no such instance")

    async def discover(
        self, nf_type: NfType, slice_: SNssai | None = None, dnn: str | None = None
    ) -> tuple[NfProfile, ...]:
        """The instances that serve a slice and a DNN, the lowest priority value first (TS 29.510 5.3.2.2, 6.1.6.2.2).

        An instance that names no slices, or no DNNs, serves all of them.
        """
        self._count(counters.NF_DISCOVERY_REQUEST)
        found = [
            profile
            for profile in self._profiles.values()
            if profile.nf_type == nf_type
            and (slice_ is None or not profile.slices or slice_ in profile.slices)
            and (dnn is None or not profile.dnns or dnn in profile.dnns)
        ]
        self._count(counters.NF_DISCOVERY_SUCCESS)
        return tuple(sorted(found, key=lambda profile: profile.priority))
