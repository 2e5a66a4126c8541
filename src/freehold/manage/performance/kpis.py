"""Key performance indicators, each with its formula and clause (TS 28.554 6)."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import msgspec

from freehold.manage.performance.readings import Period
from freehold.spec import counters as c

Compute = Callable[[Period], float | None]
PERCENT: Final = "%"


class Kpi(msgspec.Struct, frozen=True):
    """One indicator: what it is computed of, and of how many events, where it is a ratio of events."""

    name: str
    title: str
    unit: str
    formula: str
    clause: str
    compute: Compute
    events: Callable[[Period], int] | None = None
    standard: bool = True


def ratio(name: str, title: str, good: str, all_: str, clause: str, *, standard: bool = True) -> Kpi:
    """The share of `all_` that went well; none where nothing happened."""

    def compute(period: Period) -> float | None:
        tried = period.total(all_)
        # what began before the period and ended in it may make more successes than tries
        return min(100.0, 100.0 * period.total(good) / tried) if tried else None

    return Kpi(
        name, title, PERCENT, f"{good} / {all_} * 100", clause, compute, lambda period: period.total(all_), standard
    )


def average(name: str, title: str, sum_: str, number: str, clause: str, *, standard: bool = True) -> Kpi:
    """The mean time in ms of what was measured in microseconds."""

    def compute(period: Period) -> float | None:
        ended = period.total(number)
        return period.total(sum_) / ended / 1000 if ended else None

    return Kpi(
        name, title, "ms", f"{sum_} / {number} / 1000", clause, compute, lambda period: period.total(number), standard
    )


def mean(name: str, title: str, value: str, clause: str) -> Kpi:
    """The mean of a sampled value."""
    return Kpi(name, title, "", f"{value}Mean", clause, lambda period: period.mean(value))


def rate(name: str, title: str, octets: str, clause: str) -> Kpi:
    """Octets as kbit/s."""

    def compute(period: Period) -> float | None:
        return 8 * period.total(octets) / period.seconds / 1000 if period.seconds else None

    return Kpi(name, title, "kbit/s", f"{octets} * 8 / seconds / 1000", clause, compute)


def _registration(name: str, title: str, base: str) -> Kpi:
    return ratio(name, title, base + c.SUCCEEDED, base + c.REQUESTED, "TS 28.554 6.2.3")


def _registered(period: Period) -> int:
    """Registrations that succeeded, of every kind."""
    kinds = (c.INITIAL_REGISTRATION, c.MOBILITY_REGISTRATION, c.PERIODIC_REGISTRATION, c.EMERGENCY_REGISTRATION)
    return sum(period.total(kind + c.SUCCEEDED) for kind in kinds)


def _without(period: Period, all_: str, failed: str) -> float | None:
    """The share of `all_` that did not fail."""
    tried = period.total(all_)
    return max(0.0, 100.0 * (tried - period.total(failed)) / tried) if tried else None


def _registration_time(period: Period) -> float | None:
    """The mean time of a registration in ms."""
    ended = _registered(period)
    return period.total(c.REGISTRATION_TIME) / ended / 1000 if ended else None


_ALL: Final = (
    mean("AMFMeanRegNbr", "Registered subscribers at the AMF, mean", c.REGISTERED_SUBSCRIBERS, "TS 28.554 6.2.1"),
    mean("UDMRegNbr", "Registered subscribers at the UDM, mean", c.REGISTERED_AT_UDM, "TS 28.554 6.2.2"),
    _registration("RSR.Initial", "Registration success rate, initial", c.INITIAL_REGISTRATION),
    _registration("RSR.Mobility", "Registration success rate, mobility", c.MOBILITY_REGISTRATION),
    _registration("RSR.Periodic", "Registration success rate, periodic", c.PERIODIC_REGISTRATION),
    ratio(
        "PDUSessionEstSR",
        "PDU session establishment success rate",
        c.SESSION_SUCCESS,
        c.SESSION_REQUEST,
        "TS 28.554 6.2.5",
    ),
    rate("UTSNSI", "Upstream throughput of the network", c.N3_OCTETS_IN, "TS 28.554 6.3.2"),
    rate("DTSNSI", "Downstream throughput of the network", c.N3_OCTETS_OUT, "TS 28.554 6.3.3"),
    mean("PDUSesMeanNbr", "PDU sessions, mean", c.SESSIONS, "TS 28.554 6.4.1"),
    average(
        "PDUEstTime", "PDU session establishment time, mean", c.SESSION_TIME, c.SESSION_ESTABLISHED, "TS 28.554 6.4.3"
    ),
    Kpi(
        "RegTime",
        "Registration time, mean",
        "ms",
        f"{c.REGISTRATION_TIME} / (RM.Reg*Succ) / 1000",
        "TS 28.552 5.2.2",
        _registration_time,
        _registered,
        standard=False,
    ),
    ratio(
        "SessionReadySR",
        "PDU sessions with resources at gNB and UPF, of those created",
        c.SESSION_ESTABLISHED,
        c.SESSION_SUCCESS,
        "TS 23.502 4.3.2.2.1",
        standard=False,
    ),
    ratio(
        "ServiceSR", "Service request success rate", c.SERVICE_SUCCESS, c.SERVICE_REQUEST, "TS 28.552 5.2.3",
        standard=False,
    ),
    ratio("PagingSR", "Paging success rate", c.PAGING_SUCCESS, c.PAGING_ATTEMPT, "TS 28.552 5.2", standard=False),
    Kpi(
        "AuthSR",
        "Authentications without a failure",
        PERCENT,
        f"({c.AUTHENTICATION_REQUEST} - {c.AUTHENTICATION_FAILURE}) / {c.AUTHENTICATION_REQUEST} * 100",
        "TS 28.552 5.2",
        lambda period: _without(period, c.AUTHENTICATION_REQUEST, c.AUTHENTICATION_FAILURE),
        lambda period: period.total(c.AUTHENTICATION_REQUEST),
        standard=False,
    ),
    Kpi(
        "N4EstSR",
        "N4 sessions established without a failure",
        PERCENT,
        f"({c.N4_SESSION_REQUEST} - {c.N4_SESSION_FAILURE}) / {c.N4_SESSION_REQUEST} * 100",
        "TS 28.552 5.4.3",
        lambda period: _without(period, c.N4_SESSION_REQUEST, c.N4_SESSION_FAILURE),
        lambda period: period.total(c.N4_SESSION_REQUEST),
        standard=False,
    ),
    ratio(
        "GnbSessionSR",
        "PDU session resources set up by gNBs of this process",
        c.GNB_SESSION_SUCCESS,
        c.GNB_SESSION_REQUEST,
        "TS 28.552 5.1.1.5",
        standard=False,
    ),
)  # fmt: skip


KPIS: Final = MappingProxyType({each.name: each for each in _ALL})
"""Every indicator by name."""
