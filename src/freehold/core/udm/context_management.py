"""Nudm_UEContextManagement (TS 29.503 5.3)."""

from __future__ import annotations

from freehold.services.errors import ServiceError
from freehold.services.nudm import Amf3GppAccessRegistration
from freehold.services.nudr import DataRepository
from freehold.spec.identities import Guami, SNssai, Supi


class UeContexts:
    """Which AMF serves a UE and which PDU sessions it has."""

    def __init__(self, repository: DataRepository) -> None:
        self._repository = repository
        self._amfs: dict[str, Amf3GppAccessRegistration] = {}
        self._sessions: dict[tuple[str, int], tuple[SNssai, str]] = {}

    async def register_amf(self, supi: Supi, registration: Amf3GppAccessRegistration) -> None:
        """This AMF serves the UE now; the one before serves it no more (TS 29.503 5.3.2.2.2)."""
        if self._repository.subscriber(supi) is None:
            raise ServiceError(404, "USER_NOT_FOUND")
        self._amfs[supi.value] = registration

    async def deregister_amf(self, supi: Supi, guami: Guami) -> None:
        """This AMF serves the UE no more, unless another one does by now (TS 29.503 5.3.2.4.2)."""
        found = self._amfs.get(supi.value)
        if found is not None and found.guami == guami:
            del self._amfs[supi.value]

    async def register_smf(self, supi: Supi, pdu_session_id: int, slice_: SNssai, dnn: str) -> None:
        """A PDU session has an SMF (TS 29.503 5.3.2.2.4)."""
        if self._repository.subscriber(supi) is None:
            raise ServiceError(404, "USER_NOT_FOUND")
        self._sessions[supi.value, pdu_session_id] = (slice_, dnn)

    async def deregister_smf(self, supi: Supi, pdu_session_id: int) -> None:
        """A PDU session has ended (TS 29.503 5.3.2.4.4)."""
        self._sessions.pop((supi.value, pdu_session_id), None)

    def serving_amf(self, supi: Supi) -> Amf3GppAccessRegistration | None:
        """Which AMF serves a UE (TS 29.503 5.3.2.5.2)."""
        return self._amfs.get(supi.value)

    @property
    def registered(self) -> int:
        """How many UEs have an AMF."""
        return len(self._amfs)
