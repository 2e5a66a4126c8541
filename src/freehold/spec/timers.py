"""Timers as a table: default, retransmissions, clause; the operator may set each in `[timers]`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class Timer(msgspec.Struct, frozen=True, gc=False):
    """One timer: `seconds` until it expires, how often its message is sent again, and where it is specified."""

    name: str
    seconds: float
    retransmissions: int
    clause: str


def _table(*timers: Timer) -> Mapping[str, Timer]:
    return MappingProxyType({timer.name: timer for timer in timers})


TIMERS: Mapping[str, Timer] = _table(
    # 5GMM, UE side (TS 24.501 table 10.2.1)
    Timer("T3502", 720, 0, "TS 24.501 10.2"),
    Timer("T3510", 15, 0, "TS 24.501 10.2"),
    Timer("T3511", 10, 0, "TS 24.501 10.2"),
    Timer("T3512", 3240, 0, "TS 24.501 10.2"),
    Timer("T3516", 30, 0, "TS 24.501 10.2"),
    Timer("T3517", 15, 0, "TS 24.501 10.2"),
    Timer("T3519", 60, 0, "TS 24.501 10.2"),
    Timer("T3520", 15, 0, "TS 24.501 10.2"),
    Timer("T3521", 15, 4, "TS 24.501 10.2"),
    Timer("T3525", 60, 0, "TS 24.501 10.2"),
    Timer("T3540", 10, 0, "TS 24.501 10.2"),
    # 5GMM, AMF side (TS 24.501 table 10.2.2)
    Timer("T3513", 6, 2, "TS 24.501 10.2"),
    Timer("T3522", 6, 4, "TS 24.501 10.2"),
    Timer("T3550", 6, 4, "TS 24.501 10.2"),
    Timer("T3555", 6, 4, "TS 24.501 10.2"),
    Timer("T3560", 6, 4, "TS 24.501 10.2"),
    Timer("T3570", 6, 4, "TS 24.501 10.2"),
    Timer("mobile-reachable", 3480, 0, "TS 24.501 10.2"),
    Timer("implicit-deregistration", 3480, 0, "TS 24.501 10.2"),
    # 5GSM, UE side (TS 24.501 table 10.3.1)
    Timer("T3580", 16, 4, "TS 24.501 10.3"),
    Timer("T3581", 16, 4, "TS 24.501 10.3"),
    Timer("T3582", 16, 4, "TS 24.501 10.3"),
    # 5GSM, SMF side (TS 24.501 table 10.3.2)
    Timer("T3590", 15, 4, "TS 24.501 10.3"),
    Timer("T3591", 16, 4, "TS 24.501 10.3"),
    Timer("T3592", 16, 4, "TS 24.501 10.3"),
    # NGAP (TS 38.413 gives no values: these supervise the gNB's answers)
    Timer("TNGRELOC", 10, 0, "TS 38.413 8.4"),
    Timer("TNGRELOCprep", 15, 0, "TS 38.413 8.4.1"),
    Timer("TNGRELOCoverall", 20, 0, "TS 38.413 8.4.1"),
    # XnAP (TS 38.423 gives no values)
    Timer("Xn-setup", 10, 0, "TS 38.423 8.4.1"),
    Timer("TXnRELOCprep", 10, 0, "TS 38.423 8.2.1"),
    Timer("TXnRELOCoverall", 20, 0, "TS 38.423 8.2.1"),
    # the air: how long a terminal needs to find the target, how long it tries (TS 38.331 7.1.1),
    # and how long an old path may be silent before it is taken to be at its end
    Timer("synchronisation", 0.02, 0, "TS 38.331 5.3.5.5.2"),
    Timer("T304", 1, 0, "TS 38.331 7.1.1"),
    Timer("forwarding", 1, 0, "TS 38.300 9.2.3.2.3"),
    Timer("N2-handover", 30, 0, "TS 23.502 4.9.1.3"),
    Timer("NGAP-response", 10, 0, "TS 38.413 8.3"),
    Timer("NG-setup", 10, 0, "TS 38.413 8.7.1"),
    Timer("time-to-wait", 5, 0, "TS 38.413 9.3.1.56"),
    Timer("user-inactivity", 20, 0, "TS 38.413 8.3.2"),
    # N2 (TS 38.412 7 gives no values: the first pause before a new association, and the longest)
    Timer("N2-reconnect", 1, 0, "TS 38.412 7"),
    Timer("N2-reconnect-limit", 60, 0, "TS 38.412 7"),
    # PFCP (TS 29.244 6.4: T1 and N1 are the operator's)
    Timer("PFCP-T1", 3, 3, "TS 29.244 6.4"),
    Timer("PFCP-heartbeat", 10, 0, "TS 29.244 6.2.2"),
    Timer("PFCP-retention", 600, 0, "TS 23.527 4.3"),
    Timer("PFCP-leaving", 0.5, 0, "TS 29.244 6.2.7.3"),
    # the SMF as a router: each connected terminal hears of it so often, well before its lifetime ends, and so many at
    # a time with a pause between
    Timer("router-advertisement", 21600, 0, "RFC 4861 6.2.4"),
    Timer("router-pause", 1, 0, "RFC 4861 6.2.4"),
)


class Timers:
    """The timers of one network function: the table above with the operator's values over it."""

    __slots__ = ("_table",)

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self._table = dict(TIMERS)
        for name, value in (seconds or {}).items():
            self._table[name] = msgspec.structs.replace(self._table[name], seconds=value)

    def __getitem__(self, name: str) -> Timer:
        return self._table[name]
