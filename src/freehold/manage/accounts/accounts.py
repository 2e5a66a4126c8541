"""Accounts, log-ins and tokens on a store: secrets leave once, when they are made, and are kept as digests."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from itertools import count
from typing import Final

import msgspec

from freehold.manage.accounts.passwords import PasswordPolicy, Passwords
from freehold.manage.accounts.roles import Principal, Role
from freehold.manage.accounts.throttle import Throttle
from freehold.procedure import Signal
from freehold.services.store import Store
from freehold.spec.errors import Unusable

ACCOUNTS: Final = "accounts"
TOKENS: Final = "tokens"
IDLE: Final = 1800.0
"""Seconds after which an unused log-in ends."""
LONGEST: Final = 12 * 3600.0
"""Seconds after which every log-in ends."""
DAY: Final = 86400.0
LOGINS: Final = 1000
"""Log-ins at once; the oldest ends for one more."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_encode: Final = msgspec.json.Encoder().encode

Wait = Callable[[Signal[None]], Awaitable[None]]


class Account(msgspec.Struct, frozen=True):
    """An account as it is kept; the password as its hash, or `subject` of whom a provider knows instead.

    `former` are the hashes of the passwords before, the last first; `chosen` is when the password was, in seconds since
    1970, and `given` whether somebody else did.
    """

    name: str
    role: Role
    password: str
    enabled: bool = True
    subject: str = ""
    former: tuple[str, ...] = ()
    chosen: float = 0.0
    given: bool = False

    def with_password(self, kept: str, policy: PasswordPolicy, now: float, *, given: bool) -> Account:
        """The same account with a new password's hash; the present one is former from now on."""
        former = (self.password, *self.former)[: policy.history]
        return msgspec.structs.replace(self, password=kept, former=former, chosen=now, given=given)

    def ends(self, policy: PasswordPolicy) -> float:
        """When another password is due, in seconds since 1970; 0 for never, or where a provider knows who it is."""
        if self.subject:
            return 0.0
        return self.chosen or 1.0 if self.given and policy.own else policy.days and self.chosen + policy.days * DAY


class TokenView(msgspec.Struct, frozen=True):
    """A token as it is shown: what it may do, and until when (seconds since 1970)."""

    id: str
    account: str
    role: Role
    expires: float
    text: str = ""


class Token(msgspec.Struct, frozen=True):
    """A token as it is kept: its secret as a digest."""

    view: TokenView
    digest: bytes


class _Login(msgspec.Struct):
    account: str
    began: float
    used: float


class Refused(Exception):  # noqa: N818 - what happened
    """A log-in that is not taken: `wait` seconds until the next one is heard."""

    def __init__(self, wait: float = 0.0) -> None:
        super().__init__("name or password is wrong" if wait == 0 else f"too many failures: wait {wait:.0f} s")
        self.wait = wait


class Changed(Exception):  # noqa: N818 - what happened
    """An account was changed by somebody else while a password was hashed."""


