"""Xn-C between two gNBs: an association as N2's, with another payload protocol (TS 38.422 7)."""

from __future__ import annotations

from typing import Final

XNAP_PPID: Final = 61
"""Payload protocol identifier of XnAP (TS 38.422 7)."""
XNAP_PORT: Final = 38422
"""SCTP port of XnAP (TS 38.422 7)."""
