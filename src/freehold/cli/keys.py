"""`freehold keys`: the owner's root in shares, certificates and tokens under it, and SIMs' keys that nobody reads."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from freehold.cli.options import ConfigOption, JsonOption, client, configuration
from freehold.cli.output import note, show_fields
from freehold.spec.errors import Unusable

app = typer.Typer(help="The owner's keys: made, kept, changed and told of.", no_args_is_help=True)
NameOption = Annotated[list[str], typer.Option(help="A host name or address of the console, for its certificate.")]
SignOption = Annotated[Path | None, typer.Option(help="The owner's key that signs what is told.")]
ModuleOption = Annotated[str, typer.Option(help="The PKCS#11 library of the token.")]
TokenOption = Annotated[str, typer.Option(help="The token's label.")]
SecretOption = Annotated[Path | None, typer.Option(help="A file with the password, or the token's PIN.")]


@app.command()
def new(path: Annotated[Path, typer.Argument(help="A new file.")], as_json: JsonOption = False) -> None:
    """A signing key of the owner's own, and its public half beside it."""
    from freehold.trust.seal import new_signer

    show_fields({"key": str(path), "public": f"{path}.pub", "id": new_signer(path).public.key_id}, as_json=as_json)


@app.command()
def ceremony(
    out: Annotated[Path, typer.Argument(help="A new folder.")],
    shares: Annotated[int, typer.Option(help="Shares of the root's key.")] = 3,
    threshold: Annotated[int, typer.Option(help="How many of them give it back.")] = 2,
    function: Annotated[list[str], typer.Option(help="A function to certify; all else.")] = [],  # noqa: B006
    name: NameOption = [],  # noqa: B006
    sign: SignOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """A root whose key is in shares alone, certificates of functions, a key for tokens, and a transcript."""
    from freehold.app.keys import record, stopped
    from freehold.trust.keys.ceremony import FUNCTIONS, perform
    from freehold.trust.seal import load_signer

    chosen, signer = configuration(config), load_signer(sign) if sign else None
    stopped(chosen)
    network = chosen.network
    made = perform(out, network.name, network.plmn, shares, threshold, function or FUNCTIONS, name)
    _told(out / "transcript.json", made, signer)
    record(chosen, "keys.ceremony", f"root {made.root}", f"transcript {made.digest()}")
    note(f"give each share to its holder and remove it here: {threshold} of them are the root")
    fields = {"root": made.root, "shares": f"{threshold} of {shares}", "transcript": made.digest()}
    show_fields({**fields, "written": str(out)}, as_json=as_json)


@app.command()
def rotate(
    what: Annotated[str, typer.Argument(help="suci, or a function: amf, upf, ...")],
    profile: Annotated[str, typer.Option(help="Of a SUCI key: A or B.")] = "A",
    retire: Annotated[int | None, typer.Option(help="Of SUCI keys: the one that no SIM uses any more.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Retire a key that SIMs may still use.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Of a function: the folder of the ceremony.")] = None,
    share: Annotated[list[Path], typer.Option(help="Of a function: a share of the root; as many as it takes.")] = [],  # noqa: B006
    name: NameOption = [],  # noqa: B006
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """A fresh key: SUCI keys before it stay by their identifiers, a function's certificate is replaced."""
    from freehold.app import keys
    from freehold.core.udm.home_keys import SCHEMES

    chosen = configuration(config)
    if what != "suci":
        show_fields(_certified(chosen, what, folder, share, name), as_json=as_json)
    elif retire is not None:
        running = client(config)
        if running.answers():
            running.ask("DELETE", ("home-keys", str(retire)), {"force": ""} if force else {})
        else:
            keys.retire_home_key(chosen, retire, time.time(), force=force)
        show_fields({"retired": retire}, as_json=as_json)
    elif profile in SCHEMES:
        running = client(config)
        there = [key["id"] for key in running.get("home-keys")] if running.answers() else []
        made = running.ask("POST", ("home-keys",), body={"profile": profile}) if there else None
        fields = (
            keys.rotate_home_key(chosen, profile)
            if made is None
            else {"id": made["id"], "profile": profile, "public": made["public_key"], "kept": there}
        )
        show_fields(fields, as_json=as_json)
    else:
        raise Unusable(f"--profile {profile}: A or B (TS 33.501 C.3.4)")


def _certified(chosen: Any, function: str, folder: Path | None, shares: list[Path], names: list[str]) -> dict[str, Any]:
    from freehold.app.keys import record, stopped
    from freehold.trust.keys import authority
    from freehold.trust.keys.ceremony import FUNCTIONS, Step, certify

    if function not in FUNCTIONS or folder is None:
        raise Unusable(f"rotate suci, or one of {', '.join(FUNCTIONS)} with --folder and --share")
    stopped(chosen)
    root = authority.gathered(
        authority.read_certificate(folder / "root.crt"), [authority.read_share(path) for path in shares]
    )
    steps: list[Step] = []
    certify(folder, root, function, chosen.network.plmn, steps, names)
    record(chosen, "keys.rotate", function, f"certificate {steps[0].digest}")
    return {"function": function, "certificate": str(folder / f"{function}.crt"), "sha256": steps[0].digest}


@app.command()
def seal(
    path: Annotated[Path, typer.Argument(help="The new key file.")],
    secret: SecretOption = None,
    module: ModuleOption = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Seal the keys of SIMs and of the home network in the store, under a password or a token's key."""
    from freehold.app.keys import seal_store, stopped
    from freehold.trust.keys.sealing import new_password_file, new_token_file, read_secret

    chosen = configuration(config)
    if secret is None or bool(module) != bool(token):
        raise Unusable(
            "--secret is a file with a password, or with the PIN of the token that --module and --token name"
        )
    stopped(chosen)
    word = read_secret(secret)
    made = new_token_file(path, module, token, word.decode()) if token else new_password_file(path, word)
    rows = seal_store(chosen, made)
    note(f'now set in the configuration: [store] key = "{path}", secret_file = "{secret}"')
    show_fields({"sealed": rows, "data key": made.key_id, "file": str(path)}, as_json=as_json)


@app.command(name="import")
def import_(
    sims: Annotated[Path, typer.Argument(help="SIMs in CSV: supi,k and whatever else.")],
    module: ModuleOption,
    token: TokenOption,
    secret: SecretOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """SIMs' keys into a token, which never gives them back: MILENAGE is done inside."""
    from freehold.app.keys import read_keys, record, stopped
    from freehold.trust.keys.sealing import read_secret
    from freehold.trust.keys.token import TokenCredentials

    if secret is None:
        raise Unusable("--secret is a file with the token's PIN")
    chosen = configuration(config)
    stopped(chosen)
    wanted = read_keys(sims)
    with TokenCredentials(module, token, read_secret(secret).decode()) as held:
        held.add(wanted)
    record(chosen, "keys.import", f"{len(wanted)} subscribers", f"token {token}")
    show_fields({"imported": len(wanted), "token": token}, as_json=as_json)


@app.command()
def attest(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write it, signed.")] = None,
    sign: SignOption = None,
    module: ModuleOption = "",
    token: TokenOption = "",
    secret: SecretOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which keys there are and how they are kept, without any of them."""
    from freehold.app.keys import state_of
    from freehold.trust.seal import load_signer

    if (out is None) != (sign is None):
        raise Unusable("an attestation is written with --out and signed with --sign, or shown without both")
    chosen = configuration(config)
    state = state_of(chosen)
    if chosen.keys.mode == "token":
        module, token = module or chosen.keys.module, token or chosen.keys.token
        secret = secret or Path(chosen.keys.secret_file)
    if token:
        from freehold.trust.keys.sealing import read_secret
        from freehold.trust.keys.token import TokenCredentials

        if secret is None:
            raise Unusable("--secret is a file with the token's PIN")
        with TokenCredentials(module, token, read_secret(secret).decode()) as held:
            supis = held.supis()
            leaving = [supi for supi in supis if held.leaves(supi)]
        state["token"] = {"label": token, "subscribers": len(supis), "that it would give away": leaving}
    if out is not None and sign is not None:
        _told(out, state, load_signer(sign))
    show_fields(state, as_json=as_json)


def _told(path: Path, value: Any, signer: Any) -> None:
    import msgspec

    from freehold.store.files import replace_file
    from freehold.trust.keys.ceremony import signed

    plain = msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
    replace_file(path, signed(value, signer) if signer else plain)
