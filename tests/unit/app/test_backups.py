"""A backup has everything, tells nothing, is restored whole or not at all, and raises nobody's rights."""

import asyncio
import hashlib
import json
import zlib

import msgspec
import pytest

from freehold.app import backups, restoring
from freehold.app.all_in_one import running
from freehold.app.config import parse
from freehold.app.requests import Client
from freehold.app.sealing import sealer
from freehold.core.udm import home_keys
from freehold.core.udr import Udr
from freehold.manage import backup
from freehold.manage.accounts import ACCOUNTS, Account, Role
from freehold.manage.backup import Content, Opener, container
from freehold.manage.subscribers import SliceForm, SubscriberForm, subscriber_of
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi
from freehold.store import offline
from freehold.trust.ledger import Ledger, ordered, verified
from secretkit import CANARIES, holder, leaked

PASSPHRASE = "a passphrase of some length"
OPENER = Opener(PASSPHRASE)
SUPI = "imsi-001010000000007"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(container, "_COST", 1 << 14)


def network(folder):
    path = folder / "freehold.toml"
    text = f'[network]\nname = "Harbour"\n[store]\npath = "{folder}/data"\n'
    text += f'[management]\nlisten = ""\nsocket = "{folder}/s"\n'
    path.write_text(text, encoding="utf-8")
    return parse(text), path


def account(name, role=Role.ADMIN, enabled=True):
    return name, msgspec.json.encode(Account(name, role, "a hash", enabled))


def filled(here, name="pump 7"):
    with offline(restoring.config.data_folder(here), sealer(here)) as store:
        form = SubscriberForm(SUPI, *CANARIES, name=name)
        store.wait(Udr(store).put(subscriber_of(form, (SliceForm(),), None)))
        store.wait(home_keys.ensure(store, lambda n: b"\x11" * n)[1])
        store.wait(store.reserve("seq", 8193))


def made(here, path, **given):
    given = {"passphrase": PASSPHRASE, "recipient": b"", "history": False} | given
    return backups.create(here, path, **given)


def held(here):
    with offline(restoring.config.data_folder(here), sealer(here)) as store:
        return store.snapshot()


def put(here, table, rows):
    with offline(restoring.config.data_folder(here), sealer(here)) as store:
        store.wait(store.commit(table, rows))


def resealed(file, change):
    """The same backup with another content, by somebody who knows the passphrase."""
    content = msgspec.to_builtins(backup.decoded(backup.opened(file, OPENER)), builtin_types=(bytes,))
    change(content)
    octets = zlib.compress(msgspec.msgpack.encode(content))
    return backup.sealed(octets, "0.1.0", 0.0, passphrase=PASSPHRASE)


def test_when_a_backup_is_restored_elsewhere_then_everything_is_there(tmp_path):
    here, path = network(tmp_path)
    filled(here)
    put(here, ACCOUNTS, [account("anna")])
    file = made(here, path)
    before = held(here)
    (tmp_path / "data").rename(tmp_path / "lost")
    path.unlink()

    shown, done = backups.restore(here, path, file, OPENER, ())

    after = held(here)
    assert done
    assert (shown.subscribers, shown.home_keys, shown.accounts, shown.network) == (1, 2, 1, "Harbour")
    for table in ("subscriber", "home-network-key", "accounts"):
        assert after.tables[table] == before.tables[table]
    assert parse(path.read_text(encoding="utf-8")) == here
    assert after.marks["seq"] > before.marks["seq"]
    acts = [json.loads(entry)["act"] for entry in ordered(sorted(after.tables["ledger"].items()))]
    assert acts == ["backup.restore"]


def test_when_a_backup_is_looked_at_then_no_key_of_a_sim_or_of_the_network_is_in_it(tmp_path):
    here, path = network(tmp_path)
    filled(here)
    private = "11" * 32
    assert leaked(msgspec.msgpack.encode(held(here)), (*CANARIES, private))  # the look does find them
    file = made(here, path, history=True)
    assert not leaked(file, (*CANARIES, private))
    assert b"Harbour" not in file


def test_when_a_backup_is_for_a_recipient_then_only_that_one_opens_it(tmp_path):
    here, path = network(tmp_path)
    filled(here)
    key, certificate = holder()
    file = made(here, path, passphrase="", recipient=certificate)
    opener = Opener(key=backup.unwrapped(file, key, certificate))
    assert backups.verify(here, file, opener).subscribers == 1
    other = holder("somebody else")
    with pytest.raises(Unusable, match="does not open it"):
        backup.unwrapped(file, *other)
    with pytest.raises(Unusable, match="a vendor of cards"):
        backups.verify(here, file, OPENER)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (lambda file: b"", "no backup"),
        (lambda file: file[:30], "cut short"),
        (lambda file: file[:-1], "cut short"),
        (lambda file: file[: len(file) // 2], "cut short"),
        (lambda file: file + b"x", "followed by something else"),
        (lambda file: file[:-60] + bytes([file[-60] ^ 1]) + file[-59:], "damaged"),
        (lambda file: file.replace(b'"format":1', b'"format":2'), "format 2"),
        (lambda file: file[:16] + b"\xff\xff\xff\xff" + file[20:], "head is not whole"),
        (lambda file: b"PK\x03\x04../../etc/passwd" + file, "no backup"),
    ],
)
def test_when_a_file_is_not_what_was_written_then_it_is_refused_and_nothing_changes(tmp_path, broken, why):
    here, path = network(tmp_path)
    filled(here)
    file = broken(made(here, path))
    before, text = held(here), path.read_text(encoding="utf-8")
    with pytest.raises(Unusable, match=why):
        backups.restore(here, path, file, OPENER, ())
    assert held(here) == before
    assert path.read_text(encoding="utf-8") == text
    assert restoring.waiting(here) is None


