"""Debian's rsyslogd as a log server of a test: what it understood of each message, one JSON object a line."""

import asyncio
import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

RSYSLOGD = shutil.which("rsyslogd") or shutil.which("/usr/sbin/rsyslogd")
GNUTLS = Path("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so")
FIELDS = """template(name="fields" type="list" option.jsonf="on") {
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="program" name="app-name" format="jsonf")
  property(outname="kind" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}
"""


class LogServer:
    """Listens over one transport on a port of its own; `start` and `stop` as often as a test likes."""

    def __init__(self, folder, transport, certificates=None, *, known=False):
        """`certificates`: whom it trusts, what it shows, and the key; `known`: who comes has to show one too."""
        if RSYSLOGD is None:
            pytest.skip("no rsyslogd on this machine")
        if transport == "tls" and not GNUTLS.exists():
            pytest.skip("rsyslogd has no TLS on this machine")
        self.folder, self.transport = folder, transport
        self._mode = "x509/certvalid" if known else "anon"
        self.kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        with socket.socket(type=self.kind) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.received = folder / "received.jsonl"
        (folder / "rsyslog.conf").write_text(self._configuration(certificates))
        self._process = None

    def _configuration(self, certificates):
        module = "imudp" if self.transport == "udp" else "imtcp"
        secure = ""
        options = ""
        if certificates is not None:
            ca, certificate, key = certificates
            secure = (
                f'global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="{ca}"'
                f' DefaultNetstreamDriverCertFile="{certificate}" DefaultNetstreamDriverKeyFile="{key}")\n'
            )
            options = f' StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="{self._mode}"'
        return (
            f'global(workDirectory="{self.folder}" maxMessageSize="64k")\n{secure}{FIELDS}'
            f'module(load="{module}"{options})\n'
            f'input(type="{module}" address="127.0.0.1" port="{self.port}")\n'
            f'action(type="omfile" file="{self.received}" template="fields" asyncWriting="off")\n'
        )

    def start(self):
        """Listen."""
        command = [RSYSLOGD, "-n", "-f", self.folder / "rsyslog.conf", "-i", self.folder / "pid"]
        with (self.folder / "stderr").open("w") as stderr:
            self._process = subprocess.Popen(command, stderr=stderr)
        for _ in range(500):
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "stderr").read_text())
            if self._listens():
                return
            time.sleep(0.02)
        raise TimeoutError("rsyslogd does not listen")

    def _listens(self):
        with socket.socket(type=self.kind) as probe:
            if self.kind == socket.SOCK_STREAM:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return True
        return False

    def stop(self):
        """Listen no more."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def messages(self):
        """What came so far."""
        if not self.received.exists():
            return []
        return [json.loads(line) for line in self.received.read_text().splitlines()]

    async def until(self, told):
        """What came, once `told` holds of it."""
        async with asyncio.timeout(60):
            while not told(messages := self.messages()):  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(0.05)
        return messages

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
