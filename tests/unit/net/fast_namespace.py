"""The fast path in network namespaces of its own: usage: fast_namespace.py SCENARIO HOOK; prints JSON.

This process is the UPF. A gNB and a data network stand in two namespaces without names, each behind a cable.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from freehold.net.fastplane import FastPlane, Served
from freehold.net.tun import Mode, Tun, TunSettings
from freehold.net.userplane import PlaneSettings, UserPlane, bind_n3
from freehold.net.xdp import interface_counts, kept_seed
from freehold.services.access import Tunnel
from freehold.services.userplane import Rule, SessionRules, VolumeReached

POOL, TERMINAL, SERVER, ROUTER = "10.45.0.0/16", "10.45.0.2", "203.0.113.1", "198.51.100.1"
POOL_6, TERMINAL_6, SERVER_6 = "2001:db8:45::/48", "2001:db8:45:2::", "2001:db8:100::1"
OUTSIDE = "198.51.100.2"
ON_IPV4, ON_IPV6, GNB_TEID = ("192.0.2.1", "192.0.2.10"), ("fd00:3::1", "fd00:3::10"), 77
N3, GNB = ON_IPV6 if sys.argv[1].endswith("over_6") else ON_IPV4
CLONE_NEWNET = 0x40000000
SIOCETHTOOL, GRO, CHECKSUMS = 0x8946, 0x2C, 0x17  # linux/ethtool.h: ETHTOOL_SGRO, ETHTOOL_STXCSUM
CONTAINER = bytes((0, 0, 0, 0x85, 1, 0x10, 9, 0))
HOOK = sys.argv[2]
LIBC = ctypes.CDLL(None, use_errno=True)


def sh(script: str) -> str:
    return subprocess.run(script, shell=True, check=True, capture_output=True, text=True).stdout


class Neighbour:
    """A namespace behind a cable."""

    def __init__(self, name: str, own: str, far: str) -> None:
        self.sleeper = subprocess.Popen(["unshare", "--net", "sleep", "100"])
        before = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{self.sleeper.pid}/ns/net").readlink() == before:
            time.sleep(0.001)
        sh(
            f"ip link add {name} type veth peer name far netns {self.sleeper.pid};"
            f"ip addr add {own}/24 dev {name}; ip link set {name} up"
        )
        with self.inside():
            sh(f"ip addr add {far}/24 dev far; ip link set far up; ip link set lo up")
            feature("far", GRO, 1)  # a veth takes redirected frames only so
            feature("far", CHECKSUMS, 0)  # XDP sees octets, not promises of a checksum

    @contextmanager
    def inside(self):
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/proc/{self.sleeper.pid}/ns/net", os.O_RDONLY)
        LIBC.setns(there, CLONE_NEWNET)
        try:
            yield
        finally:
            LIBC.setns(home, CLONE_NEWNET)
            os.close(home)
            os.close(there)


def feature(name: str, command: int, on: int) -> None:
    value = ctypes.create_string_buffer(struct.pack("=II", command, on))
    with socket.socket() as port:
        fcntl.ioctl(port, SIOCETHTOOL, struct.pack("16sP16x", name.encode(), ctypes.addressof(value)))


def checksum(octets: bytes) -> int:
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def ipv4(protocol: int, payload: bytes, *, fragment: int = 0) -> bytes:
    ends = socket.inet_aton(TERMINAL) + socket.inet_aton(SERVER)
    fields = (0x45, 0, 20 + len(payload), 1, fragment, 64, protocol)
    header = struct.pack("!BBHHHBBH", *fields, 0) + ends
    return struct.pack("!BBHHHBBH", *fields, checksum(header)) + ends + payload


def echo(number: int, size: int = 56) -> bytes:
    body = struct.pack("!HH", 7, number) + bytes(size)
    return ipv4(1, struct.pack("!BBH", 8, 0, checksum(struct.pack("!BBH", 8, 0, 0) + body)) + body)


def echo_6(number: int) -> bytes:
    body = struct.pack("!HH", 7, number) + bytes(32)
    ends = b"".join(socket.inet_pton(socket.AF_INET6, end) for end in (TERMINAL_6 + "9", SERVER_6))
    pseudo = ends + struct.pack("!II", 4 + len(body), 58)
    message = struct.pack("!BBH", 128, 0, checksum(pseudo + struct.pack("!BBH", 128, 0, 0) + body)) + body
    return struct.pack("!IHBB", 0x60000000, len(message), 58, 64) + ends + message


def datagram(length: int, **options: int) -> bytes:
    return ipv4(17, struct.pack("!HHHH", 40000, 9, length - 20, 0) + bytes(length - 28), **options)


class Ground:
    """Both cables with what stands behind them: the gNB's socket, and the server's in the data network."""

    def __init__(self) -> None:
        sh("ip link set lo up")
        self.neighbours = [Neighbour("n3", *ON_IPV4), Neighbour("n6", "198.51.100.2", ROUTER)]
        sh(
            f"ip route add default via {ROUTER}; ip addr add fd00:6::2/64 dev n6 nodad;"
            "ip -6 route add default via fd00:6::1"
        )
        with self.neighbours[1].inside():
            sh(
                f"ip addr add {SERVER}/32 dev lo; ip route add {POOL} via {OUTSIDE};"
                f"ip addr add fd00:6::1/64 dev far nodad; ip addr add {SERVER_6}/128 dev lo nodad;"
                f"ip -6 route add {POOL_6} via fd00:6::2"
            )
            self.sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sink.bind((SERVER, 9))
            self.sink.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
        sh(f"ip addr add {ON_IPV6[0]}/64 dev n3 nodad")
        with self.neighbours[0].inside():
            sh(f"ip addr add {ON_IPV6[1]}/64 dev far nodad")
            self.gnb = bind_n3(GNB)
            self.gnb.setblocking(False)

    def close(self) -> None:
        for neighbour in self.neighbours:
            neighbour.sleeper.kill()


class Gnb:
    """A gNB with one tunnel."""

    def __init__(self, port: socket.socket, teid: int) -> None:
        self.gnb, self.teid = port, teid

    def send(self, packet: bytes) -> None:
        header = struct.pack("!BBHI", 0x34, 255, len(packet) + 8, self.teid)
        while True:
            try:
                self.gnb.sendto(header + CONTAINER + packet, (N3, 2152))
            except BlockingIOError:
                time.sleep(0.0005)
            except ConnectionRefusedError:  # nobody listens there now
                continue
            else:
                return

    async def ping(self, number: int, size: int = 56) -> bool:
        """Whether the answer comes back in the session's tunnel."""
        self.send(echo(number, size))
        said = b"\0\0", struct.pack("!H", number)
        return bool(await self.receive(lambda inner: inner[9] == 1 and (inner[20:22], inner[26:28]) == said))

    async def ping_6(self, number: int) -> bool:
        """The same over IPv6."""
        self.send(echo_6(number))
        said = b"\x81\0", struct.pack("!H", number)
        return bool(await self.receive(lambda inner: inner[0] == 0x60 and (inner[40:42], inner[46:48]) == said))

    async def receive(self, wanted: Callable[[bytes], bool]) -> bytes:
        """The next packet of the session's tunnel that is wanted; nothing when none comes."""
        end = time.monotonic() + 1
        while time.monotonic() < end:
            await asyncio.sleep(0.005)
            try:
                answer = self.gnb.recv(2048)
            except (BlockingIOError, ConnectionRefusedError):
                continue
            if answer[4:8] == struct.pack("!I", GNB_TEID) and wanted(answer[16:]):
                return answer[16:]
        return b""


