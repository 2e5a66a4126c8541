"""What a usage reporting rule measures, when it reports, and what it has measured (TS 29.244 5.2.2)."""

from __future__ import annotations

import msgspec

Volume = tuple[int, int, int, int]
"""Uplink and downlink octets, uplink and downlink packets."""

Limits = tuple[int | None, int | None, int | None]
"""Total, uplink and downlink octets; None is no limit."""

NO_LIMITS: Limits = (None, None, None)


class Goals(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Thresholds and quotas: octets, seconds and events; 0 or None where there is none."""

    thresholds: Limits = NO_LIMITS
    quota: Limits = NO_LIMITS
    time_threshold: int = 0
    time_quota: int | None = None
    event_threshold: int = 0
    event_quota: int | None = None


class Waits(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Seconds: the period of reports, no traffic until it stopped or is told, how long a quota holds."""

    period: int = 0
    idle: int = 0
    holding: int = 0
    validity: int = 0


class Measurement(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What PFCP asked for (TS 29.244 7.5.2.4).

    `method`, `triggers` and `information` are flags of TS 29.244 8.2.40, 8.2.19 and 8.2.68. `linked` are the rules
    whose reports this one reports with, `dropped` downlink packets and octets that may be dropped untold, `subsequent`
    the goals from each monitoring time on (in seconds since 1900), the next first.
    """

    method: int = 0
    triggers: int = 0
    information: int = 0
    goals: Goals = Goals()
    waits: Waits = Waits()
    dropped: tuple[int, int] = (0, 0)
    linked: tuple[int, ...] = ()
    subsequent: tuple[tuple[int, Goals], ...] = ()


class Mark(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What had been carried, and the time in seconds, when something began."""

    volume: Volume = (0, 0, 0, 0)
    time: float = 0.0


class Clock(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The time that is measured: since when it runs (None: it stands), seconds before that, since report and grant."""

    since: float | None = None
    reported: float = 0.0
    granted: float = 0.0


class Traffic(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Whether there is traffic, when it began since the last report, how often since the grant, what was dropped."""

    flows: bool = False
    begun: tuple[float, ...] = ()
    granted: int = 0
    dropped: tuple[int, int] = (0, 0)


class Kept(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What was measured until a monitoring time, to be reported with what comes after (TS 29.244 5.2.2.2)."""

    number: int
    start: int
    end: int
    volume: Volume
    duration: int


class Urr(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A usage reporting rule: what it asks, and from where it counts; `told` are the quotas reported as used up."""

    asked: Measurement
    last: Mark = Mark()
    granted: Mark = Mark()
    clock: Clock = Clock()
    traffic: Traffic = Traffic()
    reports: int = 0
    told: int = 0
    kept: tuple[Kept, ...] = ()
