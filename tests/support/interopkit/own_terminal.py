"""Freehold's own gNB with one terminal as a process: it registers, opens a session, pings, and says what came."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from pathlib import Path

from freehold.app.config import load
from freehold.app.demo import drive
from freehold.app.network import Network
from freehold.app.subscriptions import subscriber
from interopkit.core import PLMN
from interopkit.namespaces import RAN_ADDRESS

TOML = """
[network]
plmn = "{plmn}"
[[dnn]]
name = "internet"
pool = "{pool}"
pool6 = "{pool6}"
[[gnb]]
amf = "{n2}"
n3 = "{n3}"
"""
KEYS = 7
"""What the keys of the terminal's card are made of."""


def card(configuration):
    """The terminal's card; the core is given the same keys."""
    return subscriber(configuration, 1, lambda octets: bytes((KEYS,)) * octets)


def prepare(folder, n2, pool, pool6):
    """The configuration of the gNB's process, and a file of SIMs for the core."""
    place = folder / "ran.toml"
    place.write_text(TOML.format(plmn=PLMN, pool=pool, pool6=pool6, n2=n2, n3=RAN_ADDRESS), encoding="ascii")
    made = card(load(place))
    sims = folder / "sims.csv"
    with sims.open("w", encoding="ascii", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("supi", "k", "opc"))
        rows.writerow((made.supi.value, bytes(made.authentication.k).hex(), bytes(made.authentication.opc).hex()))
    return place, sims


async def live(place):
    """The main job of one terminal; what became of it."""
    configuration = load(Path(place))
    async with Network(configuration, real_time=True, outside=True, roles={"gnb", "ue"}) as network:
        (item,) = await drive(network, [network.ue(card(configuration))])
    return item


if __name__ == "__main__":
    came = asyncio.run(live(sys.argv[1]))
    sys.stdout.write(
        json.dumps({"failure": came.failure, "ip": came.ip, "ip6": came.ip6, "rtt": came.rtt_ms, "rtt6": came.rtt6_ms})
    )
