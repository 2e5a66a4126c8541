"""SIMs' keys: sealed in the store so that K stands nowhere in clear, or in a token that never gives them away."""

import asyncio
import base64
import contextlib
import http.client
import json
import os
import shutil
import sqlite3
import ssl
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from cryptography import x509

from freehold.app import keys
from freehold.app.all_in_one import running
from freehold.app.config import Configuration, StoreSection, parse
from freehold.app.sealing import sealer
from freehold.cli import main as entry
from freehold.core.udm import key_use
from freehold.core.udr.rows import row_of
from freehold.manage.faults.rules import CLEARING, RAISING, RULES
from freehold.services.nudm import AccessAndMobilitySubscriptionData, Ambr
from freehold.services.nudr import AuthenticationSubscription, Subscriber
from freehold.spec.errors import Unusable
from freehold.spec.identities import SNssai, Supi
from freehold.spec.keys import Key
from freehold.store import offline, rewriting
from freehold.trust.keys import sealing
from freehold.trust.keys.custody import TokenArpf
from freehold.trust.keys.token import PinRefused, TokenCredentials
from freehold.trust.seal import Refused
from managekit import free_port

CANARY = bytes.fromhex("c0ffee00ba5eba11deadbeefcafef00d")
OPC = bytes.fromhex("0ddba11cafed00d5feedfacec0de1234")
SUPI = "imsi-001010000000001"
MOBILITY = AccessAndMobilitySubscriptionData((SNssai(1),), (SNssai(1),), Ambr(1, 1))
PASSWORD = b"a long password"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
)
MODULE = next((path for path in MODULES if Path(path).exists()), "")
needs_token = pytest.mark.skipif(
    not MODULE or shutil.which("softhsm2-util") is None, reason="SoftHSM is not installed: apt-get install softhsm2"
)


def test_when_a_row_is_sealed_then_it_opens_in_its_place_alone():
    seal = sealing.RowSeal(bytes(32))
    sealed = seal.seal("subscriber", SUPI, CANARY)
    assert CANARY not in sealed
    assert sealed != seal.seal("subscriber", SUPI, CANARY)
    assert seal.open("subscriber", SUPI, sealed) == CANARY
    assert seal.seal("ledger", "1", CANARY) == seal.open("ledger", "1", CANARY) == CANARY
    for table, key, row in (
        ("subscriber", "imsi-001010000000002", sealed), ("home-network-key", SUPI, sealed),
        ("subscriber", SUPI, sealed[:-1]), ("subscriber", SUPI, sealed[:10]),
        ("subscriber", SUPI, sealed[:30] + b"\0" + sealed[31:] + b"\0"),
    ):  # fmt: skip
        with pytest.raises(Unusable, match="does not open"):
            seal.open(table, key, row)
    with pytest.raises(Unusable, match="does not open"):
        sealing.RowSeal(b"\1" * 32).open("subscriber", SUPI, sealed)
    with pytest.raises(Unusable, match="in clear"):
        seal.open("subscriber", SUPI, CANARY)


