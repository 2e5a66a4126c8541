"""How long a certificate in a file is still good."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from freehold.manage.faults import ber

DAY: Final = 86400.0
_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"


def days_left(path: Path, now: float) -> float | None:
    """Days until the first certificate of a PEM file expires, at `now` in seconds since 1970; None where none is."""
    try:
        whole = path.read_text(encoding="ascii", errors="replace")
        begin, end = whole.index(_BEGIN), whole.index(_END)
        return (ber.not_after(ssl.PEM_cert_to_DER_cert(whole[begin : end + len(_END)])) - now) / DAY
    except (OSError, ValueError):
        return None
