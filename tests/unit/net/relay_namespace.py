"""A terminal reaches a neighbour of the host through the relay, and never the host itself; prints JSON."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from http.server import HTTPServer

from namespace import OUTSIDE, Page, outside

from freehold.net.access import AccessPlane, SocketEvent
from freehold.net.userplane import PlaneSettings, UserPlane
from freehold.services.access import Tunnel
from freehold.services.userplane import Rule, SessionRules

OWN = "198.51.100.2"
SERVER = """
import socket, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.wfile.write(b"HTTP/1.0 200 OK\\r\\n\\r\\n" + b"freehold" * 200000)
    def do_POST(self):
        length = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.wfile.write(b"HTTP/1.0 200 OK\\r\\n\\r\\n%d" % length)
    def log_message(self, *_):
        pass
def echo(udp):
    while True:
        octets, source = udp.recvfrom(2000)
        udp.sendto(octets[::-1], source)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 9000))
threading.Thread(target=echo, args=(udp,), daemon=True).start()
server = HTTPServer(("0.0.0.0", 8080), Page)
print("ready", flush=True)
server.serve_forever()
"""


class Network:
    def __init__(self) -> None:
        self.plane = UserPlane()
        upf = self.plane.add_upf(PlaneSettings("192.0.2.1"), bytes(16))
        instance = upf.add_instance("internet", [("10.45.0.0", 16)])
        upf.attach_relay(instance, "10.45.0.1")
        self.gnb: AccessPlane = self.plane.add_access("192.0.2.10", 7)
        teid = upf.open()
        handle, tunnel = self.gnb.add_bearer(Tunnel("192.0.2.1", teid), 9)
        rule = (Rule(action="forward", qfi=9),)
        upf.install(teid, SessionRules(instance, "10.45.0.2", uplink=rule, downlink=rule, peer=tunnel))
        self.gnb.attach(1, "10.45.0.2", 1400)
        self.gnb.bind(1, handle)
        self.fabric, self.number = self.gnb.fabric, self.gnb.number

    async def exchange(self, to: str, request: bytes, port: int = 8080) -> bytes | None:
        """What a server answers, or none where the connection is refused."""
        ended = asyncio.Event()
        socket = self.fabric.tcp_connect(self.number, 1, to, port)
        got, left, connected = bytearray(), bytearray(request), []

        def happened(event: SocketEvent) -> None:
            if event.kind == "connected":
                connected.append(True)
            if left and connected:
                del left[: self.fabric.send(self.number, socket, bytes(left))]
            while connected and (part := self.fabric.receive(self.number, socket, 65536)):
                got.extend(part)
            if event.kind == "closed":
                ended.set()

        self.gnb.on_socket(socket, happened)
        await asyncio.wait_for(ended.wait(), 20)
        self.fabric.close_socket(self.number, socket, False)
        return bytes(got) if connected else None

    async def echo(self, to: str) -> bytes:
        heard = asyncio.Event()
        socket = self.fabric.udp_open(self.number, 1, 5000)
        self.gnb.on_socket(socket, lambda _: heard.set())
        self.fabric.send_to(self.number, socket, b"abc", to, 9000)
        await asyncio.wait_for(heard.wait(), 20)
        address, port, octets = self.fabric.receive_from(self.number, socket)
        return f"{address}:{port} ".encode() + octets


async def main() -> dict[str, object]:
    network = Network()
    network.plane.start(asyncio.get_running_loop())
    get, post = b"GET / HTTP/1.0\r\n\r\n", b"POST / HTTP/1.0\r\nContent-Length: 500000\r\n\r\n" + bytes(500_000)
    try:
        page = await network.exchange(OUTSIDE, get) or b""
        return {
            "page": page.endswith(b"freehold" * 200_000),
            "uploaded": (await network.exchange(OUTSIDE, post) or b"").rpartition(b"\n")[2].decode(),
            "echo": (await network.echo(OUTSIDE)).decode(),
            "closed port": await network.exchange(OUTSIDE, get, 81),
            "own": [await network.exchange(to, get) for to in (OWN, "127.0.0.1")],
            "here": (await network.exchange("10.45.0.1", get, 80) or b"").endswith(b"10.45.0.2.\n"),
        }
    finally:
        network.plane.stop()


if __name__ == "__main__":
    outside()
    prefix = ["nsenter", "-t", str(outside.pid), "-n", sys.executable, "-c", SERVER]
    server = subprocess.Popen(prefix, stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    own = HTTPServer(("0.0.0.0", 8080), Page)
    threading.Thread(target=own.serve_forever, daemon=True).start()
    try:
        print(json.dumps(asyncio.run(main())))  # noqa: T201
    finally:
        server.kill()
        outside.end()
