"""Backups of a network: through the API while it runs, straight from its store while it does not."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import msgspec

from freehold import __version__
from freehold.app import config, restoring
from freehold.app.config import Configuration
from freehold.app.ledger import actor, ledger_of, own_act
from freehold.app.network import Network
from freehold.app.requests import Client
from freehold.app.sealing import sealer
from freehold.manage import backup
from freehold.manage.backup import Content, Opener
from freehold.manage.views import BackupView
from freehold.spec.errors import Unusable
from freehold.store import offline


class RunningBackups:
    """Backups of a network that runs (`manage.network.ManagedBackups`)."""

    def __init__(self, network: Network, source: Path | None) -> None:
        self._network = network
        self._source = source

    async def content(self, *, history: bool) -> Content:
        """Everything that a backup of now holds."""
        network = self._network
        text = config.text_of(self._source) if self._source is not None else ""
        held = await asyncio.to_thread(network.store.snapshot)
        made = network.world.environment.utc()
        return restoring.content_of(held, network.configuration, text, made, history=history)

    def check(self, content: Content, without: Collection[str]) -> BackupView:
        """What would be restored; Unusable where it cannot be."""
        return restoring.checked(content, self._network.configuration, without)

    def stage(self, content: Content, without: Collection[str], actor: str) -> BackupView:
        """Restore it at the next start."""
        if self._network.folder is None:
            raise Unusable("this network keeps nothing: there is nowhere to restore a backup to")
        shown = self.check(content, without)
        staged = restoring.Staged(content, tuple(without), actor, self._network.world.environment.utc())
        restoring.stage(self._network.configuration, staged)
        return shown

    def waiting(self) -> BackupView | None:
        """What the next start restores."""
        network = self._network
        staged = None if network.folder is None else restoring.waiting(network.configuration)
        return None if staged is None else self.check(staged.content, staged.without)

    def give_up(self) -> bool:
        """Restore nothing at the next start; whether anything waited."""
        return self._network.folder is not None and restoring.give_up(self._network.folder)


# --- for commands -----------------------------------------------------------------------------------
def create(
    here: Configuration,
    path: Path,
    *,
    passphrase: str,
    recipient: bytes,
    history: bool,
    client: Client | None = None,
) -> bytes:
    """The file of a backup of the network, wherever it is now."""
    client = client or Client(config.socket_path(here))
    if client.answers():
        body = {"passphrase": passphrase, "recipient": recipient.decode("ascii", "replace"), "history": history}
        return cast("bytes", client.ask("POST", ("backup",), body=body))
    with offline(config.data_folder(here), sealer(here)) as store:
        content = restoring.content_of(store.snapshot(), here, config.text_of(path), time.time(), history=history)
        file = backup.sealed(
            backup.encoded(content), __version__, content.made, passphrase=passphrase, recipient=recipient
        )
        store.wait(ledger_of(here, store).append(own_act("backup.create", content.network)))
        return file


def verify(here: Configuration, file: bytes, opener: Opener) -> BackupView:
    """What is in a backup that can be restored here; Unusable says why it cannot be."""
    return restoring.checked(backup.decoded(backup.opened(file, opener)), here)


def restore(
    here: Configuration,
    path: Path,
    file: bytes,
    opener: Opener,
    without: Collection[str],
    client: Client | None = None,
) -> tuple[BackupView, bool]:
    """Restore a backup, and whether that is done: where a network runs, its next start does it."""
    client = client or Client(config.socket_path(here))
    if client.answers():
        body: dict[str, Any] = {
            "file": base64.b64encode(file).decode(),
            "passphrase": opener.passphrase,
            "key": opener.key.hex(),
            "without": list(without),
        }
        return msgspec.convert(client.ask("POST", ("restore",), body=body), BackupView), False
    content = backup.decoded(backup.opened(file, opener))
    shown = restoring.checked(content, here, without)
    folder = config.data_folder(here)
    with offline(folder, sealer(here)):  # nobody else works with it
        restoring.stage(here, restoring.Staged(content, tuple(without), actor(os.getuid()), time.time()))
    restoring.carry_out(here, path)
    return shown, True
