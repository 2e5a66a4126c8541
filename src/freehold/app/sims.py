"""SIMs from a file, for terminals whose core is elsewhere."""

from __future__ import annotations

from pathlib import Path

from freehold.app.config import Configuration
from freehold.app.registry import slices_of
from freehold.manage.subscribers import read_csv, read_json, subscriber_of
from freehold.services.nudr import Subscriber
from freehold.spec.errors import Unusable


def read_sims(file: Path, configuration: Configuration) -> list[Subscriber]:
    """The subscriptions of a file that `freehold subscriber import` takes too; Unusable names the mistake."""
    try:
        octets = file.read_bytes()
    except OSError as error:
        raise Unusable(f"{file}: cannot be read: {error.strerror}") from None
    try:
        forms = read_csv(octets) if file.suffix.lower() == ".csv" else read_json(octets)
        sims = [subscriber_of(form, slices_of(configuration), None) for form in forms]
    except Unusable as error:
        raise Unusable(f"{file}: {error}") from None
    if not sims:
        raise Unusable(f"{file}: no SIM in it; one is a line of supi, k and opc")
    return sims
