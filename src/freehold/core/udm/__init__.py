"""The UDM: authentication vectors, subscription data, who serves a UE (TS 29.503)."""

from __future__ import annotations

from freehold.core.udm import home_keys, key_use
from freehold.core.udm.sidf import HomeNetworkKey, Sidf
from freehold.core.udm.udm import Udm

__all__ = ["HomeNetworkKey", "Sidf", "Udm", "home_keys", "key_use"]
