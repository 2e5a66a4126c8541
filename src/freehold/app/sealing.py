"""The seal of the store: opened once at the start, with the process made safe against dumps."""

from __future__ import annotations

import ctypes
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.app.config import Configuration
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.trust.keys.sealing import RowSeal

_NOT_DUMPABLE: Final = (4, 0)  # PR_SET_DUMPABLE
_LOCK_ALL: Final = 3  # MCL_CURRENT | MCL_FUTURE


def seal_of(configuration: Configuration) -> RowSeal | None:
    """What seals and opens the rows with secrets; None where the owner named no key file."""
    section = configuration.store
    if not section.key:
        return None
    if not section.secret_file:
        raise Unusable("store.key: say with store.secret_file where the password or PIN is")
    from freehold.trust.keys.sealing import open_key_file, read_secret

    keep_in_memory()
    return open_key_file(Path(section.key), lambda: read_secret(Path(section.secret_file)))


def keep_in_memory() -> bool:
    """No core dump, no debugger of the same user, and no swapping out where that is allowed: whether it is."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(*_NOT_DUMPABLE, 0, 0, 0)
    # A bounded limit would fail later, at an allocation.
    unbounded = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    return unbounded and library.mlockall(_LOCK_ALL) == 0
