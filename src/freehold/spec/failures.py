"""What did not fit when something was refused: the rule, and the two sides that were compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from freehold.spec.identities import Supi

NOTHING: Final[Mapping[str, str]] = {}


class Unmet(msgspec.Struct, frozen=True):
    """A rule that was not met, by its name in `manage.why.rules`.

    `asked` is what the peer brought, `configured` what stands against it here, `about` what a change would need to
    know (a slice, a DNN, a TAC), `supi` whom it is about where no context says so.
    """

    rule: str
    asked: str = ""
    configured: str = ""
    about: Mapping[str, str] = NOTHING
    supi: Supi | None = None
