"""Keys of a network for commands: its store sealed, its home network keys rotated, and every act in the ledger."""

from __future__ import annotations

import csv
import io
import secrets
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.app import sealing
from freehold.app.config import Configuration, data_folder, socket_path
from freehold.app.ledger import ledger_of, own_act
from freehold.app.requests import Client
from freehold.app.sealing import key_files, seal_of, sealer
from freehold.core.udm import home_keys, key_use
from freehold.core.udr import Udr
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi
from freehold.store import DataFolder, offline, rewriting
from freehold.store.offline import seal_for
from freehold.trust.keys.sealing import TABLES, RowSeal
from freehold.trust.keys.token import BLOCK
from freehold.trust.seal import Refused, read_bounded

IN_MEMORY: Final = "with K unwrapped in the memory of the core"


def record(configuration: Configuration, act: str, subject: str, detail: str) -> None:
    """Write an act into the ledger of a network that does not run."""
    with offline(data_folder(configuration)) as store:
        store.wait(ledger_of(configuration, store).append(own_act(act, subject, detail)))


def read_keys(path: Path) -> list[tuple[str, bytes]]:
    """SUPI and K of each row of a vendor's CSV file, which names each SUPI once; Refused names the first wrong line."""
    try:
        rows = csv.reader(io.StringIO(read_bounded(path).decode("utf-8-sig")), strict=True)
        columns = next(rows, [])
        if columns.count("supi") != 1 or columns.count("k") != 1:
            raise Refused(f"{path}: its first line names the columns supi and k, each once")
        found: dict[str, bytes] = {}
        for row in rows:
            if row:
                named = dict(zip(columns, row, strict=True))
                supi = Supi(named["supi"] if "-" in named["supi"] else f"imsi-{named['supi']}").value
                if supi in found:
                    raise Refused(f"{path}: line {rows.line_num}: its SUPI stands twice")
                found[supi] = _key(named["k"])
    except (ValueError, csv.Error) as error:
        if isinstance(error, UnicodeDecodeError):
            raise Refused(f"{path} is no UTF-8 text") from None
        why = "a row has a value a column, with a SUPI and K of 32 digits of hexadecimal"
        raise Refused(f"{path}: line {rows.line_num}: {why}") from None
    return list(found.items())


def _key(text: str) -> bytes:
    if len(text) != 2 * BLOCK or set(text) - set("0123456789abcdefABCDEF"):
        raise ValueError(text)
    return bytes.fromhex(text)


def rotate_home_key(configuration: Configuration, profile: str) -> dict[str, Any]:
    """Add a fresh key pair under the next identifier; those before stay, and open what SIMs conceal with them."""
    with offline(data_folder(configuration), sealer(configuration)) as store:
        keys, durable = home_keys.ensure(store, secrets.token_bytes)
        store.wait(durable)
        number = home_keys.unused_id(keys)
        made = home_keys.generate(number, home_keys.SCHEMES[profile], secrets.token_bytes)
        store.wait(home_keys.add(store, made))
        store.wait(ledger_of(configuration, store).append(own_act("keys.rotate", f"suci {number}", made.public.hex())))
    return {"id": number, "profile": profile, "public": made.public.hex(), "kept": sorted(each.key_id for each in keys)}


def retire_home_key(configuration: Configuration, number: int, now: float, *, force: bool = False) -> None:
    """Remove a key pair of a network that does not run: SIMs that conceal with it are refused from then on.

    Unusable, unless forced, where one may be on a SIM still at `now`, in seconds since 1970.
    """
    with offline(data_folder(configuration), sealer(configuration)) as store:
        home_keys.retirable(home_keys.load(store), number)
        if not force and (reason := key_use.in_use(key_use.load(store).get(number, key_use.Use()), now)):
            raise Unusable(f"home network key {number}: {reason}; --force retires it all the same")
        store.wait(home_keys.remove(store, number))
        store.wait(ledger_of(configuration, store).append(own_act("keys.retire", f"suci {number}")))


def seal_store(configuration: Configuration, seal: RowSeal) -> int:
    """Seal every row with secrets anew, and leave nothing of the rows before in the file; how many."""
    stopped(configuration)
    folder, count = DataFolder(data_folder(configuration)), 0
    before = seal_for(folder, sealer(configuration))

    def sealed(table: str, key: str, row: bytes) -> bytes:
        nonlocal count
        count += table in TABLES
        return seal.seal(table, key, before.open(table, key, row))

    try:
        rewriting.rewrite(folder, sealed)
    finally:
        folder.release()
    record(configuration, "keys.seal", f"{count} rows", f"data key {seal.key_id}")
    return count


def state_of(configuration: Configuration) -> dict[str, Any]:
    """Which keys a network that does not run has, without any of them."""
    stopped(configuration)
    folder = data_folder(configuration)
    with offline(folder, sealer(configuration)) as store:
        seal = seal_of(configuration, folder)
        used = key_use.load(store)
        home = [
            {"id": each.key_id, "scheme": int(each.scheme), "public": each.public.hex()}
            | msgspec.structs.asdict(used.get(each.key_id, key_use.Use()))
            for each in home_keys.load(store)
        ]
        subscribers = list(Udr(store).subscribers())
        inside = sum(each.authentication.elsewhere for each in subscribers)
        checkpoint = str(ledger_of(configuration, store).checkpoint())
    key, secret = key_files(configuration, folder)
    return {
        "store": f"sealed by data key {seal.key_id}",
        "key file": str(key),
        "opened by": str(secret),
        "beside the store": folder in {key.parent, secret.parent},
        "memory": "locked"
        if sealing.keep_in_memory()
        else "not locked: raise LimitMEMLOCK (no core dumps all the same)",
        "subscribers": len(subscribers),
        "with K inside a token": inside,
        "MILENAGE": f"inside token {configuration.keys.token}" if configuration.keys.mode == "token" else IN_MEMORY,
        "home network keys": home,
        "ledger": checkpoint,
    }


def stopped(configuration: Configuration) -> None:
    """Unusable while the network runs: its store is its own."""
    if Client(socket_path(configuration)).answers():
        raise Unusable("the network runs: keys are changed while it does not")
