"""QoS enforcement rules as PFCP creates, updates and removes them (TS 29.244 7.5.2.5, 7.5.4.5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from freehold.codecs import pfcp
from freehold.core.upf.faults import failed
from freehold.core.upf.state import Qer, RuleSet
from freehold.core.upf.state.rules import PacketLimit

ENDS: Final[Mapping[int, Mapping[str, Any]]] = MappingProxyType(
    {
        26: {"uplink_rate": 0, "downlink_rate": 0},
        94: {"uplink_packets": None, "downlink_packets": None},
        123: {"reflective": False},
        124: {"qfi": 0},
        157: {"window": 0},
    }
)
"""What of a rule ends when an IE of this type comes without octets (TS 29.244 7.5.4.5)."""
RQI: Final = 0x01
"""The bit of the IE of that name (TS 29.244 8.2.88)."""


def create_qer(rules: RuleSet, qer: pfcp.CreateQER) -> None:
    """Add a QoS enforcement rule."""
    if qer.qer_id in rules.qers:
        raise failed(f"QER {qer.qer_id} exists", qer_id=qer.qer_id)
    rules.qers[qer.qer_id] = Qer(
        *_gates(qer.gate_status),
        *_rates(qer.mbr),
        qer.qfi or 0,
        _reflective(qer.rqi),
        qer.averaging_window or 0,
        *_packets(qer.packet_rate),
    )


def update_qer(rules: RuleSet, update: pfcp.UpdateQER) -> None:
    """Change a QoS enforcement rule: what is not named stays, what comes without octets ends (TS 29.244 5.6.3)."""
    old = rules.qers.get(update.qer_id)
    if old is None:
        raise failed(f"no QER {update.qer_id}", qer_id=update.qer_id)
    if update.removed:
        old = _without(old, update.removed)
    packets = (old.uplink_packets, old.downlink_packets) if update.packet_rate is None else _packets(update.packet_rate)
    rules.qers[update.qer_id] = Qer(
        *((old.uplink_closed, old.downlink_closed) if update.gate_status is None else _gates(update.gate_status)),
        *((old.uplink_rate, old.downlink_rate) if update.mbr is None else _rates(update.mbr)),
        old.qfi if update.qfi is None else update.qfi,
        old.reflective if update.rqi is None else _reflective(update.rqi),
        old.window if update.averaging_window is None else update.averaging_window,
        *packets,
    )


def _without(old: Qer, removed: Collection[int]) -> Qer:
    ended = {name: value for kind, parts in ENDS.items() if kind in removed for name, value in parts.items()}
    return msgspec.structs.replace(old, **ended)


def remove_qer(rules: RuleSet, remove: pfcp.RemoveQER) -> None:
    """Take a QoS enforcement rule away."""
    if rules.qers.pop(remove.qer_id, None) is None:
        raise failed(f"no QER {remove.qer_id}", qer_id=remove.qer_id)


def _reflective(rqi: int | None) -> bool:
    return bool((rqi or 0) & RQI)


def _gates(status: pfcp.GateStatus) -> tuple[bool, bool]:
    return status.ul_gate != 0, status.dl_gate != 0  # values 2 and 3 mean closed: TS 29.244 8.2.7


def _rates(mbr: pfcp.MBR | None) -> tuple[int, int]:
    return (0, 0) if mbr is None else (mbr.ul_mbr * 1000, mbr.dl_mbr * 1000)


MINUTE: Final = 60 * 10**9
UNITS: Final = {0: MINUTE, 1: 6 * MINUTE, 2: 60 * MINUTE, 3: 24 * 60 * MINUTE, 4: 7 * 24 * 60 * MINUTE}
"""Nanoseconds of each unit of a packet rate; others are minutes (TS 29.244 8.2.63)."""


def _packets(rate: pfcp.PacketRate | None) -> tuple[PacketLimit | None, PacketLimit | None]:
    if rate is None:
        return None, None
    return _limit(rate.max_uplink, rate.uplink_time_unit), _limit(rate.max_downlink, rate.downlink_time_unit)


def _limit(most: int | None, unit: int | None) -> PacketLimit | None:
    return None if most is None or unit is None else (most, UNITS.get(unit & 0x07, MINUTE))
