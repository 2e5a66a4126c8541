"""UERANSIM's nr-gnb and nr-ue: their configuration, how they are started, and what their logs say.

Three things that releases 3.2.7 and 3.3.0 do shape the tests: a gNB does not associate again after it lost its AMF, and
it finds an AMF only by the requested slice of a plain REGISTRATION REQUEST, so that a SERVICE REQUEST from idle never
leaves it; and a terminal that hears of its cell too late, on a busy machine, stays in limited service for good.
"""

from __future__ import annotations

import json

from interopkit.core import N2_PORT, OPC, PLMN, K, supi
from interopkit.namespaces import CORE_ADDRESS, RAN_ADDRESS
from interopkit.program import Program

NG_SETUP = r"NG Setup procedure is successful"
REGISTERED = r"Initial Registration is successful"
TUNNEL = r"Connection setup for PDU session\[1\] is successful, TUN interface\[(\w+), ([\d.]+)\] is up"
SQN = r"Received SQN \[([0-9A-Fa-f]+)\]"
DEREGISTERED = r"De-registration is successful"
SWITCHED_OFF = r"UE device is switching off"
CAMPED = r"\[MM-DEREGISTERED/(NORMAL|LIMITED)-SERVICE\]"
TABLE = "/tmp/UERANSIM.proc-table"
"""Where nr-cli looks for terminals by their SUPIs: those of other tests have the same."""
WITH_TABLE = f'mkdir -p {TABLE} && mount --bind "$0" {TABLE} && exec "$@"'
"""`ip netns exec` gives a program mounts of its own."""
NULL_SCHEME, PROFILE_A = 0, 1
TRIES = 3


class Ueransim:
    """One gNB and its terminals on the `ran` host of a site."""

    def __init__(self, programs, site, *, standin=None):
        self._programs = programs
        self._site = site
        self._standin = standin
        self._table = site.folder / "terminals"
        self._table.mkdir()

    def _command(self, program, *words):
        return ("sh", "-c", WITH_TABLE, self._table, self._programs / program, *words)

    def _start(self, program, *words, environment=None):
        hosts = self._site.hosts
        return Program(hosts.within(hosts.ran, *self._command(program, *words)), environment=environment)

    def _write(self, name, settings):
        """Their YAML reader takes JSON, which is YAML."""
        place = self._site.folder / name
        place.write_text(json.dumps(settings, indent=1), encoding="ascii")
        return place

    def gnb(self):
        """A gNB that finished NG Setup; its AMF must listen already: it tries once."""
        mcc, mnc = PLMN.split("/")
        settings = {
            "mcc": mcc,
            "mnc": mnc,
            "nci": "0x000000010",
            "idLength": 32,
            "tac": 1,
            "linkIp": "127.0.0.1",
            "ngapIp": RAN_ADDRESS,
            "gtpIp": RAN_ADDRESS,
            "amfConfigs": [{"address": CORE_ADDRESS, "port": N2_PORT}],
            "slices": [{"sst": 1}],
            "ignoreStreamIds": False,
        }
        environment = {}
        if self._standin is not None:
            environment = {"LD_PRELOAD": str(self._standin), "SCTPSHIM_DIR": str(self._site.folder / "sctp")}
        gnb = self._start("nr-gnb", "-c", self._write("gnb.yaml", settings), environment=environment)
        try:
            gnb.wait_for(NG_SETUP, seconds=60)
        except BaseException:
            gnb.end()
            raise
        return gnb

    def ue(self, count=1, *, home_key=None, delay_ms=0):
        """Terminals 1 to `count` in one process; `home_key` (hexadecimal) conceals their SUPIs with profile A."""
        mcc, mnc = PLMN.split("/")
        settings = {
            "supi": supi(1),
            "mcc": mcc,
            "mnc": mnc,
            "protectionScheme": NULL_SCHEME if home_key is None else PROFILE_A,
            "homeNetworkPublicKey": home_key or "00" * 32,
            "homeNetworkPublicKeyId": 1,
            "routingIndicator": "0000",
            "key": K,
            "op": OPC,
            "opType": "OPC",
            "amf": "8000",
            "imei": "356938035643803",
            "imeiSv": "4370816125816151",
            "tunNetmask": "255.255.255.255",
            "gnbSearchList": ["127.0.0.1"],
            "uacAic": {"mps": False, "mcs": False},
            "uacAcc": {"normalClass": 0} | {f"class{number}": False for number in range(11, 16)},
            "sessions": [{"type": "IPv4", "apn": "internet", "slice": {"sst": 1}}],
            "configured-nssai": [{"sst": 1}],
            "default-nssai": [{"sst": 1}],
            "integrity": {f"IA{number}": True for number in (1, 2, 3)},
            "ciphering": {f"EA{number}": True for number in (1, 2, 3)},
            "integrityMaxRate": {"uplink": "full", "downlink": "full"},
        }
        many = ("-n", count, "-t", delay_ms) if count > 1 else ()
        file = self._write("ue.yaml", settings)
        for _ in range(TRIES):
            terminals = self._start("nr-ue", "-c", file, *many)
            if self._in_service(terminals, count):
                return terminals
            terminals.end()
        raise AssertionError(terminals.output)

    @staticmethod
    def _in_service(terminals, count):
        try:
            found = terminals.wait_for(CAMPED, count=count, seconds=60)
        except BaseException:
            terminals.end()
            raise
        return all(match[1] == "NORMAL" for match in found)

    def order(self, number, command):
        """Give a running terminal a command of nr-cli."""
        words = self._command("nr-cli", supi(number), "-e", command)
        done = self._site.hosts.run(self._site.hosts.ran, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ping(self, interface, target, count=3):
        """How many of `count` echo requests through a terminal's interface are answered."""
        words = ("ping", "-c", count, "-i", "0.2", "-W", "2", "-I", interface, target)
        done = self._site.hosts.run(self._site.hosts.ran, *words)
        return done.stdout.count("bytes from")

    def move(self, address, target, megabytes, *words):
        """Have iperf3 move as much from a terminal's address to its server, or as `words` say; its end's figures."""
        command = ("iperf3", "-c", target, "-B", address, "-n", megabytes << 20, "-J", *words)
        done = self._site.hosts.run(self._site.hosts.ran, *command, seconds=60)
        assert done.returncode == 0, done.stdout
        return json.loads(done.stdout)["end"]
