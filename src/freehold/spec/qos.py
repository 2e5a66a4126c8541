"""What a 5QI says of a QoS flow (TS 23.501 5.7.4)."""

from __future__ import annotations

from typing import Final

GUARANTEED: Final = frozenset({1, 2, 3, 4, 65, 66, 67, 71, 72, 73, 74, 76, *range(82, 91)})
"""5QIs of flows with a guaranteed rate."""
