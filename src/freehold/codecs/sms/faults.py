"""What is wrong with a short message, and the cause that its layer answers with."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

# Causes of CP-ERROR and RP-ERROR that a decoder finds (TS 24.011 8.1.4.2, 8.2.5.4)
INVALID_MANDATORY_INFORMATION: Final = 96
MESSAGE_TYPE_NON_EXISTENT: Final = 97
PROTOCOL_ERROR: Final = 111
# Failure causes of the transfer layer that a decoder finds (TS 23.040 9.2.3.22)
TPDU_NOT_SUPPORTED: Final = 0xB0
VALIDITY_PERIOD_NOT_SUPPORTED: Final = 0xC7
UNSPECIFIED_ERROR: Final = 0xFF

Layer = Literal["CP", "RP", "TP"]


class Fault(msgspec.Struct, frozen=True, gc=False):
    """One thing wrong; `cause` is a CP-Cause, RP-Cause or TP-Failure-Cause as `layer` says, None where none is."""

    kind: str
    layer: Layer
    cause: int | None
    element: str = ""

    @property
    def rp_cause(self) -> int | None:
        """The cause of the RP-ERROR to answer with; a TPDU's failure cause goes in its report (TS 24.011 8.2.5.4)."""
        if self.layer == "TP" and self.cause is not None:
            return PROTOCOL_ERROR
        return self.cause if self.layer == "RP" else None


class Malformed(Exception):  # noqa: N818 - it never leaves this room
    """Octets end within an element, or are none of it."""