class Network(Gnb):
    """The UPF with one session, its gNB, and events as they came."""

    def __init__(self, ground: Ground, mode: Mode = "route") -> None:
        self.neighbours, self.sink = ground.neighbours, ground.sink
        self.tun = Tun(TunSettings((POOL, POOL_6), mode))
        self.plane = UserPlane()
        self.n3 = bind_n3(N3)
        engine = self.plane.add_upf(PlaneSettings(N3, link_mtu=100), kept_seed() or bytes(range(16)), self.n3)
        pools = ("10.45.0.0", 16), ("2001:db8:45::", 48)
        self.number = engine.add_instance("internet", pools)
        engine.attach_tun(self.number, self.tun)
        served, protected = {self.number: Served(pools, hidden=mode == "nat")}, ((N3, 128 if ":" in N3 else 32),)
        self.fastplane = None if HOOK == "tun" else FastPlane(engine, served, protected, [HOOK])
        self.upf = self.fastplane or engine
        self.events: list[object] = []
        self.upf.listen(self.events.append)
        kept = [*self.fastplane.kept] if self.fastplane else []
        super().__init__(ground.gnb, kept[0] if kept else self.upf.open())

    def start(self) -> None:
        self.plane.start(asyncio.get_running_loop())
        if self.fastplane:
            self.fastplane.start(asyncio.get_running_loop())

    def stop(self, *, keep: bool = False) -> None:
        if self.fastplane:
            self.fastplane.stop(keep=keep)
        self.plane.close()

    def rules(self, action: str = "forward", rate: int = 0, **more: object) -> None:
        rule = (Rule(action=action, qfi=9, rates=((1, rate),) if rate else ()),)
        peer = Tunnel(GNB, GNB_TEID)
        self.upf.install(self.teid, SessionRules(self.number, TERMINAL, TERMINAL_6, rule, rule, peer, **more))

    def fast(self) -> list[int]:
        counts = self.upf.fast_counters()
        return [counts["uplink_forwarded"], counts["downlink_forwarded"]]

    async def resolved(self) -> None:
        """Until both neighbours are known: pings take the portable engine before."""
        for number in range(1000, 1050):
            before = self.fast()
            if await self.ping(number) and [after - one for after, one in zip(self.fast(), before, strict=True)] == [
                1,
                1,
            ]:
                return
        raise TimeoutError

    def received(self) -> int:
        self.sink.settimeout(0.3)
        count = 0
        try:
            while self.sink.recv(2048):
                count += 1
        except TimeoutError:
            return count


