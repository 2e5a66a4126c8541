"""The UDR: subscriptions in memory, on a store (TS 29.504, TS 29.505)."""

from __future__ import annotations

from freehold.core.udr.credentials import credentials, generated
from freehold.core.udr.repository import Udr

__all__ = ["Udr", "credentials", "generated"]
