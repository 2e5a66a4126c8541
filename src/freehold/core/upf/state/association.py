"""One control plane function that may have sessions here (TS 29.244 5.8)."""

from __future__ import annotations

import msgspec

from freehold.codecs.pfcp import NodeID
from freehold.procedure import Alarm
from freehold.services.datagram import Address


class Association(msgspec.Struct):
    """A peer by its address: who it says it is, when it last started, whether it answers heartbeats.

    `verifying`: it, or somebody in its name, said that it started again.
    """

    address: Address
    node_id: NodeID
    recovery_time_stamp: int
    heartbeat: Alarm | None = None
    alive: bool = True
    verifying: bool = False
