"""What is wrong with a short message, and the cause that its layer answers with."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from freehold.codecs.sms.names import FailureCause, RpCause

# Causes of CP-ERROR and RP-ERROR that a decoder finds; both layers give them one number (TS 24.011 8.1.4.2, 8.2.5.4)
INVALID_MANDATORY_INFORMATION: Final = RpCause.INVALID_MANDATORY_INFORMATION
MESSAGE_TYPE_NON_EXISTENT: Final = RpCause.MESSAGE_TYPE_NON_EXISTENT
PROTOCOL_ERROR: Final = RpCause.PROTOCOL_ERROR
# Failure causes of the transfer layer that a decoder finds (TS 23.040 9.2.3.22)
TPDU_NOT_SUPPORTED: Final = FailureCause.TPDU_NOT_SUPPORTED
VALIDITY_PERIOD_NOT_SUPPORTED: Final = FailureCause.VALIDITY_PERIOD_NOT_SUPPORTED
UNSPECIFIED_ERROR: Final = FailureCause.UNSPECIFIED_ERROR

Layer = Literal["CP", "RP", "TP"]
_CLAUSES: Final = {
    ("CP", "too short"): "TS 24.011 9.2.1",
    ("CP", "unknown protocol discriminator"): "TS 24.007 11.2.3.1.1",
    ("CP", "unknown message type"): "TS 24.011 9.2.3",
    ("CP", "mandatory element invalid"): "TS 24.011 9.2.4",
    ("RP", "too short"): "TS 24.011 9.3.1",
    ("RP", "unknown message type"): "TS 24.011 9.3.3",
    ("RP", "mandatory element invalid"): "TS 24.011 9.3.4",
    ("TP", "unknown message type"): "TS 23.040 9.2.3.1",
    ("TP", "optional element invalid"): "TS 23.040 9.2.3.12",
    ("TP", "element ignored"): "TS 23.040 9.2.3.24",
}
_OTHERWISE: Final = "TS 23.040 9.2.3.22"


class Fault(msgspec.Struct, frozen=True, gc=False):
    """One thing wrong; `cause` is a CP-Cause, RP-Cause or TP-Failure-Cause as `layer` says, None where none is."""

    kind: str
    layer: Layer
    cause: int | None
    element: str = ""

    @property
    def clause(self) -> str:
        """The clause that says what is wrong."""
        return _CLAUSES.get((self.layer, self.kind), _OTHERWISE)

    @property
    def rp_cause(self) -> int | None:
        """The cause of the RP-ERROR to answer with; a TPDU's failure cause goes in its report (TS 24.011 8.2.5.4)."""
        if self.layer == "TP" and self.cause is not None:
            return PROTOCOL_ERROR
        return self.cause if self.layer == "RP" else None


class Malformed(Exception):  # noqa: N818 - it never leaves this room
    """Octets end within an element, or are none of it."""
