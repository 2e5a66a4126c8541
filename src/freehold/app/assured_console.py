"""The console of a network under test: accounts and pages on a loopback port, over TLS where a test asks for it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from freehold.app import oversight
from freehold.app.managed import Managed
from freehold.app.network import Network
from freehold.manage.accounts import Accounts
from freehold.manage.api import Api
from freehold.manage.pages import Pages
from freehold.manage.visits import Visit
from freehold.manage.web import WebServer
from freehold.services.datagram import Address
from freehold.spec.errors import Unusable

CODE: Final = "the code of the first visit"


class OwnConsole:
    """A console that listens on loopback; virtual time stands still while it is asked."""

    code = CODE
    """What makes the first account."""

    def __init__(self, network: Network, pages: Pages | None = None) -> None:
        self._network = network
        self.pages = pages or Pages()
        self.tls = False
        asked = oversight.passwords(network)
        self.accounts = Accounts(network.store, network.wait, network.world.environment.utc, asked)
        self.managed = Managed(network)
        self.api = Api(self.managed, accounts=self.accounts, code=CODE, store=network.store)
        self._stack = contextlib.ExitStack()
        self.address: Address = ("127.0.0.1", 0)
        self.visits: list[Visit] = []

    async def start(self, *, tls: bool) -> None:
        """Listen."""
        self.tls = tls
        certificate = None
        if tls:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="freehold-assure-")))
            certificate = self_signed(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = probe.getsockname()
        self._server = WebServer(self.api, self.address, certificate, self.pages, self.visits.append, self.api.named)
        await self._server.start()

    def lines(self) -> Sequence[str]:
        """What it wrote of its visitors."""
        return [str(visit) for visit in self.visits]

    async def close(self) -> None:
        """Listen no more."""
        await self._server.close()
        self.api.close()
        self._stack.close()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate and its key for 127.0.0.1, made for one test; Unusable where the machine has no openssl."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=30)  # noqa: S603 - no shell, our own words
    except (OSError, subprocess.SubprocessError) as error:
        raise Unusable(f"no certificate for the test: openssl: {error}") from None
    return certificate, key
