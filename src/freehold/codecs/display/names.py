"""Names of numbers, from the enumerations that stand in the rooms of the protocols."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import Final

from freehold.spec.causes import MmCause, PfcpCause, SmCause


def named(owner: type, field: str, value: int) -> str:
    """A number with its name beside it, where its field has an enumeration."""
    kind = _enumeration(owner, field)
    if kind is None:
        return str(int(value))
    try:
        return f"{int(value)} ({kind(value).name.replace('_', ' ').lower()})"
    except ValueError:
        return str(int(value))


@lru_cache(maxsize=4096)
def _enumeration(owner: type, field: str) -> type[IntEnum] | None:
    """The enumeration of a field: causes by the kind of message, others by the field's name."""
    bases = {base.__name__ for base in owner.__mro__}
    room = owner.__module__.split(".")[2:3]
    if field == "cause":
        if "SmMessage" in bases:
            return SmCause
        if "MmMessage" in bases:
            return MmCause
        return PfcpCause if room == ["pfcp"] else None
    return _nas(field) if room == ["nas"] else None


def _nas(field: str) -> type[IntEnum] | None:
    from freehold.codecs.nas import names

    kind = getattr(names, _NAS.get(field, ""), None)
    return kind if isinstance(kind, type) and issubclass(kind, IntEnum) else None


# TS 24.501 9.3, 9.11.3.40, 9.11.3.47, 9.11.3.50, 9.11.4.11
_NAS: Final = {
    "security_header": "SecurityHeaderType",
    "payload_container_type": "PayloadContainerType",
    "request_type": "RequestType",
    "service_type": "ServiceType",
    "pdu_session_type": "PduSessionType",
    "selected_pdu_session_type": "PduSessionType",
}
"""Fields of NAS by the name of their enumeration."""
