import asyncio

import pytest

from freehold.manage.accounts import Accounts, Principal, Role
from freehold.manage.accounts import accounts as room
from freehold.manage.accounts.accounts import Refused
from freehold.manage.accounts.passwords import PasswordPolicy
from freehold.manage.accounts.throttle import FREE, Throttle
from freehold.spec.errors import Unusable
from freehold.store import MemoryStore

GOOD = "Correct horse battery"


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


async def wait(signal):
    return signal.result()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def accounts(store, clock):
    made = Accounts(store, wait, clock)
    asyncio.run(made.initialise("anna", GOOD))
    return made


def test_when_there_is_no_account_then_the_first_is_an_administrator_and_the_only_one_made_so(store, clock):
    """M06: there are no default credentials."""
    accounts = Accounts(store, wait, clock)
    assert not accounts.initialised
    asyncio.run(accounts.initialise("anna", GOOD))
    assert [(each.name, each.role) for each in accounts.all()] == [("anna", Role.ADMIN)]
    with pytest.raises(Unusable):
        asyncio.run(accounts.initialise("eve", GOOD))


def test_when_two_initialise_at_once_then_one_wins(store, clock):
    accounts = Accounts(store, wait, clock)

    async def both():
        return await asyncio.gather(
            accounts.initialise("anna", GOOD), accounts.initialise("eve", GOOD), return_exceptions=True
        )

    results = asyncio.run(both())
    assert sum(isinstance(each, Unusable) for each in results) == 1
    assert len(accounts.all()) == 1


@pytest.mark.parametrize("password", ["small letters alone", "012345678901", "ALLCAPITALS123"])
def test_when_a_password_has_fewer_than_three_kinds_of_characters_then_it_is_refused(store, clock, password):
    with pytest.raises(Unusable, match="3 of: capital"):
        asyncio.run(Accounts(store, wait, clock).initialise("anna", password))


@pytest.mark.parametrize("password", ["short", "", "x" * 257])
def test_when_a_password_is_too_short_or_too_long_then_it_is_refused(store, clock, password):
    with pytest.raises(Unusable, match="12 to 256"):
        asyncio.run(Accounts(store, wait, clock).initialise("anna", password))


@pytest.mark.parametrize("name", ["", "Anna", "-anna", "an na", "x" * 65, "anna\n"])
def test_when_a_name_is_not_one_then_it_is_refused(store, clock, name):
    with pytest.raises(Unusable, match="a name is"):
        asyncio.run(Accounts(store, wait, clock).initialise(name, GOOD))


def test_when_somebody_logs_in_then_the_secret_speaks_for_the_account_until_logout(accounts):
    secret = asyncio.run(accounts.login("anna", GOOD, "::1"))
    assert accounts.principal(secret) == Principal("anna", Role.ADMIN)
    assert accounts.principal(secret + "x") is None
    accounts.logout(secret)
    assert accounts.principal(secret) is None


def test_when_a_login_is_unused_or_old_then_it_ends(accounts, clock):
    """M06: an unused session ends."""
    secret = asyncio.run(accounts.login("anna", GOOD, "::1"))
    clock.now += room.IDLE
    assert accounts.principal(secret) is not None
    clock.now += room.IDLE + 1
    assert accounts.principal(secret) is None
    secret = asyncio.run(accounts.login("anna", GOOD, "::1"))
    for _ in range(int(room.LONGEST // room.IDLE)):
        clock.now += room.IDLE - 1
        accounts.principal(secret)
    clock.now += room.IDLE - 1
    assert accounts.principal(secret) is None


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "Wrong horse battery"), ("nobody", GOOD), ("anna", "x" * 5000)]
)
def test_when_name_or_password_is_wrong_then_which_is_not_said(accounts, name, password):
    with pytest.raises(Refused, match="name or password is wrong"):
        asyncio.run(accounts.login(name, password, "::1"))


def test_when_passwords_are_guessed_then_even_the_right_one_waits(accounts, clock):
    """M06: guessing is slow."""
    for number in range(FREE):
        with pytest.raises(Refused, match="wrong"):
            asyncio.run(accounts.login("anna", "Wrong horse battery", f"::{number}"))
    with pytest.raises(Refused, match="wait 2 s"):
        asyncio.run(accounts.login("anna", GOOD, "::1"))
    clock.now += 2
    assert asyncio.run(accounts.login("anna", GOOD, "::1"))


