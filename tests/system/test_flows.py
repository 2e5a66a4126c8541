"""Phone-home mutants in a network namespace of their own: each is refused by the kernel and named; the sums hold."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from freehold.trust.flows.report import decode, sums, verdict
from freehold.trust.seal import load_verifier, new_signer, open_envelope
from interopkit.program import Program

from .test_fast_path import FREEHOLD, site_of  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.getuid() != 0, reason="network namespaces and nftables need root"),
    pytest.mark.skipif(shutil.which("nft") is None or shutil.which("ip") is None, reason="nft or ip is not installed"),
]
OURS, OUTSIDE, UPF = "192.0.2.1", "192.0.2.2", 1501
CONFIGURATION = f"""
[upf]
n3 = "{OURS}"
[management]
listen = "{OURS}:5380"
"""
UDP = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
RAW = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_RAW, {}); s.sendto({!r}, ('198.51.100.7', 0))"
FROM_CONSOLE = f"""
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("{OURS}", 5380))
s.setblocking(False)
s.connect_ex(("{OUTSIDE}", 443))
"""
MUTANTS = {
    "DNS": (UDP + "s.sendto(bytes(20), ('198.51.100.7', 53))", "198.51.100.7:53 (DNS)"),
    "UDP": (UDP + "s.sendto(b'x', ('198.51.100.7', 4444))", "198.51.100.7:4444"),
    "TCP": (
        "import socket; s = socket.socket(); s.setblocking(False); s.connect_ex(('198.51.100.7', 443))",
        "198.51.100.7:443 (HTTPS)",
    ),
    "TCP from the console's port": (FROM_CONSOLE, f"TCP {OURS}:5380 to {OUTSIDE}:443"),
    "ICMP": (RAW.format(1, b"\x08\0\xf7\xff\0\0\0\0"), "ICMP 192.0.2.1 to 198.51.100.7"),
    "IP in IP": (RAW.format(4, b"E" + bytes(30)), "IP in IP 192.0.2.1 to 198.51.100.7"),
    "GTP-U to a stranger": (UDP + "s.sendto(bytes(16), ('198.51.100.7', 2152))", "198.51.100.7:2152 (GTP-U)"),
}


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


@pytest.fixture
def inside():
    """A namespace with a link to outside and a way to everywhere, so that only the policy refuses."""
    name = f"fhflows{os.getpid()}"
    far = f"{name}o"
    for each in (name, far):
        run("ip", "netns", "add", each)
    try:
        run("ip", "-n", name, "link", "add", "n0", "type", "veth", "peer", "name", "n0", "netns", far)
        for each, address in ((name, OURS), (far, OUTSIDE)):
            run("ip", "netns", "exec", each, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
            run("ip", "-n", each, "addr", "add", f"{address}/24", "dev", "n0")
            run("ip", "-n", each, "link", "set", "n0", "up")
            run("ip", "-n", each, "link", "set", "lo", "up")
        run("ip", "-n", name, "route", "add", "default", "via", OUTSIDE)
        yield name
    finally:
        for each in (name, far):
            subprocess.run(["ip", "netns", "del", each], check=False, capture_output=True)


@pytest.fixture
def watched(inside, tmp_path):
    """`freehold flows watch` in the namespace until told to end: what it said, its report, its exit status."""
    (tmp_path / "freehold.toml").write_text(CONFIGURATION)
    key = tmp_path / "owner.pem"
    new_signer(key)
    program = "from freehold.cli.main import main; main()"
    freehold = ["ip", "netns", "exec", inside, sys.executable, "-u", "-c", program, "flows"]
    arguments = [
        "--config",
        str(tmp_path / "freehold.toml"),
        "--peer",
        "n3=192.0.2.0/24",
        "--peer",
        "console=192.0.2.0/24",
    ]
    log = (tmp_path / "log").open("w+")

    @contextlib.contextmanager
    def watching(*more):
        command = [
            *freehold,
            "watch",
            *arguments,
            "--json",
            "--out",
            str(tmp_path / "report"),
            "--sign",
            str(key),
            *more,
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            # The counters of interfaces come last.
            wait_for(lambda: "table arp" in run_in(inside, "nft", "list", "tables", "inet", then="nft list ruleset"))
            result = {"process": process, "log": tmp_path / "log"}
            yield result
            process.terminate()
            result["said"] = json.loads(process.communicate(timeout=60)[0])
            result["status"] = process.returncode
        finally:
            process.kill()
            process.wait()

    watching.check = lambda: subprocess.run(
        [*freehold, "check", str(tmp_path / "report"), "--key", f"{key}.pub", "--json"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    watching.report = tmp_path / "report"
    yield watching
    log.close()


def run_in(name, *_, then):
    return subprocess.run(
        ["ip", "netns", "exec", name, *then.split()], check=False, capture_output=True, text=True
    ).stdout


def wait_for(holds, seconds=60.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def act(name, program, uid=None):
    """Run a mutant in the namespace; what the kernel answers it does not matter."""
    command = ["ip", "netns", "exec", name, sys.executable, "-I", "-c", program]
    subprocess.run(command, check=False, capture_output=True, timeout=60, user=uid)


def test_when_functions_phone_home_then_each_is_refused_and_named_and_the_sums_hold(inside, watched):
    with watched() as seen:
        for name, (program, named) in MUTANTS.items():
            act(inside, program)
            wait_for(lambda named=named: named in seen["log"].read_text())
            assert name
    said = seen["said"]
    assert seen["status"] == 1
    assert said["refused"] >= len(MUTANTS)
    assert said["default route"] is True
    assert not [line for line in said["wrong"] if "in all" in line]
    for _, named in MUTANTS.values():
        assert any(named.rpartition("to ")[2] in line for line in said["wrong"])
    checked = watched.check()
    assert checked.returncode == 1
    assert json.loads(checked.stdout)["wrong"] == said["wrong"]
    assert "freehold_flows" not in run("ip", "netns", "exec", inside, "nft", "list", "ruleset")


def test_when_only_declared_packets_pass_then_all_is_well_and_the_report_is_signed(inside, watched):
    server = (
        f"import socket; s = socket.create_server(('{OURS}', 5380)); print('up', flush=True); "
        "c = s.accept()[0]; c.sendall(c.recv(9))"
    )
    with watched() as seen:
        served = subprocess.Popen(
            ["ip", "netns", "exec", inside, sys.executable, "-I", "-c", server], stdout=subprocess.PIPE
        )
        assert served.stdout.readline() == b"up\n"
        act(
            f"{inside}o",
            f"import socket; s = socket.create_connection(('{OURS}', 5380)); s.sendall(b'hello'); s.recv(9)",
        )
        served.wait(60)
        served.stdout.close()
        act(inside, UDP + f"s.bind(('{OURS}', 2152)); s.sendto(bytes(16), ('{OUTSIDE}', 2152))")
    assert (seen["status"], seen["said"]["wrong"], seen["said"]["refused"]) == (0, [], 0)
    assert int(seen["said"]["output"].split()[0]) >= 4
    assert watched.check().returncode == 0
    octets = bytearray(watched.report.read_bytes())
    place = octets.index(b'"payload"') + 40
    octets[place] = ord("A") if octets[place] != ord("A") else ord("B")
    watched.report.write_bytes(octets)
    refused = watched.check()
    assert refused.returncode == 1
    assert "no signature is of a key you trust" in refused.stderr


def test_when_a_raw_socket_sends_beside_the_rules_then_the_interface_tells(inside, watched):
    program = (
        "import socket, time; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('n0', 0));"
        "time.sleep(0.5);"  # the drivers' counts are read just after the rules are seen to stand
        "[s.send(bytes(60)) for _ in range(9)]"
    )
    with watched() as seen:
        act(inside, program)
    assert seen["status"] == 1
    [wrong] = seen["said"]["wrong"]
    # One that the host's own stack had on its way while the counters were read may stand against one of the nine.
    assert re.fullmatch(r"n0: [789] packets went beside the rules", wrong), wrong


def test_when_another_user_sends_a_functions_flow_then_it_is_refused_by_name(inside, watched):
    program = UDP + f"s.sendto(bytes(16), ('{OUTSIDE}', 2152))"
    with watched("--uid", f"upf={UPF}") as seen:
        send = f"echo > /dev/udp/{OUTSIDE}/2152"
        user = ["setpriv", "--reuid", str(UPF), "--clear-groups", "bash", "-c", send]
        run("ip", "netns", "exec", inside, *user)
        act(inside, program)
        wait_for(lambda: f"{OUTSIDE}:2152 (GTP-U)" in seen["log"].read_text())
    assert [line for line in seen["said"]["wrong"] if "uid 0" in line]
    assert seen["said"]["refused"] == 1


def test_when_terminals_tunnel_through_the_user_plane_to_what_is_not_declared_then_it_is_refused(inside, watched):
    run("ip", "netns", "exec", inside, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    run("ip", "-n", f"{inside}o", "route", "add", "203.0.113.0/24", "via", OURS)
    run("ip", "-n", inside, "route", "add", "203.0.113.0/24", "via", OUTSIDE)
    with watched() as seen:
        act(f"{inside}o", UDP + "s.sendto(b'x', ('203.0.113.9', 53))")
        wait_for(lambda: "203.0.113.9:53 (DNS)" in seen["log"].read_text())
    assert any(line.startswith("forward: ") for line in seen["said"]["wrong"])


THROUGH_TUN = """
import fcntl, socket, struct, subprocess
tun = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH", b"evil", 0x1001))
subprocess.run("ip addr add 10.99.0.254/24 dev evil; ip link set evil up", shell=True, check=True)
ends = socket.inet_aton("10.99.0.1") + socket.inet_aton("198.51.100.7")
head = struct.pack(">BBHHHBBH8s", 69, 0, 29, 1, 0, 64, 17, 0, ends)
total = sum(struct.unpack(">10H", head))
while total > 0xFFFF:
    total = (total & 0xFFFF) + (total >> 16)
