"""TS 33.117: what is written down, what is not, and who can change it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Final

from freehold.trust.assure.case import case
from freehold.trust.assure.cases.accounts import filled, operations
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.gnb import Gnb
from freehold.trust.assure.roles.ue import Terminal
from freehold.trust.assure.roles.web import PASSWORD, Visitor, account, administrator
from freehold.trust.assure.verdict import need, require
from freehold.trust.ledger import Altered, verified


def spelt(secret: bytes) -> tuple[bytes, ...]:
    """A secret as a text may hold it."""
    return secret, secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret).rstrip(b"=")


FLOOD = 150
"""Refused log-ins, and as many requests of nobody."""
EVENTS = 1000
"""Events that are kept at most."""
PATIENCE, LOOK = 20.0, 0.02
"""Seconds that a message to a log server has, and between two looks whether it came."""
STREAMS = frozenset({"live", "tap", "ladder", "capture"})
"""Operations that do not end by themselves."""


@case("TS 33.117", "4.2.3.2.2", "accounts", "N2", "inside")
async def no_secret_is_told(lab: Lab) -> str:
    """Keys and passwords are in no answer of the management, no log and no event."""
    admin = await administrator(lab)
    ue = Terminal(await Gnb(lab).serve())
    await ue.register()
    secrets = [*lab.inside.secrets(), PASSWORD.encode()]
    said = [b"\n".join(lab.inside.ledger()), "\n".join(admin.web.lines()).encode()]
    said.append("\n".join(f"{each.text} {each.subject} {each.fix}" for each in lab.events).encode())
    asked = 0
    for method, path in await operations(admin):
        if method != "GET" or path in STREAMS:
            continue
        whole = path.replace("{supi}", ue.sim.supi.value)
        said.append((await admin.api("GET", filled(whole))).body)
        asked += 1
    said.append((await admin.ask("GET", "/api/v1/subscribers?format=csv")).body)
    said.append((await admin.api("POST", "subscribers", {"supi": "imsi-1", "k": secrets[0].hex()})).body)
    for octets in said:
        for secret in secrets:
            require(not any(form in octets for form in spelt(secret)), "a key or a password stands in what is told")
    return f"{len(secrets)} secrets looked for in {asked + 2} answers, the ledger, the console's log and all events"


@case("TS 33.117", "4.2.3.2.3", "accounts", "inside")
async def password_storage(lab: Lab) -> str:
    """Passwords are kept as salted, slow hashes, secrets of log-ins and tokens as digests."""
    admin = await administrator(lab)
    await account(admin, "berta", "operator")
    token = (await admin.api("POST", "tokens", {"account": "berta", "role": "operator", "days": 1})).value()
    rows = lab.inside.stored()
    hashes = [json.loads(row)["password"] for table, _, row in rows if table == "accounts"]
    need(len(hashes) == 2, f"{len(hashes)} accounts are stored, not two")
    require(all(each.startswith("$argon2id$") for each in hashes), "a password is not kept as an Argon2id hash")
    require(len(set(hashes)) == 2, "two equal passwords have equal hashes: there is no salt")
    for secret in (PASSWORD, token["secret"], admin.secret):
        require(not any(secret.encode() in row for _, _, row in rows), "a secret is kept as it is")
    return f"{len(hashes)} Argon2id hashes with salts; tokens as digests"


@case("TS 33.117", "4.2.3.2.5", "accounts", "inside")
async def access_to_personal_data(lab: Lab) -> str:
    """Who reads a subscriber's data is written down, without the data."""
    admin = await administrator(lab)
    sim = lab.sim()
    path = f"subscribers/{sim.supi.value}"
    before = len(admin.web.lines())
    need((await admin.api("GET", path)).status == 200, "the subscriber cannot be read")
    need((await admin.api("GET", "ues")).status == 200, "terminals cannot be read")
    lines = admin.web.lines()[before:]
    require(any("anna" in line and "/subscribers/" in line for line in lines), "reading a subscriber leaves no trace")
    require(any("anna" in line and "/ues" in line for line in lines), "reading the terminals leaves no trace")
    require(not any(sim.supi.digits in line for line in lines), "the trace of an access holds the whole SUPI")
    return "each access with account and time, the SUPI masked"


WRITTEN: Final = (
    "account.initialise", "account.login", "account.logout", "account.add", "account.change", "account.password",
    "account.delete", "token.add", "token.revoke", "subscriber.change",
)  # fmt: skip
"""Acts that the ledger has to name with who and when."""


@case("TS 33.117", "4.2.3.6.1", "accounts", "inside")
async def security_events(lab: Lab) -> str:
    """Log-ins and their ends, failed ones, changes of accounts, passwords, tokens and subscribers: who, when, what."""
    admin = await administrator(lab)
    guest = Visitor(lab, admin.web)
    await guest.login("anna", "Wrong horse battery")
    other = await account(admin, "berta", "operator")
    await other.api("PATCH", "me", {"current": PASSWORD, "password": f"{PASSWORD} 2"})
    await (await guest.enter("berta", f"{PASSWORD} 2")).api("POST", "logout", {})
    await admin.api("PATCH", "accounts/berta", {"role": "auditor"})
    token = (await admin.api("POST", "tokens", {"account": "berta", "role": "read-only", "days": 1})).value() or {}
    await admin.api("DELETE", f"tokens/{token.get('id', '')}")
    sim = lab.sim()
    await admin.api("PATCH", f"subscribers/{sim.supi.value}", {"enabled": False})
    await admin.api("DELETE", "accounts/berta")
    acts = [json.loads(entry) for entry in lab.inside.ledger()]
    found = {act["act"] for act in acts if act.get("actor") and act.get("time")}
    for wanted in WRITTEN:
        require(wanted in found, f"{wanted} is not written down")
    events = (await admin.api("GET", "events")).value() or []
    refused = [each for each in events if each["name"] == "login-refused"]
    require(refused and refused[0].get("time"), "a failed log-in is not written down")
    require("127.0.0.1" in json.dumps(refused), "a failed log-in does not say where it came from")
    return f"{len(acts)} acts in the ledger: {', '.join(sorted(found))}; failed log-ins as events"


