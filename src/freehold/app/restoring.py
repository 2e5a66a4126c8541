"""What a backup puts in the place of what is there: checked as a whole first, carried out before a network begins."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec

from freehold import __version__
from freehold.app import authority, config
from freehold.app.config import Configuration
from freehold.app.sealing import seal_of, sealer
from freehold.core.udm import home_keys, key_use
from freehold.core.udr import repository, sequence
from freehold.core.udr.rows import subscriber_of
from freehold.manage.accounts import ACCOUNTS, TOKENS, Account, Token
from freehold.manage.backup import Content
from freehold.manage.faults import alarm_list
from freehold.manage.faults.alarm import AlarmView
from freehold.manage.performance import recorder, thresholds
from freehold.manage.performance.thresholds import Threshold
from freehold.manage.views import BackupView
from freehold.services.ledger import Act
from freehold.services.store import Snapshot
from freehold.spec.errors import Unusable
from freehold.store import MemoryStore, offline, replace_file
from freehold.trust import ledger
from freehold.trust.keys.sealing import RESTORE

VERSIONS: Final = "configuration"
"""The table of applied configurations."""
HISTORY: Final = (recorder.TABLE, alarm_list.HISTORY)
"""What is only in a backup that asks for it."""
KEPT: Final = (*HISTORY, home_keys.TABLE, key_use.TABLE, authority.TABLE)
"""What stays as it is where a backup has nothing of it."""
DONE: Final = "restored"
"""The table of the backup that was restored last: one that is carried out is not carried out again."""
STAGED: Final = "restore.msgpack"
"""The file in the data folder that waits for the next start."""
AHEAD: Final = 1 << 20
"""How far SEQ goes beyond the backup's, after which vectors were given; a USIM takes 2^28 (TS 33.102 C.3.2)."""

Rows = Mapping[str, bytes]


class Staged(msgspec.Struct, frozen=True):
    """A backup that the next start restores, and what of it is left out."""

    content: Content
    without: tuple[str, ...]
    actor: str
    at: float


class _Version(msgspec.Struct, frozen=True, array_like=True):
    at: float
    actor: str
    note: str
    text: str


def _json(kind: type) -> Callable[[bytes], object]:
    return lambda row: msgspec.json.decode(row, type=kind)


CHECKS: Final[Mapping[str, Callable[[bytes], object]]] = {
    repository.TABLE: subscriber_of,
    VERSIONS: lambda row: msgspec.msgpack.decode(row, type=_Version),
    ACCOUNTS: _json(Account),
    TOKENS: _json(Token),
    alarm_list.TABLE: _json(AlarmView),
    alarm_list.HISTORY: _json(AlarmView),
    thresholds.TABLE: _json(Threshold),
    recorder.TABLE: len,
    home_keys.TABLE: len,
    key_use.TABLE: lambda row: key_use.check("0", row),
    ledger.TABLE: len,
    authority.TABLE: authority.check,
}
"""Every table of a backup, and what each of its rows must be."""


def content_of(held: Snapshot, configuration: Configuration, text: str, made: float, *, history: bool) -> Content:
    """What a backup of a store holds."""
    left_out = {DONE, *(() if history else HISTORY)}
    return Content(
        program=__version__,
        made=made,
        network=configuration.network.name,
        plmn=str(configuration.network.plmn),
        configuration=text,
        tables={table: rows for table, rows in held.tables.items() if table not in left_out},
        marks=held.marks,
    )


def checked(content: Content, here: Configuration, without: Collection[str] = ()) -> BackupView:
    """What is in a backup that can be restored here; Unusable says why it cannot be. Nothing is changed."""
    if _release(content.program) > _release(__version__):
        raise Unusable(
            f"the backup was made by Freehold {content.program}, and this is {__version__}, which does not know what"
            " came later: take that program, or a later one"
        )
    for table, rows in content.tables.items():
        check = CHECKS.get(table)
        if check is None:
            raise Unusable(
                f"the backup has a part {table} that this program does not know: take the program of its time"
            )
        _checked_rows(table, rows, check)
    keys = MemoryStore()
    _kept = keys.replace({home_keys.TABLE: content.tables.get(home_keys.TABLE, {})}, {})
    found = home_keys.load(keys)
    acts = ledger.verified(ledger.ordered(sorted(content.tables.get(ledger.TABLE, {}).items())))
    if any(not 0 <= mark < 1 << 43 for mark in content.marks.values()):  # TS 33.102 C.1.1.1: SEQ has 43 bits
        raise Unusable("the backup's counters are out of range")
    named = _checked_configuration(content.configuration, here) if "configuration" not in without else ()
    tables = content.tables
    return BackupView(
        program=content.program,
        made=content.made,
        network=content.network,
        plmn=content.plmn,
        subscribers=len(tables.get(repository.TABLE, {})),
        home_keys=len(found),
        accounts=len(tables.get(ACCOUNTS, {})),
        tokens=len(tables.get(TOKENS, {})),
        versions=len(tables.get(VERSIONS, {})),
        ledger_entries=acts.size,
        ledger_root=acts.root.hex(),
        periods=len(tables.get(recorder.TABLE, {})),
        files=named,
    )