def test_when_one_address_tries_many_names_then_it_waits():
    throttle, now = Throttle(), 0.0
    waits = []
    for _ in range(12):
        waits.append(throttle.wait("address", now))
        now += waits[-1]
        throttle.failed("address", now)
    assert waits[:FREE] == [0.0] * FREE
    assert waits[FREE:] == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]


def test_when_an_account_changes_then_its_logins_end(accounts):
    asyncio.run(accounts.add("otto", GOOD, Role.OPERATOR))
    secret = asyncio.run(accounts.login("otto", GOOD, "::1"))
    asyncio.run(accounts.change("otto", role=Role.READER))
    assert accounts.principal(secret) is None
    asyncio.run(accounts.change("otto", enabled=False))
    with pytest.raises(Refused):
        asyncio.run(accounts.login("otto", GOOD, "::1"))


@pytest.mark.parametrize("change", [{"role": Role.OPERATOR}, {"enabled": False}])
def test_when_it_is_the_last_administrator_then_it_stays_one(accounts, change):
    with pytest.raises(Unusable, match="last administrator"):
        asyncio.run(accounts.change("anna", **change))
    with pytest.raises(Unusable, match="last administrator"):
        asyncio.run(accounts.delete("anna"))


def test_when_a_token_is_made_then_it_lasts_as_long_as_asked_and_as_its_account(accounts, store, clock):
    asyncio.run(accounts.add("otto", GOOD, Role.OPERATOR))
    view, secret = asyncio.run(accounts.token("otto", Role.READER, 3600, "a script"))
    assert accounts.principal(secret) == Principal("otto", Role.READER, view.id)
    again = Accounts(store, wait, clock)
    assert again.principal(secret) == Principal("otto", Role.READER, view.id)
    asyncio.run(again.change("otto", role=Role.AUDITOR))
    assert again.principal(secret) is not None
    clock.now += 3600
    assert again.principal(secret) is None
    _, second = asyncio.run(again.token("otto", Role.AUDITOR, 3600, ""))
    asyncio.run(again.delete("otto"))
    assert again.principal(second) is None
    assert again.tokens() == []


def test_when_a_token_would_do_more_than_its_account_then_it_is_refused(accounts):
    asyncio.run(accounts.add("otto", GOOD, Role.OPERATOR))
    with pytest.raises(Unusable, match="cannot be admin"):
        asyncio.run(accounts.token("otto", Role.ADMIN, 3600, ""))


def test_when_an_account_loses_what_its_token_may_then_the_token_does_nothing(accounts):
    asyncio.run(accounts.add("otto", GOOD, Role.OPERATOR))
    _, secret = asyncio.run(accounts.token("otto", Role.OPERATOR, 3600, ""))
    asyncio.run(accounts.change("otto", role=Role.READER))
    assert accounts.principal(secret) is None


def test_when_a_token_is_revoked_then_it_is_nobodys(accounts):
    view, secret = asyncio.run(accounts.token("anna", Role.ADMIN, 3600, ""))
    asyncio.run(accounts.revoke(view.id))
    assert accounts.principal(secret) is None


def test_when_the_store_is_read_then_no_secret_is_in_it(accounts, store):
    _, secret = asyncio.run(accounts.token("anna", Role.ADMIN, 3600, ""))
    kept = b"".join(row for table in (room.ACCOUNTS, room.TOKENS) for _, row in store.load(table))
    assert secret.encode() not in kept
    assert GOOD.encode() not in kept
    assert b"$argon2id$" in kept


def numbered(number):
    return f"Correct horse battery {number}"


def changed(accounts, *passwords):
    for password in passwords:
        asyncio.run(accounts.change("anna", password=password))


@pytest.mark.parametrize("former", [GOOD, numbered(1), numbered(2)])
def test_when_a_password_was_one_of_the_last_three_then_it_is_refused(accounts, former):
    """TS 33.117 4.2.3.4.3.2: previously used passwords are not allowed, three of them at least."""
    changed(accounts, numbered(1), numbered(2), numbered(3))
    with pytest.raises(Unusable, match="one of the last 3 passwords"):
        changed(accounts, former)
    assert asyncio.run(accounts.login("anna", numbered(3), "::1"))


