"""Procedures that failed, kept for whoever asks why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from freehold.manage.network import ManagedNetwork
from freehold.manage.views import View
from freehold.manage.why.causes import CauseView, explain, pfcp
from freehold.manage.why.rules import EVENTS, RULES, Rule
from freehold.spec.events import Event
from freehold.spec.failures import Unmet

KEPT: Final = 500
"""Failures kept, the same one again counted once; the oldest give way."""
REGISTERED: Final = "5GMM-REGISTERED"


class RuleView(View, frozen=True):
    """The rule that fired: what was compared with what; each side with what it is."""

    name: str
    title: str
    clause: str
    asked_of: str = ""
    asked: str = ""
    configured_of: str = ""
    configured: str = ""
    advice: str = ""


class FailureView(View, frozen=True):
    """A procedure that failed, when last and how often; `over` once what failed works.

    `supi` is empty where the core does not know whom it is about, `subject` what it is about then.
    """

    id: str
    time: float
    first: float
    count: int
    event: str
    procedure: str
    clause: str
    text: str
    supi: str = ""
    subject: str = ""
    cause: CauseView | None = None
    rule: RuleView | None = None
    fix: str = ""
    over: bool = False


class Failure(msgspec.Struct):
    """One failure as it is kept."""

    number: int
    event: Event
    first: float
    time: float
    count: int = 1

    @property
    def unmet(self) -> Unmet:
        """What was compared with what."""
        return self.event.unmet or Unmet("")

    @property
    def supi(self) -> str:
        """Whom it is about; empty where nobody knows."""
        return "" if self.event.whom is None else self.event.whom.value


class Failures:
    """The last failures, newest last."""

    __slots__ = ("_kept", "_next")

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], Failure] = {}
        self._next = 1

    def note(self, event: Event, time: float) -> bool:
        """Keep an event that says that something failed; whether it does."""
        if event.unmet is None and event.name not in EVENTS:
            return False
        unmet = event.unmet or Unmet("")
        whom = event.subject if event.whom is None else event.whom.value
        key = (event.name, whom, unmet.rule, unmet.asked, unmet.configured)
        known = self._kept.pop(key, None)
        if known is None:
            known = Failure(self._next, event, time, time, 0)
            self._next += 1
        known.event, known.time, known.count = event, time, known.count + 1
        self._kept[key] = known
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return True

    def supis(self) -> Sequence[str]:
        """Whose procedures failed, the latest first."""
        return tuple(dict.fromkeys(one.supi for one in reversed(self._kept.values()) if one.supi))

    def find(self, number: str) -> Failure | None:
        """The failure of an id."""
        return next((one for one in self._kept.values() if str(one.number) == number), None)

    def views(self, network: ManagedNetwork, supi: str = "") -> Sequence[FailureView]:
        """All of them, or those of one SUPI, the newest last."""
        chosen = [one for one in self._kept.values() if not supi or one.supi == supi]
        if not chosen:
            return ()
        works = Works(network)
        return [view(one, over=works.again(one)) for one in chosen]


class Works:
    """What works now, to tell which failures are over."""

    def __init__(self, network: ManagedNetwork) -> None:
        self._registered = {ue.supi for ue in network.ues() if ue.state == REGISTERED}
        self._sessions = {(one.supi, one.dnn) for one in network.sessions()}
        self._gnbs = {gnb.name for gnb in network.gnbs()}

    def again(self, failure: Failure) -> bool:
        """Whether what failed works now."""
        name, supi, dnn = failure.event.name, failure.supi, failure.unmet.about.get("dnn", "")
        if name.startswith("gnb-"):
            return failure.event.subject in self._gnbs
        if name.startswith("session"):
            return (supi, dnn) in self._sessions if dnn else any(whose == supi for whose, _ in self._sessions)
        return bool(supi) and supi in self._registered


def view(failure: Failure, *, over: bool) -> FailureView:
    """A failure as it is shown."""
    event, unmet = failure.event, failure.unmet
    procedure, clause = EVENTS.get(event.name, (event.name.replace("-", " "), ""))
    return FailureView(
        str(failure.number),
        failure.time,
        failure.first,
        failure.count,
        event.name,
        procedure,
        clause,
        event.text,
        failure.supi,
        event.subject,
        explain(event.cause),
        shown(unmet, RULES[unmet.rule]) if unmet.rule in RULES else None,
        event.fix,
        over,
    )


def shown(unmet: Unmet, rule: Rule) -> RuleView:
    """A rule with its two sides."""
    configured = unmet.configured
    if "pfcp" in unmet.about:
        configured = pfcp(unmet.about["pfcp"])
    asked = unmet.asked
    if unmet.rule == "unknown-subscriber" and unmet.supi is not None:
        asked = unmet.supi.value
    return RuleView(unmet.rule, rule.title, rule.clause, rule.asked, asked, rule.configured, configured, rule.advice)
