"""PacketRusher: a gNB and terminals that go idle, come back by SERVICE REQUEST, and release what they have.

It speaks SCTP to the kernel alone (a Go program is not reached by a stand-in library), without tunnels here. Its gNB
hands each message to a goroutine of its own: two that come close together change places, and the terminal's downlink
NAS COUNT is lost. So the tests look at what the core sees.
"""

from __future__ import annotations

import json

from interopkit.core import N2_PORT, OPC, PLMN, K
from interopkit.namespaces import CORE_ADDRESS, RAN_ADDRESS
from interopkit.program import Program

CONNECTED = r"NG Setup successful"


def start(program, site, *words):
    """Terminals 1 to n, as `words` of its `multi-ue` command say."""
    mcc, mnc = PLMN.split("/")
    slice_ = {"sst": "01"}
    settings = {
        "gnodeb": {
            "controlif": {"ip": RAN_ADDRESS, "port": 9487},
            "dataif": {"ip": RAN_ADDRESS, "port": 2152},
            "plmnlist": {"mcc": mcc, "mnc": mnc, "tac": "000001", "gnbid": "000008"},
            "slicesupportlist": slice_,
        },
        "ue": {
            "hplmn": {"mcc": mcc, "mnc": mnc},
            "msin": "0000000001",
            "routingindicator": "0000",
            "protectionScheme": 1,
            "homeNetworkPublicKey": site.home_key(),
            "homeNetworkPublicKeyID": 1,
            "key": K,
            "opc": OPC,
            "amf": "8000",
            "sqn": "00000000",
            "dnn": "internet",
            "snssai": slice_,
            "integrity": {f"nia{number}": number == 2 for number in range(4)},
            "ciphering": {f"nea{number}": number in {0, 2} for number in range(4)},
        },
        "amfif": [{"ip": CORE_ADDRESS, "port": N2_PORT}],
        "logs": {"level": 4},
    }
    place = site.folder / "packetrusher.yml"
    place.write_text(json.dumps(settings, indent=1), encoding="ascii")
    command = ("env", "-C", site.folder, program, "--config", place, "multi-ue", *words)
    return Program(site.hosts.within(site.hosts.ran, *command))
