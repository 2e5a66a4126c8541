"""The NSSF: which slices a UE may use where it is (TS 29.531)."""

from __future__ import annotations

from freehold.core.nssf.nssf import Nssf

__all__ = ["Nssf"]