def test_when_a_password_is_the_present_one_then_it_is_refused(accounts):
    """TS 33.117 4.2.3.4.3.2"""
    with pytest.raises(Unusable, match="present password"):
        changed(accounts, GOOD)


def test_when_a_password_is_older_than_what_is_remembered_then_it_may_come_back(accounts):
    changed(accounts, *map(numbered, range(4)))
    changed(accounts, GOOD)
    assert asyncio.run(accounts.login("anna", GOOD, "::1"))


def test_when_the_owner_asks_for_more_then_more_is_remembered_and_fewer_are_forgotten_at_once(store, clock):
    policy = [PasswordPolicy(5)]
    accounts = Accounts(store, wait, clock, lambda: policy[0])
    asyncio.run(accounts.initialise("anna", GOOD))
    changed(accounts, *map(numbered, range(5)))
    with pytest.raises(Unusable, match="one of the last 5"):
        changed(accounts, GOOD)
    policy[0] = PasswordPolicy(3)
    changed(accounts, GOOD)
    assert len(accounts.find("anna").former) == 3


def test_when_another_start_reads_the_store_then_former_passwords_are_still_refused(accounts, store, clock):
    changed(accounts, numbered(1))
    with pytest.raises(Unusable, match="one of the last 1"):
        changed(Accounts(store, wait, clock), GOOD)
    kept = b"".join(row for _, row in store.load(room.ACCOUNTS))
    assert kept.count(b"$argon2id$") == 2
    assert GOOD.encode() not in kept


def test_when_a_provider_knows_the_account_then_it_gets_no_password(accounts):
    asyncio.run(accounts.admit("https://idp 1", "otto", Role.OPERATOR))
    with pytest.raises(Unusable, match="needs no password"):
        asyncio.run(accounts.change("otto", password=GOOD))


def logged_in(accounts, password=GOOD):
    return accounts.principal(asyncio.run(accounts.login("otto", password, "::1")))


@pytest.mark.parametrize("asked", [True, False])
def test_when_somebody_else_gave_the_password_then_another_one_is_due_where_the_owner_asks(store, clock, asked):
    """TS 33.117 4.2.3.4.3.2: the password is changed after the initial log-in."""
    accounts = Accounts(store, wait, clock, lambda: PasswordPolicy(own=asked))
    asyncio.run(accounts.add("otto", GOOD, Role.ADMIN, given=True))
    who = logged_in(accounts)
    assert (who.due, bool(who.permissions)) == (asked, not asked)
    asyncio.run(accounts.change("otto", password=numbered(1)))
    assert not logged_in(accounts, numbered(1)).due
    asyncio.run(accounts.change("otto", password=numbered(2), given=True))
    assert logged_in(accounts, numbered(2)).due is asked


def test_when_a_password_is_older_than_the_owner_allows_then_another_one_is_due(store, clock):
    """TS 33.117 4.2.3.4.3.2: passwords expire."""
    accounts = Accounts(store, wait, clock, lambda: PasswordPolicy(days=30))
    asyncio.run(accounts.add("otto", GOOD, Role.ADMIN))
    assert logged_in(accounts).ends == clock.now + 30 * 86400
    clock.now += 30 * 86400 - 1
    assert not logged_in(accounts).due
    clock.now += 1
    who = logged_in(accounts)
    assert (who.due, who.permissions) == (True, ())
    asyncio.run(accounts.change("otto", password=numbered(1)))
    assert not logged_in(accounts, numbered(1)).due


def test_when_a_password_is_due_then_a_token_still_speaks_for_its_account(store, clock):
    accounts = Accounts(store, wait, clock, lambda: PasswordPolicy(own=True))
    asyncio.run(accounts.add("otto", GOOD, Role.OPERATOR, given=True))
    _, secret = asyncio.run(accounts.token("otto", Role.OPERATOR, 3600, ""))
    assert accounts.principal(secret).permissions == ("operate", "read")


def test_when_a_provider_knows_who_logs_in_then_no_password_is_due(store, clock):
    accounts = Accounts(store, wait, clock, lambda: PasswordPolicy(days=1, own=True))
    secret = asyncio.run(accounts.admit("https://idp 1", "otto", Role.OPERATOR))
    assert not accounts.principal(secret).due
