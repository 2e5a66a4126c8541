"""The SMF: PDU sessions, their addresses, their user plane over N4 (TS 23.501 6.2.2)."""

from __future__ import annotations

from freehold.core.smf.configuration import DataNetwork, SmfConfiguration, SmfPeers
from freehold.core.smf.smf import Smf

__all__ = ["DataNetwork", "Smf", "SmfConfiguration", "SmfPeers"]