def test_when_somebody_alters_a_file_and_its_digest_then_the_key_tells(tmp_path):
    here, path = network(tmp_path)
    filled(here)
    file = made(here, path)
    altered = file[:-60] + bytes([file[-60] ^ 1]) + file[-59:-32]
    altered += hashlib.sha256(altered).digest()
    with pytest.raises(backup.WrongKey):
        backups.verify(here, altered, OPENER)
    with pytest.raises(backup.WrongKey):
        backups.verify(here, file, Opener("another passphrase"))
    cheaper = file.replace(b'"cost":16384', b'"cost":32768')[:-32]
    with pytest.raises(backup.WrongKey):
        backups.verify(here, cheaper + hashlib.sha256(cheaper).digest(), OPENER)


def _change(table, key, row):
    return lambda content: content["tables"].setdefault(table, {}).update({key: row})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_change("subscriber", SUPI, b"nonsense"), "cannot be read"),
        (_change("subscriber", "../../etc/shadow", b"\x80"), "cannot be read"),
        (_change("accounts", "anna", account("boris")[1]), "another one's"),
        (_change("accounts", "anna", b'{"name":"anna","role":"god","password":""}'), "cannot be read"),
        (_change("home-network-key", "001", b"short"), "home network key"),
        (_change("ledger", "5", b"{}"), "ledger is missing"),
        (_change("sessions-of-tomorrow", "a", b""), "does not know"),
        (lambda content: content["marks"].update(seq=1 << 60), "out of range"),
        (lambda content: content.update(configuration="[netwrk]\n"), "netwrk"),
        (lambda content: content.update(configuration='[store]\npath = "/etc"\n'), "without the configuration"),
        (lambda content: content.update(surprise=1), "cannot be read"),
        (lambda content: content.update(program="99.1.0"), "made by Freehold 99.1.0, and this is"),
    ],
)
def test_when_a_content_is_not_right_then_all_of_it_is_refused(tmp_path, change, why):
    here, path = network(tmp_path)
    filled(here)
    file = resealed(made(here, path), change)
    before = held(here)
    with pytest.raises(Unusable, match=why):
        backups.restore(here, path, file, OPENER, ())
    assert held(here) == before


def test_when_a_content_is_a_bomb_then_it_is_not_unpacked(monkeypatch):
    from freehold.manage.backup import content

    monkeypatch.setattr(content, "MOST", 1000)
    with pytest.raises(Unusable, match="was not made by this program"):
        backup.decoded(zlib.compress(b"\0" * 10_000_000))
    with pytest.raises(Unusable, match="not whole"):
        backup.decoded(zlib.compress(b"\0" * 100)[:-4])


def test_when_accounts_are_restored_then_nobody_gets_more_than_they_have(tmp_path):
    """M03: no role grows through a backup, a restore or an import."""
    here, path = network(tmp_path)
    filled(here)
    put(here, ACCOUNTS, [account("anna"), account("boris"), account("clara", Role.OPERATOR)])
    put(
        here, "tokens", [("t1", b'{"view":{"id":"t1","account":"boris","role":"admin","expires":9e9},"digest":"AA=="}')]
    )
    file = made(here, path)
    put(here, ACCOUNTS, [account("boris", Role.READER), ("clara", None), account("dora")])
    put(here, "tokens", [("t1", None)])

    backups.restore(here, path, file, OPENER, ())

    after = held(here)
    accounts = {name: msgspec.json.decode(row, type=Account) for name, row in after.tables[ACCOUNTS].items()}
    assert (accounts["anna"].role, accounts["anna"].enabled) == (Role.ADMIN, True)
    assert accounts["boris"].role == Role.READER  # as it is now, not as it was
    assert not accounts["clara"].enabled  # deleted since: an administrator has to let her in again
    assert accounts["dora"].enabled
    assert "tokens" not in after.tables


def test_when_a_ledger_went_on_then_no_act_is_lost(tmp_path):
    here, path = network(tmp_path)
    filled(here)
    file = made(here, path)
    with offline(tmp_path / "data", sealer(here)) as store:
        ledger = Ledger(store)
        store.wait(ledger.append(backups.own_act("later")))
        kept = ledger.checkpoint()
    backups.restore(here, path, file, OPENER, ())
    entries = ordered(sorted(held(here).tables["ledger"].items()))
    verified(entries, kept)
    assert [json.loads(entry)["act"] for entry in entries] == ["backup.create", "later", "backup.restore"]


