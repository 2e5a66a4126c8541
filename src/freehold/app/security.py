"""Settings of who may come in, and of who is told of it: passwords of accounts, log servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from freehold.spec.errors import Unusable

FORMER, MOST_FORMER = 3, 24
"""Former passwords of an account that are remembered at least, and at most (TS 33.117 4.2.3.4.3.2)."""

MOST_DAYS = 3650


class AccountsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Passwords of accounts: how many former ones nobody may choose again, and after how many days one is changed.

    `password_history` is 3 to 24; `password_days` 0 for never. With `password_own` whoever got a password from somebody
    else chooses another one at the first log-in.
    """

    password_history: int = FORMER
    password_days: int = 0
    password_own: bool = True


class LogServerSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log server (RFC 5424) that is told every act, and events from `least` on: its name or address, and its port.

    Over `tls` it shows a certificate that `ca` vouches for, a file in PEM, or whom the machine trusts where that is
    empty; `certificate` and `key` are what it knows us by, where it asks. `tcp` and `udp` hide nothing, and nobody
    notices what a datagram loses: they are for a network of your own.
    """

    address: str = ""
    transport: Literal["tls", "tcp", "udp"] = "tls"
    ca: str = ""
    certificate: str = ""
    key: str = ""
    least: Literal["debug", "info", "warning", "error"] = "warning"


def wrong_accounts(section: AccountsSection) -> Iterator[tuple[str, str]]:
    """What cannot be asked of passwords: the key and the complaint."""
    if not FORMER <= section.password_history <= MOST_FORMER:
        yield "accounts.password_history", f"{section.password_history} is outside {FORMER}..{MOST_FORMER}"
    if not 0 <= section.password_days <= MOST_DAYS:
        yield "accounts.password_days", f"{section.password_days} is outside 0..{MOST_DAYS}"


def wrong_servers(sections: Sequence[LogServerSection]) -> Iterator[tuple[str, str]]:
    """Log servers that cannot be told: the key and the complaint."""
    for section in sections:
        try:
            server_address(section.address, 0)
        except Unusable as wrong:
            yield "log.server.address", f"{wrong}"
        if section.transport != "tls" and (section.ca or section.certificate or section.key):
            yield "log.server.transport", f"{section.transport} has no certificates: they are for tls"
        if bool(section.certificate) != bool(section.key):
            yield "log.server.key", "certificate and key belong together"
    places = [(section.transport, section.address) for section in sections]
    yield from (
        ("log.server.address", f"{place[1]!r} stands twice")
        for place in sorted({place for place in places if places.count(place) > 1})
    )


def server_address(text: str, port: int) -> tuple[str, int]:
    """The host and the port of a server, or `port` where none stands; Unusable where it is none."""
    try:
        parts = urlsplit(f"//{text}" if text.count(":") < 2 or text.startswith("[") else f"//[{text}]")
        host, given = parts.hostname or "", parts.port
    except ValueError:
        host, given = "", None
    if not host or set(text) & set("/?#@ \t\n"):
        raise Unusable(f"{text!r} is no name or address with or without port, like log.example:6514")
    return host, port if given is None else given
