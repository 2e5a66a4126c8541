"""What a usage reporting rule measures, when it reports, and what it has measured (TS 29.244 5.2.2)."""

from __future__ import annotations

import msgspec

Volume = tuple[int, int, int, int]
"""Uplink and downlink octets, uplink and downlink packets."""

Limits = tuple[int | None, int | None, int | None]
"""Total, uplink and downlink octets; None is no limit."""

NO_LIMITS: Limits = (None, None, None)


class Measurement(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What PFCP asked for; times in seconds, 0 or None where there is none (TS 29.244 7.5.2.4).

    `method` and `triggers` are flags of TS 29.244 8.2.40 and 8.2.19; `at_once` begins to measure time without a packet,
    `linked` are the rules whose reports this one reports with.
    """

    method: int = 0
    triggers: int = 0
    thresholds: Limits = NO_LIMITS
    quota: Limits = NO_LIMITS
    time_threshold: int = 0
    time_quota: int | None = None
    period: int = 0
    at_once: bool = False
    linked: tuple[int, ...] = ()


class Mark(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What the session had carried, and the time in seconds, when something began."""

    volume: Volume = (0, 0, 0, 0)
    time: float = 0.0


class Urr(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A usage reporting rule: what it asks, its reports so far, and from where it counts.

    `counting` is since when time is measured, None before the first packet; `told` are the quotas reported as used up.
    """

    asked: Measurement
    last: Mark = Mark()
    granted: Mark = Mark()
    counting: float | None = None
    reports: int = 0
    told: int = 0
