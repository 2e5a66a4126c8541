"""Programs that are not ours hear what management tells: traps, posts, metrics."""

import asyncio
import hashlib
import hmac
import http.server
import json
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from freehold.manage.faults.alarm import AlarmNotification, AlarmView
from freehold.manage.faults.forwarding import TrapForwarder, TrapReceiver, Webhook, WebhookForwarder
from managekit import Served

ALARM = AlarmView(
    "7", "GNBCUCPFunction", "gnb-1", 42, "COMMUNICATIONS_ALARM", "communicationsSubsystemFailure", "MAJOR", "gnb-lost",
    100.0, 100.0, "gNB gnb-1 is gone", "look at the gNB",
)  # fmt: skip
TOLD = AlarmNotification("notifyNewAlarm", 1, 1767225600.25, ALARM)


def free_datagram_port():
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def bound(port):
    """Whether somebody has the port, by the kernel's table: a socket that tries would be in the way."""
    ports = (line.split()[1].partition(":")[2] for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    return f"{port:04X}" in ports


def test_when_an_alarm_is_raised_then_snmptrapd_reads_the_trap(tmp_path):
    # RFC 3877 4: alarmActiveState with what ITU-T X.733 adds
    program = shutil.which("snmptrapd") or shutil.which("/usr/sbin/snmptrapd")
    if program is None:
        pytest.skip("no snmptrapd on this machine")
    port = free_datagram_port()
    (tmp_path / "snmptrapd.conf").write_text("authCommunity log lab\ndisableAuthorization no\n")
    command = [program, "-f", "-Lo", "-On", "-C", "-c", str(tmp_path / "snmptrapd.conf"), f"udp:127.0.0.1:{port}"]
    environment = {"SNMP_PERSISTENT_DIR": str(tmp_path), "MIBS": "", "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as daemon:
        try:
            while not bound(port):
                assert daemon.poll() is None, daemon.stdout.read()
            forwarder = TrapForwarder(TrapReceiver(("127.0.0.1", port), "lab"), lambda: 12.0)
            forwarder(TOLD)
            said = ""
            while "look at the gNB" not in said:
                line = daemon.stdout.readline()
                assert line, said
                said += line
            forwarder.close()
        finally:
            daemon.terminate()
    assert ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.2.1.118.0.2" in said
    assert "gnb-lost: gNB gnb-1 is gone" in said
    assert "GNBCUCPFunction=gnb-1" in said
    assert "Timeticks: (1200)" in said


class Taken(http.server.BaseHTTPRequestHandler):
    """Takes what is posted."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_when_an_alarm_is_raised_then_an_http_server_gets_it_signed():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taken)
    server.taken = []
    threading.Thread(target=server.serve_forever, daemon=True).start()

    async def main():
        url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        forwarder = WebhookForwarder(Webhook(url, b"secret"), lambda: 1767225600.0)
        forwarder.start()
        forwarder(TOLD)
        async with asyncio.timeout(30):
            while not forwarder.delivered:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
        await forwarder.stop()

    asyncio.run(main())
    server.shutdown()
    server.server_close()
    ((headers, body),) = server.taken
    headers = {name.lower(): value for name, value in headers.items()}
    signed = headers["x-freehold-timestamp"].encode() + b"." + body
    assert headers["x-freehold-signature"] == "sha256=" + hmac.new(b"secret", signed, hashlib.sha256).hexdigest()
    assert json.loads(body)["alarm"]["object_instance"] == "gnb-1"


def test_when_metrics_are_exposed_then_promtool_finds_nothing_wrong(tmp_path):
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool on this machine")
    with Served(tmp_path) as served:
        for name, label in (
            ("RM.RegInitReq", ""),
            ("RM.RegInitFail", "#3 illegal UE"),
            ("procedure.ended", 'a "b" \\ c'),
        ):
            served.do(served.network.environment.count, name, label)
        served.do(served.api.start)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(str(served.path))
        connection.sendall(b"GET /v1/metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        connection.close()
    exposed = answer.partition(b"\r\n\r\n")[2]
    assert b"freehold_rm_reg_init_fail" in exposed
    found = subprocess.run([program, "check", "metrics"], input=exposed, capture_output=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")