def packets(network: Network) -> list[int]:
    usage = network.upf.usage(network.teid)
    return [usage.uplink_packets, usage.downlink_packets]


async def pings(network: Network) -> dict[str, object]:
    network.rules()
    await network.resolved()
    before, fast = packets(network), network.fast()
    answered = [await network.ping(number) for number in range(20)]
    after, faster = packets(network), network.fast()
    return {
        "answered": sum(answered),
        "counted": [late - early for late, early in zip(after, before, strict=True)],
        "fast": [late - early for late, early in zip(faster, fast, strict=True)],
    }


async def interfaces(network: Network) -> dict[str, object]:
    """What the program did on both interfaces, as another process would read it."""
    network.rules()
    await network.resolved()
    before, driver = interface_counts(), received_by_drivers()
    for number in range(20):
        await network.ping(number)
    for _ in range(7):
        spoofed = datagram(100)
        network.send(spoofed[:15] + b"\x99" + spoofed[16:])
    network.send(datagram(100, fragment=0x2000))
    await network.ping(99, 74)
    after, counted = interface_counts(), received_by_drivers()
    assert set(after) == {"n3", "n6"}, after
    found = {}
    for name, now in after.items():
        then = before[name]
        found[name] = [now.redirected - then.redirected, now.dropped - then.dropped, now.transmitted - then.transmitted]
        assert now.received == now.redirected + now.passed + now.dropped
        # Packets of the host's own, as ARP, may come between two readings.
        found["passed " + name] = now.passed > then.passed
        found["driver " + name] = abs((counted[name] - driver[name]) - (now.received - then.received)) <= 8
    return found


def received_by_drivers() -> dict[str, int]:
    lines = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    return {line.split(":")[0].strip(): int(line.split(":")[1].split()[1]) for line in lines}


