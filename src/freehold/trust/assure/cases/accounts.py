"""TS 33.117: who may use the management, and how it is kept from everybody else."""

from __future__ import annotations

from freehold.trust.assure.case import case
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.web import GIVEN, PASSWORD, ROOT, Visitor, account, administrator, visitor
from freehold.trust.assure.verdict import need, require

OPEN = frozenset({"setup", "initialise", "login", "oidc-login", "oidc-callback"})
"""What is there for those who are not logged in."""
COMMON = ("admin", "root", "administrator", "operator", "user", "guest", "freehold", "test")
GUESSES = ("admin", "password", "freehold", "Admin123!", "changeme", "root", "1423", "")
PLAIN = ("short", "Ab1!", "alllowercaseletters", "ALLCAPITALLETTERS", "lowercase123456789", "0123456789012345")
"""Passwords that lack length or kinds of characters."""
HISTORY = 3
"""Former passwords that are refused at least."""
HOUR = 3600.0


async def operations(guest: Visitor) -> list[tuple[str, str]]:
    """Every method and path of the management API, by its own document."""
    document = (await guest.api("GET", "openapi.json")).value()
    need(isinstance(document, dict) and document.get("paths"), "the management API has no document of itself")
    found = []
    for path, methods in document["paths"].items():
        plain = path.removeprefix(ROOT).removeprefix("/v1").strip("/")
        found += [(each.upper(), plain) for each in methods if each in {"get", "post", "put", "patch", "delete"}]
    return found


def filled(path: str) -> str:
    """A path whose parameters are something."""
    return "/".join("imsi-001010000000001" if part.startswith("{") else part for part in path.split("/"))


@case("TS 33.117", "4.2.3.4.1.1", "accounts")
async def no_function_without_login(lab: Lab) -> str:
    """No operation of the management is served to who is not logged in."""
    guest = await visitor(lab)
    every = await operations(guest)
    for method, path in every:
        if path in OPEN:
            continue
        for secret in ("", "junk"):
            came = await Visitor(lab, guest.web, secret).api(method, filled(path), {})
            require(came.status == 401, f"{method} {path} without a log-in: status {came.status}")
    return f"{len(every)} operations, all but {', '.join(sorted(OPEN))} answer 401 without a log-in and with a junk one"


@case("TS 33.117", "4.2.3.4.1.2", "accounts", "inside")
async def one_account_a_person(lab: Lab) -> str:
    """Accounts are personal: no two share a name, and the ledger says which one acted."""
    admin = await administrator(lab)
    other = await account(admin, "berta", "operator")
    again = await admin.api("POST", "accounts", {"name": "berta", "password": PASSWORD, "role": "admin"})
    require(again.status == 409, f"a second account of the same name: status {again.status}")
    await other.api("PATCH", "me", {"current": PASSWORD, "password": PASSWORD + "!"})
    last = lab.inside.ledger()[-1]
    require(b'"berta"' in last, "the ledger does not name the account that acted")
    return "a name is one account's; the ledger names who acted"


@case("TS 33.117", "4.2.3.4.2.1", "accounts")
async def account_protection(lab: Lab) -> str:
    """An account is entered with its own password and nothing else."""
    admin = await administrator(lab)
    guest = Visitor(lab, admin.web)
    tries = (("anna", ""), ("anna", PASSWORD.lower()), ("anna", PASSWORD[:-1]), ("nobody", PASSWORD))
    for name, password in tries:
        came = await guest.login(name, password)
        require(came.status in {401, 422, 429}, f"{name} entered with a wrong password: status {came.status}")
        require("set-cookie" not in came.headers, "a refused log-in sets a cookie")
    bare = await guest.api("POST", "login", {"name": "anna"})
    require(bare.status == 422, f"a log-in without a password: status {bare.status}")
    return f"{len(tries) + 1} wrong log-ins refused, the right one taken"


@case("TS 33.117", "4.2.3.4.2.2", "accounts", "inside")
async def no_predefined_account(lab: Lab) -> str:
    """A fresh network has no account, and none can be entered by a usual name and password."""
    guest = await visitor(lab)
    stored = [key for table, key, _ in lab.inside.stored() if table == "accounts"]
    require(not stored, f"a fresh network has accounts: {', '.join(stored)}")
    told = (await guest.api("GET", "setup")).value()
    require(isinstance(told, dict) and told["initialised"] is False and told["known"] is False, "it says it has some")
    for name in COMMON[:4]:
        came = await guest.login(name, "Admin1234567!")
        require(came.status in {401, 429}, f"{name} can log in at a fresh network: status {came.status}")
    bare = await guest.api("POST", "initialise", {"name": "eve", "password": PASSWORD})
    require(bare.status == 403, f"the first account is made without the code: status {bare.status}")
    return "no account in the store; the first one needs the code that the owner is told"


@case("TS 33.117", "4.2.3.4.2.3", "inside")
async def no_predefined_key(lab: Lab) -> str:
    """Keys are each network's own: two networks share none."""
    lab.sim()
    ours = set(lab.inside.secrets())
    async with lab.inside.another(seed=4711) as other:
        other.sim()
        theirs = set(other.inside.secrets())
    require(not ours & theirs, f"{len(ours & theirs)} keys are the same in two networks")
    require(all(any(key) and len(set(key)) > 4 for key in ours | theirs), "a key is not random")
    return f"{len(ours)} and {len(theirs)} keys, none in common"


