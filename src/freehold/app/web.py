"""The console of a running network: its pages and the API for accounts, on one address."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.app import authority
from freehold.app.config import ManagementSection
from freehold.net import endpoints
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.app.all_in_one import Running
    from freehold.manage.api import Api
    from freehold.manage.visits import VisitFile
    from freehold.manage.web import WebServer

VISITS: Final = "console.log"
"""The file in the data folder that every request of the console is written to."""
PORT: Final = 5380
"""Where it listens unless another port is given."""
log = logging.getLogger("freehold")


class Web:
    """Serves where the owner said; `made` learns where that is."""

    def __init__(self, section: ManagementSection, api: Api, made: Running) -> None:
        self._section = section
        self._visits: VisitFile | None = None
        self._api = api
        self._made = made
        self._server: WebServer | None = None

    async def start_if_free(self) -> None:
        """Serve, or say why there is no console."""
        try:
            await asyncio.to_thread(import_module, "freehold.manage.web")
            await self.start()
        except Unusable as busy:
            log.warning("no console: %s: set another management.listen, or an empty one", busy)

    async def start(self) -> None:
        """Serve, and tell where; Unusable where that cannot be."""
        from freehold.manage.pages import Pages
        from freehold.manage.visits import VisitFile
        from freehold.manage.web import WebServer

        section, code = self._section, self._api.code
        address = endpoints.parse_address(section.listen, PORT, "management.listen")
        certificate = await self._certificate(address[0])
        pages = Pages()
        if self._made.network.folder is not None and self._visits is None:
            self._visits = VisitFile(self._made.network.folder / VISITS)
        self._server = WebServer(self._api, address, certificate, pages, self._visits, self._api.named)
        await self._server.start()
        url = self._server.url
        if not pages.built:
            log.warning("the API is at %s/api/v1, but the console was not built: run make setup", url)
            return
        self._made.console = f"{url}/#code={code}" if code else url
        # where the log leaves information out, it is told all the same: without the code nobody makes the first account
        quiet = bool(code) and not log.isEnabledFor(logging.INFO)
        log.log(logging.WARNING if quiet else logging.INFO, "console: %s", self._made.console)

    async def _certificate(self, host: str) -> tuple[Path, Path] | None:
        """The given certificate with its key, or one of the network's own authority."""
        section, network = self._section, self._made.network
        if section.certificate != authority.OWN:
            return (Path(section.certificate), Path(section.key)) if section.certificate else None
        folder = authority.needs_folder(network.folder)
        certificate, key, durable = authority.ensure(network.store, network.configuration.network.name)
        if durable is not None:
            await network.wait(durable)
        log.info("let browsers trust the network's own authority: %s", folder / authority.AUTHORITY)
        return authority.issue((certificate, key), folder, host)

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            await self._server.close()
        if self._visits is not None:
            self._visits.close()
