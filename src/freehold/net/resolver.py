"""The name server of this host, for terminals whose names it resolves (`n6 = relay`)."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Final

RESOLV_CONF: Final = Path("/etc/resolv.conf")


def host_resolver(path: Path = RESOLV_CONF) -> str | None:
    """The first name server that the host is configured with; None where there is none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        keyword, _, value = line.strip().partition(" ")
        try:
            address = ip_address(value.strip())
        except ValueError:
            continue
        if keyword == "nameserver" and not address.is_link_local:  # those need an interface beside them
            return str(address)
    return None
