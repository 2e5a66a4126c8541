"""The user plane's process is killed under a terminal's traffic and comes back: peers, tunnels and packets go on."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from .test_fast_path import FREEHOLD, SERVER, TERMINAL_HOST, TOML, Hosts, Program, Site, pytestmark  # noqa: F401

STREAM = Path(__file__).with_name("numbered_stream.py")
SPLIT = '[smf]\nn4 = "127.0.0.1"\n[upf]\nn3 = "192.0.2.1"\nn4 = "127.0.0.2"\npath = "{path}"\n'


class Split(Site):
    """The same with core and user plane in two processes, which find each other's names in one BPF file system."""

    def __init__(self, folder, stack, path, *, kept):
        self.hosts = Hosts(stack, drivers=True)
        self.hosts.finish_checksums()
        self.folder, self.stack = folder, stack
        self.core_file, self.ran_file = folder / "core.toml", folder / "ran.toml"
        self.core_file.write_text(TOML.format(folder=folder, more=SPLIT.format(path=path)))
        self.ran_file.write_text(
            TOML.format(folder=folder, more=f'[[gnb]]\namf = "unix:{folder}/n2.sock"\nn3 = "192.0.2.10"\n')
        )
        self._subscribe()
        mount = "mount -t bpf bpf /sys/fs/bpf;" if kept else ""
        self.place = self._start("core", "sh", "-c", f"{mount} echo mounted; exec sleep 600")
        self.place.wait_for("mounted")
        self.core = self.run("core")
        self.core.wait_for("0 gNB", seconds=60)
        self.upf = self.run("upf")
        self.core.wait_for("is associated")
        self._start("data", sys.executable, STREAM, "answer", SERVER).wait_for("ready")

    def run(self, *roles):
        """A process in the core's host and in its file systems."""
        inside = ("nsenter", "-t", self.place.pid, "-n", "-m")
        return self.stack.enter_context(Program([*inside, FREEHOLD, "run", *roles, "-c", self.core_file]))

    def stream(self):
        """Numbered packets of the terminal, each sent when the one before was answered."""
        words = self.hosts.within("terminal", sys.executable, STREAM, "ask", SERVER)
        process = subprocess.Popen(
            list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.stack.callback(process.communicate, timeout=30)
        return Stream(process)

    def sessions(self):
        """The core's sessions."""
        done = subprocess.run(
            [FREEHOLD, "session", "--json", "-c", self.core_file], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)


class Stream:
    """What the terminal has sent and lost."""

    def __init__(self, process):
        self._process = process

    def progress(self, packets=300):
        """Wait until so many more were answered or lost; the numbers of those lost."""
        self._process.stdin.write(f"{packets}\n")
        return json.loads(self._process.stdout.readline())


@pytest.fixture
def split_of(tmp_path):
    with ExitStack() as stack:
        yield lambda path, **more: Split(tmp_path, stack, path, **more)


@pytest.mark.parametrize("path", ["xdp", "tc"])
def test_when_the_user_plane_is_killed_under_traffic_then_no_packet_is_lost_and_its_sessions_go_on(split_of, path):
    # TS 23.527 4.3: who lost no session does not say that it restarted
    site = split_of(path, kept=True)
    site.upf.wait_for("pass on if this process dies")
    site.attach()
    site.settle()
    stream = site.stream()
    assert stream.progress() == []
    for _ in range(2):
        site.upf.kill()
        assert stream.progress() == []
        site.upf = site.run("upf")
        site.upf.wait_for("1 of 1 sessions go on")
        assert stream.progress() == []
        site.settle()
    assert len(site.sessions()) == 1
    assert not site.core.found("restarted")
    assert stream.progress() == []


def test_when_the_kernel_keeps_nothing_then_sessions_go_on_as_soon_as_the_process_is_back(split_of):
    site = split_of("tun", kept=False)
    site.attach()
    assert site.ping(5) == 5
    site.upf.kill()
    assert site.ping(5) == 0
    site.upf = site.run("upf")
    site.upf.wait_for("1 of 1 sessions go on")
    assert site.ping(5) == 5
    assert not site.core.found("restarted")


def test_when_the_core_is_killed_then_the_user_plane_ends_the_sessions_that_it_lost(split_of):
    site = split_of("xdp", kept=True)
    site.attach()
    site.settle()
    site.core.kill()
    site.core = site.run("core")
    site.upf.wait_for("the PFCP peer restarted; its 1 sessions are closed", seconds=60)
    assert site.ping(3) == 0


def test_when_the_user_plane_ends_in_order_then_it_begins_anew(split_of):
    site = split_of("xdp", kept=True)
    site.attach()
    site.settle()
    assert site.upf.interrupt() == 0
    assert site.ping(3) == 0
    site.upf = site.run("upf")
    site.core.wait_for("restarted; 1 sessions are released", seconds=60)
    assert not site.upf.found("go on")