tun.write(head[:10] + struct.pack(">H", total ^ 0xFFFF) + head[12:] + struct.pack(">HHHH", 999, 53, 9, 0) + b"x")
"""


@pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="no /dev/net/tun here")
def test_when_a_function_puts_packets_of_nobody_on_n6_then_they_are_refused_and_named(inside, watched):
    run("ip", "netns", "exec", inside, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    with watched() as seen:
        act(inside, THROUGH_TUN)
        wait_for(lambda: "UDP 10.99.0.1:999 to 198.51.100.7:53 (DNS)" in seen["log"].read_text())
    assert any(line.startswith("refused: ") and "10.99.0.1" in line for line in seen["said"]["wrong"])


def test_when_another_function_tunnels_into_the_user_plane_then_it_is_refused_by_its_name(inside, watched):
    with watched("--uid", f"upf={UPF}", "--uid", "core=1502") as seen:
        # To our own UPF's N3, as a gNB would, with a terminal's packet inside: it would leave by N6.
        user = ["setpriv", "--reuid", "1502", "--clear-groups", "bash", "-c", f"echo > /dev/udp/{OURS}/2152"]
        # The kernel says no to the sender too.
        assert subprocess.run(["ip", "netns", "exec", inside, *user], check=False, capture_output=True).returncode
        wait_for(lambda: f"{OURS}:2152 (GTP-U)" in seen["log"].read_text())
    [line] = [line for line in seen["said"]["wrong"] if line.startswith("refused: ")]
    assert "management (uid 1502)" in line


RAW_SEND = (
    "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('n6', 0));"
    "[s.send(bytes(60)) for _ in range(9)]"
)


@pytest.mark.xdist_group("xdp")
@pytest.mark.parametrize("path", ["xdp", "tc"])
@pytest.mark.parametrize("raw", [False, True])
def test_when_the_fast_path_carries_packets_then_they_are_part_of_the_sum_and_others_are_not(
    site_of, tmp_path, path, raw  # noqa: F811
):  # fmt: skip
    site = site_of(path)
    for name in ("core", "ran", "data"):
        site.hosts.sh(name, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
    site.hosts.finish_checksums()
    site.attach()
    site.settle()
    key = tmp_path / "owner.pem"
    new_signer(key)
    words = ("flows", "watch", "--role", "core", "--role", "upf", "--peer", "n3=192.0.2.10/32", "--sign", key,
             "--out", tmp_path / "report", "-c", site.core_file)  # fmt: skip
    with Program(site.hosts.within("core", FREEHOLD, *words)) as watch:
        wait_for(lambda: "table arp" in site.hosts.sh("core", "nft list ruleset"))
        answered = site.ping(40)
        if raw:
            site.hosts.sh("core", f'{sys.executable} -I -c "{RAW_SEND}"')
        status = watch.interrupt()
    opened = open_envelope(
        (tmp_path / "report").read_bytes(),
        [load_verifier(Path(f"{key}.pub"))],
        "it",
        "application/vnd.freehold.flows+json",
    )
    counts = decode(opened.payload, "it")
    links = {each.name: each for each in counts.interfaces}
    assert answered  # a busy machine may lose some, and some may take the portable engine
    assert links["n3"].forwarded
    assert links["n6"].forwarded
    assert (links["n3"].gave, links["n6"].gave) == (links["n6"].forwarded, links["n3"].forwarded)
    assert all(total == parts for total, parts in sums(counts.counters).values())
    if raw:
        [wrong] = verdict(counts)
        assert re.fullmatch(r"n6: ([789]) packets went beside the rules", wrong)
    else:
        assert verdict(counts) == []
    assert status == raw


def test_when_who_watches_is_not_allowed_then_it_is_said_in_a_line(tmp_path):
    program = "from freehold.cli.main import main; main()"
    command = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-all", "unshare", "-U", "--map-user=1"]
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    finished = subprocess.run(
        [*command, sys.executable, "-c", program, "flows", "watch", "--for", "0.1"],
        check=False, capture_output=True, text=True, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert finished.returncode == 2
    assert finished.stderr.count("\n") <= 3
