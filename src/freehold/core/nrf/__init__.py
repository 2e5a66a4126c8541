"""The NRF: which functions there are (TS 29.510)."""

from __future__ import annotations

from freehold.core.nrf.nrf import Nrf

__all__ = ["Nrf"]