async def pings_6(network: Network) -> dict[str, object]:
    network.rules()
    before = network.fast()
    for number in range(1000):
        fast = network.fast()
        if await network.ping_6(number) and network.fast() == [fast[0] + 1, fast[1] + 1]:
            break
    before, fast = packets(network), network.fast()
    answered = [await network.ping_6(number) for number in range(2000, 2020)]
    after, faster = packets(network), network.fast()
    return {
        "answered": sum(answered),
        "counted": [late - early for late, early in zip(after, before, strict=True)],
        "fast": [late - early for late, early in zip(faster, fast, strict=True)],
    }


async def hidden(network: Network) -> dict[str, object]:
    """A connection that the host translates: once it is settled the program carries it, behind the same address."""
    network.rules()
    network.sink.settimeout(1)
    ends, fast, late = set(), [0, 0], 0
    for _ in range(3000):
        before = network.fast()
        network.send(datagram(100))
        try:
            octets, end = network.sink.recvfrom(2048)
        except TimeoutError:
            continue
        ends.add(end)
        network.sink.sendto(octets, end)
        answer = await network.receive(lambda inner: inner[9] == 17)
        assert (answer[16:20], answer[22:24]) == (socket.inet_aton(TERMINAL), struct.pack("!H", 40000)), answer
        fast = [after - one for after, one in zip(network.fast(), before, strict=True)]
        late = late + 1 if fast == [1, 1] else 0
        if late == 50:
            break
    return {"outside": [address for address, _ in ends], "carried": late}


async def longer(network: Network) -> dict[str, object]:
    """One ping just fits the tunnel's MTU, the answer to the next is the portable engine's to cut or to refuse."""
    network.rules()
    await network.resolved()
    found = {}
    for size in (72, 74):
        fast = network.fast()
        answered = await network.ping(size, size)
        found[str(28 + size)] = [answered, *(late - early for late, early in zip(network.fast(), fast, strict=True))]
    return found


async def burst(network: Network) -> dict[str, object]:
    network.rules()
    await network.resolved()
    before, fast = packets(network)[0], network.fast()[0]
    for _ in range(5000):
        network.send(datagram(128))
    received = network.received()
    return {"received": received, "counted": packets(network)[0] - before, "fast": network.fast()[0] - fast}


async def moves(network: Network) -> dict[str, object]:
    """A session leaves the fast path and comes back: its usage goes on, and its last word is the whole."""
    network.rules()
    await network.resolved()
    start, fast = packets(network), network.fast()
    answered = [await network.ping(1)]
    network.rules(quota=(1 << 40, 1 << 40, 1 << 40))
    answered += [await network.ping(2), await network.ping(3)]
    network.rules()
    answered += [await network.ping(4)]
    counted = [late - early for late, early in zip(packets(network), start, strict=True)]
    moved = [late - early for late, early in zip(network.fast(), fast, strict=True)]
    whole = packets(network)
    closed = network.upf.close(network.teid)
    return {
        "answered": answered,
        "counted": counted,
        "fast": moved,
        "closed": [closed.uplink_packets, closed.downlink_packets] == whole,
    }


async def quota(network: Network) -> dict[str, object]:
    """What the program carried before counts against a quota that comes later."""
    network.rules()
    await network.resolved()
    used = network.upf.usage(network.teid).uplink_octets
    network.rules(quota=(used + 500, 1 << 40, 1 << 40))
    for _ in range(20):
        network.send(datagram(128))
    await asyncio.sleep(0.3)
    return {"passed": network.received()}


async def volume(network: Network) -> dict[str, object]:
    network.rules()
    await network.resolved()
    used = network.upf.usage(network.teid)
    at = used.uplink_octets + used.downlink_octets + 128_000
    network.rules(report_at=at)
    told = 0
    for turn in range(1200):
        network.send(datagram(128, fragment=0x2000 if turn % 4 == 3 else 0))
        if turn % 10 == 9:
            await asyncio.sleep(0.004)
        if network.events and not told:
            told = turn + 1
    await asyncio.sleep(0.2)
    return {"told": told, "events": [isinstance(event, VolumeReached) for event in network.events]}


