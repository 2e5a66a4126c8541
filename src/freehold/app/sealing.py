"""The seal of the store: opened or made at the start, with the process made safe against dumps (ADR 25)."""

from __future__ import annotations

import ctypes
import resource
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.app.config import Configuration
from freehold.spec.errors import Unusable
from freehold.store import DataFolder, rewriting

if TYPE_CHECKING:
    from freehold.trust.keys.custody import TokenArpf
    from freehold.trust.keys.sealing import RowSeal

KEY_FILE: Final = "store.key"
SECRET_FILE: Final = "store.secret"  # noqa: S105 - the name of a file
"""What the first start makes in the data folder, where the owner named nothing else."""
_NOT_DUMPABLE: Final = (4, 0)  # PR_SET_DUMPABLE
_LOCK_ALL: Final = 1 | 2 | 4  # MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT: pages as they come to be used
_IPC_LOCK: Final = 14
"""The capability to lock memory without a limit."""


def seal_of(configuration: Configuration, folder: Path) -> RowSeal:
    """What seals and opens the rows with secrets of the store in `folder`; Unusable where its key does not open."""
    from freehold.trust.keys.sealing import open_key_file, read_secret

    key, secret = key_files(configuration, folder)
    keep_in_memory()
    return open_key_file(key, lambda: read_secret(secret))


def sealer(configuration: Configuration) -> Callable[[DataFolder], RowSeal]:
    """What gives a held data folder its seal: made at the first start, and rows from before it sealed."""

    def sealed(folder: DataFolder) -> RowSeal:
        from freehold.trust.keys.sealing import MARK, TABLES, is_sealed, new_password_file, new_secret_file, read_secret

        key, secret = key_files(configuration, folder.path)
        clear = f"substr(row, 1, {len(MARK)}) <> x'{MARK.hex()}'"
        if not key.exists() and not configuration.store.key:
            if rewriting.some_row(folder, TABLES, f"NOT {clear}"):
                raise Unusable(f"{key} is not there, and without it nobody opens the store: put its backup back")
            keep_in_memory()
            if configuration.store.secret_file:
                new_password_file(key, read_secret(secret))
            else:
                new_secret_file(key, secret)
        seal = seal_of(configuration, folder.path)
        rewriting.clear_away(folder)
        if rewriting.some_row(folder, TABLES, clear):
            rewriting.rewrite(folder, lambda tab, name, row: row if is_sealed(row) else seal.seal(tab, name, row))
        return seal

    return sealed


def key_files(configuration: Configuration, folder: Path) -> tuple[Path, Path]:
    """The key file of a data folder, and the file of its password, PIN or secret."""
    section = configuration.store
    if section.key and not section.secret_file:
        raise Unusable("store.key: say with store.secret_file where the password or PIN is")
    key = Path(section.key) if section.key else folder / KEY_FILE
    return key, Path(section.secret_file) if section.secret_file else folder / SECRET_FILE


def token_of(
    configuration: Configuration,
    post: Callable[[Callable[[], None]], object],
    on_change: Callable[[Unusable | None], None] = lambda _: None,
) -> TokenArpf | None:
    """The token that computes MILENAGE, where the owner chose one; Unusable where it does not open."""
    chosen = configuration.keys
    if chosen.mode != "token":
        return None
    if not (chosen.module and chosen.token and chosen.secret_file):
        raise Unusable("keys.mode is token: say with keys.module, keys.token and keys.secret_file which")
    from freehold.trust.keys.custody import TokenArpf
    from freehold.trust.keys.sealing import read_secret
    from freehold.trust.keys.token import TokenCredentials

    pin = read_secret(Path(chosen.secret_file)).decode(errors="replace")
    keep_in_memory()
    return TokenArpf(lambda: TokenCredentials(chosen.module, chosen.token, pin), post, on_change)


def keep_in_memory() -> bool:
    """No core dump, no debugger of the same user, and no swapping out where that is allowed: whether it is."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(*_NOT_DUMPABLE, 0, 0, 0)
    # A bounded limit would fail later, at an allocation.
    unbounded = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY or _may_lock()
    return unbounded and library.mlockall(_LOCK_ALL) == 0


def _may_lock() -> bool:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _IPC_LOCK & 1)
    return False
