"""Operations on who may do what: the first account, log-ins, accounts, tokens."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Annotated, Final, TypeVar
from urllib.parse import quote

import msgspec

from freehold.manage.accounts import Account, Accounts, Principal, Role, TokenView
from freehold.manage.accounts.accounts import IDLE, LONGEST, Changed, Refused
from freehold.manage.accounts.oidc import PATIENCE, NotAdmitted
from freehold.manage.accounts.passwords import LONGEST as LONGEST_PASSWORD
from freehold.manage.accounts.passwords import SHORTEST
from freehold.manage.forms import decode
from freehold.manage.handlers import answer, record, tagged, unchanged
from freehold.manage.http import Request, Response
from freehold.manage.operation import Problem, Rows
from freehold.spec.errors import Unusable
from freehold.spec.events import Event

if TYPE_CHECKING:
    from freehold.manage.api import Api

T = TypeVar("T")
COOKIE: Final = "freehold"
BINDING: Final = "freehold-oidc"
CALLBACK: Final = "oidc-callback"
DAY: Final = 86400.0
MOST_DAYS: Final = 3660.0
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Password = Annotated[str, msgspec.Meta(min_length=SHORTEST, max_length=LONGEST_PASSWORD)]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client fills in."""


class Credentials(Form, frozen=True):
    """Who logs in."""

    name: str
    password: str


class NewCredentials(Form, frozen=True):
    """The name and the password of an account to make."""

    name: Name
    password: Password


class FirstAccount(NewCredentials, frozen=True):
    """The first account; `code` is told where the network runs, and not needed on the owner's socket."""

    code: str = ""


class PasswordChange(Form, frozen=True):
    """The own password: the present one and a new one."""

    current: str
    password: Password


class AccountForm(NewCredentials, frozen=True):
    """An account to make."""

    role: Role


class AccountChange(Form, frozen=True):
    """What to change of an account."""

    role: Role | None = None
    password: Password | None = None
    enabled: bool | None = None


class TokenForm(Form, frozen=True):
    """A token to make, for so many days; `text` says what it is for."""

    account: str
    role: Role
    days: Annotated[float, msgspec.Meta(gt=0, le=MOST_DAYS)] = 30.0
    text: str = ""


class AccountView(msgspec.Struct, frozen=True):
    """An account, without its password."""

    name: str
    role: Role
    enabled: bool


class SetupView(msgspec.Struct, frozen=True):
    """Whether the first account was made, and whoever asks is `known`: has logged in.

    `oidc`: one can log in at a provider.
    """

    initialised: bool
    known: bool = False
    oidc: bool = False


class MeView(msgspec.Struct, frozen=True):
    """Who asks, and what the role grants.

    A log-in ends after `idle` seconds unused, and in any case in `left` seconds; 0 for what is no log-in. The password
    `ends` then, in seconds since 1970, 0 for never; once another one is `due`, nothing is granted but to choose it.
    """

    name: str
    role: Role
    permissions: tuple[str, ...]
    idle: float = IDLE
    left: float = 0.0
    due: bool = False
    ends: float = 0.0


class LoginView(MeView, frozen=True, kw_only=True):
    """A log-in; `secret` is a bearer's, and in a cookie too."""

    secret: str


class TokenSecret(TokenView, frozen=True, kw_only=True):
    """A new token with its secret, which is told once."""

    secret: str


def form(request: Request, kind: type[T]) -> T:
    """The body as a form; Unusable names the field that is wrong."""
    try:
        return decode(request.body, kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"the form is not as it should be: {error}") from None


def accounts_of(api: Api) -> Accounts:
    """The accounts of this network; Problem where it has none."""
    if api.accounts is None:
        raise Problem(404, "this network keeps no accounts")
    return api.accounts


def shown(account: Account) -> AccountView:
    """An account without its password."""
    return AccountView(account.name, account.role, account.enabled)


async def setup(api: Api, request: Request, _: str) -> Response:
    """Whether the first account was made, and who asks is known."""
    return answer(SetupView(accounts_of(api).initialised, request.principal is not None, api.oidc is not None))


