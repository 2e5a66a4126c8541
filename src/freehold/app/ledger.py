"""The ledger for commands: through the API while the network runs, straight from its store while it does not."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import cast

from freehold.app.config import Configuration, data_folder, socket_path
from freehold.app.requests import Client
from freehold.services.ledger import Act
from freehold.services.store import Store
from freehold.spec.errors import Unusable
from freehold.store import offline
from freehold.trust.ledger import TABLE, Ledger, Witness
from freehold.trust.ledger.ledger import ordered
from freehold.trust.seal import load_signer


def entries(configuration: Configuration, client: Client | None = None) -> list[bytes]:
    """Every entry's octets, in order, wherever the network is now."""
    client = client or Client(socket_path(configuration))
    if client.answers():
        return cast("bytes", client.get("ledger")).splitlines()
    with offline(data_folder(configuration)) as store:
        return ordered(store.load(TABLE))


def witness_of(configuration: Configuration) -> Witness | None:
    """Where the owner keeps the ledger's states outside; None where nowhere."""
    section = configuration.ledger
    if not section.witness:
        return None
    return Witness(Path(section.witness), load_signer(Path(section.key)) if section.key else None)


def ledger_of(configuration: Configuration, store: Store) -> Ledger:
    """The ledger on a store that no network has open."""
    return Ledger(store, witness_of(configuration), _complain)


def own_act(act: str, subject: str = "", detail: str = "") -> Act:
    """An act of whoever runs this process, now."""
    return Act(time.time(), actor(os.getuid()), act, subject, detail)


def actor(uid: int) -> str:
    """How the ledger names a user of this machine."""
    return f"uid {uid}"


def _complain(fault: Unusable) -> None:
    sys.stderr.write(f"freehold: {fault}\n")
