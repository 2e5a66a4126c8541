"""`freehold origin`: the program built again from the source in hand, compared, and told part by part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from freehold.cli.options import JsonOption
from freehold.cli.output import note, show_fields, show_json, show_rows

if TYPE_CHECKING:
    from freehold.trust.origin.source import Source

app = typer.Typer(help="Where this program comes from, shown by building it again.", no_args_is_help=True)
SourceOption = Annotated[Path, typer.Option(help="The folder with the source in hand.")]
ToolsOption = Annotated[
    Path | None, typer.Option(help="The .build folder of a tree that is set up: its pinned tools are used.")
]
MirrorOption = Annotated[Path | None, typer.Option(help="A mirror: the build takes everything from it, nothing else.")]
UNKNOWN: Final = "unknown"
UNDECIDED: Final = frozenset({"exploitable", "in_triage"})
"""What an owner may say of a vulnerability that leaves it open."""
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Where to write.")]


def _source(folder: Path) -> Source:
    from freehold.trust.origin.source import read_source

    source = read_source(folder)
    if source.changed:
        note(f"the source differs from its commit {source.commit[:12]}: what is built is of no commit")
    return source


@app.command()
def build(
    source: SourceOption = Path(),
    out: OutOption = Path("dist"),
    tools: ToolsOption = None,
    mirror: MirrorOption = None,
    sign: Annotated[
        Path | None, typer.Option(help="The owner's key: writes signed provenance beside the wheel.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The wheel of the source in hand: the same octets, whoever builds it, wherever and whenever."""
    from freehold.trust.origin import build as building
    from freehold.trust.origin import provenance
    from freehold.trust.seal import load_signer

    signer = load_signer(sign) if sign else None
    read = _source(source)
    built = building.build(read, out, tools, mirror)
    if signer is not None:
        provenance.attested(read, built, signer)
    fields = {"wheel": str(built.wheel), "sha256": built.digest, "source": read.digest, "commit": read.commit}
    show_fields({**fields, "tools": built.tools}, as_json=as_json)


