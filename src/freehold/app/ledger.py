"""The ledger for commands: through the API while the network runs, straight from its store while it does not."""

from __future__ import annotations

import os
import time
from typing import cast

from freehold.app.config import Configuration, data_folder, socket_path
from freehold.app.requests import Client
from freehold.services.ledger import Act
from freehold.store import offline
from freehold.trust.ledger import TABLE
from freehold.trust.ledger.ledger import ordered


def entries(configuration: Configuration) -> list[bytes]:
    """Every entry's octets, in order."""
    client = Client(socket_path(configuration))
    if client.answers():
        return cast("bytes", client.get("ledger")).splitlines()
    with offline(data_folder(configuration)) as store:
        return ordered(store.load(TABLE))


def own_act(act: str, subject: str = "", detail: str = "") -> Act:
    """An act of whoever runs this process, now."""
    return Act(time.time(), actor(os.getuid()), act, subject, detail)


def actor(uid: int) -> str:
    """How the ledger names a user of this machine."""
    return f"uid {uid}"
