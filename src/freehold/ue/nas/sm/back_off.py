"""Back-off after a refused PDU session: what may not be asked for again, and how long (TS 24.501 6.4.1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from freehold.codecs.nas import GprsTimer3
from freehold.spec.causes import MmCause, SmCause
from freehold.spec.identities import SNssai
from freehold.ue.alarms import FOREVER

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

# the timer of a cause: for the DNN, for the slice and DNN, or for the slice (TS 24.501 6.4.1.4.2, 6.4.1.4.3)
TIMERS: Mapping[int, str] = MappingProxyType(
    {
        SmCause.INSUFFICIENT_RESOURCES: "T3396",
        SmCause.INSUFFICIENT_RESOURCES_FOR_SLICE_AND_DNN: "T3584",
        SmCause.INSUFFICIENT_RESOURCES_FOR_SLICE: "T3585",
        MmCause.CONGESTION: "T3396",
    }
)
# what another request may ask for differently: a back-off with these causes is ignored (TS 24.501 6.4.1.4.3)
IGNORED = frozenset(
    {
        SmCause.PDU_SESSION_TYPE_IPV4_ONLY_ALLOWED,
        SmCause.PDU_SESSION_TYPE_IPV6_ONLY_ALLOWED,
        SmCause.PDU_SESSION_DOES_NOT_EXIST,
        SmCause.PDU_SESSION_TYPE_IPV4V6_ONLY_ALLOWED,
        SmCause.PDU_SESSION_TYPE_UNSTRUCTURED_ONLY_ALLOWED,
        SmCause.PDU_SESSION_TYPE_ETHERNET_ONLY_ALLOWED,
        SmCause.NOT_SUPPORTED_SSC_MODE,
    }
)
ALL = ("T3396", "T3584", "T3585", "back-off")


def name(timer: str, dnn: str | None, snssai: SNssai | None) -> str:
    """The running timer of what was refused."""
    match timer:
        case "T3396":
            return f"{timer} {dnn}"
        case "T3585":
            return f"{timer} {snssai}"
        case _:
            return f"{timer} {snssai} {dnn}"


def start(ue: Terminal, cause: int, value: GprsTimer3 | None, dnn: str | None, snssai: SNssai | None) -> None:
    """Note what the network does not want to be asked again; zero is at once, deactivated is until switched off."""
    if value is None or value.seconds == 0 or cause in IGNORED:
        return
    timer = TIMERS.get(cause, "back-off")  # TS 24.501 6.4.1.4.3
    ue.alarms.start(name(timer, dnn, snssai), lambda: None, FOREVER if value.seconds is None else value.seconds)


def running(ue: Terminal, dnn: str | None, snssai: SNssai | None) -> bool:
    """Whether a PDU session of this slice and DNN may not be asked for now."""
    return any(ue.alarms.running(name(timer, dnn, snssai)) for timer in ALL)