async def rate(network: Network) -> dict[str, object]:
    """Fragments take the portable engine, whole packets the program: together they keep the rate."""
    network.rules(rate=1_000_000)
    before = network.upf.usage(network.teid)
    begin = time.monotonic()
    await network.resolved()
    while time.monotonic() < begin + 2:
        for turn in range(8):
            network.send(datagram(1000, fragment=0x2000 if turn % 2 else 0))
        await asyncio.sleep(0.004)
    after = network.upf.usage(network.teid)
    spent = time.monotonic() - begin
    octets = after.uplink_octets - before.uplink_octets
    return {"bits": octets * 8, "allowed": 1_000_000 * (spent + 0.14), "fast": network.fast()[0] > 10}


async def neighbour(network: Network) -> dict[str, object]:
    """The data network's router gets another Ethernet address: hops follow."""
    network.rules()
    await network.resolved()
    with network.neighbours[1].inside():
        sh("ip link set far address 02:00:00:00:00:99")
    sh("ip neigh flush dev n6")
    await network.resolved()
    sh("ip route del default")
    await asyncio.sleep(0.3)
    before = network.fast()
    await network.ping(9)
    return {"fast": network.fast()[0] - before[0]}


class Child:
    """A user plane in a process of its own, that ends when it is told to or when it is killed."""

    def __init__(self, ground: Ground) -> None:
        reading, writing = os.pipe()
        self.asking = socket.socketpair()
        self.pid = os.fork()
        if not self.pid:
            asyncio.run(self._serve(ground, writing))
            os._exit(0)
        self.reading = reading
        self.teid = 0

    def ready(self) -> tuple[bool, int, int]:
        """Wait until it serves: whether it took a session over, what that had carried, how many there are."""
        self.teid, *found = json.loads(os.read(self.reading, 200))
        return tuple(found)

    def serves(self) -> bool:
        """Whether it does by now."""
        return bool(select.select([self.reading], [], [], 0)[0])

    async def _serve(self, ground: Ground, writing: int) -> None:
        network = Network(ground)
        network.start()
        kept = network.upf.reopen(network.teid)
        before = packets(network)[0]
        network.rules()
        await network.resolved() if not kept else None
        os.write(writing, json.dumps([network.teid, kept, before, len(network.upf.engine.teids())]).encode())
        asked = await asyncio.get_running_loop().run_in_executor(None, self.asking[1].recv, 1)
        os.write(writing, json.dumps([packets(network)[0], network.fast()[0]]).encode())
        network.stop(keep=asked == b"k")

    def kill(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)

    def end(self, how: bytes = b"x") -> list[int]:
        """Have it end in order (`k`: and leave its program); what the session and the program carried."""
        self.asking[0].send(how)
        found = json.loads(os.read(self.reading, 200))
        os.waitpid(self.pid, 0)
        return found


async def crash(ground: Ground) -> dict[str, object]:
    """The user plane's process is killed while packets pass, and comes back with the same tunnel identifiers."""
    sh("mount -t bpf bpf /sys/fs/bpf")

    def names() -> int:
        return len(list(Path("/sys/fs/bpf/freehold").rglob("*-*")))

    first = Child(ground)
    first.ready()
    gnb = Gnb(ground.gnb, first.teid)
    before = [await gnb.ping(number) for number in range(100)]
    first.kill()
    orphaned = [await gnb.ping(number) for number in range(100, 150)]
    second = Child(ground)
    second.ready()
    back = [await gnb.ping(number) for number in range(200, 300)]
    held = names()
    second.end()
    return {
        "before": all(before[-20:]),
        "orphaned": sum(orphaned),
        "same_tunnel": second.teid == gnb.teid,
        "back": all(back[-20:]),
        "names": [held, names()],
        "after": await gnb.ping(999),
    }


