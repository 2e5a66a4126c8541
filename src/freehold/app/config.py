"""The one configuration: a TOML file, its defaults, and its mistakes told in one line."""

from __future__ import annotations

import itertools
import os
import tomllib
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import msgspec

from freehold.app import qos, security
from freehold.app.qos import FlowSection
from freehold.app.security import AccountsSection, LogServerSection
from freehold.app.settings import BitRate, build, describe, schema_of
from freehold.spec.errors import Unusable
from freehold.spec.identities import PlmnId, SNssai
from freehold.spec.timers import TIMERS

CipheringName = Literal["NEA0", "NEA1", "NEA2", "NEA3"]
IntegrityName = Literal["NIA0", "NIA1", "NIA2", "NIA3"]
Least = Literal["CRITICAL", "MAJOR", "MINOR", "WARNING"]
CONSOLE = "127.0.0.1:5380"
"""Where the console is unless the owner says otherwise."""
N6 = Literal["internal", "relay", "nat", "route", "tap"]
INTERFACE_LENGTH = 15
"""Characters that the name of an interface has at most (linux/if.h)."""


GRANULARITIES = (60, 300, 900, 1800, 3600)
"""Seconds of a granularity period: each divides an hour (TS 32.401)."""
MOST_DAYS = 90


class NetworkSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who the network is: its name on phones, its PLMN, its tracking area code."""

    name: str = "Freehold"
    plmn: PlmnId = PlmnId("001", "01")
    tac: int = 1


class SliceSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A network slice: `1`, or `1-010203` with its differentiator in hexadecimal."""

    id: SNssai = SNssai(1)


class DnnSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A data network: its addresses for terminals, name servers, MTU in octets, rate, and way out (N6).

    Terminals get an IPv4 address of `pool` unless `ipv4` is false, and a /64 of `pool6` where there is one.
    One of `type` "ethernet" carries frames and has no addresses; its N6 is nothing ("internal"), or a TAP named
    `interface`, a port of the host's `bridge` where one is named ("tap").
    `ask_5qi` are the 5QIs of flows that a terminal may ask for (none, by default), each of at most `ask_rate` in either
    direction, and `ask_flows` at a time; `[[dnn.flow]]` are flows that every session has.
    `dscp` (0..63) marks the outer header of packets to its terminals, for the network between UPF and gNBs (RFC 2474);
    `dscp_5qi` (5QI to DSCP) those of flows with these 5QIs otherwise, whoever asked for them.
    `local_switch`: what a terminal sends to another one is refused, goes straight there, or through N6.
    `flow_records`: the address of an IPFIX collector that is told of every flow (RFC 7011); empty: none is.
    """

    name: str = "internet"
    pool: IPv4Network = IPv4Network("10.45.0.0/16")
    ipv4: bool = True
    pool6: IPv6Network | None = None
    dns: tuple[IPv4Address | IPv6Address, ...] = ()
    p_cscf: tuple[IPv4Address | IPv6Address, ...] = ()
    mtu: int = 1400
    flow_records: str = ""
    ambr_up: BitRate = BitRate(1_000_000_000)
    ambr_down: BitRate = BitRate(1_000_000_000)
    n6: N6 = "internal"
    type: Literal["ip", "ethernet"] = "ip"
    interface: str = ""
    bridge: str = ""
    local_switch: Literal["refuse", "switch", "route"] = "refuse"
    dscp: int = 0
    dscp_5qi: dict[str, int] = {}
    ask_5qi: tuple[int, ...] = ()
    ask_rate: BitRate = BitRate(10_000_000)
    ask_flows: int = 4
    flow: tuple[FlowSection, ...] = ()

    @property
    def ethernet(self) -> bool:
        """Whether it carries frames (TS 23.501 5.6.10.2)."""
        return self.type == "ethernet"

    @property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """What terminals' addresses are of."""
        if self.ethernet:
            return ()
        return (*((self.pool,) if self.ipv4 else ()), *((self.pool6,) if self.pool6 else ()))

    @property
    def gateways(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """The first address of each pool: the data network's own."""
        return tuple(network.network_address + 1 for network in self.networks)


class AmfSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The AMF: its N2 addresses (`192.0.2.1:38412`, `unix:/run/n2.sock`), its identity, its algorithms in order.

    `tac` are tracking areas that it serves beside the one of the network.
    `ie_order = "any"` serves gNBs that put NGAP IEs in another order than TS 38.413 does.
    """

    n2: tuple[str, ...] = ()
    region: int = 2
    set: int = 1
    pointer: int = 0
    tac: tuple[int, ...] = ()
    ciphering: tuple[CipheringName, ...] = ("NEA2", "NEA1", "NEA3")
    integrity: tuple[IntegrityName, ...] = ("NIA2", "NIA1", "NIA3")
    null_scheme: bool = True
    ie_order: Literal["strict", "any"] = "strict"


class SmfSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The SMF: its N4 address, where its UPF is another process (`freehold run upf`).

    `n4u`: its address for GTP-U (port 2152) with a UPF of another network that leaves it to the SMF to be the router of
    terminals' IPv6 links; empty for a UPF that is the router itself, as Freehold's is.
    """

    n4: str = ""
    n4u: str = ""


class AnnounceSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What FRR on this host announces by BGP while the UPF runs: pools with n6 = route. `asn` is its AS; 0: nothing.

    Networks behind terminals (framed routes of subscriptions) are announced while their sessions last; `networks` are
    announced all the time, with a route of the host to the terminals.
    `folder` is where FRR's sockets are, where that is not the usual one.
    """

    asn: int = 0
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    folder: str = ""


class UpfSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The UPF: N3 and N4 addresses, the N3 address told to gNBs, the packet path.

    `n3_second`: an N3 address of the other version of IP, for gNBs that have no other.
    `trusted`: networks of gNBs that send uplink packets from other addresses than they receive at.
    `path`: "xdp" and "tc" insist on the fast path in the kernel, there; "auto" takes the best that every interface has,
    "tun" none.
    `mtu`: the longest packet that N3 carries to terminals; senders of longer ones are told. 0 is any.
    `keep`: the program in the kernel stays with its plain sessions when this process ends, for the next one.
    `grace`: seconds that its SMFs have to release it when it ends, where they are other processes; 0 asks none.
    `echo`: seconds between two echo requests to each gNB and UPF, at least 60 (TS 29.281 7.2.1); 0 asks none.
    `f_teids`: who chooses F-TEIDs: "upf" (TS 29.244 5.5.1), or "smf" for another network's SMF that does it by itself;
    packets of a session then wait until the SMF said where its gNB is.
    `network_instances`: names that another network's SMF has for our data networks, such as "core.oai.org".
    """

    n3: str = ""
    n4: str = ""
    n3_second: str = ""
    advertise: str = ""
    trusted: tuple[IPv4Network | IPv6Network, ...] = ()
    path: Literal["auto", "xdp", "tc", "tun"] = "auto"
    echo: int = 0
    mtu: int = 0
    keep: bool = False
    grace: int = 2
    announce: AnnounceSection = AnnounceSection()
    f_teids: Literal["upf", "smf"] = "upf"
    network_instances: dict[str, str] = {}


class GnbSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A gNB that this process runs: its id of 22..32 bits, its AMF (empty: in process), its N3 address."""

    id: int = 1
    bits: int = 32
    name: str = "gnb-1"
    amf: str = ""
    n3: str = ""
    tac: int | None = None


class OidcSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider where people log in (OpenID Connect): its URL, what it knows us as, a file with the client's secret.

    `roles` gives a role for each value of the claim `claim`; `name` is the claim with a name for people.
    """

    issuer: str = ""
    client_id: str = ""
    secret_file: str = ""
    scope: str = "openid profile"
    claim: str = "groups"
    name: str = "preferred_username"
    roles: dict[str, Literal["admin", "operator", "auditor", "read-only"]] = {}


class ManagementSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The management API: its UNIX socket (empty: in the runtime folder), and where it listens for accounts.

    With `enabled = false` nobody manages, measures or supervises this process. `listen` is address:port of the console,
    empty for nowhere; other addresses than loopback need a certificate with its key, in PEM,
    or `certificate = "own"`: one of the network's own authority, made at each start (ca.pem in the data folder).
    `nas` says for whom a trace has NAS in clear.
    """

    enabled: bool = True
    socket: str = ""
    listen: str = CONSOLE
    certificate: str = ""
    key: str = ""
    nas: Literal["operators", "administrators"] = "operators"
    oidc: OidcSection = OidcSection()


class WebhookSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where alarms are posted: a URL, a file with the secret that signs, and the mildest severity that is told."""

    url: str = ""
    secret_file: str = ""
    least: Least = "WARNING"


class SnmpSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where SNMPv2c traps of alarms go: address:port, the community, and the mildest severity that is told."""

    address: str = ""
    community: str = "public"
    least: Least = "WARNING"


class ThresholdSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A threshold on a KPI or counter `of`; one named as a built-in threshold takes its place."""

    name: str = ""
    of: str = ""
    value: float = 0.0
    side: Literal["over", "under"] = "over"
    hysteresis: float = 0.0
    window_s: float = 300.0
    events: int = 1
    severity: Least = "MINOR"
    fix: str = ""
    enabled: bool = True


class AlarmsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told of alarms, and what is watched besides what is built in."""

    webhook: tuple[WebhookSection, ...] = ()
    snmp: tuple[SnmpSection, ...] = ()
    threshold: tuple[ThresholdSection, ...] = ()


class PerformanceSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often is looked, how long a granularity period is, in seconds, and for how many days periods are kept."""

    look_s: float = 10.0
    granularity_s: int = 900
    keep_days: int = 7


class StoreSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data folder; empty: by XDG, or /var/lib/freehold as root. The keys of SIMs in it are sealed.

    `key` is what `freehold keys seal` made, `secret_file` its password or its token's PIN, for its owner alone. Where
    they are empty, the first start makes `store.key` and `store.secret` in the data folder: keep copies of both.
    """

    path: str = ""
    key: str = ""
    secret_file: str = ""


class KeysSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where MILENAGE is computed: with K in the memory of the core, or inside a token (PKCS#11) that K never leaves.

    With `mode = "token"`: the token's library, its label, and a file with its PIN, for its owner alone.
    """

    mode: Literal["file", "token"] = "file"
    module: str = ""
    token: str = ""
    secret_file: str = ""


class LedgerSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where every state of the ledger is added to, outside of this machine, and the owner's key that signs it."""

    witness: str = ""
    key: str = ""


class LogSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is logged on standard error, and as what: lines for people, or one JSON object a line.

    Each `server` is told what somebody did, and what happens, besides.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
    server: tuple[LogServerSection, ...] = ()


class TelemetrySection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where traces of procedures go: an OTLP/HTTP collector such as http://127.0.0.1:4318; empty for nowhere."""

    otlp: str = ""


class RejectSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """5GMM causes that the operator chooses (TS 24.501 9.11.3.2): #3, #6 and #7 disable a SIM until power-off."""

    unknown_subscriber: int = 15
    barred_subscriber: int = 15


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an owner may set; every part has a default that works."""

    network: NetworkSection = NetworkSection()
    slice: tuple[SliceSection, ...] = (SliceSection(),)
    dnn: tuple[DnnSection, ...] = (DnnSection(),)
    amf: AmfSection = AmfSection()
    smf: SmfSection = SmfSection()
    upf: UpfSection = UpfSection()
    gnb: tuple[GnbSection, ...] = (GnbSection(),)
    management: ManagementSection = ManagementSection()
    accounts: AccountsSection = AccountsSection()
    performance: PerformanceSection = PerformanceSection()
    alarms: AlarmsSection = AlarmsSection()
    store: StoreSection = StoreSection()
    keys: KeysSection = KeysSection()
    ledger: LedgerSection = LedgerSection()
    log: LogSection = LogSection()
    telemetry: TelemetrySection = TelemetrySection()
    timers: dict[str, float] = {}
    reject: RejectSection = RejectSection()


def load(path: Path | None) -> Configuration:
    """Read a file, or the owner's own where there is one, or the defaults; Unusable says what is wrong and where."""
    chosen = path or next((place for place in (default_path(),) if place.exists()), None)
    if chosen is None:
        return Configuration()
    try:
        text = chosen.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(
            f"{chosen}: cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}"
        ) from None
    return parse(text, str(chosen))


def parse(text: str, name: str = "configuration") -> Configuration:
    """Read TOML text; `name` stands before every complaint."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unusable(f"{name}: not TOML: {error}") from None
    configuration = build(Configuration, raw, name, text)
    for key, wrong in _contradictions(configuration):
        raise Unusable(f"{name}: {key}: {wrong}")
    return configuration


def _contradictions(configuration: Configuration) -> list[tuple[str, str]]:
    """What each value alone does not show: the key and the complaint."""
    found = [
        (f"timers.{name}", f"no such timer; known: {', '.join(TIMERS)}")
        for name in configuration.timers
        if name not in TIMERS
    ]
    found += [
        (f"timers.{name}", "must be above 0 seconds") for name, value in configuration.timers.items() if value <= 0
    ]
    if not configuration.slice:
        found.append(("slice", "at least one [[slice]] is needed"))
    if not configuration.dnn:
        found.append(("dnn", "at least one [[dnn]] is needed"))
    names = [section.name for section in configuration.dnn]
    found += [
        ("dnn.name", f"{name!r} stands twice") for name in sorted({name for name in names if names.count(name) > 1})
    ]
    found += _wrong_networks(configuration)
    found += [
        (key, f"{tac} is outside 1..16777213 (TS 23.003 19.4.2.3)")
        for key, tacs in (("network.tac", (configuration.network.tac,)), ("amf.tac", configuration.amf.tac))
        for tac in tacs
        if not 0 < tac < 0xFFFFFE
    ]
    found += [("gnb.bits", f"{g.bits} is outside 22..32") for g in configuration.gnb if not 22 <= g.bits <= 32]
    found += [("gnb.id", f"{g.id} has more than {g.bits} bits") for g in configuration.gnb if g.id >> g.bits]
    performance = configuration.performance
    if performance.granularity_s not in GRANULARITIES:
        found.append(("performance.granularity_s", f"must be one of {', '.join(map(str, GRANULARITIES))}"))
    if not 1 <= performance.look_s <= 60:
        found.append(("performance.look_s", f"{performance.look_s} is outside 1..60"))
    if not 1 <= performance.keep_days <= MOST_DAYS:
        found.append(("performance.keep_days", f"{performance.keep_days} is outside 1..{MOST_DAYS}"))
    found += security.wrong_accounts(configuration.accounts)
    found += security.wrong_servers(configuration.log.server)
    found += _wrong_receivers(configuration)
    found += _wrong_n4(configuration)
    if not configuration.amf.integrity or not configuration.amf.ciphering:
        found.append(("amf.integrity", "at least one integrity and one ciphering algorithm are needed"))
    return found


def _wrong_n4(configuration: Configuration) -> list[tuple[str, str]]:
    """Ends of N4 that do not reach each other, and what cannot be announced."""
    ends = [text for text in (configuration.smf.n4, configuration.upf.n4) if text]
    found = []
    if len({text.count(":") > 1 for text in ends}) > 1:
        found.append(("smf.n4", f"{ends[0]} and upf.n4 {ends[1]} are of different versions of IP"))
    asn = configuration.upf.announce.asn
    if not 0 <= asn < 1 << 32:
        found.append(("upf.announce.asn", f"{asn} is outside 0..4294967295 (RFC 6793)"))
    if asn and not any(section.n6 == "route" for section in configuration.dnn):
        found.append(("upf.announce.asn", "no [[dnn]] has n6 = route: there is nothing to announce"))
    if not 0 <= configuration.upf.grace <= 62:
        found.append(("upf.grace", f"{configuration.upf.grace} is outside 0..62 (TS 29.244 8.2.78)"))
    return found


def _wrong_networks(configuration: Configuration) -> list[tuple[str, str]]:
    """Pools that overlap or have no room, ways out that a data network cannot have."""
    found = [wrong for section in configuration.dnn for wrong in (*_wrong_n6(section), *qos.wrong(section))]
    for version, key in ((4, "dnn.pool"), (6, "dnn.pool6")):
        pools = sorted(
            (int(network.network_address), int(network.broadcast_address), section.name, str(network))
            for section in configuration.dnn
            for network in section.networks
            if network.version == version
        )
        found += [
            (key, f"{one[2]} and {two[2]} overlap: {one[3]} and {two[3]}")
            for one, two in itertools.pairwise(pools)
            if one[1] >= two[0]
        ]
    found += [
        ("dnn.pool6", f"{s.pool6} has no room for a terminal: each gets a /64")
        for s in configuration.dnn
        if s.pool6 is not None and s.pool6.prefixlen >= 64
    ]
    found += [
        ("dnn.ipv4", f"{s.name} has no addresses: set pool6")
        for s in configuration.dnn
        if not s.networks and not s.ethernet
    ]
    found += [("dnn.mtu", f"{s.mtu} is outside 1280..1500") for s in configuration.dnn if not 1280 <= s.mtu <= 1500]
    found += [
        ("dnn.pool", f"{s.pool} has no room for a terminal") for s in configuration.dnn if s.pool.num_addresses < 4
    ]
    return found


def _wrong_n6(section: DnnSection) -> Iterator[tuple[str, str]]:
    """A way out that the type of a data network does not have."""
    if section.ethernet and section.n6 not in {"internal", "tap"}:
        yield "dnn.n6", f"{section.name} is of type ethernet, whose n6 is internal or tap, not {section.n6}"
    if section.n6 == "tap" and not section.ethernet:
        yield "dnn.n6", f'{section.name}: tap is for type = "ethernet"'
    if section.ethernet and section.flow_records:
        yield "dnn.flow_records", f"{section.name}: flows are of IP, and it is of type ethernet"
    for key in ("interface", "bridge"):
        name = getattr(section, key)
        if name and section.n6 != "tap":
            yield f"dnn.{key}", f"{section.name} has n6 = {section.n6}, and only tap has an interface of its own"
        if len(name.encode()) > INTERFACE_LENGTH or "/" in name or any(map(str.isspace, name)):
            yield f"dnn.{key}", f"{name!r} is no name of an interface"


def _wrong_receivers(configuration: Configuration) -> list[tuple[str, str]]:
    """What is watched and who is told: thresholds of something that is measured, URLs that are some."""
    urls = [("alarms.webhook.url", each.url) for each in configuration.alarms.webhook]
    if configuration.telemetry.otlp:
        urls.append(("telemetry.otlp", configuration.telemetry.otlp))
    found = [
        (key, f"{url!r} is not an http or https URL")
        for key, url in urls
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname
    ]
    if configuration.alarms.threshold:
        from freehold.manage.performance.thresholds import Threshold, check  # few configurations have one

        for each in configuration.alarms.threshold:
            try:
                check(Threshold(**msgspec.structs.asdict(each)))
            except Unusable as wrong:
                found.append((f"alarms.threshold.{wrong}".partition(":")[0], f"{wrong}".partition(": ")[2]))
    return found


def show(configuration: Configuration) -> dict[str, Any]:
    """The configuration as plain values, every default included, in the units a person writes."""
    return cast("dict[str, Any]", describe(configuration))


def schema() -> dict[str, Any]:
    """The JSON schema of the file."""
    return schema_of(Configuration)


# --- where an owner's files are -----------------------------------------------------------------
def default_path() -> Path:
    """The configuration file: /etc/freehold as root, XDG_CONFIG_HOME otherwise."""
    return config_folder() / "freehold.toml"


def config_folder() -> Path:
    """Where the owner's files of configuration are."""
    return _folder("/etc", "XDG_CONFIG_HOME", ".config")


def data_folder(configuration: Configuration) -> Path:
    """The data folder: as configured, /var/lib/freehold as root, XDG_DATA_HOME otherwise."""
    chosen = configuration.store.path
    return Path(chosen) if chosen else _folder("/var/lib", "XDG_DATA_HOME", ".local/share")


def socket_path(configuration: Configuration) -> Path:
    """The management socket: as configured, /run/freehold as root, XDG_RUNTIME_DIR or the data folder otherwise."""
    if configuration.management.socket:
        return Path(configuration.management.socket)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if os.getuid() == 0:
        return Path("/run/freehold/management.sock")
    folder = Path(runtime) / "freehold" if runtime else data_folder(configuration)
    return folder / "management.sock"


def text_of(path: Path) -> str:
    """The text of a configuration file; empty where there is none that can be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def files_of(configuration: Configuration) -> tuple[str, ...]:
    """The files that a configuration names: certificate, keys, secrets."""
    section = configuration.management
    named = [
        section.certificate,
        section.key,
        section.oidc.secret_file,
        configuration.store.key,
        configuration.store.secret_file,
        configuration.keys.secret_file,
        configuration.ledger.key,
        *(each.secret_file for each in configuration.alarms.webhook),
        *(file for each in configuration.log.server for file in (each.ca, each.certificate, each.key)),
    ]
    return tuple(name for name in named if name not in {"", "own"})


def _folder(root: str, variable: str, beneath: str) -> Path:
    if os.getuid() == 0 and variable not in os.environ:
        return Path(root) / "freehold"
    return Path(os.environ.get(variable) or Path.home() / beneath) / "freehold"
