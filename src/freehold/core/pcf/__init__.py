"""The PCF: static policy from subscription and configuration (TS 29.507, TS 29.512)."""

from __future__ import annotations

from freehold.core.pcf.pcf import Pcf, PcfConfiguration, SessionRule

__all__ = ["Pcf", "PcfConfiguration", "SessionRule"]