class Stream:
    """Numbered datagrams of the terminal, a few on the way at once: no queue may lose one."""

    def __init__(self, ground: Ground, teid: int) -> None:
        self.gnb, self.sink = Gnb(ground.gnb, teid), ground.sink
        self.sink.settimeout(10)
        self.sent, self.wrong = 0, []

    def send(self, number: int) -> None:
        body = struct.pack("!HHHHI", 40000, 9, 52, 0, number) + bytes(40)
        self.gnb.send(ipv4(17, body))

    def pass_some(self) -> None:
        numbers = range(self.sent, self.sent + 16)
        for number in numbers:
            self.send(number)
        self.sent += 16
        for number in numbers:
            try:
                found = struct.unpack("!I", self.sink.recv(2048)[:4])[0]
            except TimeoutError:
                found = -1
            if found != number:
                self.wrong.append((number, found))

    def until(self, done: Callable[[], bool]) -> None:
        """Go on for a while, and until something is."""
        end = self.sent + 2000
        while self.sent < end or not done():
            self.pass_some()


async def changes(network: Network, ground: Ground) -> dict[str, object]:
    """Rules change while numbered packets are on the way; then each change is met by the very next packet."""
    network.rules()
    await (network.resolved() if network.fastplane else network.ping(1))
    stream, ended = Stream(ground, network.teid), threading.Event()

    def flow() -> None:
        while not ended.is_set() or stream.sent < 2000:
            stream.pass_some()

    passing = threading.Thread(target=flow)
    passing.start()
    for turn in range(500):
        network.rules(rate=(0, 40_000_000_000)[turn % 2], report_at=1 << 40 if turn % 3 else 0)
        await asyncio.sleep(0.0005)
    ended.set()
    passing.join()

    def dropped() -> int:
        return sum(count for name, count in network.upf.counters().items() if name.startswith("drop"))

    leaked, first = [], stream.sent
    for number in range(first, first + 200, 2):
        network.rules("drop")
        refused = dropped()
        stream.send(number)
        while dropped() == refused and not select.select([stream.sink], [], [], 0.001)[0]:
            pass  # it has not met the rules yet
        network.rules()
        stream.send(number + 1)
        found = struct.unpack("!I", stream.sink.recv(2048)[:4])[0]
        if found != number + 1:
            leaked.append((number, found))
    return {"wrong": stream.wrong[:5], "leaked": leaked[:5], "refused": network.upf.counters()["drop_rate_exceeded"]}


async def takeover(ground: Ground) -> dict[str, object]:
    """The UPF's process is killed, ends in order and is replaced, while numbered packets pass."""
    sh("mount -t bpf bpf /sys/fs/bpf")
    first = Child(ground)
    first.ready()
    stream = Stream(ground, first.teid)
    stream.until(lambda: True)
    first.kill()
    stream.until(lambda: True)
    orphaned = stream.sent
    second = Child(ground)
    stream.until(second.serves)
    kept, before, sessions = second.ready()
    stream.until(lambda: True)
    second.end(b"k")
    stream.until(lambda: True)
    third = Child(ground)
    stream.until(third.serves)
    again = third.ready()
    stream.until(lambda: True)
    carried, fast = third.end()
    return {
        "wrong": stream.wrong[:5],
        "kept": [kept, again[0]],
        "sessions": [sessions, again[2]],
        "counted": before >= orphaned and carried >= stream.sent,
        "fast": fast >= stream.sent,
        "left": sh("find /sys/fs/bpf/freehold -type f").split(),
    }


pings_over_6, pings_6_over_6 = pings, pings_6


async def main(name: str) -> dict[str, object]:
    ground = Ground()
    try:
        if name in {"crash", "takeover"}:
            return await globals()[name](ground)
        network = Network(ground, "nat" if name == "hidden" else "route")
        try:
            network.start()
            return await (changes(network, ground) if name == "changes" else globals()[name](network))
        finally:
            network.stop()
    finally:
        ground.close()


sys.stdout.write(json.dumps(asyncio.run(main(sys.argv[1]))))