def test_when_a_key_file_is_made_then_its_password_alone_opens_it(tmp_path):
    path = tmp_path / "store.key"
    made = sealing.new_password_file(path, PASSWORD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert sealing.open_key_file(path, lambda: PASSWORD).key_id == made.key_id
    with pytest.raises(Unusable, match="password is another"):
        sealing.open_key_file(path, lambda: b"another password")
    with pytest.raises(Unusable, match="at least 12"):
        sealing.new_password_file(tmp_path / "short.key", b"short")
    with pytest.raises(Unusable, match="exists"):
        sealing.new_password_file(path, PASSWORD)
    for text in ("{}", "[", json.dumps(json.loads(path.read_text()) | {"nonce": "?"}), '{"kind": "none"}'):
        path.write_text(text)
        with pytest.raises(Unusable):
            sealing.open_key_file(path, lambda: PASSWORD)


def test_when_a_secret_can_be_read_by_others_then_it_is_not_used(tmp_path):
    path = tmp_path / "password"
    path.write_bytes(PASSWORD + b"\n")
    path.chmod(0o644)
    with pytest.raises(Unusable, match="chmod 600"):
        sealing.read_secret(path)
    path.chmod(0o600)
    assert sealing.read_secret(path) == PASSWORD


@pytest.fixture
def owner(tmp_path, monkeypatch, capsys):
    """Commands of an owner in folders of this test's own: exit status, output, complaints."""
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    (tmp_path / "password").write_bytes(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    settings = f'[management]\nsocket = "{tmp_path}/m.sock"\nlisten = ""\n[store]\npath = "{tmp_path}/data"\n'
    (tmp_path / "freehold.toml").write_text(settings)

    def run(*arguments, config=True):
        more = ["--config", str(tmp_path / "freehold.toml")] if config else []
        monkeypatch.setattr(sys, "argv", ["freehold", *map(str, arguments), *more])
        try:
            entry.main()
            status = 0
        except SystemExit as end:
            status = end.code or 0
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    run.folder, run.settings = tmp_path, settings
    return run


def traces(folder):
    """Where the canary stands below a folder, in any of the forms that a leak would have."""
    forms = {CANARY, CANARY.hex().encode(), CANARY.hex().upper().encode(), base64.b64encode(CANARY)[:20], CANARY[::-1]}
    return sorted(
        {path.name for path in folder.rglob("*") if path.is_file() for form in forms if form in path.read_bytes()}
    )


def test_when_nothing_is_configured_then_the_first_start_seals_and_k_stands_nowhere(owner):
    folder = owner.folder
    assert owner("subscriber", "add", SUPI, "--k", CANARY.hex(), "--opc", OPC.hex())[0] == 0
    for name in ("store.key", "store.secret"):
        assert (folder / "data" / name).stat().st_mode & 0o777 == 0o600
    status, out, err = owner("subscriber", "show", SUPI, "--json")
    assert (status, CANARY.hex() in out.lower()) == (0, False), err
    assert traces(folder) == []
    state = json.loads(owner("keys", "attest", "--json")[1])
    assert state["store"].startswith("sealed by data key")
    assert state["beside the store"] is True
    # The secret goes where the owner wants it.
    (folder / "data/store.secret").rename(folder / "elsewhere")
    assert owner("subscriber", "show", SUPI)[0] == 2
    (folder / "freehold.toml").write_text(f'{owner.settings}secret_file = "{folder}/elsewhere"\n')
    assert owner("subscriber", "show", SUPI)[0] == 0


def test_when_the_key_file_is_lost_then_it_is_said_and_no_other_is_made(owner):
    data = owner.folder / "data"
    assert owner("subscriber", "add", SUPI, "--k", CANARY.hex(), "--opc", OPC.hex())[0] == 0
    (data / "store.key").rename(owner.folder / "kept.key")
    status, _, err = owner("subscriber", "show", SUPI)
    assert (status, "put its backup back" in err) == (2, True)
    assert not (data / "store.key").exists()
    (owner.folder / "kept.key").rename(data / "store.key")
    assert owner("subscriber", "show", SUPI)[0] == 0


def store_in_clear(folder):
    """A data folder as programs before the seal left it: rows in clear, in the file and in its log."""
    with offline(folder) as store:
        row = row_of(Subscriber(Supi(SUPI), AuthenticationSubscription(Key(CANARY), Key(OPC)), MOBILITY, ()))
        store.wait(store.commit("subscriber", [(SUPI, row), ("imsi-001010000000002", row)]))
        store.wait(store.commit("accounts", [("owner", b"{}")]))
        store.wait(store.reserve("seq", 8193))
    assert CANARY in (folder / "freehold.db").read_bytes()


def content(folder, configuration):
    with offline(folder, sealer(configuration)) as store:
        return store.snapshot()


@pytest.mark.parametrize("secret_file", [False, True])
def test_when_a_store_is_in_clear_then_the_next_start_seals_it_and_loses_nothing(owner, secret_file):
    data = owner.folder / "data"
    store_in_clear(data)
    with offline(data) as store:
        before = store.snapshot()
    password = str(owner.folder / "password") if secret_file else ""
    configuration = Configuration(store=StoreSection(str(data), secret_file=password))
    assert content(data, configuration) == before
    assert traces(data) == []
    assert {path.name for path in data.iterdir()} == {
        "freehold.db", "lock", "store.key", *(() if secret_file else ("store.secret",))
    }  # fmt: skip
    assert content(data, configuration) == before


class Died(BaseException):
    """The end of the process, wherever it came."""


@pytest.mark.parametrize("call", range(14))
def test_when_sealing_ends_at_any_place_then_the_next_start_finishes_it(owner, monkeypatch, call):
    data = owner.folder / "data"
    store_in_clear(data)
    with offline(data) as store:
        before = store.snapshot()
    configuration = Configuration(store=StoreSection(str(data)))
    left = call

    def dies(real):
        def act(*arguments, **named):
            nonlocal left
            left -= 1
            if left < 0:
                raise Died
            return real(*arguments, **named)

        return act

    with monkeypatch.context() as patched, contextlib.suppress(Died):
        for holder, name in ((os, "link"), (os, "fsync"), (Path, "replace"), (Path, "unlink"), (rewriting, "_copy")):
            patched.setattr(holder, name, dies(getattr(holder, name)))
        content(data, configuration)
    assert content(data, configuration) == before
    assert traces(data) == []
    assert {path.name for path in data.iterdir() if not path.name.startswith(".")} == {
        "freehold.db", "lock", "store.key", "store.secret"
    }  # fmt: skip


def test_when_another_program_holds_the_file_then_nothing_is_rewritten_and_it_is_said(owner):
    data = owner.folder / "data"
    store_in_clear(data)
    with contextlib.closing(sqlite3.connect(data / "freehold.db", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN")
        other.execute("SELECT * FROM rows").fetchall()
        with pytest.raises(Unusable, match="another program holds it"):
            content(data, Configuration(store=StoreSection(str(data))))
    assert SUPI in content(data, Configuration(store=StoreSection(str(data)))).tables["subscriber"]


def test_when_the_store_is_sealed_anew_then_the_new_key_alone_opens_it(owner):
    folder = owner.folder
    assert owner("subscriber", "add", SUPI, "--k", CANARY.hex(), "--opc", OPC.hex())[0] == 0
    status, out, err = owner("keys", "seal", folder / "store.key", "--secret", folder / "password", "--json")
    assert status == 0, err
    assert json.loads(out)["sealed"] == 1
    assert owner("subscriber", "show", SUPI)[0] == 2  # without the key nobody opens it
    sealed = f'{owner.settings}key = "{folder}/store.key"\nsecret_file = "{folder}/password"\n'
    (folder / "freehold.toml").write_text(sealed)
    assert owner("subscriber", "show", SUPI)[0] == 0
    assert owner("keys", "rotate", "suci")[0] == 0
    status, out, _ = owner("ledger", "show", "--json")
    assert "keys.seal" in out
    assert CANARY.hex() not in out.lower()
    assert owner("keys", "seal", folder / "second.key", "--secret", folder / "password")[0] == 0
    assert owner("subscriber", "show", SUPI)[0] == 2
    (folder / "freehold.toml").write_text(sealed.replace("store.key", "second.key"))
    assert owner("subscriber", "show", SUPI)[0] == 0
    assert traces(folder) == []


def test_when_suci_keys_rotate_then_those_before_stay_until_retired(owner):
    first = json.loads(owner("keys", "rotate", "suci", "--profile", "B", "--json")[1])
    assert (first["id"], first["kept"]) == (3, [1, 2])
    assert json.loads(owner("keys", "rotate", "suci", "--json")[1])["kept"] == [1, 2, 3]
    status, _, err = owner("keys", "rotate", "suci", "--retire", "1")
    assert (status, "never counted" in err) == (2, True)
    assert owner("keys", "rotate", "suci", "--retire", "1", "--force")[0] == 0
    state = json.loads(owner("keys", "attest", "--json")[1])
    assert [each["id"] for each in state["home network keys"]] == [2, 3, 4]
    assert owner("keys", "rotate", "suci", "--retire", "1", "--force")[0] == 2
    acts = [json.loads(line)["act"] for line in map(json.dumps, json.loads(owner("ledger", "show", "--json")[1]))]
    assert acts.count("keys.rotate") == 2
    assert acts.count("keys.retire") == 1


def test_when_a_key_is_used_or_not_counted_for_long_then_it_is_not_retired(owner):
    assert owner("keys", "rotate", "suci")[0] == 0
    configuration = Configuration(store=StoreSection(str(owner.folder / "data")))
    now, day = 1e9, 86400.0
    with offline(owner.folder / "data", sealer(configuration)) as store:
        for name, use in {"001": (3, now - 2 * day, now - 90 * day), "002": (0, 0.0, now - 5 * day)}.items():
            store.wait(store.commit(key_use.TABLE, [(name, msgspec.msgpack.encode(key_use.Use(*use)))]))
    with pytest.raises(Unusable, match="within the last 30 days, 3 times"):
        keys.retire_home_key(configuration, 1, now)
    with pytest.raises(Unusable, match="less than 30 days"):
        keys.retire_home_key(configuration, 2, now)
    keys.retire_home_key(configuration, 2, now + 30 * day)
    keys.retire_home_key(configuration, 1, now + 30 * day)


def test_when_a_ceremony_is_held_by_command_then_the_ledger_has_its_transcript_and_functions_rotate(owner):
    folder = owner.folder
    assert owner("keys", "new", folder / "owner.pem", config=False)[0] == 0
    status, out, err = owner(
        "keys", "ceremony", folder / "c", "--function", "amf", "--sign", folder / "owner.pem", "--json"
    )
    assert status == 0, err
    told = json.loads(out)
    entries = json.loads(owner("ledger", "show", "--json")[1])
    assert any(each["act"] == "keys.ceremony" and told["transcript"] in each["detail"] for each in entries)
    before = (folder / "c/amf.crt").read_bytes()
    shares = ["--share", folder / "c/share-1.json", "--share", folder / "c/share-3.json"]
    assert owner("keys", "rotate", "amf", "--folder", folder / "c", *shares)[0] == 0
    assert (folder / "c/amf.crt").read_bytes() != before
    status, _, err = owner("keys", "rotate", "amf", "--folder", folder / "c", *shares[:2])
    assert (status, "it takes 2" in err) == (1, True)


def test_when_the_console_has_a_certificate_of_the_ceremony_then_it_speaks_https_under_the_owners_root(owner):
    folder, port = owner.folder, free_port()
    ceremony = ["keys", "ceremony", folder / "c", "--function", "console", "--name", "core.example"]
    assert owner(*ceremony)[0] == 0
    status, _, err = owner("keys", "ceremony", folder / "d", "--function", "console", "--name", "no name")
    assert (status, "neither a host name" in err) == (2, True)
    assert not (folder / "d").exists()
    tls = f'listen = "127.0.0.1:{port}"\ncertificate = "{folder}/c/console.crt"\nkey = "{folder}/c/console.key"'
    text = owner.settings.replace('listen = ""', tls)

    def asked(context):
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
        try:
            connection.request("GET", "/api/v1/setup")
            return connection.getresponse().status
        finally:
            connection.close()

    async def scenario():
        async with running(parse(text), ("core", "upf")):
            trusting = ssl.create_default_context(cafile=folder / "c/root.crt")
            assert await asyncio.to_thread(asked, trusting) == 200
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.to_thread(asked, ssl.create_default_context())

    asyncio.run(scenario())
    names = x509.load_pem_x509_certificate((folder / "c/console.crt").read_bytes()).extensions
    found = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "core.example" in found.get_values_for_type(x509.DNSName)


@pytest.fixture
def token(tmp_path, monkeypatch):
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    command = ["softhsm2-util", "--init-token", "--free", "--label", "own", "--pin", "123456", "--so-pin", "123456"]
    subprocess.run(command, check=True, capture_output=True)
    return "own"


TOKEN_PROGRAM = """
import json, os, sys
from pathlib import Path
from freehold.crypto import milenage
from freehold.spec.errors import Unusable
from freehold.trust.keys import sealing
from freehold.trust.keys.token import TokenCredentials
module, folder = sys.argv[1:]
k, opc = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"), bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
rand = bytes.fromhex("23553cbe9637a89d218ae64dae47bf35")
said = {}
with TokenCredentials(module, "own", "123456") as held:
    held.add([("imsi-001010000000001", k)])
    challenge = (rand, bytes.fromhex("ff9bb4d0b607"), bytes.fromhex("b9b9"))
    vector = held.milenage("imsi-001010000000001", opc, [challenge])[0]
    said["set 1"] = [each.hex() for each in vector]
    challenges = [(os.urandom(16), os.urandom(6), os.urandom(2)) for _ in range(40)]
    equal = True
    for (r, s, a), v in zip(challenges, held.milenage("imsi-001010000000001", opc, challenges)):
        number = int.from_bytes(s, "big")
        equal &= (v.res, v.ck, v.ik, v.ak) == tuple(milenage.f2345(k, opc, r))
        equal &= v.ak_star == milenage.f5_star(k, opc, r)
        equal &= v.mac_a == milenage.f1(k, opc, r, number, a) and v.mac_s == milenage.f1_star(k, opc, r, number, a)
    said["equal"] = equal
    said["leaves"] = held.leaves("imsi-001010000000001")
    said["supis"] = held.supis()
    for name, act in {"twice": lambda: held.add([("imsi-1", k), ("imsi-001010000000001", k)]),
                      "long": lambda: held.add([("imsi-1", k), ("imsi-2", bytes(32))]),
                      "none": lambda: held.milenage("imsi-3", opc, [])}.items():
        try:
            act()
        except Unusable as error:
            said[name] = str(error)
    said["still"] = held.supis()
    made, create = [], held._create
    def full(supi, k):
        if made:
            raise Unusable("DeviceMemory")
        made.append(supi)
        create(supi, k)
    held._create = full
    try:
        held.add([("imsi-1", k), ("imsi-2", k)])
    except Unusable as error:
        said["full"] = (str(error), made, held.supis())
with TokenCredentials(module, "own", "123456") as held:
    for number in range(2, 6):
        held.add([(f"imsi-00101000000000{number}", os.urandom(16))])
with TokenCredentials(module, "own", "123456") as held:
    searched = []
    find = held.secret
    held.secret = lambda label: searched.append(label) or find(label)
    same = held.milenage("imsi-001010000000001", opc, [challenge])[0] == vector
    for number in range(2, 6):
        held.milenage(f"imsi-00101000000000{number}", opc, [challenge])
    held.keep("imsi-001010000000006", k)
    held.milenage("imsi-001010000000006", opc, [challenge])
    held.forget("imsi-001010000000001")
    try:
        held.milenage("imsi-001010000000001", opc, [challenge])
    except Unusable:
        said["one pass"] = same and searched == ["imsi-001010000000001"]
made = sealing.new_token_file(Path(folder) / "store.key", module, "own", "123456")
again = sealing.open_key_file(Path(folder) / "store.key", lambda: b"123456")
said["key file"] = again.key_id == made.key_id
try:
    TokenCredentials(module, "other", "123456")
except Unusable as error:
    said["other"] = str(error)
print(json.dumps(said))
"""


@needs_token
def test_when_k_is_in_a_token_then_milenage_inside_is_ours_and_k_never_leaves(token, tmp_path):
    # A process of its own: a PKCS#11 library keeps its tokens from its first use on.
    finished = subprocess.run(
        [sys.executable, "-c", TOKEN_PROGRAM, MODULE, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    said = json.loads(finished.stdout)
    # TS 35.207 4: test set 1.
    assert said["set 1"] == [
        "4a9ffac354dfafb3", "01cfaf9ec4e871e9", "a54211d5e3ba50bf", "b40ba9a3c58b2a05bbf0d987b21bf8cb",
        "f769bcd751044604127672711c6d3441", "aa689c648370", "451e8beca43b",
    ]  # fmt: skip
    assert (said["equal"], said["leaves"], said["supis"], said["key file"]) == (True, False, [SUPI], True)
    assert said["one pass"]
    assert "has a key of it already" in said["twice"]
    assert said["still"] == [SUPI]  # all, or none
    assert said["full"] == ["DeviceMemory", ["imsi-1"], [SUPI]]
    assert "Keccak" in said["long"]
    assert said["none"].startswith("token 'own'")
    assert said["other"].startswith("token 'other'")


UDM_PROGRAM = """
import asyncio, gc, json, sys
from pathlib import Path
from freehold.app import config
from freehold.trust.keys.token import TokenCredentials
from freehold.crypto.sqn import sqn_of
from freehold.app.network import Network
from freehold.app.requests import Client
from freehold.core.udr.credentials import credentials
from freehold.services.errors import ServiceError
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi
from freehold.app.subscriptions import subscriber

async def main(path, k, opc, supi):
    chosen = config.load(Path(path))
    said = {}
    async with Network(chosen, real_time=True, folder=config.data_folder(chosen)) as network:
        udr = network.core.udr
        said["rows with K"] = sum(not each.authentication.elsewhere for each in udr.subscribers())
        import msgspec
        known = udr.subscriber(Supi(supi))
        card = msgspec.structs.replace(known, authentication=credentials(k, opc=opc))
        try:
            network.ue(known)
        except Unusable as error:
            said["no card"] = str(error)
        ue = network.ue(card)
        await ue.register()
        said["registered"] = ue.registered
        await ue.deregister()
        # A USIM that is ahead of the network: MAC-S is made inside the token too.
        ahead = network.ue(card)
        for index in range(32):
            ahead.terminal.usim.sqn.accept(sqn_of(1 << 27, index))
        await ahead.register()
        said["again"] = (ahead.registered, udr.subscriber(Supi(supi)).authentication.sqn_offset > 0)
        # The token ends the session, as one does whose host starts anew.
        lost = [each for each in gc.get_objects() if isinstance(each, TokenCredentials)]
        lost[0].session.close()
        await ue.register()
        said["with another session"] = (len(lost), ue.registered)
        fresh = network.subscribe()
        second = network.ue(fresh)
        await second.register()
        said["fresh registered"] = second.registered
        for _ in range(1200):  # the token takes it beside
            if udr.subscriber(fresh.supi).authentication.elsewhere:
                break
            await network.sleep(0.05)
        said["fresh row has K"] = not udr.subscriber(fresh.supi).authentication.elsewhere
        await network.wait(udr.delete(fresh.supi))
    return said

print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
"""


@needs_token
def test_when_milenage_is_inside_the_token_then_k_is_there_alone_and_terminals_register(owner, token):
    folder = owner.folder
    assert owner("subscriber", "add", SUPI, "--k", CANARY.hex(), "--opc", OPC.hex())[0] == 0
    (folder / "pin").write_bytes(b"123456")
    (folder / "pin").chmod(0o600)
    keys = f'[keys]\nmode = "token"\nmodule = "{MODULE}"\ntoken = "own"\nsecret_file = "{folder}/pin"\n'
    (folder / "freehold.toml").write_text(owner.settings + keys)
    command = [sys.executable, "-c", UDM_PROGRAM, str(folder / "freehold.toml"), CANARY.hex(), OPC.hex(), SUPI]
    finished = subprocess.run(command, check=False, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    said = json.loads(finished.stdout)
    assert "inside the token" in said["no card"]
    assert said["again"] == [True, True]
    assert said["with another session"] == [1, True]
    assert (said["rows with K"], said["registered"], said["fresh registered"], said["fresh row has K"]) == (
        0, True, True, False
    )  # fmt: skip


class Held:
    """A token of this process: its session ends, opens again or not, as the test says."""

    def __init__(self):
        self.opened = 0
        self.there = True
        self.fault = None

    def open(self):
        self.opened += 1
        if self.fault:
            raise self.fault
        return Session(self)


class Session:
    def __init__(self, held):
        self.held, self.lives = held, True
        held.session = self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lives = False

    def answers(self):
        return self.lives

    def ensure(self, label):
        pass

    def keep(self, supi, k):
        if not self.lives:
            raise Unusable("token 'own': SessionHandleInvalid")
        if k == bytes(16):
            raise Unusable(f"{supi}: this key alone")


def custody(held, play):
    """What `play` gives with an ARPF on that token, and what its owner was told meanwhile."""

    async def main():
        told = []
        arpf = TokenArpf(held.open, asyncio.get_running_loop().call_soon_threadsafe, told.append)

        async def keep(k=CANARY):
            signal, done = arpf.keep([(Supi(SUPI), Key(k))]), asyncio.Event()
            signal.watch(lambda _: done.set())
            await done.wait()
            try:
                return signal.result()
            except Unusable as fault:
                return str(fault)

        try:
            return await play(keep), [fault and str(fault) for fault in told]
        finally:
            arpf.close()

    return asyncio.run(main())


def test_when_the_token_ends_the_session_then_another_is_opened_and_nobody_is_refused():
    held = Held()

    async def play(keep):
        first = await keep()
        held.session.lives = False
        return first, await keep(), await keep(bytes(16))

    assert custody(held, play) == ((None, None, f"{SUPI}: this key alone"), [])
    assert held.opened == 2


def test_when_the_token_is_away_then_the_owner_is_told_once_and_again_when_it_serves():
    held = Held()

    async def play(keep):
        held.session.lives, held.fault = False, Unusable("token 'own': NoSuchToken")
        away = [await keep(), await keep()]
        held.fault = None
        return away, await keep()

    assert custody(held, play) == ((["token 'own': NoSuchToken"] * 2, None), ["token 'own': NoSuchToken", None])


def test_when_the_token_refuses_the_pin_then_it_is_not_asked_until_it_locks_itself():
    held = Held()

    async def play(keep):
        held.session.lives, held.fault = False, PinRefused("token 'own': PinIncorrect")
        return [await keep() for _ in range(9)]

    assert custody(held, play) == (["token 'own': PinIncorrect"] * 9, ["token 'own': PinIncorrect"])
    assert held.opened == 2


def test_when_the_token_fails_then_an_alarm_says_so_until_it_serves():
    assert RAISING["token-failed"] is RULES["token"]
    assert "token" in CLEARING["token-serves"]
    assert RULES["token"].severity == "CRITICAL"


K_TEXT = CANARY.hex()


@pytest.mark.parametrize(
    "text",
    [
        "", "supi\n", f"supi,k,k\n{SUPI},{K_TEXT},{'0' * 32}\n", f"supi,k\n{SUPI}\n", f"supi,k\n{SUPI},{K_TEXT},1\n",
        f"supi,k\n{SUPI},{'0' * 200_000}\n", f"supi,k\nimsi-00101\x0000,{K_TEXT}\n", f"supi,k\nfreehold-x,{K_TEXT}\n",
        f"supi,k\n\u0660\u0661\u0662\u0663\u0664\u0665,{K_TEXT}\n", f"supi,k\n{SUPI},{K_TEXT}00\n",
        f"supi,k\n{SUPI},{K_TEXT}\n{SUPI.removeprefix('imsi-')},{'0' * 32}\n", f'supi,k\n{SUPI},"{K_TEXT}\n',
        f"supi,k\n{SUPI},{' '.join(K_TEXT[at : at + 2] for at in range(0, 32, 2))}\n", "supi,k\n\udcff",
    ],
)  # fmt: skip
def test_when_a_vendors_file_is_wrong_then_it_is_refused_whole_and_without_a_key(tmp_path, text):
    path = tmp_path / "sims.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Refused) as told:
        keys.read_keys(path)
    assert K_TEXT not in str(told.value)


def test_when_a_vendors_file_is_right_then_its_other_columns_are_let_be(tmp_path):
    path = tmp_path / "sims.csv"
    path.write_text(f"\ufefficcid,supi,k\n89,{SUPI},{K_TEXT.upper()}\n\n90,001010000000002,{'0' * 32}\n")
    assert keys.read_keys(path) == [(SUPI, CANARY), ("imsi-001010000000002", bytes(16))]


def test_when_no_token_is_there_then_it_is_said_in_a_line():
    with pytest.raises(Unusable, match="token 'own'"):
        TokenCredentials("/nowhere/libpkcs11.so", "own", "1234")


def test_when_secrets_are_kept_in_memory_then_the_process_leaves_no_dump():
    program = (
        "import ctypes, resource; from freehold.app.sealing import keep_in_memory; keep_in_memory(); "
        "print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    finished = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert finished.stdout.split() == ["0", "0"]
