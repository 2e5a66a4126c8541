"""What raises an alarm and what ends it: events of the functions, and values that are looked at."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal

import msgspec

from freehold.manage.faults.alarm import AlarmType, Severity

COMMUNICATIONS: Final = "COMMUNICATIONS_ALARM"
PROCESSING: Final = "PROCESSING_ERROR_ALARM"
QUALITY: Final = "QUALITY_OF_SERVICE_ALARM"
EQUIPMENT: Final = "EQUIPMENT_ALARM"
SECURITY: Final = "SECURITY_SERVICE_OR_MECHANISM_VIOLATION"


class Rule(msgspec.Struct, frozen=True):
    """How an alarm of one problem looks; without anything that ends it, an operator does (ADMC, TS 28.111)."""

    problem: str
    object_class: str
    alarm_type: AlarmType
    probable_cause: str
    severity: Severity
    text: str
    fix: str = ""
    raised_by: tuple[str, ...] = ()
    cleared_by: tuple[str, ...] = ()


class Level(msgspec.Struct, frozen=True):
    """Where a value that is looked at becomes an alarm: steps from mild to bad, and how far back it has to go."""

    problem: str
    steps: tuple[tuple[float, Severity], ...]
    hysteresis: float = 0.0
    side: Literal["over", "under"] = "over"
    shown: str = "{value:.0f}"

    def severity(self, value: float, before: Severity | None) -> Severity | None:
        """The severity of a value, where it was `before`; None where nothing is wrong."""
        found: Severity | None = None
        for step, severity in self.steps:
            # a step that was reached is left only behind its hysteresis
            slack = self.hysteresis if before is not None and _reached(self.steps, severity, before) else 0.0
            beyond = value >= step - slack if self.side == "over" else value <= step + slack
            if beyond:
                found = severity
        return found


def _reached(steps: tuple[tuple[float, Severity], ...], severity: Severity, before: Severity) -> bool:
    names = [name for _, name in steps]
    return before in names and names.index(severity) <= names.index(before)


_RULES: Final = (
    Rule(
        "gnb-lost", "GNBCUCPFunction", "COMMUNICATIONS_ALARM", "communicationsSubsystemFailure", "MAJOR",
        "a gNB that was connected is gone", "look at the gNB, its power and the network between",
        raised_by=("gnb-lost",), cleared_by=("gnb-connected",),
    ),
    Rule(
        "gnb-refused", "GNBCUCPFunction", "PROCESSING_ERROR_ALARM", "configurationOrCustomizationError", "MAJOR",
        "NG Setup of a gNB is refused (TS 38.413 8.7.1.3)",
        raised_by=("gnb-refused",), cleared_by=("gnb-connected",),
    ),
    Rule(
        "amf-not-reached", "EP_NgC", "COMMUNICATIONS_ALARM", "connectionEstablishmentError", "MAJOR",
        "a gNB of this process has no AMF",
        raised_by=("ng-setup-refused", "ng-setup-unanswered", "n2-refused"), cleared_by=("ng-setup",),
    ),
    Rule(
        "upf-lost", "UPFFunction", "COMMUNICATIONS_ALARM", "communicationsSubsystemFailure", "CRITICAL",
        "a UPF has no PFCP association, or does not answer heartbeats (TS 29.244 6.2.2, 6.2.6)",
        "start the UPF; compare [upf] n4 on both sides",
        raised_by=("upf-unreachable", "upf-lost", "upf-leaves"), cleared_by=("upf-associated",),
    ),
    Rule(
        "smf-silent", "SMFFunction", "COMMUNICATIONS_ALARM", "communicationsSubsystemFailure", "MAJOR",
        "an SMF does not answer the UPF's heartbeats (TS 29.244 6.2.2)", "look at the SMF and the network between",
        raised_by=("n4.peer-silent",), cleared_by=("n4.peer-answers",),
    ),
    Rule(
        "n3-path-lost", "EP_N3", "COMMUNICATIONS_ALARM", "communicationsSubsystemFailure", "MAJOR",
        "a UPF does not reach a gNB on N3 (TS 29.244 6.2.9)", "look at the network between UPF and gNB",
        raised_by=("n3-path-lost",), cleared_by=("n3-path-restored",),
    ),
    Rule(
        "registration-storm", "AMFFunction", "QUALITY_OF_SERVICE_ALARM", "congestion", "MAJOR",
        "more terminals are unproved at once than the AMF allows: new ones are told to try again",
        "look for a gNB or terminals that begin registrations and never answer",
    ),
    Rule(
        "overload", "ManagedElement", "QUALITY_OF_SERVICE_ALARM", "congestion", "MINOR",
        "the process was held up for seconds", "give it a faster processor, or less to do",
    ),
    Rule(
        "address-pool", "SMFFunction", "QUALITY_OF_SERVICE_ALARM", "resourceAtOrNearingCapacity", "MINOR",
        "the addresses of a data network run out", "widen the pool of this [[dnn]]",
    ),
    Rule(
        "certificate", "ManagedElement", "SECURITY_SERVICE_OR_MECHANISM_VIOLATION", "keyExpired", "MINOR",
        "a certificate is about to expire, or has", "replace the certificate of [management], then start anew",
    ),
    Rule(
        "disk", "ManagedElement", "EQUIPMENT_ALARM", "storageCapacityProblem", "MINOR",
        "the disk of the data folder is nearly full", "free room on the disk of the data folder",
    ),
    Rule(
        "store-write", "ManagedElement", "PROCESSING_ERROR_ALARM", "fileError", "CRITICAL",
        "the store could not be written: what operators change is refused", "look at the disk of the data folder",
    ),
    Rule(
        "threshold", "ManagedElement", "QUALITY_OF_SERVICE_ALARM", "thresholdCrossed", "MINOR",
        "a KPI or counter is beyond its threshold",
    ),
    Rule(
        "forwarding", "ManagedElement", "COMMUNICATIONS_ALARM", "callEstablishmentError", "WARNING",
        "a receiver of alarms, of the log or of traces cannot be reached",
        "look at the receiver, and at [[alarms.webhook]], [[log.server]] or [telemetry]",
    ),
    Rule(
        "unlisted-peer", "UPFFunction", "SECURITY_SERVICE_OR_MECHANISM_VIOLATION", "unauthorizedAccessAttempt",
        "MINOR", "a PFCP peer that is not configured, or under another's name, asked for an association",
        "see who it is; an SMF of yours is named in [smf] n4", raised_by=("n4.unlisted-peer", "n4.node-id-taken"),
    ),
    Rule(
        "foreign-session", "UPFFunction", "SECURITY_SERVICE_OR_MECHANISM_VIOLATION", "unauthorizedAccessAttempt",
        "MAJOR", "a PFCP peer named a session of another peer", raised_by=("n4.foreign-session",),
    ),
    Rule(
        "foreign-source", "EP_N3", "SECURITY_SERVICE_OR_MECHANISM_VIOLATION", "unauthorizedAccessAttempt", "WARNING",
        "uplink packets came from another address than the session's gNB has", raised_by=("n3.foreign-source",),
    ),
    Rule(
        "core-attacked", "UPFFunction", "SECURITY_SERVICE_OR_MECHANISM_VIOLATION", "unauthorizedAccessAttempt",
        "MINOR", "a terminal sent packets to the core, or through a tunnel of its own",
        "see whose terminal has this address", raised_by=("n3.core-attacked",),
    ),
    Rule(
        "log-in", "ManagedElement", "SECURITY_SERVICE_OR_MECHANISM_VIOLATION", "authenticationFailure", "WARNING",
        "log-ins to the management API were refused", "see the addresses in the events",
        raised_by=("login-refused",),
    ),
    Rule(
        "witness", "ManagedElement", "PROCESSING_ERROR_ALARM", "fileError", "MAJOR",
        "the ledger's state could not be kept outside", "make the file of ledger.witness writable again",
        raised_by=("ledger-witness",),
    ),
    Rule(
        "token", "ManagedElement", "EQUIPMENT_ALARM", "equipmentMalfunction", "CRITICAL",
        "the token of [keys] does not serve: no terminal is authenticated",
        "put the token back; where it refused the PIN, put the right one into keys.secret_file and start anew",
        raised_by=("token-failed",), cleared_by=("token-serves",),
    ),
    Rule(
        "audit", "UPFFunction", "PROCESSING_ERROR_ALARM", "corruptData", "MAJOR",
        "sessions and packet rules of the UPF differed and were made equal", raised_by=("upf.audit",),
    ),
    Rule(
        "software", "ManagedElement", "PROCESSING_ERROR_ALARM", "softwareError", "MAJOR",
        "a mistake of Freehold's own; the context it happened in was given up", "report it with the event's text",
        raised_by=("bug",),
    ),
)  # fmt: skip
RULES: Final = MappingProxyType({rule.problem: rule for rule in _RULES})
RAISING: Final = MappingProxyType({name: rule for rule in _RULES for name in rule.raised_by})
"""The rule of an event that raises an alarm."""
_CLEARING: dict[str, tuple[str, ...]] = {}
for _rule in _RULES:
    for _name in _rule.cleared_by:
        _CLEARING[_name] = (*_CLEARING.get(_name, ()), _rule.problem)
CLEARING: Final = MappingProxyType(_CLEARING)
"""The problems that an event ends."""
LEVELS: Final = MappingProxyType(
    {
        level.problem: level
        for level in (
            Level("gnb-lost", ((1.0, "MAJOR"),)),
            Level("upf-lost", ((1.0, "CRITICAL"),)),
            Level("registration-storm", ((1.0, "MAJOR"),)),
            Level("overload", ((1.0, "MINOR"), (5.0, "MAJOR")), hysteresis=0.5, shown="{value:.1f} s late"),
            Level(
                "address-pool",
                ((0.85, "MINOR"), (0.95, "MAJOR"), (1.0, "CRITICAL")),
                hysteresis=0.02,
                shown="{value:.0%} of the addresses are taken",
            ),
            Level(
                "certificate",
                ((30.0, "MINOR"), (7.0, "MAJOR"), (0.0, "CRITICAL")),
                side="under",
                shown="{value:.1f} days are left",
            ),
            Level(
                "disk",
                ((0.90, "MINOR"), (0.95, "MAJOR"), (0.99, "CRITICAL")),
                hysteresis=0.01,
                shown="{value:.1%} is used",
            ),
            Level("store-write", ((1.0, "CRITICAL"),)),
            Level("forwarding", ((1.0, "WARNING"),)),
        )
    }
)
"""What is looked at, by problem."""
