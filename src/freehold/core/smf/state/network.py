"""A data network while the SMF runs: its configuration, its addresses, and what is the same for all its sessions."""

from __future__ import annotations

from freehold.core.smf.configuration import DataNetwork
from freehold.core.smf.state.pool import AddressPool
from freehold.spec.identities import SNssai


class Network:
    """One configured data network and its pools."""

    __slots__ = ("configuration", "dnn", "instance", "pool", "pool6")

    def __init__(self, configuration: DataNetwork) -> None:
        self.configuration = configuration
        self.dnn = configuration.dnn
        self.instance = b"".join(bytes((len(label),)) + label for label in configuration.dnn.encode().split(b"."))
        """The network instance of N6, as a DNN's labels (TS 29.244 8.2.4, TS 23.003 9.1)."""
        self.pool = None if configuration.pool is None else AddressPool(configuration.pool)
        self.pool6 = None if configuration.pool6 is None else AddressPool(configuration.pool6)

    @property
    def ethernet(self) -> bool:
        """Whether its sessions carry frames."""
        return self.configuration.ethernet

    @property
    def used(self) -> float:
        """Which part of its addresses is taken, 0 to 1: of the fuller pool where there are two."""
        pools = (pool for pool in (self.pool, self.pool6) if pool is not None)
        return max((pool.taken / max(1, pool.capacity) for pool in pools), default=0.0)

    def serves(self, slice_: SNssai) -> bool:
        """Whether the data network is reached through a slice."""
        return not self.configuration.slices or slice_ in self.configuration.slices
