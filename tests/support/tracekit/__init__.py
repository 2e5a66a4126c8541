"""The run of a golden ladder, as a trace file."""

from pathlib import Path

import msgspec

from freehold.app.network import Network
from freehold.manage import tracefile
from freehold.manage.streams import record_view

GOLDEN = Path(__file__).parents[2] / "flows/registration.txt"


async def golden_file(*, sealed=False):
    """The run of the golden ladder of a registration, as a file."""
    async with Network(trace=True) as network:
        ue = network.ue()
        network.trace.clear()
        await ue.register()
        offset = network.world.environment.utc() - network.world.environment.now()
        views = [record_view(record, offset, sealed=sealed) for record in network.trace]
        lines = b"".join(msgspec.json.encode(view) + b"\n" for view in views)
        return tracefile.head("Freehold", 0.0, sealed=sealed) + lines
