"""Freehold's core and UPF as their own process, started by the command line as an owner starts them."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

from interopkit.namespaces import CORE_ADDRESS
from interopkit.program import Program

PLMN = "999/70"
POOL, GATEWAY = "10.45.0.0/16", "10.45.0.1"
POOL6, GATEWAY6 = "fd45::/48", "fd45::1"
K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "e8ed289deba952e4283b54e88e6183ca"
"""Of every terminal: UERANSIM gives the ones of a process the same."""
N2_PORT = 38412
FREEHOLD = Path(sys.executable).with_name("freehold")

TOML = """
[network]
plmn = "{plmn}"
[[dnn]]
name = "internet"
pool = "{pool}"
{dnn}
n6 = "{n6}"
[amf]
n2 = ["{n2}"]
ciphering = ["{ciphering}"]
ie_order = "{ie_order}"
[smf]
n4 = "{smf_n4}"
n4u = "{n4u}"
[upf]
n3 = "{upf}"
n4 = "{upf_n4}"
f_teids = "{f_teids}"
path = "{path}"
[timers]
PFCP-heartbeat = 5
[store]
path = "{folder}/data"
[management]
listen = ""
socket = "{folder}/api.sock"
"""

USUAL = {
    "ciphering": "NEA2",
    "ie_order": "strict",
    "dnn": "",
    "n6": "route",
    "upf": CORE_ADDRESS,
    "smf_n4": "",
    "n4u": "",
    "upf_n4": "",
    "f_teids": "upf",
    "path": "auto",
}
"""What a test sets otherwise where it needs to."""


def supi(number):
    """The SUPI of a terminal by its number from 1."""
    return f"imsi-{PLMN.replace('/', '')}{number:010}"


class Site:
    """A folder with one configuration, and what runs by it."""

    def __init__(self, folder, hosts, n2=f"{CORE_ADDRESS}:{N2_PORT}", *, name="freehold.toml", **settings):
        self.folder = Path(folder)
        self.hosts = hosts
        self.configuration = self.folder / name
        self.configuration.write_text(
            TOML.format(**{**USUAL, **settings}, plmn=PLMN, pool=POOL, n2=n2, folder=folder),
            encoding="utf-8",
        )

    def command(self, *words):
        """A command line of Freehold with this site's configuration."""
        return [FREEHOLD, *words, "-c", self.configuration]

    def ask(self, *words):
        """What a command of Freehold prints, from JSON."""
        done = subprocess.run(
            [*map(str, self.command(*words)), "--json"], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def subscribe(self, count):
        """Provision terminals 1 to `count`."""
        file = self.folder / "subscribers.csv"
        with file.open("w", encoding="ascii", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(("supi", "k", "opc"))
            rows.writerows((supi(number), K, OPC) for number in range(1, count + 1))
        assert self.ask("subscriber", "import", str(file)) == {"added": count}

    def home_key(self):
        """The public key of profile A, hexadecimal."""
        return next(key["public_key"] for key in self.ask("subscriber", "home-keys") if key["profile"] == "A")

    def start(self, *parts):
        """The core and UPF, or what `parts` names, serving."""
        core = Program(self.hosts.within(self.hosts.core, *self.command("run", *(parts or ("core", "upf")))))
        try:
            core.wait_for(r"0 gNB", seconds=120)
        except BaseException:
            core.end()
            raise
        return core
