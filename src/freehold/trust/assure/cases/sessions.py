"""TS 33.117: log-ins, how they are told apart, and how they end."""

from __future__ import annotations

from freehold.trust.assure.case import case
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.web import Visitor, administrator
from freehold.trust.assure.verdict import need, require

IDLE = 3600.0
"""Seconds unused after which a log-in must have ended."""
DAY = 86400.0


@case("TS 33.117", "4.2.3.5.1", "accounts")
async def logout(lab: Lab) -> str:
    """A log-in ends when its user says so."""
    admin = await administrator(lab)
    need((await admin.api("GET", "me")).status == 200, "a log-in is not known")
    came = await admin.api("POST", "logout")
    need(came.status == 204, f"there is no way to log out: status {came.status}")
    after = await admin.api("GET", "me")
    require(after.status == 401, f"after logging out the same secret is served: status {after.status}")
    return "after logging out the secret is worth nothing"


@case("TS 33.117", "4.2.3.5.2", "accounts")
async def inactivity(lab: Lab) -> str:
    """A log-in that is not used ends by itself."""
    admin = await administrator(lab)
    await lab.sleep(600)
    need((await admin.api("GET", "me")).status == 200, "a log-in ends within ten minutes")
    await lab.sleep(IDLE)
    after = await admin.api("GET", "me")
    require(after.status == 401, f"unused for an hour the log-in is served: status {after.status}")
    return "used after ten minutes; unused for an hour it is over"


@case("TS 33.117", "4.2.5.3", "accounts")
async def http_sessions(lab: Lab) -> str:
    """Secrets of log-ins are long, new each time, in a protected cookie, never chosen by a client, and end."""
    admin = await administrator(lab, tls=True)
    guest = Visitor(lab, admin.web)
    seen = [admin.secret]
    for _ in range(3):
        came = await guest.login("anna")
        need(came.status == 200, f"anna cannot log in again: status {came.status}")
        seen.append(came.value()["secret"])
        cookie = came.headers.get("set-cookie", "")
        for mark in ("HttpOnly", "Secure", "SameSite"):
            require(mark in cookie, f"the cookie of a log-in lacks {mark}")
    require(len(set(seen)) == len(seen), "two log-ins have the same secret")
    require(min(map(len, seen)) >= 22, "the secret of a log-in has fewer than 128 bits")
    same = sum(all(each[at] == seen[0][at] for each in seen) for at in range(min(map(len, seen))))
    require(same < 8, f"{same} places of the secret are the same in every log-in")
    fixed = await guest.ask("GET", "/api/v1/me", headers={"Cookie": "freehold=chosen-by-the-client"})
    require(fixed.status == 401, f"a secret that the client chose is taken: status {fixed.status}")
    foreign = {"Cookie": f"freehold={admin.secret}", "Origin": "https://elsewhere.example"}
    forged = await guest.ask("POST", "/api/v1/logout", headers=foreign)
    require(forged.status == 403, f"another site's page may act by the cookie: status {forged.status}")
    for _ in range(50):
        await lab.sleep(DAY / 50)
        await admin.api("GET", "me")
    after = await admin.api("GET", "me")
    require(after.status == 401, "a log-in that is used all the time never ends")
    return f"{len(seen)} log-ins, {len(set(seen))} secrets of {len(seen[0])} characters; cookies are protected; all end"
