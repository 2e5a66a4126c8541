"""What the TUN tests do inside a network namespace of their own: usage: namespace.py SCENARIO; prints JSON."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from freehold.app.config import parse
from freehold.app.handles import PduSession
from freehold.app.network import Network as Whole
from freehold.net.access import AccessPlane, SocketEvent
from freehold.net.tun import Tun, TunSettings
from freehold.net.userplane import PlaneSettings, UserPlane, bind_n3
from freehold.services.access import PingResult, Tunnel
from freehold.services.userplane import Rule, SessionRules

OUTSIDE = "198.51.100.1"
POOL = "10.45.0.0/16"


def sh(script: str) -> str:
    done = subprocess.run(script, shell=True, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def outside() -> None:
    """A neighbour, in a namespace without a name, behind a cable."""
    sleeper = subprocess.Popen(["unshare", "--net", "sleep", "60"])
    own = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{sleeper.pid}/ns/net").readlink() == own:
        pass
    sh(
        f"ip link set lo up; ip link add n6 type veth peer name far netns {sleeper.pid};"
        "ip addr add 198.51.100.2/24 dev n6; ip link set n6 up;"
        f"nsenter -t {sleeper.pid} -n sh -c 'ip addr add {OUTSIDE}/24 dev far; ip link set far up; ip link set lo up'"
    )
    outside.pid = sleeper.pid
    outside.end = sleeper.kill


class Network:
    def __init__(self, mode: str) -> None:
        self.tun = Tun(TunSettings((POOL,), mode))
        self.plane = UserPlane()
        self.upf = self.plane.add_upf(PlaneSettings("192.0.2.1"), bytes(16))
        self.instance = self.upf.add_instance("internet", [("10.45.0.0", 16)])
        self.upf.attach_tun(self.instance, self.tun)
        self.gnb: AccessPlane = self.plane.add_access("192.0.2.10", 7)
        teid = self.upf.open()
        handle, tunnel = self.gnb.add_bearer(Tunnel("192.0.2.1", teid), 9)
        rule = (Rule(action="forward", qfi=9),)
        self.upf.install(teid, SessionRules(self.instance, "10.45.0.2", uplink=rule, downlink=rule, peer=tunnel))
        self.gnb.attach(1, "10.45.0.2", 1400)
        self.gnb.bind(1, handle)

    async def ping(self, to: str) -> bool:
        done: asyncio.Future[PingResult] = asyncio.get_running_loop().create_future()
        self.gnb.ping(1, to, 1300, done.set_result)
        return (await done).rtt_ms is not None

    def run(self, *targets: str) -> list[bool]:
        async def all_of_them() -> list[bool]:
            self.plane.start(asyncio.get_running_loop())
            try:
                return [await self.ping(to) for to in targets]
            finally:
                self.plane.stop()

        return asyncio.run(all_of_them())

    async def fetch(self) -> bytes:
        self.plane.start(asyncio.get_running_loop())
        ended = asyncio.Event()
        socket = self.gnb.fabric.tcp_connect(self.gnb.number, 1, "10.45.0.1", 8080)
        got = bytearray()

        def happened(event: SocketEvent) -> None:
            if event.kind == "connected":
                self.gnb.fabric.send(self.gnb.number, socket, b"GET / HTTP/1.0\r\n\r\n")
            while part := self.gnb.fabric.receive(self.gnb.number, socket, 65536):
                got.extend(part)
            if event.kind == "closed":
                ended.set()

        self.gnb.on_socket(socket, happened)
        await asyncio.wait_for(ended.wait(), 20)
        self.plane.stop()
        return bytes(got)

    async def upload(self, octets: bytes) -> None:
        self.plane.start(asyncio.get_running_loop())
        ended = asyncio.Event()
        socket = self.gnb.fabric.tcp_connect(self.gnb.number, 1, "10.45.0.1", 8080)
        rest = memoryview(octets)

        def happened(event: SocketEvent) -> None:
            nonlocal rest
            if event.kind in {"connected", "writable"}:
                while rest and (taken := self.gnb.fabric.send(self.gnb.number, socket, bytes(rest[:65536]))):
                    rest = rest[taken:]
                if not rest:
                    ended.set()

        self.gnb.on_socket(socket, happened)
        await asyncio.wait_for(ended.wait(), 20)
        self.gnb.fabric.close_socket(self.gnb.number, socket, False)

    def close(self) -> dict[str, object]:
        self.upf.detach_network(self.instance)
        self.tun.close()
        return {
            "interface": Path(f"/sys/class/net/{self.tun.name}").exists(),
            "tables": sh("nft list tables"),
            "forwarding": Path("/proc/sys/net/ipv4/ip_forward").read_text().strip(),
        }


def nat() -> dict[str, object]:
    outside()
    sh("nft add table ip freehold_fh0")  # what a killed process left
    network = Network("nat")
    found = {"pings": network.run("10.45.0.1", OUTSIDE), "name": network.tun.name, "after": network.close()}
    outside.end()
    return found


def route() -> dict[str, object]:
    outside()
    network = Network("route")
    before = network.run(OUTSIDE)
    line = network.tun.return_routes("198.51.100.2")[0]
    sh(f"nsenter -t {outside.pid} -n {line}")
    found = {"before": before, "line": line, "pings": network.run(OUTSIDE), "after": network.close()}
    outside.end()
    return found


class Both:
    """A whole network with a data network of both versions, and one terminal whose session is a TUN elsewhere."""

    def __init__(self, n6: str) -> None:
        text = f'[[dnn]]\nname = "internet"\npool6 = "fd45::/48"\nn6 = "{n6}"\n'
        self.configuration = parse(text)

    async def carry(self, script: Callable[[PduSession, str], Awaitable[dict[str, object]]]) -> dict[str, object]:
        async with Whole(self.configuration, real_time=True, outside=True) as network:
            ue = network.ue()
            await ue.register()
            session = await ue.pdu_session()
            with session.tun() as interface:
                terminal = elsewhere()
                try:
                    sh(
                        f"ip link set {interface} netns {terminal.pid};"
                        f"nsenter -t {terminal.pid} -n sh -c 'ip link set lo up;"
                        f"ip address add {session.ip}/32 dev {interface}; ip link set {interface} up;"
                        f"ip route add default dev {interface}'"
                    )
                    command = f"nsenter -t {terminal.pid} -n"
                    autoconfigured = await configured(command, interface)
                    found = await script(session, command)
                    found["autoconfigured"] = autoconfigured
                finally:
                    terminal.kill()
                    terminal.wait()
            found["counters"] = network.upf_plane.counters()
            return found


def elsewhere() -> subprocess.Popen[bytes]:
    """A process in a network namespace of its own."""
    sleeper = subprocess.Popen(["unshare", "--net", "sleep", "120"])
    own = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{sleeper.pid}/ns/net").readlink() == own:
        pass
    return sleeper


def accepts_routers() -> str:
    return Path("/proc/sys/net/ipv6/conf/n6/accept_ra").read_text().strip()


async def configured(terminal: str, interface: str) -> dict[str, object]:
    """What the kernel of a terminal's host makes of the network's router advertisement, once it has (RFC 4862)."""
    for _ in range(100):
        _, addresses = await tried(f"{terminal} ip -j -6 address show dev {interface} scope global")
        _, routes = await tried(f"{terminal} ip -j -6 route show default dev {interface}")
        found = [one["local"] for link in json.loads(addresses) for one in link.get("addr_info", ()) if "local" in one]
        routers = [route.get("gateway") for route in json.loads(routes or "[]")]
        if found and routers:
            return {"addresses": found, "routers": routers}
        await asyncio.sleep(0.1)
    return {}


async def tried(command: str) -> tuple[bool, str]:
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode == 0, output.decode(errors="replace")


def outside_6() -> None:
    """The same neighbour, with an address of IPv6 too."""
    outside()
    sh(
        "ip -6 addr add fd99::2/64 dev n6 nodad;"
        f"nsenter -t {outside.pid} -n ip -6 addr add fd99::1/64 dev far nodad;"
        "echo 1 > /proc/sys/net/ipv6/conf/n6/accept_ra"
    )


def nat_6() -> dict[str, object]:
    outside_6()

    async def script(session: PduSession, terminal: str) -> dict[str, object]:
        pings = [await tried(f"{terminal} ping -c 1 -W 5 {to}") for to in (OUTSIDE, "fd99::1", session.gateway6)]
        # The first reply is too long for the terminals' link: the outside is told, and cuts the next shorter.
        large = await tried(f"{terminal} ping -c 4 -i 0.3 -W 5 -s 3000 fd99::1")
        said = [text for _, text in pings]
        return {"pings": [good for good, _ in (*pings, large)], "said": said, "router": accepts_routers()}

    found = asyncio.run(Both("nat").carry(script))
    found["tables"] = sh("nft list tables")
    found["forwarding"] = Path("/proc/sys/net/ipv6/conf/all/forwarding").read_text().strip()
    found["after"] = accepts_routers()
    outside.end()
    return found


def route_6() -> dict[str, object]:
    """iperf3 both ways between a terminal and the outside, which has the return route."""
    outside_6()
    sh(f"nsenter -t {outside.pid} -n ip -6 route add fd45::/48 via fd99::2")
    server = subprocess.Popen(
        ["nsenter", "-t", str(outside.pid), "-n", "iperf3", "-6", "-s"], stdout=subprocess.DEVNULL
    )

    async def script(session: PduSession, terminal: str) -> dict[str, object]:
        found: dict[str, object] = {"router": await tried(f"{terminal} ping -6 -c 1 -W 5 {session.gateway6}")}
        for way, option in (("up", ""), ("down", "-R")):
            for _ in range(50):
                good, text = await tried(f"{terminal} iperf3 -6 -J -t 2 {option} -c fd99::1")
                good = good and '"sum_received"' in text
                if good:
                    break
                await asyncio.sleep(0.1)  # the server is not there yet, or has not done with the run before
            found[way] = json.loads(text)["end"]["sum_received"]["bits_per_second"] if good else text
        return found

    try:
        return asyncio.run(Both("route").carry(script))
    finally:
        server.kill()
        server.wait()
        outside.end()


def outer_6() -> dict[str, object]:
    """N3 on sockets: a UPF with an address of each version, and a gNB of each version with a terminal of both."""
    sh("ip link set lo up; for a in fd03::1 fd03::10; do ip -6 addr add $a/128 dev lo nodad; done")
    upf_side, ran_side = UserPlane(), UserPlane()
    ports = {address: bind_n3(address) for address in ("127.0.0.1", "fd03::1", "127.0.0.2", "fd03::10")}
    settings = PlaneSettings("127.0.0.1", "fd03::1")
    upf = upf_side.add_upf(settings, bytes(16), ports["127.0.0.1"], ports["fd03::1"])
    instance = upf.add_instance("internet", [("10.45.0.0", 16), ("fd45::", 48)], mtu=1400)
    upf.attach_network(instance, "10.45.0.1", "fd45::1")
    rule = (Rule(action="forward", qfi=9, service=0xB8),)

    async def session(number: int, own: str, far: str) -> dict[str, object]:
        loop = asyncio.get_running_loop()
        gnb = ran_side.add_access(own, number, ports[own])
        teid = upf.open()
        handle, tunnel = gnb.add_bearer(Tunnel(far, teid), 9)
        addressed: asyncio.Future[str | None] = loop.create_future()
        gnb.attach(number, f"10.45.0.{number}", 1400)
        gnb.link(number, 0x100 + number, 1400, addressed.set_result)
        gnb.bind(number, handle)
        rules = SessionRules(instance, f"10.45.0.{number}", f"fd45:0:0:{number}::", rule, rule, tunnel)
        upf.install(teid, rules)
        found: list[object] = [await asyncio.wait_for(addressed, 20)]
        for to, size in (("10.45.0.1", 1300), ("fd45::1", 1300), ("fd45::1", 20_000)):
            done: asyncio.Future[PingResult] = loop.create_future()
            gnb.ping(number, to, size, done.set_result)
            found.append((await done).octets)
        return {own: found}

    async def both() -> dict[str, object]:
        loop = asyncio.get_running_loop()
        upf_side.start(loop)
        ran_side.start(loop)
        found = await session(2, "127.0.0.2", "127.0.0.1") | await session(3, "fd03::10", "fd03::1")
        upf_side.stop()
        ran_side.stop()
        return found

    return asyncio.run(both())


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + b"freehold" * 20_000)

    def log_message(self, *_: object) -> None:
        pass


def tcp() -> dict[str, object]:
    network = Network("route")
    server = HTTPServer(("10.45.0.1", 8080), Page)
    threading.Thread(target=server.handle_request, daemon=True).start()
    body = asyncio.run(network.fetch())
    return {"octets": len(body), "whole": body.endswith(b"freehold" * 20_000)}


def upload() -> dict[str, object]:
    network = Network("route")
    got = bytearray()

    def serve() -> None:
        connection, _ = server.accept()
        while part := connection.recv(65536):
            got.extend(part)

    octets = random.Random(1).randbytes(1_000_000)
    with socket.create_server(("10.45.0.1", 8080)) as server:
        server.settimeout(20)
        thread = threading.Thread(target=serve)
        thread.start()
        asyncio.run(network.upload(octets))
        thread.join(20)
    network.plane.stop()
    return {"whole": bytes(got) == octets, "packets": network.upf.counters()["uplink_forwarded"]}


SCENARIOS = {
    "nat": nat,
    "route": route,
    "tcp": tcp,
    "upload": upload,
    "nat_6": nat_6,
    "route_6": route_6,
    "outer_6": outer_6,
}

if __name__ == "__main__":
    print(json.dumps(SCENARIOS[sys.argv[1]]()))  # noqa: T201
