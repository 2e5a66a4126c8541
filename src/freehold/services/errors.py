"""How one network function tells another that a service request failed (TS 29.500 5.2.7.2)."""

from __future__ import annotations

from freehold.spec.errors import PeerError
from freehold.spec.failures import Unmet


class ServiceError(PeerError):
    """A ProblemDetails answer: HTTP status, application error of the service's specification, and what it carries."""

    def __init__(
        self,
        status: int,
        application_error: str,
        detail: str = "",
        *,
        n1_sm_message: bytes | None = None,
        unmet: Unmet | None = None,
    ) -> None:
        super().__init__(f"{status} {application_error}{': ' if detail else ''}{detail}", status, unmet=unmet)
        self.status = status
        self.application_error = application_error
        self.detail = detail
        self.n1_sm_message = n1_sm_message