@case("TS 33.117", "4.2.3.4.3.1", "accounts")
async def password_structure(lab: Lab) -> str:
    """Short passwords and those of fewer than three kinds of characters are refused."""
    admin = await administrator(lab)
    for number, password in enumerate(PLAIN):
        form = {"name": f"c{number}", "password": password, "role": "read-only"}
        came = await admin.api("POST", "accounts", form)
        require(came.status == 422, f"a password of {len(password)} characters, too plain: status {came.status}")
    mine = await admin.api("PATCH", "me", {"current": PASSWORD, "password": PLAIN[2]})
    require(mine.status == 422, f"the own password may become a plain one: status {mine.status}")
    good = await admin.api("POST", "accounts", {"name": "dora", "password": PASSWORD, "role": "read-only"})
    need(good.status == 201, f"a good password is refused: status {good.status}")
    return f"{len(PLAIN) + 1} plain passwords refused, one of three kinds taken"


@case("TS 33.117", "4.2.3.4.3.2", "accounts", "inside")
async def password_changes(lab: Lab) -> str:
    """A password is its owner's to change at any time, at once where another gave it, when it is old, to a new one."""
    admin = await administrator(lab)
    await changed_at_first(admin)
    async with lab.inside.another(password_days=1) as elsewhere:
        await changed_when_old(elsewhere)
    other = await account(admin, "berta", "operator")
    had = [PASSWORD]
    for number in range(1, HISTORY + 1):
        wrong = await other.api("PATCH", "me", {"current": PASSWORD + "?", "password": f"{PASSWORD} {number}"})
        require(
            wrong.status in {401, 403, 422}, f"a password is changed without the present one: status {wrong.status}"
        )
        came = await other.api("PATCH", "me", {"current": had[-1], "password": f"{PASSWORD} {number}"})
        need(came.status < 300, f"a new password is refused: status {came.status}")
        had.append(f"{PASSWORD} {number}")
        other = await Visitor(lab, admin.web).enter("berta", had[-1])
    for former in reversed(had):
        came = await other.api("PATCH", "me", {"current": had[-1], "password": former})
        require(
            came.status == 422, f"the password before {had.index(had[-1]) - had.index(former)} changes is taken again"
        )
        came = await admin.api("PATCH", "accounts/berta", {"password": former})
        require(came.status == 422, f"an administrator gives a former password again: status {came.status}")
    for old in had[:-1]:
        came = await Visitor(lab, admin.web).login("berta", old)
        require(came.status in {401, 429}, "a former password still opens the account")
    return f"given and old passwords serve for choosing another one alone; none of the last {len(had)} is taken again"


async def changed_at_first(admin: Visitor) -> None:
    """Who got a password from somebody else does nothing with it but choose another one."""
    came = await admin.api("POST", "accounts", {"name": "carla", "password": GIVEN, "role": "operator"})
    need(came.status == 201, f"an account cannot be made: status {came.status}")
    await must_change(await Visitor(admin.lab, admin.web).enter("carla", GIVEN), GIVEN, "given by somebody else")


async def changed_when_old(lab: Lab) -> None:
    """A password that is older than the owner allows does nothing but be changed."""
    admin = await administrator(lab)
    came = await admin.api("GET", "subscribers")
    need(came.status == 200, f"a new password is taken for an old one: status {came.status}")
    await lab.sleep(25 * HOUR)
    await must_change(await Visitor(lab, admin.web).enter("anna"), PASSWORD, "a day old")


async def must_change(who: Visitor, password: str, why: str) -> None:
    """A log-in that may do nothing until it has another password."""
    for method, path in (("GET", "subscribers"), ("GET", "status"), ("POST", "tokens")):
        came = await who.api(method, path, {})
        require(came.status == 403, f"with a password {why} {method} {path} is served: status {came.status}")
    came = await who.api("PATCH", "me", {"current": password, "password": f"{password} and more"})
    need(came.status < 300, f"it cannot be changed: status {came.status}")


async def guess(guest: Visitor, name: str, most: int) -> int:
    """How many wrong passwords are heard before one is not."""
    for heard in range(most):
        if (await guest.login(name, f"Wrong guess number {heard}")).status == 429:
            return heard
    return most


@case("TS 33.117", "4.2.3.4.3.3", "accounts")
async def brute_force(lab: Lab) -> str:
    """Guessing is slowed: after a few wrong passwords nobody is heard for a while, not even with the right one."""
    admin = await administrator(lab)
    guest = Visitor(lab, admin.web)
    heard = await guess(guest, "anna", 12)
    require(heard < 12, "twelve wrong passwords in a row were all heard")
    right = await guest.login("anna")
    require(right.status == 429, f"while guesses wait the right password is heard: status {right.status}")
    await lab.sleep(HOUR)
    need((await guest.login("anna")).status == 200, "after an hour the right password is still refused")
    return f"{heard} guesses heard; then each waits longer, and the right one too; it is taken an hour later"