async def initialise(api: Api, request: Request, _: str) -> Response:
    """Make the first account."""
    given = form(request, FirstAccount)
    if request.principal is None and not (api.code and compare_digest(given.code.encode(), api.code.encode())):
        raise Problem(403, "code: give the one that was told where the network started")
    await accounts_of(api).initialise(given.name, given.password)
    await record(api, request, "account.initialise", given.name)
    return Response(204)


async def login(api: Api, request: Request, _: str) -> Response:
    """Log in."""
    given, accounts = form(request, Credentials), accounts_of(api)
    try:
        secret = await accounts.login(given.name, given.password, request.address)
    except Refused as refused:
        where = request.address or "here"
        api.tell(Event("login-refused", f"a log-in from {where} was refused", "warning", where))
        raise Problem(429 if refused.wait else 401, str(refused)) from None
    principal = accounts.principal(secret)
    if principal is None:
        raise Problem(401, "the account was changed meanwhile: log in again")
    await record(api, msgspec.structs.replace(request, principal=principal), "account.login", given.name)
    view = LoginView(**msgspec.structs.asdict(me_of(accounts, principal, secret)), secret=secret)
    return msgspec.structs.replace(answer(view), headers=(_cookie(request, secret),))


def _cookie(request: Request, secret: str) -> tuple[str, str]:
    secure = "; Secure" if request.secure else ""
    return "set-cookie", f"{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={LONGEST:.0f}{secure}"


async def oidc_login(api: Api, request: Request, _: str) -> Response:
    """Send a browser to the provider."""
    if api.oidc is None:
        raise Problem(404, "no provider is set: see management.oidc")
    try:
        url, binding = await api.oidc.begin(f"{request.origin}/api/v1/{CALLBACK}")
    except NotAdmitted as why:
        return _refused(api, request, str(why))
    secure = "; Secure" if request.secure else ""
    bound = f"{BINDING}={binding}; Path=/api/v1/{CALLBACK}; HttpOnly; SameSite=Lax; Max-Age={PATIENCE:.0f}{secure}"
    return Response(303, headers=(("location", url), ("set-cookie", bound)))


async def oidc_callback(api: Api, request: Request, _: str) -> Response:
    """Take who comes back from the provider."""
    if api.oidc is None:
        raise Problem(404, "no provider is set: see management.oidc")
    accounts = accounts_of(api)
    if not accounts.initialised:
        return _refused(api, request, "make the first account before")
    try:
        identity = await api.oidc.finish(request.query, request.binding)
        secret = await accounts.admit(identity.subject, identity.name, identity.role)
    except NotAdmitted as why:
        return _refused(api, request, str(why))
    except Refused:
        return _refused(api, request, "the account is disabled")
    principal = accounts.principal(secret)
    name = principal.name if principal else ""
    detail = f"{identity.role} at {identity.subject}"
    await record(api, msgspec.structs.replace(request, principal=principal), "account.login", name, detail)
    done = f"{BINDING}=; Path=/api/v1/{CALLBACK}; Max-Age=0"
    return Response(303, headers=(("location", "/"), _cookie(request, secret), ("set-cookie", done)))


def _refused(api: Api, request: Request, why: str) -> Response:
    """Back to the console, which says why."""
    where = request.address or "here"
    api.tell(Event("login-refused", f"a log-in at the provider from {where} was refused: {why}", "warning", where))
    return Response(303, headers=(("location", f"/#refused={quote(why)}"),))


async def logout(api: Api, request: Request, _: str) -> Response:
    """Log out."""
    accounts_of(api).logout(request.secret)
    await record(api, request, "account.logout", request.principal.name if request.principal else "")
    return Response(204, headers=(("set-cookie", f"{COOKIE}=; Path=/; Max-Age=0"),))


async def me(api: Api, request: Request, __: str) -> Response:
    """Who asks."""
    principal = request.principal
    if principal is None:
        raise Problem(401, "log in first")
    return answer(me_of(api.accounts, principal, request.secret))