@app.command()
def verify(
    provenances: Annotated[list[Path], typer.Argument(help="Signed provenance, of one party or of several.")],
    key: Annotated[list[Path], typer.Option(help="A public key that you trust; give one for each party.")],
    wheel: Annotated[Path | None, typer.Option(help="The wheel in hand.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What signed provenance claims, and whether several parties built the same octets."""
    from freehold.trust.origin.provenance import agreed
    from freehold.trust.origin.provenance import verify as verified
    from freehold.trust.seal import load_verifier

    trusted = [load_verifier(path) for path in key]
    claims = [verified(path, trusted, wheel) for path in provenances]
    parties = agreed(claims)
    claim = f"rebuilt bit-equal by {parties} parties" if parties > 1 else "SLSA Build L1"
    first = claims[0]
    show_fields(
        {"claim": claim, "sha256": first.digest, "source": first.source, "commit": first.commit, "tools": first.tools},
        as_json=as_json,
    )


@app.command()
def mirror(
    target: Annotated[Path, typer.Argument(help="A new folder.")],
    source: SourceOption = Path(),
    python: Annotated[str, typer.Option(help="A Python with pip that fetches.")] = "python3",
    as_json: JsonOption = False,
) -> None:
    """Everything that a build takes from outside, each file of a lock by its hash, for a machine like this one."""
    from freehold.trust.origin.mirror import mirror as fetch

    made = fetch(_source(source), target, python)
    show_fields({"python": made.python, "crates": made.crates, "npm": made.npm, "octets": made.octets}, as_json=as_json)


@app.command()
def verify_install(
    source: SourceOption = Path(),
    wheel: Annotated[Path | None, typer.Option(help="A wheel that you built, instead of building one now.")] = None,
    site: Annotated[
        Path | None, typer.Option(help="The folder of packages to look at; this program's own else.")
    ] = None,
    launcher: Annotated[
        Path | None, typer.Option(help="The installed program `freehold`, if it is to be looked at.")
    ] = None,
    tools: ToolsOption = None,
    mirror: MirrorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every installed file against what the source in hand builds; exit 1 names each that differs.

    With --mirror the packages that run beside it are compared too, with the files that the locks name.
    """
    import tempfile

    from freehold.trust.origin.build import build as building

    with tempfile.TemporaryDirectory() as made:
        built = wheel or building(_source(source), Path(made), tools, mirror).wheel
        found, compared = _differences(built, site, launcher, mirror, source)
    if as_json:
        show_json({"wheels": compared, "differences": found})
    else:
        columns = {"path": "FILE", "what": "WHAT"}
        show_rows(found, columns, as_json=False, none=f"every file of {len(compared)} wheels is as built")
    if found:
        raise typer.Exit(1)


def _differences(
    built: Path, site: Path | None, launcher: Path | None, mirror: Path | None, source: Path
) -> tuple[list[dict[str, Any]], list[str]]:
    import msgspec

    from freehold.trust.origin import installed

    folder = site or Path(__file__).resolve().parents[2]
    wheels = [built, *(installed.locked_wheels(source, mirror / "python") if mirror else ())]
    found = [each for wheel in wheels for each in installed.compare(wheel, folder)]
    found += installed.strangers(folder)
    found += installed.launcher(launcher) if launcher else ()
    return [msgspec.to_builtins(each) for each in found], [each.name for each in wheels]


@app.command()
def sbom(
    wheel: Annotated[Path, typer.Argument(help="The wheel that `origin build` made.")],
    source: SourceOption = Path(),
    out: OutOption = Path("freehold.cdx.json"),
    screen: Annotated[
        Path | None, typer.Option(help="Names to look for among the suppliers: CSV, name and reason.")
    ] = None,
    advisories: Annotated[Path | None, typer.Option(help="OSV records: a folder, or a ZIP archive.")] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="What you decided of each vulnerability (VEX), in JSON.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The software bill of materials of a wheel in CycloneDX 1.7, held to its schema."""
    import json

    from freehold.store.files import replace_file
    from freehold.trust.seal.bill import validate

    document = _bill(_source(source), wheel, screen, advisories, decisions)
    validate(document, str(out))
    replace_file(out, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")
    told = document["components"]
    listed = [
        each["name"] for each in told if {"name": "freehold:screening", "value": "listed"} in each.get("properties", ())
    ]
    unknown = [
        each["name"] for each in told if {"name": "freehold:supplier", "value": "unknown"} in each.get("properties", ())
    ]
    show_fields(
        {
            "written": str(out),
            "parts": sum(each["type"] != "file" for each in told),
            "files": sum(each["type"] == "file" for each in told),
            "suppliers unknown": unknown,
            "suppliers listed": listed if screen else None,
            "vulnerabilities": [each["id"] for each in document.get("vulnerabilities", ())] if advisories else UNKNOWN,
        },
        as_json=as_json,
    )
    if listed:
        raise typer.Exit(1)


@app.command()
def screen(
    source: SourceOption = Path(),
    suppliers: Annotated[
        Path | None, typer.Option(help="Names to look for among the suppliers: CSV, name and reason.")
    ] = None,
    advisories: Annotated[Path | None, typer.Option(help="OSV records: a folder, or a ZIP archive.")] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="What you decided of each vulnerability (VEX), in JSON.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Suppliers and known vulnerabilities of every part; exit 1 where one is listed, or affects and nobody decided."""
    from freehold.trust.origin.screening import LISTED

    rows, coverage = _screened(_source(source), suppliers, advisories, decisions)
    if as_json:
        show_json({"advisories": coverage, "parts": rows})
    else:
        shown = [{**row, "open": ", ".join(row["open"]) or row["vulnerabilities"]} for row in rows]
        show_rows(
            shown, {"part": "PART", "supplier": "SUPPLIER", "open": "VULNERABILITIES"}, as_json=False, none="none"
        )
        note(f"advisories: {coverage}")
    if any(row["supplier"] == LISTED or row["open"] for row in rows):
        raise typer.Exit(1)


def _screened(
    source: Source, suppliers: Path | None, advisories: Path | None, decisions: Path | None
) -> tuple[list[dict[str, Any]], str]:
    """A row a part: what is said of its suppliers and vulnerabilities, and those that affect it or may."""
    from freehold.trust.origin.advisories import read_decisions, search
    from freehold.trust.origin.parts import parts_of
    from freehold.trust.origin.sbom import decision_of
    from freehold.trust.origin.screening import read_list
    from freehold.trust.origin.screening import screen as screened

    parts = parts_of(source.root)
    verdicts = {each.purl: each.verdict for each in screened(parts, read_list(suppliers))} if suppliers else {}
    database = search(parts, advisories) if advisories else None
    decided = read_decisions(decisions) if decisions else {}
    rows = []
    for part in parts:
        known = [each for each in database.known if part.purl in each.purls] if database else []
        made = {each.identifier: decision_of(each, decided) for each in known}
        undecided = [name for name, decision in made.items() if decision is None or decision.state in UNDECIDED]
        says = database.says_of(part) if database else UNKNOWN
        rows.append(
            {
                "part": part.purl,
                "supplier": verdicts.get(part.purl, UNKNOWN),
                "vulnerabilities": says,
                "open": undecided,
            }
        )
    return rows, database.coverage() if database else f"{UNKNOWN}: name a database with --advisories"


def _bill(
    source: Source, wheel: Path, screen: Path | None, advisories: Path | None, decisions: Path | None
) -> dict[str, Any]:
    from freehold.trust.origin import installed
    from freehold.trust.origin.advisories import read_decisions, search
    from freehold.trust.origin.parts import parts_of
    from freehold.trust.origin.sbom import bill
    from freehold.trust.origin.screening import read_list
    from freehold.trust.origin.screening import screen as screened
    from freehold.trust.origin.source import digest_of

    files = installed.hashes(wheel)
    parts = parts_of(source.root)
    findings = screened(parts, read_list(screen)) if screen else ()
    database = search(parts, advisories) if advisories else None
    told = {
        "source:sha256": source.digest,
        "source:commit": "" if source.changed else source.commit,
        "wheel:sha256": digest_of(wheel),
    }
    decided = read_decisions(decisions) if decisions else None
    return bill(wheel.name.split("-")[1], parts, files, told, findings, database, decided)