@case("TS 33.117", "4.2.3.4.5", "accounts")
async def failed_logins(lab: Lab) -> str:
    """Failed log-ins in a row shut the account for growing times, and each is told."""
    admin = await administrator(lab)
    guest = Visitor(lab, admin.web)
    heard = await guess(guest, "anna", 12)
    require(heard < 12, "twelve failed log-ins in a row shut nothing")
    waits = []
    for _ in range(3):
        came = await guest.login("anna", "Wrong once more!")
        waits.append(str(came.value().get("detail", "")))
        await lab.sleep(HOUR / 60)
        await guest.login("anna", "Wrong once more!")
    require(len(set(waits)) > 1, f"the wait does not grow: {waits}")
    events = (await admin.api("GET", "events")).value() or []
    told = [each for each in events if each.get("name") == "login-refused"]
    require(told, "no event tells of a failed log-in")
    return f"shut after {heard} failures; {len(told)} events tell of them"


@case("TS 33.117", "4.2.3.4.3.4", "console")
async def hidden_passwords(lab: Lab) -> str:
    """Passwords are not shown where they are typed, and never come back."""
    guest = await visitor(lab)
    page = await guest.ask("GET", "/")
    need(page.status == 200, f"the console has no page: status {page.status}")
    scripts = [part.split('"')[0] for part in page.body.decode("utf-8", "replace").split('src="')[1:]]
    code = b"".join([(await guest.ask("GET", f"/{name.lstrip('/')}")).body for name in scripts])
    need(b"password" in code, "the console's code knows no password")
    fields = (
        code.count(b"type=password")
        + code.count(b'type="password"')
        + code.count(b'type:"password"')
        + code.count(b"type:`password`")
    )
    require(fields > 0, "no field of the console hides what is typed")
    require(b"console.log(" not in code, "the console writes to the browser's log")
    return f"{fields} kinds of fields hide what is typed"


@case("TS 33.117", "4.2.3.4.4.1", "accounts")
async def management_interfaces(lab: Lab) -> str:
    """Both ends of the management prove who they are: a certificate, and a log-in."""
    guest = await visitor(lab, tls=True)
    plain = Visitor(lab, guest.web)
    came = await guest.api("GET", "me")
    need(came.status == 401, f"over TLS without a log-in: status {came.status}")
    for method, path in (("GET", "subscribers"), ("GET", "configuration"), ("POST", "accounts"), ("GET", "ledger")):
        came = await plain.api(method, path, {})
        require(came.status == 401, f"{method} {path} over TLS without a log-in: status {came.status}")
    made = await administrator(lab, tls=True)
    came = await made.api("GET", "me")
    need(came.status == 200, f"with a log-in: status {came.status}")
    return "the server shows a certificate; without a log-in nothing is served"


ALLOWED = {
    "read-only": (("GET", "status"), ("GET", "subscribers")),
    "auditor": (("GET", "status"), ("GET", "ledger")),
    "operator": (("GET", "status"), ("POST", "configuration-plan")),
}
DENIED = {
    "read-only": (("POST", "subscribers"), ("GET", "ledger"), ("GET", "accounts"), ("PUT", "configuration")),
    "auditor": (("POST", "subscribers"), ("POST", "accounts"), ("PUT", "configuration"), ("POST", "tokens")),
    "operator": (("GET", "ledger"), ("POST", "accounts"), ("PUT", "configuration"), ("GET", "tokens")),
}


@case("TS 33.117", "4.2.3.4.6.1", "accounts")
async def authorisation(lab: Lab) -> str:
    """An account has the permissions of its role alone, and a token no more than its account."""
    admin = await administrator(lab)
    other = await account(admin, "reader", "read-only")
    for method, path in DENIED["read-only"]:
        came = await other.api(method, path, {})
        require(came.status == 403, f"a read-only account may {method} {path}: status {came.status}")
    came = await admin.api("POST", "tokens", {"account": "reader", "role": "admin", "days": 1})
    require(came.status in {403, 422}, f"a read-only account gets a token of an administrator: status {came.status}")
    came = await other.api("PATCH", "accounts/reader", {"role": "admin"})
    require(came.status == 403, f"an account may raise its own role: status {came.status}")
    return "nothing beyond the role, by log-in or by token, and no way to a higher one"


@case("TS 33.117", "4.2.3.4.6.2", "accounts")
async def roles(lab: Lab) -> str:
    """Each role may do what it is for, and nothing of the others."""
    admin = await administrator(lab)
    tried = 0
    for role, allowed in ALLOWED.items():
        who = await account(admin, role.replace("-", ""), role)
        for method, path in allowed:
            came = await who.api(method, path, {"text": ""})
            require(came.status not in {401, 403}, f"{role} may not {method} {path}: status {came.status}")
        for method, path in DENIED[role]:
            came = await who.api(method, path, {})
            require(came.status == 403, f"{role} may {method} {path}: status {came.status}")
        tried += len(allowed) + len(DENIED[role])
    return f"{len(ALLOWED)} roles beside the administrator's, {tried} operations tried"