class Accounts:
    """The accounts of one network; `wait` gives the store's answers, `utc` the time in seconds since 1970.

    `policy` says what is asked of passwords now.
    """

    def __init__(
        self,
        store: Store,
        wait: Wait,
        utc: Callable[[], float],
        policy: Callable[[], PasswordPolicy] = PasswordPolicy,
    ) -> None:
        self._policy = policy
        self._store = store
        self._wait = wait
        self._utc = utc
        self._passwords = Passwords()
        self._throttle = Throttle()
        self._accounts = {name: msgspec.json.decode(row, type=Account) for name, row in store.load(ACCOUNTS)}
        self._tokens = {name: msgspec.json.decode(row, type=Token) for name, row in store.load(TOKENS)}
        self._logins: dict[bytes, _Login] = {}

    # --- accounts -----------------------------------------------------------------------------
    @property
    def initialised(self) -> bool:
        """Whether there is an account at all."""
        return bool(self._accounts)

    def all(self) -> Sequence[Account]:
        """Every account by name."""
        return sorted(self._accounts.values(), key=lambda account: account.name)

    def find(self, name: str) -> Account | None:
        """An account by its name; None where there is none."""
        return self._accounts.get(name)

    async def initialise(self, name: str, password: str) -> None:
        """Make the first account, an administrator's; Unusable once there is one."""
        if self.initialised:
            raise Unusable("there are accounts already: log in")
        await self.add(name, password, Role.ADMIN, first=True)

    async def add(self, name: str, password: str, role: Role, *, first: bool = False, given: bool = False) -> None:
        """Make an account, with a password `given` by somebody else; Unusable where it cannot be."""
        if not _NAME.fullmatch(name):
            raise Unusable("a name is 1 to 64 of a-z, 0-9, dot, dash and underscore, and begins with a letter or digit")
        kept = await self._passwords.hashed(password)
        if name in self._accounts or (first and self.initialised):  # another one came first while this was hashed
            raise Unusable(f"there is an account {name} already" if name in self._accounts else "log in")
        await self._keep(Account(name, role, kept, chosen=self._utc(), given=given))

    async def change(
        self,
        name: str,
        *,
        role: Role | None = None,
        password: str | None = None,
        enabled: bool | None = None,
        given: bool = False,
    ) -> Account:
        """Change an account and end its log-ins; KeyError where there is none, Unusable for the last administrator.

        `given` says that somebody else chose the password. Changed where somebody else was faster.
        """
        if self._accounts[name].subject and (role or password is not None):
            raise Unusable(f"{name} logs in at a provider, which gives the role and needs no password")
        old = self._accounts[name]
        kept = None if password is None else await self._new_password(old, password)
        if self._accounts[name] is not old:
            raise Changed(f"{name} was changed meanwhile: read it again")
        new = msgspec.structs.replace(
            old if kept is None else old.with_password(kept, self._policy(), self._utc(), given=given),
            role=role or old.role,
            enabled=old.enabled if enabled is None else enabled,
        )
        if not (new.enabled and new.role == Role.ADMIN):
            self._spare_an_administrator(name)
        await self._keep(new)
        self._end(name)
        return new

    async def _new_password(self, account: Account, password: str) -> str:
        """The hash of a password that the account did not have of late (TS 33.117 4.2.3.4.3.2)."""
        kept = await self._passwords.hashed(password)
        await self._passwords.unused(account.password, account.former[: self._policy().history], password)
        return kept

    async def delete(self, name: str) -> None:
        """Remove an account with its tokens and log-ins; KeyError where there is none."""
        if name not in self._accounts:
            raise KeyError(name)
        self._spare_an_administrator(name)
        del self._accounts[name]
        gone = [token for token, kept in self._tokens.items() if kept.view.account == name]
        for token in gone:
            del self._tokens[token]
        self._end(name)
        await self._wait(self._store.commit(TOKENS, [(token, None) for token in gone]))
        await self._wait(self._store.commit(ACCOUNTS, [(name, None)]))

    def _spare_an_administrator(self, name: str) -> None:
        others = (each for each in self._accounts.values() if each.name != name)
        if not any(each.role == Role.ADMIN and each.enabled for each in others):
            raise Unusable(f"{name} is the last administrator: make another one first")

    async def _keep(self, account: Account) -> None:
        self._accounts[account.name] = account
        await self._wait(self._store.commit(ACCOUNTS, [(account.name, _encode(account))]))

    # --- log-ins ------------------------------------------------------------------------------
    async def login(self, name: str, password: str, address: str) -> str:
        """The secret of a new log-in; Refused says only that name or password is wrong, or how long to wait."""
        keys = (f"name {name}", f"address {address}")
        wait = max(self._throttle.wait(key, self._utc()) for key in keys)
        if wait:
            raise Refused(wait)
        account = self._accounts.get(name)
        usable = account is not None and account.enabled
        for key in keys:  # counted before the answer: tries at the same time count too
            self._throttle.failed(key, self._utc())
        if not await self._passwords.right(account.password if account and usable else None, password):
            raise Refused
        for key in keys:
            self._throttle.succeeded(key)
        if self._accounts.get(name) != account:  # changed while it was checked
            raise Refused
        return self._opened(name)

    async def admit(self, subject: str, wished: str, role: Role) -> str:
        """The secret of a new log-in of whom a provider knows; Refused where that one is disabled.

        The first log-in makes an account, by a name that nobody has; each sets the role that the provider gives now.
        """
        account = next((each for each in self._accounts.values() if each.subject == subject), None)
        if account is None:
            account = Account(self._free_name(wished), role, "", subject=subject)
            await self._keep(account)
        elif not account.enabled:
            raise Refused
        elif account.role != role:
            account = msgspec.structs.replace(account, role=role)
            await self._keep(account)
            self._end(account.name)
        return self._opened(account.name)

    def _free_name(self, wished: str) -> str:
        base = re.sub(r"[^a-z0-9._-]+", "-", wished.lower()).strip(".-_")[:50] or "somebody"
        names = (base if number == 1 else f"{base}-{number}" for number in count(1))
        return next(name for name in names if name not in self._accounts)

    def _opened(self, name: str) -> str:
        secret = secrets.token_urlsafe(32)
        if len(self._logins) >= LOGINS:
            del self._logins[next(iter(self._logins))]
        self._logins[_digest(secret)] = _Login(name, self._utc(), self._utc())
        return secret

    async def right(self, name: str, password: str, address: str) -> bool:
        """Whether this is the password of an account, with the patience of a log-in; Refused says how long to wait."""
        self.logout(await self.login(name, password, address))
        return True

    def logout(self, secret: str) -> None:
        """End a log-in."""
        self._logins.pop(_digest(secret), None)

    def _end(self, name: str) -> None:
        for digest in [digest for digest, login in self._logins.items() if login.account == name]:
            del self._logins[digest]

    # --- tokens -------------------------------------------------------------------------------
    async def token(self, account: str, role: Role, seconds: float, text: str) -> tuple[TokenView, str]:
        """A new token of an account and its secret, which is told once; KeyError where there is no such account."""
        owner = self._accounts[account]
        if not Principal(account, owner.role).covers(role):
            raise Unusable(f"{account} is {owner.role}: its token cannot be {role}")
        view = TokenView(secrets.token_hex(8), account, role, self._utc() + seconds, text)
        secret = f"fht_{secrets.token_urlsafe(32)}"
        kept = Token(view, _digest(secret))
        self._tokens[view.id] = kept
        await self._wait(self._store.commit(TOKENS, [(view.id, _encode(kept))]))
        return view, secret

    def tokens(self) -> Sequence[TokenView]:
        """Every token, by account."""
        return sorted((kept.view for kept in self._tokens.values()), key=lambda view: (view.account, view.id))

    async def revoke(self, token: str) -> None:
        """End a token; KeyError where there is none."""
        del self._tokens[token]
        await self._wait(self._store.commit(TOKENS, [(token, None)]))

    # --- who asks -----------------------------------------------------------------------------
    def principal(self, secret: str) -> Principal | None:
        """Whose secret this is, of a log-in or a token; None where it is nobody's any more."""
        digest = _digest(secret)
        return self._by_login(digest) or self._by_token(digest)

    def owner(self, secret: str) -> str:
        """The account of a log-in or a token; empty where it is nobody's. It does not count as used by that."""
        digest = _digest(secret)
        login, token = self._login(digest), self._by_token(digest)
        return login.account if login is not None else token.name if token is not None else ""

    def admitted(self, secret: str) -> bool:
        """Whether a secret is still somebody's; a log-in does not count as used by that."""
        digest = _digest(secret)
        return self._login(digest) is not None or self._by_token(digest) is not None

    def left(self, secret: str) -> float:
        """Seconds that a log-in lasts however much it is used; 0 for what is no log-in."""
        login = self._logins.get(_digest(secret))
        return 0.0 if login is None else login.began + LONGEST - self._utc()

    def _by_login(self, digest: bytes) -> Principal | None:
        login = self._login(digest)
        if login is None:
            return None
        login.used = self._utc()
        account = self._accounts[login.account]
        ends = account.ends(self._policy())
        return Principal(account.name, account.role, due=0.0 < ends <= login.used, ends=ends)

    def _login(self, digest: bytes) -> _Login | None:
        login = self._logins.get(digest)
        if login is None:
            return None
        now = self._utc()
        if login.account not in self._accounts or now - login.used > IDLE or now - login.began > LONGEST:
            del self._logins[digest]
            return None
        return login

    def _by_token(self, digest: bytes) -> Principal | None:
        found = next((kept for kept in self._tokens.values() if secrets.compare_digest(kept.digest, digest)), None)
        if found is None or found.view.expires <= self._utc():
            return None
        owner = self._accounts.get(found.view.account)
        if owner is None or not owner.enabled or not Principal(owner.name, owner.role).covers(found.view.role):
            return None
        return Principal(owner.name, found.view.role, found.view.id)


def _digest(secret: str) -> bytes:
    """What is kept of a random secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