@case("TS 33.117", "4.2.3.6.2", "accounts", "inside")
async def central_storage(lab: Lab) -> str:
    """Security events reach a log server elsewhere, over TLS, and one that nobody vouches for hears nothing."""
    admin = await administrator(lab)
    guest = Visitor(lab, admin.web)
    async with lab.inside.log_server() as logged:
        await account(admin, "berta", "operator")
        await guest.login("anna", "Wrong horse battery")
        wanted = (b"account.add", b"login-refused")
        came = await really(lambda: all(any(each in line for line in logged.lines) for each in wanted))
        missing = [each.decode() for each in wanted if not any(each in line for line in logged.lines)]
        require(came, f"{', '.join(missing)} did not reach the log server: {logged.failing() or 'nothing fails'}")
        number = len(logged.lines)
        require(not any(PASSWORD.encode() in line for line in logged.lines), "a password stands in what is told")
    async with lab.inside.log_server(vouched=False) as stranger:
        await account(admin, "carla", "auditor")
        tried = await really(lambda: bool(stranger.failing() or stranger.lines))
        need(tried, "the network did not turn to the second server")
        require(not stranger.lines, "security events are told to a server that nobody vouches for")
    return (
        f"{number} messages over TLS, acts and failed log-ins among them; a server that nobody vouches for hears none"
    )


async def really(condition: Callable[[], bool]) -> bool:
    """Wait in real time, for what goes over a socket; whether the condition came to hold."""
    for _ in range(round(PATIENCE / LOOK)):
        if condition():
            return True
        await asyncio.sleep(LOOK)
    return condition()


@case("TS 33.117", "4.2.3.6.3", "accounts", "inside")
async def protection_of_logs(lab: Lab) -> str:
    """The ledger is read by auditors alone, changed by nobody, and a change of it is found."""
    admin = await administrator(lab)
    await account(admin, "berta", "operator")
    other = await Visitor(lab, admin.web).enter("berta")
    came = await other.api("GET", "ledger")
    require(came.status == 403, f"an operator reads the ledger: status {came.status}")
    for method in ("DELETE", "PUT", "PATCH", "POST"):
        came = await admin.api(method, "ledger", {})
        require(came.status in {404, 405}, f"{method} of the ledger: status {came.status}")
    entries = list(lab.inside.ledger())
    kept = verified(entries)
    for changed in (entries[1:], entries[::-1], [*entries[:-1], entries[-1].replace(b"anna", b"eve_")], entries[:-1]):
        try:
            verified(changed, kept)
        except Altered:
            continue
        require(changed == entries, "a changed ledger passes as the one that was kept")
    return f"{len(entries)} entries; cut, turned round, changed and shortened: each found against a checkpoint"


@case("TS 33.117", "4.2.4.1.1.1", "accounts", "inside")
async def growing_content(lab: Lab) -> str:
    """Nobody without a log-in makes what is kept grow without bound."""
    admin = await administrator(lab)
    guest = Visitor(lab, admin.web)
    before = len(lab.inside.ledger())
    for number in range(FLOOD):
        await guest.login("anna", "Wrong horse battery")
        await guest.ask("GET", f"/api/v1/ues/imsi-{number:015}")
    grown = len(lab.inside.ledger()) - before
    require(grown < FLOOD // 10, f"{FLOOD} refused log-ins left {grown} entries in the ledger, which is never cut")
    events = (await admin.api("GET", "events")).value() or []
    need(events, "no event tells of refused log-ins")
    require(len(events) <= EVENTS, f"{len(events)} events are kept")
    return f"{FLOOD} refused log-ins: {grown} entries of the ledger, {len(events)} events of at most {EVENTS}"


@case("TS 33.117", "4.2.5.2.1", "accounts", "inside")
async def web_server_log(lab: Lab) -> str:
    """Every request of the console is written down with time, address, account, path and answer."""
    admin = await administrator(lab)
    guest = Visitor(lab, admin.web)
    before = len(admin.web.lines())
    await guest.ask("GET", "/")
    await guest.ask("GET", "/no/such.file")
    await guest.api("GET", "status")
    await admin.api("GET", "status")
    await guest.login("anna", "Wrong horse battery")
    await guest.ask("GET", "/api/v1/x%0d%0aGET%20/forged%20200")
    lines = admin.web.lines()[before:]
    require(len(lines) == 6, f"six requests, and {len(lines)} lines of the log")
    words = [line.split(" ") for line in lines]
    require(all(len(each) == 6 for each in words), "a line lacks a field, or a request made one of its own")
    require(all(each[0].startswith("20") and each[1] == "127.0.0.1" for each in words), "a line lacks time or address")
    require([each[5] for each in words[:5]] == ["200", "404", "401", "200", "401"], "a line tells another answer")
    require(words[3][2] == "anna" and words[2][2] == "-", "a line names another account than asked")
    return "six requests, six lines: time, address, account, method, path, status"
