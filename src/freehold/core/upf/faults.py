"""Why a session's rules are refused, in the terms of the answer (TS 29.244 7.5.3.1, 7.5.5.1)."""

from __future__ import annotations

from freehold.codecs.pfcp import FailedRuleID
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError


class RuleFault(PeerError):  # noqa: N818 - what is wrong with them
    """A rule that cannot be carried out: the cause, the information element or the rule at fault."""

    def __init__(
        self,
        cause: PfcpCause,
        text: str,
        *,
        offending_ie: int | None = None,
        failed_rule_id: FailedRuleID | None = None,
    ) -> None:
        super().__init__(text, cause)
        self.offending_ie = offending_ie
        self.failed_rule_id = failed_rule_id


def missing(offending_ie: int, text: str) -> RuleFault:
    """A conditional IE is not there although its condition holds (TS 29.244 7.6.6)."""
    return RuleFault(PfcpCause.CONDITIONAL_IE_MISSING, text, offending_ie=offending_ie)


def incorrect(offending_ie: int, text: str) -> RuleFault:
    """An IE has a value that makes no sense here (TS 29.244 7.6.8)."""
    return RuleFault(PfcpCause.MANDATORY_IE_INCORRECT, text, offending_ie=offending_ie)


def full(text: str) -> RuleFault:
    """More than there is room for (TS 29.244 8.2.1)."""
    return RuleFault(PfcpCause.NO_RESOURCES_AVAILABLE, text)


def failed(text: str, **rule: int) -> RuleFault:
    """A rule cannot be stored or carried out (TS 29.244 8.2.80)."""
    return RuleFault(
        PfcpCause.RULE_CREATION_MODIFICATION_FAILURE, text, failed_rule_id=FailedRuleID(**rule) if rule else None
    )
