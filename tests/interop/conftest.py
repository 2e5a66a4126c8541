"""Where the programs are that this project did not write; each test says what it lacks."""

import os
import shutil
from pathlib import Path

import pytest

from interopkit.core import GATEWAY, N2_PORT, Site
from interopkit.namespaces import CORE_ADDRESS, Hosts
from interopkit.program import Program
from interopkit.ueransim import Ueransim


def named(variable, what):
    """A path out of the environment; skips with the reason where it is not set or not there."""
    text = os.environ.get(variable)
    if not text:
        pytest.skip(f"set {variable} to {what}")
    if not Path(text).exists():
        pytest.skip(f"{variable}: {text} is not there")
    return Path(text)


@pytest.fixture(scope="session")
def ueransim_programs():
    """The folder with nr-gnb, nr-ue and nr-cli."""
    return named("FREEHOLD_UERANSIM", "the folder with UERANSIM's nr-gnb, nr-ue and nr-cli")


@pytest.fixture(scope="session")
def open5gs_upf():
    """Another network's UPF."""
    return named("FREEHOLD_OPEN5GS_UPF", "the program open5gs-upfd")


@pytest.fixture(scope="session")
def eupf_program():
    """Another UPF, in XDP."""
    return named("FREEHOLD_EUPF", "the program eupf")


@pytest.fixture(scope="session")
def free5gc_smf():
    """Another network's SMF."""
    return named("FREEHOLD_FREE5GC_SMF", "free5GC's program smf")


@pytest.fixture(scope="session")
def pfcpsim_programs():
    """The folder with pfcpsim and pfcpctl."""
    return named("FREEHOLD_PFCPSIM", "the folder with pfcpsim and pfcpctl")


@pytest.fixture(scope="session")
def packetrusher_program():
    """PacketRusher's program."""
    return named("FREEHOLD_PACKETRUSHER", "PacketRusher's program")


@pytest.fixture(scope="session")
def kernel_sctp():
    """Whether N2 runs over the SCTP of this kernel, as inside the guest."""
    return bool(os.environ.get("FREEHOLD_N2_OVER_SCTP"))


@pytest.fixture(scope="session")
def standin(kernel_sctp):
    """The library that gives a program SCTP over UNIX sockets; None where the kernel's SCTP is used."""
    if kernel_sctp:
        return None
    return named("FREEHOLD_SCTP_STANDIN", "the library libsctp-standin.so")


@pytest.fixture
def hosts(kernel_sctp):
    """Two network namespaces with a link between them."""
    if os.getuid() != 0:
        pytest.skip("network namespaces need root")
    if shutil.which("ip") is None:
        pytest.skip("network namespaces need ip (iproute2)")
    made = Hosts()
    if kernel_sctp:  # the guest's kernel has no MAC for cookies, and each namespace has its own setting
        for name in (made.core, made.ran):
            made.run(name, "sysctl", "-qw", "net.sctp.cookie_hmac_alg=none", "net.sctp.auth_enable=0")
    yield made
    made.close()


@pytest.fixture(scope="session")
def tshark_needed():
    """Skips where Wireshark's command line is missing."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")


@pytest.fixture(scope="session")
def iperf3():
    """Starts its server at the core's end of N6."""
    if shutil.which("iperf3") is None:
        pytest.skip("iperf3 is not installed")

    def serve(hosts):
        server = Program(hosts.within(hosts.core, "iperf3", "-s", "--forceflush", "-B", GATEWAY))
        server.wait_for("listening")
        return server

    return serve


@pytest.fixture
def site_of(hosts, tmp_path, standin):
    """Makes a site whose N2 a foreign gNB reaches."""
    n2 = f"{CORE_ADDRESS}:{N2_PORT}"
    if standin is not None:
        n2 = f"unix:{tmp_path}/sctp/{CORE_ADDRESS}_{N2_PORT}.sock"
    return lambda **settings: Site(tmp_path, hosts, n2, **settings)


@pytest.fixture
def site(site_of):
    """A core with the usual settings."""
    return site_of()


@pytest.fixture
def ueransim(ueransim_programs, site, standin):
    """UERANSIM beside the usual core."""
    return Ueransim(ueransim_programs, site, standin=standin)


@pytest.fixture(scope="session")
def measurement_schema():
    """The schema of measurement files, which is under 3GPP's terms."""
    return named("FREEHOLD_MEASCOLLEC_XSD", "measCollec.xsd of TS 32.435")


@pytest.fixture(scope="session")
def otelcol():
    """OpenTelemetry's collector, with its OTLP receiver and its debug exporter."""
    return named("FREEHOLD_OTELCOL", "OpenTelemetry's program otelcol")


@pytest.fixture(scope="session")
def oidc_provider():
    """The folder whose node_modules has a provider of OpenID Connect."""
    return named("FREEHOLD_OIDC_PROVIDER", "a folder whose node_modules has oidc-provider")
