"""Freehold's AMF with another network's SMF instead of its own, as a program: `python -m interopkit.foreign_host TOML`.

It prints a line when it serves. The SMF is at SMF_SBI; what it asks is answered at PEERS_SBI.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from freehold.app.config import load
from freehold.app.core import announcement
from freehold.app.network import Network
from freehold.procedure import Driver
from freehold.services.nnrf import NfProfile
from interopkit.sbi_peers import ForeignSmf, Peers

SMF_SBI, PEERS_SBI = ("127.0.0.2", 8000), ("127.0.0.10", 8000)


async def serve(place):
    """Until it is ended."""
    configuration = load(Path(place))
    folder = Path(configuration.store.path)
    async with Network(configuration, real_time=True, folder=folder, outside=True, roles=("core",)) as network:
        smf = NfProfile("smf", "SMF", service=ForeignSmf(SMF_SBI, PEERS_SBI))
        driver = Driver("NRF", network.world.environment, network.core.timers)
        await network.world.wait(driver.converse("NRF").perform(announcement(network.core.nrf, (smf,))))
        network.world.listen(lambda event: sys.stdout.write(f"{event.severity} {event.name}: {event.text}\n"))
        sys.stdout.write("serving\n")
        await Peers(PEERS_SBI, network).serve()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
