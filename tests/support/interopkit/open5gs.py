"""open5gs-upfd: a UPF that Freehold's SMF drives, with what it needs of its host."""

from __future__ import annotations

import json

from interopkit.core import GATEWAY, GATEWAY6, POOL, POOL6
from interopkit.namespaces import CORE_ADDRESS
from interopkit.program import Program

N4_ADDRESS = "127.0.0.7"
TUN = "ogstun"
ASSOCIATED = r"PFCP associated"
ADDED = r"\[Added\] Number of UPF-[Ss]essions is now (\d+)"
REMOVED = r"\[Removed\] Number of UPF-[Ss]essions is now (\d+)"


def start(program, site):
    """The UPF on the core's host, its N6 an interface that has the pools' gateways; ready for an association."""
    hosts = site.hosts
    for words in (
        ("tuntap", "add", "name", TUN, "mode", "tun"),
        ("addr", "add", f"{GATEWAY}/{POOL.partition('/')[2]}", "dev", TUN),
        ("addr", "add", f"{GATEWAY6}/{POOL6.partition('/')[2]}", "dev", TUN, "nodad"),
        ("link", "set", TUN, "up"),
    ):
        done = hosts.run(hosts.core, "ip", *words)
        assert done.returncode == 0, done.stderr
    settings = {
        "logger": {"file": {"path": str(site.folder / "upfd.log")}},
        "global": {"max": {"ue": 64}},
        "upf": {
            "pfcp": {"server": [{"address": N4_ADDRESS}]},
            "gtpu": {"server": [{"address": CORE_ADDRESS}]},
            "session": [
                {"subnet": pool, "gateway": gateway, "dev": TUN}
                for pool, gateway in ((POOL, GATEWAY), (POOL6, GATEWAY6))
            ],
        },
    }
    place = site.folder / "upfd.yaml"
    place.write_text(json.dumps(settings, indent=1), encoding="ascii")
    upf = Program(hosts.within(hosts.core, program, "-c", place))
    upf.wait_for(r"UPF initialize...done")
    return upf
