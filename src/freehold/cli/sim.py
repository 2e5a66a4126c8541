"""`freehold sim`: SIMs with fresh keys for whoever writes the cards, and what else a card has to hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, client, configuration
from freehold.cli.output import note, read_file, show_fields, show_line, show_rows, write_private
from freehold.spec.errors import Unusable

app = typer.Typer(
    help="SIMs: fresh keys for a card vendor or pySim, and what a card has to hold.", no_args_is_help=True
)
FILES: Final = {"name": "FILE", "content": "CONTENT", "text": "WHAT", "clause": "CLAUSE"}


@app.command()
def generate(
    file: Annotated[Path, typer.Argument(help="Where the encrypted file of the cards is written; it must not exist.")],
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    supi_from: Annotated[str, typer.Option(help="The first SUPI; without it the next free one.")] = "",
    certificate: Annotated[
        Path | None, typer.Option(help="The vendor's certificate, PEM: the file becomes CMS.")
    ] = None,
    transport_key: Annotated[
        Path | None, typer.Option(help="A file with an AES key, hexadecimal: it encrypts K and OPc as pySim does.")
    ] = None,
    iin: Annotated[str, typer.Option(help="The issuer's number that ICCIDs begin with.")] = "",
    routing_indicator: Annotated[str, typer.Option(help="1 to 4 digits.")] = "0",
    name: Annotated[str, typer.Option(help="A name for people, before each number.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make subscribers with random keys, and the file to write their cards from: keys leave once, encrypted."""
    import msgspec

    from freehold.app.registry import registry
    from freehold.manage.sims.cards import SimForm

    if file.exists():
        raise Unusable(f"{file}: is there already, and keys leave once: choose another name")
    given: dict[str, Any] = {
        "count": count,
        "supi_from": supi_from,
        "name": name,
        "routing_indicator": routing_indicator,
        "certificate": read_file(certificate).decode("ascii", "replace") if certificate else "",
        "transport_key": read_file(transport_key).decode("ascii", "replace").strip() if transport_key else "",
    } | ({"iin": iin} if iin else {})
    try:
        form = msgspec.convert(given, SimForm)
    except msgspec.ValidationError as error:
        raise Unusable(f"sim generate: {error}") from None
    with registry(configuration(config), client(config)) as found:
        made = found.generate(form)
    write_private(file, made.file)
    shown = {name: value for name, value in msgspec.structs.asdict(made).items() if name not in {"file", "name"}}
    show_fields({**shown, "file": str(file)}, as_json=as_json)
    if transport_key and not certificate:
        note("K and OPc are encrypted; ADM1, PINs and PUKs stand in the file as they are")


@app.command()
def profile(
    routing_indicator: Annotated[str, typer.Option(help="1 to 4 digits.")] = "0",
    pysim: Annotated[bool, typer.Option(help="As commands of pySim-shell.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a card of this network has to hold beside its keys, file by file (TS 31.102)."""
    from freehold.app.registry import registry

    if not (routing_indicator.isascii() and routing_indicator.isdecimal() and len(routing_indicator) <= 4):
        raise Unusable("--routing-indicator: 1 to 4 digits")
    with registry(configuration(config), client(config)) as found:
        files = found.profile(routing_indicator)
    if pysim:
        for each in files:
            show_line(each["command"])
    else:
        show_rows(files, FILES, as_json=as_json, none="nothing")