def me_of(accounts: Accounts | None, who: Principal, secret: str) -> MeView:
    """Who asks, as that one is shown."""
    left = 0.0 if accounts is None else accounts.left(secret)
    return MeView(who.name, who.role, who.permissions, left=left, due=who.due, ends=who.ends)


async def change_password(api: Api, request: Request, _: str) -> Response:
    """Change the own password."""
    given, accounts = form(request, PasswordChange), accounts_of(api)
    name = request.principal.name if request.principal else ""
    try:
        await accounts.right(name, given.current, request.address)
    except Refused as refused:
        raise Problem(429 if refused.wait else 422, f"current: {refused}") from None
    try:
        await accounts.change(name, password=given.password)
    except Changed as changed:
        raise Problem(409, str(changed)) from None
    await record(api, request, "account.password", name)
    return Response(204)


async def list_accounts(api: Api, _: Request, __: str) -> Rows:
    """All accounts."""
    return Rows([shown(account) for account in accounts_of(api).all()])


async def add_account(api: Api, request: Request, _: str) -> Response:
    """Make an account."""
    given, accounts = form(request, AccountForm), accounts_of(api)
    if any(account.name == given.name for account in accounts.all()):
        raise Problem(409, f"there is an account {given.name} already")
    await accounts.add(given.name, given.password, given.role, given=True)
    await record(api, request, "account.add", given.name, given.role)
    return answer(AccountView(given.name, given.role, enabled=True), 201)


def account_of(api: Api, name: str) -> Account:
    """An account by its name; Problem where there is none."""
    found = accounts_of(api).find(name)
    if found is None:
        raise Problem(404, f"there is no account {name}")
    return found


async def show_account(api: Api, _: Request, name: str) -> Response:
    """One account."""
    return tagged(shown(account_of(api, name)))


async def change_account(api: Api, request: Request, name: str) -> Response:
    """Change an account; its log-ins end."""
    given = form(request, AccountChange)
    unchanged(request, shown(account_of(api, name)))
    try:
        account = await accounts_of(api).change(
            name,
            role=given.role,
            password=given.password,
            enabled=given.enabled,
            given=request.principal is None or request.principal.name != name,
        )
    except KeyError:
        raise Problem(404, f"there is no account {name}") from None
    except Changed as changed:
        raise Problem(412, str(changed)) from None
    fields = [field for field in given.__struct_fields__ if getattr(given, field) is not None]
    await record(api, request, "account.change", name, ", ".join(fields))
    return tagged(shown(account))


async def delete_account(api: Api, request: Request, name: str) -> Response:
    """Remove an account with its tokens."""
    unchanged(request, shown(account_of(api, name)))
    try:
        await accounts_of(api).delete(name)
    except KeyError:
        raise Problem(404, f"there is no account {name}") from None
    await record(api, request, "account.delete", name)
    return Response(204)


async def list_tokens(api: Api, _: Request, __: str) -> Rows:
    """All tokens, without their secrets."""
    return Rows(accounts_of(api).tokens())


def token_of(api: Api, number: str) -> TokenView:
    """A token by its identifier, without its secret; Problem where there is none."""
    found = next((each for each in accounts_of(api).tokens() if each.id == number), None)
    if found is None:
        raise Problem(404, f"there is no token {number}")
    return found


async def show_token(api: Api, _: Request, token: str) -> Response:
    """One token, without its secret."""
    return tagged(token_of(api, token))


async def add_token(api: Api, request: Request, _: str) -> Response:
    """Make a token."""
    given = form(request, TokenForm)
    try:
        view, secret = await accounts_of(api).token(given.account, given.role, given.days * DAY, given.text)
    except KeyError:
        raise Problem(404, f"there is no account {given.account}") from None
    await record(api, request, "token.add", view.id, f"{view.account} as {view.role}")
    return answer(TokenSecret(**msgspec.structs.asdict(view), secret=secret), 201)


async def revoke_token(api: Api, request: Request, token: str) -> Response:
    """End a token."""
    unchanged(request, token_of(api, token))
    try:
        await accounts_of(api).revoke(token)
    except KeyError:
        raise Problem(404, f"there is no token {token}") from None
    await record(api, request, "token.revoke", token)
    return Response(204)
