"""An owner's machine: folders, a configuration, the core as a process, and terminals at NGAP level beside it."""

import json
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from freehold.app.bench.generator import Generator5G
from freehold.app.bench.registration import provisioned
from freehold.app.config import parse
from freehold.net import unix
from freehold.ran.configuration import GnbConfiguration, TrackingArea
from freehold.spec.identities import GnbId, PlmnId, SNssai
from interopkit.program import Program

FREEHOLD = Path(sys.executable).with_name("freehold")


class Owner:
    def __init__(self, folder):
        self.folder = folder
        self.n2 = f"{folder}/n2.sock"
        self.file = folder / "freehold.toml"
        self.configure()

    def configure(self, more=""):
        text = (
            f'[amf]\nn2 = ["unix:{self.n2}"]\n[store]\npath = "{self.folder}/data"\n'
            f'[management]\nsocket = "{self.folder}/management.sock"\nlisten = ""\n{more}'
        )
        self.file.write_text(text)
        self.configuration = parse(text)

    def run(self, *words):
        """One command: status, standard output, standard error."""
        command = [FREEHOLD, *words, "--config", self.file]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def json(self, *words):
        status, out, err = self.run(*words, "--json")
        assert status == 0, err
        return json.loads(out)

    def core(self, *parts):
        """The core as a process, once it listens."""
        program = Program([FREEHOLD, "run", *(parts or ("core", "upf")), "--config", self.file])
        program.wait_for(r"\d gNB")
        return program

    def sims(self, count):
        """Subscribers in the store of a core that does not run, and their SIMs."""
        return provisioned(self.configuration, self.folder, count)

    @asynccontextmanager
    async def gnb(self, plmn="001/01", tac=1, number=1):
        """A gNB at NGAP level, its NG Setup sent."""
        plmn = PlmnId.parse(plmn)
        area = TrackingArea(tac, (SNssai(1),), (plmn,))
        gnb = Generator5G(GnbConfiguration(GnbId(plmn, number, 32), (area,), f"gnb-{number}"), plmn)
        await unix.connect(self.n2, gnb.accept)
        try:
            yield gnb
        finally:
            gnb.close()


def descriptors(pid):
    """How many files a core has open: it keeps keys, so it lets nobody but root look."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except PermissionError:
        pytest.skip("a process that keeps keys shows its descriptors to root alone")
