"""The AUSF: 5G-AKA between the serving and the home network (TS 29.509, TS 33.501 6.1.3.2)."""

from __future__ import annotations

from freehold.core.ausf.ausf import Ausf

__all__ = ["Ausf"]
