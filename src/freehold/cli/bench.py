"""`freehold bench`: the figures of this machine, as JSON."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.options import JsonOption
from freehold.cli.output import show_fields, show_json, show_line, table

app = typer.Typer(help="The figures of this machine.", no_args_is_help=True)


@app.command()
def codec(
    against: Annotated[str, typer.Option(help="Also measure a peer: pycrate.")] = "", as_json: JsonOption = False
) -> None:
    """Time to decode and encode the messages of one registration, and to load each protocol's codec."""
    from msgspec import to_builtins

    from freehold.app.bench.codec import bench_codec

    found = to_builtins(bench_codec(against or None))
    if as_json:
        show_json(found)
        return
    for rows in (found["cases"], found["loads"]):
        for line in table(rows, {name: name for name in max(rows, key=len)}):
            show_line(line)


@app.command()
def crypto(as_json: JsonOption = False) -> None:
    """What the security algorithms cost: microseconds an operation, MB/s of a stream."""
    from msgspec import to_builtins

    from freehold.app.bench.crypto import bench_crypto

    found = to_builtins(bench_crypto())
    if as_json:
        show_json(found)
        return
    rows = found["cases"]
    for line in table(rows, {name: name for name in max(rows, key=len)}):
        show_line(line)


@app.command()
def userplane(
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="How long each path over sockets is measured.")] = 1.0,
    sessions: Annotated[int, typer.Option(min=0, max=1 << 20, help="So many in the kernel; 0: several cases.")] = 0,
    size: Annotated[int, typer.Option(min=64, max=3000, help="Octets of IP in a packet of a live path.")] = 128,
    direction: Annotated[str, typer.Option(help="up or down; empty: both.")] = "",
    path: Annotated[str, typer.Option(help="Only xdp, generic or tc in the kernel, or tun, the engine's.")] = "",
    as_json: JsonOption = False,
) -> None:
    """What a packet costs in the engine and over sockets, and as root in the kernel: alone, and live over two cables.

    Over sockets, and so with --path tun, packets are of one flow and come in runs, as bulk traffic does (UDP
    segmentation offload); such that come one by one cost two to four times as much. Exactly one live case is one JSON
    object.
    """
    from msgspec import to_builtins

    from freehold.app.bench.userplane import bench_userplane
    from freehold.app.bench.xdp import Wanted, direction_of

    found = to_builtins(bench_userplane(path, Wanted(sessions, size, direction_of(direction), seconds)))
    if as_json:
        alone = path and len(found["live"]) == 1
        show_json(found["live"][0] if alone else found)
        return
    for rows in (found["engine"], found["paths"], found["live"]):
        for line in table(rows, {name: name for name in rows[0]}) if rows else ():
            show_line(line)
    for why in found["skipped"]:
        show_line(why)


@app.command()
def n4(
    sessions: Annotated[int, typer.Option(min=1, max=100_000, help="How many sessions are established.")] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """PFCP sessions that one core establishes a second, and what a change and a deletion cost."""
    from msgspec import to_builtins

    from freehold.app.bench.n4 import bench_n4

    show_fields(to_builtins(bench_n4(sessions)), as_json=as_json)


@app.command()
def ledger(
    entries: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many acts are recorded.")] = 20_000,
    as_json: JsonOption = False,
) -> None:
    """CPU an entry of the ledger, in memory and durable in a store on this disk, together and one by one."""
    from msgspec import to_builtins

    from freehold.app.bench.ledger import bench_ledger

    show_fields(to_builtins(bench_ledger(entries)), as_json=as_json)


@app.command()
def registration(
    ues: Annotated[int, typer.Option(min=1, max=65_000, help="How many terminals register.")] = 1000,
    management: Annotated[bool, typer.Option("--management", help="What API, counters and alarms cost.")] = False,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Runs of each kind, with --management.")] = 5,
    as_json: JsonOption = False,
    profile: Annotated[str, typer.Option(help="Write a profile of the core to this file.", hidden=True)] = "",
) -> None:
    """CPU of the core for each registration with a PDU session, its rate, its latencies, its memory."""
    from msgspec import to_builtins

    from freehold.app.bench.registration import compared, run

    found = compared(ues, rounds) if management else run(ues, profile=profile)
    show_fields(to_builtins(found), as_json=as_json)


@app.command()
def startup(
    terminals: Annotated[int, typer.Option(min=1, max=1000, help="Terminals that attach and pass traffic.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """How soon `freehold up --demo` serves its first gNB, its first terminal, and all of them, at its second start."""
    from msgspec import to_builtins

    from freehold.app.bench.startup import run

    show_fields(to_builtins(run(terminals)), as_json=as_json)
