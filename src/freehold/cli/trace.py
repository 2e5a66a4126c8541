"""`freehold trace`: follow what crosses the interfaces of a running network."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freehold.cli.options import ConfigOption, JsonOption, client
from freehold.cli.output import note, terminal_width
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator


def trace(
    ue: Annotated[str, typer.Option(help="Only this UE's: imsi-..., or digits.")] = "",
    pcap: Annotated[Path | None, typer.Option(help="Write a capture file that Wireshark opens.")] = None,
    nas: Annotated[bool, typer.Option(help="With --pcap: NAS also alone, in clear.")] = False,
    interfaces: Annotated[str, typer.Option(help="Only these, like N1,N2,N4,SBI.")] = "",
    user_plane: Annotated[bool, typer.Option(help="With --ue and --pcap: its packets at the UPF, N3 and N6.")] = False,
    octets: Annotated[int, typer.Option(min=64, max=65_535, help="With --user-plane: of each packet at most.")] = 256,
    ladder: Annotated[bool, typer.Option(help="The ladder with clauses; what you get without --pcap.")] = False,
    read: Annotated[Path | None, typer.Option(help="Open a trace file instead of a running network.")] = None,
    save: Annotated[
        Path | None, typer.Option(help="Write what was kept as a trace file, to be opened elsewhere.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Follow procedures live as a ladder with clause numbers, until Ctrl-C."""
    if read is not None:
        _read(read, interfaces, as_json=as_json and not ladder)
        return
    query = {name: value for name, value in (("ue", ue), ("interfaces", interfaces)) if value}
    network = client(config)
    if user_plane and (not ue or pcap is None):
        raise Unusable("--user-plane needs --ue and --pcap")
    with suppress(KeyboardInterrupt):
        if pcap is not None and user_plane:
            _save(network.stream("packets", ue=ue, octets=str(octets)), pcap)
        elif save is not None:
            _save(network.stream("trace-file", **query), save)
        elif pcap is not None:
            _save(network.stream("capture", **query, **({"nas": ""} if nas else {})), pcap)
        elif as_json and not ladder:
            _pass_on(network.stream("tap", **query))
        else:
            width = terminal_width()
            _pass_on(network.stream("ladder", **query, **({"columns": str(width)} if width else {})))


def _pass_on(pieces: Iterator[bytes]) -> None:
    for piece in pieces:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _read(place: Path, interfaces: str, *, as_json: bool) -> None:
    """Draw a trace file as the network would have drawn it."""
    from freehold.manage import tracefile

    try:
        octets = place.read_bytes()
    except OSError as error:
        raise Unusable(f"{place}: cannot be read: {error.strerror}") from None
    if as_json:
        sys.stdout.buffer.write(octets)
    else:
        sys.stdout.write(tracefile.ladder(tracefile.read(octets, str(place)), interfaces))


def _save(pieces: Iterator[bytes], place: Path) -> None:
    octets = 0
    with place.open("wb") as file:
        note(f"writing {place}; end with Ctrl-C")
        for piece in pieces:
            file.write(piece)
            file.flush()
            octets += len(piece)
    note(f"{octets} octets written")