def _release(version: str) -> tuple[int, ...]:
    """What orders programs by their time: `0.1.0.dev3+g12` is 0.1.0."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _checked_rows(table: str, rows: Rows, check: Callable[[bytes], object]) -> None:
    for key, row in rows.items():
        try:
            found = check(row)
        except (msgspec.DecodeError, ValueError, Unusable):
            raise Unusable(f"the backup's {table} {key!r} cannot be read") from None
        name = getattr(found, "name", key) if isinstance(found, (Account, Threshold)) else _named(found, key)
        if name != key:
            raise Unusable(f"the backup's {table} {key!r} is another one's: {name!r}")


def _named(found: object, key: str) -> str:
    """How a row names itself, where it does: it has to be as its key does."""
    if isinstance(found, Token):
        return found.view.id
    supi = getattr(found, "supi", None)
    return key if supi is None else str(supi.value)


def _checked_configuration(text: str, here: Configuration) -> tuple[str, ...]:
    """The files that a configuration names: no backup has them."""
    wanted = config.parse(text, "the backup's configuration")
    if config.data_folder(wanted) != config.data_folder(here):
        raise Unusable(
            f"the backup's configuration keeps its data in {config.data_folder(wanted)}, this network in"
            f" {config.data_folder(here)}: restore it without the configuration"
        )
    if (wanted.store.key, wanted.store.secret_file) != (here.store.key, here.store.secret_file):
        raise Unusable(
            "the backup's configuration seals the store with another key file than this network's: set store.key and"
            " store.secret_file here as there first, or restore it without the configuration"
        )
    return config.files_of(wanted)


# --- carrying out ---------------------------------------------------------------------------------
def stage(here: Configuration, staged: Staged) -> None:
    """Keep a backup for the next start, sealed as the store is; it replaces one that waits."""
    folder = config.data_folder(here)
    replace_file(folder / STAGED, seal_of(here, folder).seal(RESTORE, STAGED, msgspec.msgpack.encode(staged)), 0o600)


def waiting(here: Configuration) -> Staged | None:
    """The backup that the next start restores."""
    folder = config.data_folder(here)
    try:
        octets = (folder / STAGED).read_bytes()
        opened = seal_of(here, folder).open(RESTORE, STAGED, octets)
        return msgspec.msgpack.decode(opened, type=Staged)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise Unusable(f"{folder / STAGED}: cannot be read: remove it, or restore again ({error})") from None


def give_up(folder: Path) -> bool:
    """Restore nothing at the next start; whether anything waited."""
    try:
        (folder / STAGED).unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Unusable(f"{folder / STAGED}: cannot be removed: {error.strerror}") from None
    return True


def carry_out(here: Configuration, path: Path) -> BackupView | None:
    """Restore what waits, before anything works with the store; None where nothing does.

    The configuration is written first and the store in one transaction: a crash between the two is repeated as a whole.
    """
    folder = config.data_folder(here)
    staged = waiting(here)
    if staged is None:
        return None
    mark = hashlib.sha256(msgspec.msgpack.encode(staged)).digest()
    shown = checked(staged.content, here, staged.without)
    with offline(folder, sealer(here)) as store:
        if dict(store.load(DONE)).get("last") != mark:
            if "configuration" not in staged.without and staged.content.configuration:
                replace_file(path, staged.content.configuration.encode())
            tables = merged(staged, store.snapshot())
            marks = dict(staged.content.marks)
            marks[sequence.COUNTER] = marks.get(sequence.COUNTER, 0) + AHEAD
            store.wait(store.replace({**tables, DONE: {"last": mark}}, marks))
    give_up(folder)
    return shown


def merged(staged: Staged, held: Snapshot) -> dict[str, dict[str, bytes]]:
    """The rows of every table after a restore: nobody's rights grow, and nothing that was written down is lost."""
    given = staged.content.tables
    tables = {table: dict(given.get(table, {})) for table in CHECKS if table in given or table not in KEPT}
    for left_out, names in {"configuration": (VERSIONS,), "accounts": (ACCOUNTS, TOKENS), "history": HISTORY}.items():
        if left_out in staged.without:
            for table in names:
                tables.pop(table, None)
    present = held.tables.get(ACCOUNTS, {})
    if present and ACCOUNTS in tables:
        tables[ACCOUNTS] = {**_disabled(tables[ACCOUNTS]), **present}
        tables.pop(TOKENS, None)
    tables[ledger.TABLE] = _continued(staged, held.tables.get(ledger.TABLE, {}))
    return tables


def _disabled(rows: Rows) -> dict[str, bytes]:
    """Accounts that somebody has to let in again: they were deleted since the backup, or never known here."""
    accounts = {name: msgspec.json.decode(row, type=Account) for name, row in rows.items()}
    return {
        name: msgspec.json.encode(msgspec.structs.replace(account, enabled=False)) for name, account in accounts.items()
    }


def _continued(staged: Staged, present: Rows) -> dict[str, bytes]:
    """The ledger afterwards: the one of the two that begins with the other, else the present one; then this act."""
    old = ledger.ordered(sorted(staged.content.tables.get(ledger.TABLE, {}).items()))
    now = ledger.ordered(sorted(present.items()))
    entries = old if old[: len(now)] == now else now
    state = ledger.verified(old)
    detail = f"made {staged.content.made:.0f} by {staged.content.program}; its ledger: {state.size} {state.root.hex()}"
    act = Act(staged.at, staged.actor, "backup.restore", staged.content.network, detail)
    return {ledger.key_of(place): entry for place, entry in enumerate([*entries, msgspec.json.encode(act)])}
