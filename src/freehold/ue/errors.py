"""How a terminal's procedures end when not as asked.

Reject
 +- Refused   the network refused, with a cause of its protocol
PeerError
 +- NoConnection   the cell refused the connection, or it was lost
 +- UsimInvalid    the network barred this USIM: only switching off and on helps
 +- LimitedService the network barred this terminal from where it is: so does another tracking area
"""

from __future__ import annotations

from freehold.spec.errors import PeerError, Reject


class Refused(Reject):
    """The network refused; `cause` is a 5GMM or 5GSM cause (TS 24.501 9.11.3.2, 9.11.4.2)."""


class NoConnection(PeerError):  # noqa: N818 - says what is missing
    """No N1 NAS signalling connection could be had, or it was lost (TS 24.501 5.5.1.2.7)."""


class UsimInvalid(PeerError):  # noqa: N818 - the word of the specifications
    """The USIM is considered invalid until the terminal is switched off (TS 24.501 5.5.1.2.5)."""


class LimitedService(PeerError):  # noqa: N818 - the word of the specifications
    """The PLMN or tracking area is forbidden until the terminal is switched off (TS 24.501 5.3.13)."""
