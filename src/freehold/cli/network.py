"""`freehold up`, `demo` and `run`: networks of this process."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freehold.cli.options import ConfigOption, JsonOption, configuration
from freehold.cli.output import note, show_json, show_line, table

if TYPE_CHECKING:
    from freehold.app.all_in_one import Running
    from freehold.app.config import Configuration
    from freehold.app.demo import DemoReport
    from freehold.app.network import Role
    from freehold.services.nudr import Subscriber

ForOption = Annotated[float | None, typer.Option("--for", min=0, help="End by itself after so many seconds.")]
PARTS = ("core", "upf", "gnb", "ue")


def up(
    demo: Annotated[int, typer.Option(min=0, help="Terminals of this process that attach and pass traffic.")] = 0,
    gnbs: Annotated[int, typer.Option(min=0, help="gNBs at least, to hand terminals over between them.")] = 0,
    seconds: ForOption = None,
    plain: Annotated[bool, typer.Option(help="Lines instead of the live view.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """A whole network in this process: core, gNB, user plane, and terminals with --demo."""
    _serve(("core", "upf", "gnb", "ue"), config, demo=demo, gnbs=gnbs, seconds=seconds, plain=plain, as_json=as_json)


def run(
    parts: Annotated[list[str], typer.Argument(help="core, upf, gnb, ue: what runs in this process.")],
    demo: Annotated[int, typer.Option(min=0, help="With core and ue: terminals that attach and pass traffic.")] = 0,
    sims: Annotated[
        Path | None, typer.Option(help="With gnb and ue: a .csv or .json file of SIMs (supi, k, opc) that attach.")
    ] = None,
    seconds: ForOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The named parts of a network in this process, for the others elsewhere."""
    from freehold.spec.errors import Unusable

    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise Unusable(f"run {unknown[0]}: no such part; known: {', '.join(PARTS)}")
    if "ue" in parts and ("gnb" not in parts or ("core" not in parts and sims is None)):
        raise Unusable(
            "run ue: terminals need a gNB beside them, and the subscribers of a core or SIMs of their own: "
            "run core gnb ue, or run gnb ue --sims FILE"
        )
    if sims is not None and "ue" not in parts:
        raise Unusable("run --sims: SIMs are for terminals: run gnb ue --sims FILE")
    _serve(tuple(parts), config, demo=demo, sims=sims, seconds=seconds, plain=True, as_json=as_json)


def demo(
    ues: Annotated[int, typer.Option(help="How many terminals.")] = 10,
    pcap: Annotated[Path | None, typer.Option(help="Capture N2, N3 and N4; NAS is sent with NEA0 to be read.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The main job, headless: terminals register, open a session and ping; ends by itself."""
    from msgspec import to_builtins

    from freehold.app import logs, loops
    from freehold.app.demo import demonstrate

    chosen = configuration(config) if config else None
    logs.start("warning")
    report = loops.run(demonstrate(ues, pcap=pcap, configuration=chosen, null_ciphering=pcap is not None))
    if as_json:
        show_json(to_builtins(report))
    else:
        _show(report)
    if pcap is not None:
        note(f"{pcap}: written")
    if not report.complete:
        raise typer.Exit(1)


MOST_ROWS = 20
"""Terminals listed by name; more are only counted."""


def _show(report: DemoReport) -> None:
    from msgspec import to_builtins

    columns = {"supi": "SUPI", "guti": "5G-GUTI", "ip": "Address", "rtt_ms": "RTT ms"}
    if any(item.ip6 for item in report.items):
        columns |= {"ip6": "IPv6", "rtt6_ms": "RTT ms"}
    for line in table([to_builtins(item) for item in report.items[:MOST_ROWS]], columns | {"failure": ""}):
        show_line(line.rstrip(" -"))
    if len(report.items) > MOST_ROWS:
        show_line(f"... and {len(report.items) - MOST_ROWS} more")
    show_line(
        f"{report.ues} terminals: {report.registered} registered, {report.sessions} sessions, "
        f"{report.ping_ok} answered pings, in {report.seconds:.2f} s"
    )


def _serve(
    parts: tuple[str, ...],
    config: Path | None,
    *,
    demo: int,
    seconds: float | None,
    plain: bool,
    as_json: bool,
    sims: Path | None = None,
    gnbs: int = 0,
) -> None:
    from freehold.app import logs, loops
    from freehold.app.radio import with_gnbs

    chosen = with_gnbs(_restored(configuration(config), config, parts), gnbs)
    attached = _sims(sims, chosen)
    plain = plain or as_json
    screen = not plain and _is_terminal()
    logs.start(chosen.log.level, quiet=screen, as_json=chosen.log.format == "json")

    async def serve() -> None:
        from freehold.app.all_in_one import running
        from freehold.app.config import default_path

        async with running(chosen, _roles(parts), config or default_path(), console=True) as made:
            if demo:
                made.demonstrate(demo)
            made.attach(attached)
            await _watch(made, seconds, plain=plain)
            if as_json:
                from msgspec import to_builtins

                show_json(to_builtins(made.counts() if made.managed is None else made.managed.status()))

    with contextlib.suppress(KeyboardInterrupt):  # how an owner ends it
        loops.run(serve())


def _restored(chosen: Configuration, config: Path | None, parts: tuple[str, ...]) -> Configuration:
    """The configuration once a backup that waits for this start is restored."""
    from freehold.app.config import data_folder, default_path

    if "core" not in parts or not (data_folder(chosen) / "restore.msgpack").exists():
        return chosen
    from freehold.app.restoring import carry_out

    shown = carry_out(chosen, config or default_path())
    if shown is not None:
        note(f"restored the backup of {shown.network}: {shown.subscribers} subscribers, {shown.accounts} accounts")
    return configuration(config)


def _sims(file: Path | None, chosen: Configuration) -> list[Subscriber]:
    if file is None:
        return []
    from freehold.app.sims import read_sims

    return read_sims(file, chosen)


async def _watch(made: Running, seconds: float | None, *, plain: bool) -> None:
    from freehold.app.all_in_one import watched
    from freehold.cli.live import TerminalLines, choose

    if made.managed is None:
        await watched(TerminalLines().watch(made.counts), seconds)
    else:
        await watched(choose(plain=plain, console=lambda: made.console).watch(made.managed), seconds)


def _roles(parts: tuple[str, ...]) -> tuple[Role, ...]:
    roles: tuple[Role, ...] = ("core", "upf", "gnb", "ue")
    return tuple(role for role in roles if role in parts)


def _is_terminal() -> bool:
    import sys

    return sys.stdout.isatty()
