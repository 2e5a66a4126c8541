"""The three roots of every error.

Exception
 +- PeerError   the peer broke the protocol: its clause says what to answer
 |   +- ProtocolFault
 +- Reject      our decision: the procedure ends with a cause on the wire
 +- TimerExpired  a supervision timer ran out of retransmissions
 +- Aborted     another procedure or the loss of the peer ended this one
 +- Bug         our own mistake: isolate that one context, keep the process
 +- Unusable    the owner's configuration or command cannot be carried out: one line, exit status 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freehold.spec.failures import Unmet


class PeerError(Exception):
    """A peer sent what the protocol does not allow; `cause` is the wire value its clause asks for."""

    def __init__(self, message: str, cause: int | None = None, *, unmet: Unmet | None = None) -> None:
        super().__init__(message)
        self.cause = cause
        self.unmet = unmet


class Reject(Exception):  # noqa: N818 - the word of the specifications
    """A procedure ends with a cause of its protocol.

    `why` is for the operator, `fix` the setting to change, `unmet` what was compared with what.
    """

    def __init__(self, cause: int, why: str = "", fix: str = "", *, unmet: Unmet | None = None) -> None:
        super().__init__(why or f"cause #{cause}")
        self.cause = cause
        self.why = why
        self.fix = fix
        self.unmet = unmet


class TimerExpired(Exception):  # noqa: N818 - the word of the specifications
    """A supervision timer expired after its last retransmission."""

    def __init__(self, timer: str) -> None:
        super().__init__(f"{timer} expired")
        self.timer = timer


class Aborted(Exception):  # noqa: N818 - an end, not an error
    """A running procedure was ended by a collision or by the loss of its peer."""


class Bug(Exception):  # noqa: N818 - named for what it is
    """Something this code promises did not hold; only the context it happened in is given up."""


class Unusable(Exception):  # noqa: N818 - what the owner asked for
    """What the owner configured or commanded cannot be done: one line that says what, where and what to do."""

    status = 2
    """Exit status of a command that ends with it."""
