"""Freehold: a complete 5G standalone network that its owner can read, verify, change and run.

`freehold.Network` scripts a whole network; `freehold.codecs` can be used alone, and loads nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freehold.app.config import Configuration as Configuration
    from freehold.app.handles import PduSession as PduSession
    from freehold.app.handles import UserEquipment as UserEquipment
    from freehold.app.network import Network as Network

__version__ = "0.1.0"
__all__ = ["Configuration", "Network", "PduSession", "UserEquipment", "__version__"]

_HOMES = {
    "Configuration": "freehold.app.config",
    "Network": "freehold.app.network",
    "PduSession": "freehold.app.handles",
    "UserEquipment": "freehold.app.handles",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562): `import freehold` stays light."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'freehold' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home), name)
