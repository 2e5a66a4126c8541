"""`freehold flows`: who talks to whom: declared, enforced by the kernel, counted, and anything else named."""

from __future__ import annotations

import time
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, configuration
from freehold.cli.output import note, show_fields, show_json, show_line, show_rows
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.trust.flows import Counts, Policy

app = typer.Typer(help="Who this network talks to, and that it talks to nobody else.", no_args_is_help=True)
ROLES: Final = ("core", "upf", "gnb")
COLUMNS: Final = {"flow": "FLOW", "function": "FUNCTION", "opens": "OPENS", "peer": "PEER", "protocol": "PROTOCOL",
                  "local": "LOCAL", "remote": "REMOTE"}  # fmt: skip
REPORT: Final = "application/vnd.freehold.flows+json"
RoleOption = Annotated[list[str], typer.Option("--role", help="core, upf, gnb: what runs here; all of them else.")]
PeerOption = Annotated[
    list[str], typer.Option("--peer", help="Who may be there: n3=192.0.2.0/24; n2, n3, n4, console.")
]
UidOption = Annotated[list[str], typer.Option("--uid", help="A function's own user: upf=1001; core, upf, gnb.")]


def _policy(config: Path | None, roles: list[str], peers: list[str], uids: list[str]) -> Policy:
    from freehold.app.flows import PEERS, policy_of

    far: dict[str, Any] = {}
    for name, value in (_pair(each) for each in peers):
        try:
            far[name] = (*far.get(name, ()), ip_network(value, strict=False))
        except ValueError:
            raise Unusable(f"--peer {name}={value}: this is no network") from None
    users = {name: int(value) for name, value in (_pair(each) for each in uids) if value.isascii() and value.isdigit()}
    if len(users) != len(uids):
        raise Unusable("--uid is role=number, each role once")
    wrong = [*(set(far) - set(PEERS)), *(set(users) - set(ROLES)), *(set(roles) - set(ROLES))]
    if wrong:
        raise Unusable(f"{wrong[0]!r}: roles are {', '.join(ROLES)}, interfaces with peers {', '.join(PEERS)}")
    return policy_of(configuration(config), roles or ROLES, far, users)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.lower(), value


@app.command()
def policy(
    role: RoleOption = [],  # noqa: B006 - typer copies it
    peer: PeerOption = [],  # noqa: B006
    uid: UidOption = [],  # noqa: B006
    nft: Annotated[bool, typer.Option("--nft", help="The rules for nftables, in its JSON.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every flow that the configuration declares."""
    made = _policy(config, role, peer, uid)
    if nft:
        show_json(made.ruleset())
        return
    show_rows(made.rows(), COLUMNS, as_json=as_json, none="no flow leaves or enters this process")
    for row in made.rows():
        if row["remote"].startswith("any ") and row["opens"] in {"either", "in"} and row["flow"] != "console":
            note(f"{row['flow']}: anybody may be the {row['peer']}: name its networks with --peer")


@app.command()
def watch(
    role: RoleOption = [],  # noqa: B006
    peer: PeerOption = [],  # noqa: B006
    uid: UidOption = [],  # noqa: B006
    seconds: Annotated[float, typer.Option("--for", help="Seconds to enforce; until Ctrl-C else.")] = 0.0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write the report.")] = None,
    sign: Annotated[Path | None, typer.Option(help="The owner's key that signs the report.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enforce the policy in this network namespace (root), name what is refused, and report; exit 1 if anything was."""
    from freehold.store.files import replace_file
    from freehold.trust.flows.watch import watch as enforce
    from freehold.trust.seal import load_signer, seal_envelope

    if sign is not None and out is None:
        raise Unusable("--sign signs a report: say where with --out")
    signer = load_signer(sign) if sign else None
    made, stopped, end = _policy(config, role, peer, uid), _Stopped(), time.monotonic() + seconds
    with stopped:
        counts = enforce(
            made, lambda who, told: note(f"refused: {told.hook}: {who}: {told.what}"),
            lambda: stopped.asked or bool(seconds and time.monotonic() >= end),
        )  # fmt: skip
    if out is not None:
        import msgspec

        plain = msgspec.to_builtins(counts)
        octets = seal_envelope(plain, [signer], REPORT) if signer else msgspec.json.encode(plain) + b"\n"
        replace_file(out, octets)
    _show(counts, as_json=as_json)


@app.command()
def check(
    report: Annotated[Path, typer.Argument(help="A report of `freehold flows watch --sign`.")],
    key: Annotated[list[Path], typer.Option(help="A public key that you trust.")],
    as_json: JsonOption = False,
) -> None:
    """Whether a signed report is whole and adds up, and nothing was refused; exit 1 says what is wrong."""
    from freehold.trust.flows.report import decode
    from freehold.trust.seal import load_verifier, open_envelope, read_bounded

    trusted = [load_verifier(path) for path in key]
    counts = decode(open_envelope(read_bounded(report), trusted, str(report), REPORT).payload, str(report))
    _show(counts, as_json=as_json)


def _show(counts: Counts, *, as_json: bool) -> None:
    from freehold.trust.flows.report import sums, verdict

    wrong = verdict(counts)
    hooks = {hook: f"{total} packets" for hook, (total, _) in sums(counts.counters).items()}
    links = {
        each.name: f"{each.received} received, {each.sent} sent, by the fast path {each.forwarded} and {each.gave}"
        for each in counts.interfaces
        if each.programmed
    }
    refused = sum(each.packets for name, each in counts.counters.items() if name.startswith("refused "))
    fields = {"unit": counts.unit, **hooks, **links, "refused": refused, "default route": counts.default_route,
              "seconds": round(counts.ended - counts.began, 1), "wrong": wrong}  # fmt: skip
    if as_json:
        show_json(fields)
    else:
        show_fields({name: value for name, value in fields.items() if name != "wrong"}, as_json=False)
        for line in wrong:
            show_line(line)
    if wrong:
        raise typer.Exit(1)


class _Stopped:
    """Ctrl-C or SIGTERM while it is open: asked to stop, and the report is still made."""

    def __init__(self) -> None:
        self.asked = False
        self._before: list[Any] = []

    def __enter__(self) -> None:
        import signal

        self._before = [signal.signal(each, self._ask) for each in (signal.SIGINT, signal.SIGTERM)]

    def __exit__(self, *_: object) -> None:
        import signal

        for each, before in zip((signal.SIGINT, signal.SIGTERM), self._before, strict=True):
            signal.signal(each, before)

    def _ask(self, *_: object) -> None:
        self.asked = True
