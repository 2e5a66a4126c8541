"""Faults of the management: accounts, log-ins, logs, the web server, and what is installed."""

import json
from types import SimpleNamespace

import msgspec

from freehold.app.assured_console import OwnConsole
from freehold.core.udm import home_keys
from freehold.manage import access, forms, subscribers, visits, web
from freehold.manage.accounts import accounts, passwords, roles
from freehold.manage.accounts.throttle import Throttle
from freehold.manage.api import Api
from freehold.manage.http import Response
from freehold.manage.pages import Pages
from freehold.manage.syslog.forwarder import Forwarder
from freehold.services.ledger import Act
from freehold.services.nudm import Ambr

from .faults import mutant

GENERAL = "TS 33.117"


# --- accounts and log-ins ----------
@mutant(GENERAL, "4.2.3.4.1.1", "operations ask for no log-in")
def no_login(fault):
    fault.replace(Api, "_admitted", lambda _, request, __: request)


@mutant(GENERAL, "4.2.3.4.4.1", "the management over TLS asks for no log-in")
def no_login_over_tls(fault):
    no_login(fault)


@mutant(GENERAL, "4.2.3.4.1.2", "the ledger names no account")
def nameless(fault):
    async def note(api, request, act, subject="", detail=""):
        await api.network.wait(api.network.record(Act(api.network.utc(), "somebody", act, "", "")))

    fault.replace(access, "record", note)


@mutant(GENERAL, "4.2.3.4.2.1", "every password is right")
def every_password(fault):
    async def right(*_):
        return True

    fault.replace(passwords.Passwords, "right", right)


@mutant(GENERAL, "4.2.3.4.2.2", "a fresh network has an account")
def built_in_account(fault):
    def begin(self, store, wait, utc, *more):
        account = {"name": "admin", "role": "admin", "password": "$argon2id$none", "enabled": True}
        store.write_behind(accounts.ACCOUNTS, "admin", json.dumps(account).encode())
        made(self, store, wait, utc, *more)

    made = fault.replace(accounts.Accounts, "__init__", begin)


@mutant(GENERAL, "4.2.3.4.2.3", "every network has the same home network key")
def built_in_key(fault):
    def same(key_id, scheme, _):
        return draw(key_id, scheme, lambda octets: bytes(range(1, octets + 1)))

    draw = fault.replace(home_keys, "generate", same)


@mutant(GENERAL, "4.2.3.4.3.1", "a password of small letters alone is taken")
def plain_passwords(fault):
    fault.replace(passwords, "kinds", lambda _: 4)


@mutant(GENERAL, "4.2.3.4.3.2", "a former password is taken again")
def former_passwords(fault):
    async def unused(self, present, _, password):
        await present_alone(self, present, (), password)

    present_alone = fault.replace(passwords.Passwords, "unused", unused)


@mutant(GENERAL, "4.2.3.4.3.3", "guesses are not slowed")
def quick_guesses(fault):
    fault.replace(Throttle, "wait", lambda *_: 0.0)


@mutant(GENERAL, "4.2.3.4.5", "failed log-ins are told to nobody")
def silent_failures(fault):
    fault.replace(Api, "tell", lambda *_: None)


@mutant(GENERAL, "4.2.3.4.3.4", "passwords are shown where they are typed")
def shown_passwords(fault):
    def answer(self, path, accepted):
        found = served(self, path, "")
        return msgspec.structs.replace(found, body=found.body.replace(b"`password`", b"`text`"))

    served = fault.replace(Pages, "answer", answer)


@mutant(GENERAL, "4.2.3.4.6.1", "every account may do everything")
def no_permissions(fault):
    fault.replace(roles.Principal, "may", lambda *_: True)


def audits(fault):
    fault.replace(roles, "GRANTS", {**roles.GRANTS, roles.Role.OPERATOR: frozenset(roles.Permission)})


@mutant(GENERAL, "4.2.3.4.6.2", "an operator has the auditor's and the administrator's permissions")
def operators_administer(fault):
    audits(fault)


@mutant(GENERAL, "4.2.3.6.3", "an operator reads the ledger")
def operators_audit(fault):
    audits(fault)


@mutant(GENERAL, "4.2.3.5.1", "logging out ends nothing")
def no_logout(fault):
    fault.replace(accounts.Accounts, "logout", lambda *_: None)


@mutant(GENERAL, "4.2.3.5.2", "an unused log-in does not end")
def endless(fault):
    fault.replace(accounts, "IDLE", 1e9)


@mutant(GENERAL, "4.2.5.3", "all log-ins have one secret")
def one_secret(fault):
    fault.replace(accounts, "secrets", SimpleNamespace(token_urlsafe=lambda _: "A" * 43, compare_digest=bytes.__eq__))


# --- what is told and written ----------
@mutant(GENERAL, "4.2.3.2.2", "K is shown with a subscriber")
def key_shown(fault):
    def view(subscriber):
        return msgspec.structs.replace(shown(subscriber), name=bytes(subscriber.authentication.k).hex())

    shown = fault.replace(subscribers, "view", view)