def test_when_parts_are_left_out_then_they_stay(tmp_path):
    here, path = network(tmp_path)
    filled(here)
    put(here, ACCOUNTS, [account("anna")])
    file = made(here, path)
    put(here, ACCOUNTS, [account("dora"), ("anna", None)])
    path.write_text("# mine\n", encoding="utf-8")
    backups.restore(here, path, file, OPENER, ("configuration", "accounts"))
    assert list(held(here).tables[ACCOUNTS]) == ["dora"]
    assert path.read_text(encoding="utf-8") == "# mine\n"


def test_when_a_network_runs_then_its_next_start_restores_and_a_crash_between_repeats_nothing(tmp_path):
    here, path = network(tmp_path)
    filled(here)

    async def scenario():
        async with running(here, ("core", "upf"), path):
            file = await asyncio.to_thread(made, here, path)
            client = Client(tmp_path / "s")
            await asyncio.to_thread(client.ask, "DELETE", ("subscribers", SUPI))
            shown, done = await asyncio.to_thread(backups.restore, here, path, file, OPENER, ())
            assert (shown.subscribers, done) == (1, False)
            assert (await asyncio.to_thread(client.get, "restore"))["backup"]["subscribers"] == 1
            assert await asyncio.to_thread(client.get, "subscribers") == []

    asyncio.run(scenario())
    staged = tmp_path / "data" / restoring.STAGED
    assert staged.stat().st_mode & 0o777 == 0o600
    octets = staged.read_bytes()
    assert restoring.carry_out(here, path).subscribers == 1
    after = held(here)
    assert SUPI in after.tables["subscriber"]
    staged.write_bytes(octets)  # a crash before it was removed
    restoring.carry_out(here, path)
    assert held(here) == after
    assert not staged.exists()
    assert restoring.carry_out(here, path) is None


def test_when_a_backup_is_given_up_then_the_next_start_restores_nothing(tmp_path):
    here, path = network(tmp_path)
    filled(here)

    async def scenario():
        async with running(here, ("core", "upf"), path):
            file = await asyncio.to_thread(made, here, path)
            client = Client(tmp_path / "s")
            await asyncio.to_thread(backups.restore, here, path, file, OPENER, ())
            await asyncio.to_thread(client.ask, "DELETE", ("restore",))
            with pytest.raises(Unusable, match="no backup waits"):
                await asyncio.to_thread(client.ask, "DELETE", ("restore",))

    asyncio.run(scenario())
    assert restoring.carry_out(here, path) is None


def test_when_a_table_is_kept_by_the_store_then_a_backup_knows_it(tmp_path):
    here, path = network(tmp_path)
    filled(here)

    async def scenario():
        async with running(here, ("core", "upf"), path):
            client = Client(tmp_path / "s")
            form = {"name": "anna", "password": "correct Horse battery 1"}
            await asyncio.to_thread(client.ask, "POST", ("initialise",), body=form)
            token = {"account": "anna", "role": "read-only"}
            await asyncio.to_thread(client.ask, "POST", ("tokens",), body=token)
            threshold = {"of": "RSR.Initial", "value": 90}
            await asyncio.to_thread(client.ask, "PUT", ("thresholds", "x"), body=threshold)
            text = path.read_text(encoding="utf-8").replace("Harbour", "Quay")
            await asyncio.to_thread(client.ask, "PUT", ("configuration",), body={"text": text}, if_match="*")

    asyncio.run(scenario())
    assert set(held(here).tables) - set(restoring.CHECKS) == set()
    assert backups.verify(here, made(here, path, history=True), OPENER).tokens == 1


def test_when_another_subscriber_is_added_after_the_backup_then_it_is_gone_once_restored(tmp_path):
    here, path = network(tmp_path)
    filled(here, "as it was")
    file = made(here, path)
    filled(here, "changed")
    with offline(tmp_path / "data", sealer(here)) as store:
        other = SubscriberForm("imsi-001010000000099", *CANARIES)
        store.wait(Udr(store).put(subscriber_of(other, (SliceForm(),), None)))
    backups.restore(here, path, file, OPENER, ())
    with offline(tmp_path / "data", sealer(here)) as store:
        assert [each.name for each in Udr(store).subscribers()] == ["as it was"]
        assert Udr(store).subscriber(Supi(SUPI)).authentication.k.hex() == CANARIES[0]


def test_when_contents_are_read_then_the_type_is_strict():
    with pytest.raises(Unusable):
        backup.decoded(zlib.compress(msgspec.msgpack.encode({"program": 1})))
    whole = Content("0.1.0", 0.0, "", "", "", {}, {})
    assert backup.decoded(backup.encoded(whole)) == whole
