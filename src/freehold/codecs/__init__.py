"""Octets to values and back, one room a protocol: `from freehold import codecs`, then `codecs.ngap.decode(octets)`.

A room is loaded when it is first named; nothing else of the product is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from freehold.codecs import capture as capture
    from freehold.codecs import display as display
    from freehold.codecs import e1ap as e1ap
    from freehold.codecs import e2ap as e2ap
    from freehold.codecs import eap as eap
    from freehold.codecs import f1ap as f1ap
    from freehold.codecs import gtpu as gtpu
    from freehold.codecs import lpp as lpp
    from freehold.codecs import nas as nas
    from freehold.codecs import ngap as ngap
    from freehold.codecs import nrppa as nrppa
    from freehold.codecs import pfcp as pfcp
    from freehold.codecs import rrc as rrc
    from freehold.codecs import sms as sms
    from freehold.codecs import xnap as xnap

__all__ = [
    "capture",
    "display",
    "e1ap",
    "e2ap",
    "eap",
    "f1ap",
    "gtpu",
    "lpp",
    "nas",
    "ngap",
    "nrppa",
    "pfcp",
    "rrc",
    "sms",
    "xnap",
]


if not TYPE_CHECKING:  # for type checkers a room that is not listed does not exist

    def __getattr__(name: str) -> Any:
        """Load a room when it is first named (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module 'freehold.codecs' has no attribute {name!r}")
        from importlib import import_module

        return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return __all__