@mutant(GENERAL, "4.2.3.2.3", "passwords are kept as they are")
def clear_passwords(fault):
    fault.replace(passwords, "_hash", lambda password: password)
    fault.replace(passwords, "_verified", lambda kept, password: kept == password)


@mutant(GENERAL, "4.2.3.2.5", "the console's log holds whole SUPIs")
def unmasked(fault):
    fault.replace(visits, "masked", visits.plain)


@mutant(GENERAL, "4.2.3.6.1", "changes of accounts are not written down")
def unwritten(fault):
    async def nothing(*_):
        return

    fault.replace(access, "record", nothing)


@mutant(GENERAL, "4.2.3.6.2", "acts are not told to the log server")
def silent_acts(fault):
    fault.replace(Forwarder, "act", lambda *_: None)


@mutant(GENERAL, "4.2.4.1.1.1", "every refused log-in is an entry of the ledger")
def growing_ledger(fault):
    def keep(self, event):
        self.network.record(Act(self.network.utc(), "nobody", event.name, "", event.text))

    fault.replace(Api, "tell", keep)


@mutant(GENERAL, "4.2.5.2.1", "requests that are refused are not written down")
def unlogged(fault):
    def visited(self, scope, answer):
        if not isinstance(answer, Response) or answer.status < 400:
            note(self, scope, answer)

    note = fault.replace(web.WebServer, "_visited", visited)


# --- the web server ----------
def served(fault, matches, response):
    """Requests that match are answered by something that should not be there."""

    async def answer(self, scope, protocol):
        found = matches(scope)
        return response if found else await right(self, scope, protocol)

    right = fault.replace(web.WebServer, "_answer", answer)


def found_at(fault, path, body):
    served(fault, lambda scope: scope.path == path, Response(200, body, "text/plain"))


def in_the_clear(fault):
    async def start(self, *, tls):
        await begin(self, tls=False)
        self.tls = tls

    begin = fault.replace(OwnConsole, "start", start)


@mutant(GENERAL, "4.2.5.1", "the console speaks no TLS")
def no_tls(fault):
    in_the_clear(fault)


@mutant(GENERAL, "4.2.3.2.4", "the console answers in the clear")
def clear_console(fault):
    in_the_clear(fault)


@mutant(GENERAL, "4.3.4.3", "TRACE is answered")
def trace(fault):
    served(fault, lambda scope: scope.method == "TRACE", Response(200, b"TRACE", "message/http"))


@mutant(GENERAL, "4.3.4.4", "an add-on is served")
def add_on(fault):
    found_at(fault, "/soap.xml", b"<soap/>")


@mutant(GENERAL, "4.3.4.5", "an interpreter is served")
def interpreter(fault):
    found_at(fault, "/cgi-bin/python.py", b"Python")


@mutant(GENERAL, "4.3.4.6", "files may be put among the pages")
def uploads(fault):
    served(fault, lambda scope: scope.path == "/assets/mark.js", Response(200, b"assure-5g-mark", "text/javascript"))


@mutant(GENERAL, "4.3.4.7", "a template in a name is carried out")
def templates(fault):
    def view(subscriber):
        found = shown(subscriber)
        return msgspec.structs.replace(found, name=found.name.replace("{{7*7}}", "49"))

    shown = fault.replace(subscribers, "view", view)


@mutant(GENERAL, "4.3.4.9", "the web server's own status page is served")
def default_page(fault):
    found_at(fault, "/server-status", b"server uptime")


@mutant(GENERAL, "4.3.4.10", "a folder is listed")
def listed(fault):
    found_at(fault, "/assets/", b"<title>Index of /assets</title>")


@mutant(GENERAL, "4.3.4.11", "the web server tells its name")
def named(fault):
    fault.replace(web, "HEADERS", tuple(each for each in web.HEADERS if each[0] != "server"))


@mutant(GENERAL, "4.3.4.12", "a mistake is answered with a traceback")
def traceback(fault):
    served(fault, lambda scope: scope.path == "/none.html", Response(404, b"Traceback (most recent call last)"))


@mutant(GENERAL, "4.3.4.13", "a backup of a file is served")
def backup(fault):
    found_at(fault, "/a.bak", b"old")


@mutant(GENERAL, "4.3.4.14", "a path leads out of the pages")
def climbing(fault):
    served(fault, lambda scope: "etc/passwd" in scope.path, Response(200, b"root:x:0:0", "text/plain"))


@mutant(GENERAL, "4.3.6.2", "code in JSON breaks the management")
def code(fault):
    def careless(request, kind):
        if b"__import__" in request.body:
            raise RuntimeError("carried out")
        return careful(request, kind)

    careful = fault.replace(access, "form", careless)


@mutant(GENERAL, "4.3.6.3", "the last of two values is taken")
def last_value(fault):
    fault.replace(forms, "ONCE", json.JSONDecoder())


@mutant(GENERAL, "4.3.6.4", "rates have no limit")
def no_limit(fault):
    fault.replace(subscribers, "_rates", lambda uplink, downlink, _: Ambr(uplink, downlink))
