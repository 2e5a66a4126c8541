"""TS 33.117: the web server of the management."""

from __future__ import annotations

import ssl
import warnings
from ipaddress import ip_address
from typing import Final

from freehold.trust.assure.case import case
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.web import PASSWORD, Answer, Visitor, administrator, trusting, visitor
from freehold.trust.assure.verdict import Inapplicable, need, require

METHODS = ("TRACE", "TRACK", "CONNECT", "PROPFIND", "MKCOL", "COPY", "MOVE", "LOCK", "DEBUG", "PUT", "DELETE")
FOLDERS = ("/assets", "/assets/", "/api/", "/api/v1/", "/static/", "/icons/", "/.git/", "/_console/")
DEFAULTS = (
    "/index.php", "/phpinfo.php", "/server-status", "/server-info", "/manual/index.html", "/cgi-bin/test-cgi",
    "/icons/apache_pb.gif", "/docs.html", "/swagger-ui.html", "/actuator.json", "/debug/pprof.txt", "/robots.txt",
    "/examples/servlets.html", "/.env", "/README.md", "/web.config",
)  # fmt: skip
SCRIPTS = ("/cgi-bin/sh.cgi", "/a.php", "/a.pl", "/a.py", "/a.asp", "/a.jsp", "/a.sh", "/a.shtml", "/a.cgi")
CLIMBING = (
    "/../../../../etc/passwd.txt", "/assets/../../../../etc/passwd.txt", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd.txt",
    "/..%2f..%2f..%2fetc%2fpasswd.txt", "/assets/..%5c..%5cboot.ini", "//etc/passwd.txt", "/%00/etc/passwd.txt",
    "/api/v1/../../../etc/passwd.txt", "/assets/%252e%252e/secret.key", "/....//....//etc/passwd.txt",
)  # fmt: skip
TALKING = ("traceback", ".py", "exception at", "stack", "rust", "/usr/", "/home/", "sqlite", "panicked")
SERVERS = ("granian", "uvicorn", "hypercorn", "nginx", "apache", "python", "werkzeug", "rust", "hyper", "freehold/")
MARK = b"assure-5g-mark"


async def refused(guest: Visitor, paths: tuple[str, ...], what: str) -> int:
    """Whether none of some paths is served as a file of its own; how many were tried."""
    home = (await guest.ask("GET", "/")).body
    for path in paths:
        came = await guest.ask("GET", path)
        served = came.status == 200 and came.body != home
        require(not served, f"{what} {path} is served: {came.body[:60]!r}")
    return len(paths)


def protected(guest: Visitor) -> None:
    """A console without TLS is one for its own host alone."""
    host = guest.web.address[0]
    if not guest.web.tls:
        require(ip_address(host).is_loopback, f"the console at {host} speaks no TLS")
        raise Inapplicable("the console is on loopback alone, without TLS")


def outdated(name: str) -> ssl.SSLContext:
    """TLS of a version that nobody may speak any more, which Python warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = trusting(ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion[name])
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@case("TS 33.117", "4.2.5.1", "console")
async def https(lab: Lab) -> str:
    """The console speaks TLS 1.2 or later, and no older one."""
    guest = await visitor(lab, tls=True)
    protected(guest)
    request = b"GET /api/v1/setup HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    now = await guest.raw(request, trusting())
    require(now.startswith(b"HTTP/1.1 "), "over TLS 1.2 or later nothing is served")
    for name in ("TLSv1", "TLSv1_1"):
        require(not await guest.raw(request, outdated(name)), f"{name} is accepted")
    weak = trusting(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)
    weak.set_ciphers("NULL:aNULL:eNULL:3DES:@SECLEVEL=0")
    require(not await guest.raw(request, weak), "a cipher suite without encryption, or with 3DES, is accepted")
    return "TLS 1.2 or later with strong suites; 1.0, 1.1, NULL and 3DES are refused"


@case("TS 33.117", "4.2.3.2.4", "console")
async def transfer(lab: Lab) -> str:
    """What the console carries is protected on the way: nothing is served in the clear where there is TLS."""
    guest = await visitor(lab, tls=True)
    protected(guest)
    guest.web.tls = False
    request = b"GET /api/v1/setup HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    clear = await guest.raw(request)
    guest.web.tls = True
    require(b"200" not in clear.partition(b"\r\n")[0], "the same port answers in the clear")
    secure = await guest.raw(request)
    need(secure.startswith(b"HTTP/1.1 200"), "over TLS nothing is served")
    if "inside" in lab.surfaces:
        require(lab.inside.refuses_clear("192.0.2.1"), "a console beyond loopback starts without a certificate")
    return "no answer in the clear; a console beyond loopback does not start without a certificate"


@case("TS 33.117", "4.3.4.3", "console")
async def methods(lab: Lab) -> str:
    """HTTP methods that nothing uses are refused."""
    guest = await visitor(lab)
    for method in METHODS:
        came = await guest.ask(method, "/")
        require(came.status in {0, 400, 403, 404, 405, 501}, f"{method} / is answered with {came.status}")
        require(MARK not in came.body, f"{method} gives the request back")
    for method in ("TRACE", "PUT", "DELETE"):
        came = await guest.ask(method, "/api/v1/status", MARK, headers={"X-Mark": MARK.decode()})
        require(
            came.status in {0, 400, 401, 403, 404, 405, 501}, f"{method} of the status is answered with {came.status}"
        )
        require(MARK not in came.body, f"{method} gives the request back")
    return f"{len(METHODS)} methods refused"


@case("TS 33.117", "4.3.4.4", "console")
async def add_ons(lab: Lab) -> str:
    """There are no add-ons: what usual ones serve is not there."""
    guest = await visitor(lab)
    count = await refused(
        guest, ("/status.json", "/metrics.txt", "/ws.php", "/webdav.xml", "/soap.xml", *SCRIPTS), "add-on"
    )
    came = await guest.ask("OPTIONS", "/", headers={"Upgrade": "websocket", "Connection": "upgrade, close"})
    require(came.status != 101, f"an upgrade of the protocol is answered with {came.status}")
    return f"{count} places of usual add-ons are empty, and no protocol is upgraded"


@case("TS 33.117", "4.3.4.5", "console")
async def no_compiler(lab: Lab) -> str:
    """No interpreter or compiler is behind any path."""
    guest = await visitor(lab)
    names = ("/cgi-bin/gcc.cgi", "/cgi-bin/perl.exe", "/cgi-bin/php.cgi", "/cgi-bin/python.py", "/cgi-bin/bash.sh")
    count = await refused(guest, names, "interpreter")
    for path in ("/cgi-bin/sh?id", "/?-s", "/api/v1/status?;id"):
        came = await guest.ask("GET", path)
        require(b"uid=" not in came.body, f"{path} is executed")
    return f"{count} interpreters are not there"


@case("TS 33.117", "4.3.4.6", "console")
async def no_uploads(lab: Lab) -> str:
    """Nothing can be put where it would be served or executed."""
    guest = await visitor(lab)
    for method, path in (("PUT", "/assets/mark.js"), ("POST", "/assets/mark.php"), ("PUT", "/mark.cgi"), ("POST", "/")):
        await guest.ask(method, path, MARK)
        back = await guest.ask("GET", path)
        require(MARK not in back.body, f"what was put at {path} is served")
    return "four uploads, none is served"


@case("TS 33.117", "4.3.4.7", "accounts")
async def no_system_commands(lab: Lab) -> str:
    """Directives and commands in what is given are text: never executed, not by the server and not in a page."""
    admin = await administrator(lab)
    for text in ('<!--#exec cmd="id" -->', "$(id)", "`id`", "{{7*7}}", "${7*7}", "<script>alert(1)</script>"):
        form = {"supi": "imsi-001019999999999", "k": "00" * 16, "opc": "11" * 16, "name": text}
        await admin.ask("POST", "/api/v1/subscribers?replace=yes", form)
        came = await admin.api("GET", "subscribers/imsi-001019999999999")
        need(came.status == 200, f"a subscriber with a name of {text!r} cannot be read: {came.status}")
        require(came.value()["name"] == text, f"{text!r} became {came.value()['name']!r}")
        require("json" in came.headers.get("content-type", ""), "text of others is served as a page")
        require("nosniff" in came.headers.get("x-content-type-options", ""), "a browser may take it for a page")
    return "six directives come back as they were given, as JSON that no browser takes for a page"


@case("TS 33.117", "4.3.4.9", "console")
async def no_default_content(lab: Lab) -> str:
    """Nothing of a web server's own examples, manuals and status pages is there."""
    guest = await visitor(lab)
    return f"{await refused(guest, DEFAULTS, 'default content')} usual places are empty"


@case("TS 33.117", "4.3.4.10", "console")
async def no_listings(lab: Lab) -> str:
    """No folder is listed."""
    guest = await visitor(lab)
    for path in FOLDERS:
        came = await guest.ask("GET", path)
        text = came.body.lower()
        require(b"index of" not in text and b'href="../"' not in text, f"{path} is listed")
        require(text.count(b".js") < 20, f"{path} names many files")
    return f"{len(FOLDERS)} folders, none is listed"


def loud(came: Answer) -> str:
    """The header that tells which server answers; empty where none does."""
    for name, value in came.headers.items():
        if any(word in value.lower() for word in SERVERS) and name not in {"content-security-policy", "etag"}:
            return f"{name}: {value}"
    told = ((name, came.headers.get(name, "-")) for name in ("server", "x-powered-by", "via"))
    return next((f"{name}: {value}" for name, value in told if value not in {"", "-"}), "")


@case("TS 33.117", "4.3.4.11", "console")
async def header_information(lab: Lab) -> str:
    """No header tells which server or version answers."""
    guest = await visitor(lab)
    for method, path in (
        ("GET", "/"),
        ("GET", "/none.txt"),
        ("GET", "/api/v1/none"),
        ("POST", "/"),
        ("GET", "/api/v1/me"),
    ):
        came = await guest.ask(method, path)
        require(not loud(came), f"{method} {path} tells {loud(came)}")
    broken = await guest.raw(b"NONSENSE\r\n\r\n")
    require(not any(word.encode() in broken.lower() for word in SERVERS), "the answer to nonsense names the server")
    return "five answers and one to nonsense: no header names server or version"


@case("TS 33.117", "4.3.4.12", "console")
async def error_information(lab: Lab) -> str:
    """Answers to mistakes tell what was wrong with the request, and nothing of the inside."""
    guest = await visitor(lab)
    requests: tuple[tuple[str, str, bytes | None], ...] = (
        ("GET", "/none.html", None), ("GET", "/api/v1/" + "x" * 4000, None), ("POST", "/api/v1/login", b"{"),
        ("POST", "/api/v1/login", b"\xff\xfe"), ("GET", "/api/v1/ues/%ff%fe", None),
        ("POST", "/api/v1/login", b"[" * 5000),
        ("GET", "/%", None), ("GET", "/api/v1/records/99999999999999999999", None),
    )  # fmt: skip
    for method, path, body in requests:
        came = await guest.ask(method, path, body)
        text = came.body.decode("utf-8", "replace").lower()
        said = next((word for word in TALKING if word in text), "")
        require(not said or came.status == 200, f"{method} {path[:40]} tells {said!r}: {text[:120]}")
        require(came.status != 500, f"{method} {path[:40]} breaks the server")
    return f"{len(requests)} mistakes; no answer tells of the inside"


@case("TS 33.117", "4.3.4.13", "console")
async def file_types(lab: Lab) -> str:
    """Files of types that nothing uses are not served, and each is served as what it is."""
    guest = await visitor(lab)
    count = await refused(
        guest, ("/a.bak", "/index.html~", "/index.html.old", "/config.inc", "/a.cer", *SCRIPTS), "file"
    )
    page = await guest.ask("GET", "/")
    kind = page.headers.get("content-type", "")
    require(kind.startswith("text/html") or page.status != 200, f"the page is served as {kind}")
    require("nosniff" in page.headers.get("x-content-type-options", ""), "a browser may guess another type")
    return f"{count} files of unused types are not served; types are told and not guessed"


@case("TS 33.117", "4.3.4.14", "console")
async def restricted_files(lab: Lab) -> str:
    """No path leads out of the console's own files."""
    guest = await visitor(lab)
    for path in CLIMBING:
        came = await guest.ask("GET", path)
        require(b"root:" not in came.body and b"[boot loader]" not in came.body, f"{path} leads out of the pages")
    count = await refused(guest, CLIMBING, "file")
    return f"{count} paths that climb: none is served"


HOSTILE = (
    b'{"name": {"__proto__": {"admin": true}}, "password": "x"}',
    b'{"name": "__import__(\'os\').system(\'id\')", "password": "x"}',
    b'{"name": "${jndi:ldap://127.0.0.1/a}", "password": "x"}',
    b'{"py/object": "os.system", "name": "a", "password": "x"}',
    b'{"name": "a", "password": "x", "constructor": {"prototype": 1}}',
    b"[" * 20000, b'{"a":' * 5000, b'{"name": NaN, "password": Infinity}', b'{"name": 1e999, "password": "x"}',
    b"{'name': 'a'}", b'{"name": "\\ud800", "password": "x"}', b'/**/{"name": "a", "password": "x"}', b"\x00", b"",
)  # fmt: skip


@case("TS 33.117", "4.3.6.2", "accounts", "inside")
async def json_parser(lab: Lab) -> str:
    """JSON is data: code, types and prototypes in it are refused or stay text, and nothing breaks."""
    admin = await administrator(lab)
    for octets in HOSTILE:
        came = await Visitor(lab, admin.web).ask("POST", "/api/v1/login", octets)
        require(came.status in {400, 401, 422, 429}, f"{octets[:40]!r} is answered with {came.status}")
        await lab.sleep(1000)
    bugs = [each.text for each in lab.events if each.name == "bug"]
    require(not bugs, f"JSON broke the management: {bugs[:1]}")
    need((await Visitor(lab, admin.web).login("anna")).status == 200, "afterwards nobody can log in")
    return f"{len(HOSTILE)} hostile documents refused; nothing was executed or broken"


DOUBLED: Final[tuple[tuple[str, str, bytes], ...]] = (
    ("POST", "accounts", b'{"name": "doubled", "password": "%p", "role": "read-only", "role": "admin"}'),
    ("POST", "accounts", b'{"name": "doubled", "name": "doubled2", "password": "%p", "role": "read-only"}'),
    ("POST", "subscribers", b'{"supi": "imsi-001018888888887", "k": "%k", "k": "%o", "opc": "%o"}'),
    ("POST", "subscribers",
     b'{"supi": "imsi-001018888888887", "k": "%k", "opc": "%o", "slices": [{"id": "1", "id": "2"}]}'),
    ("PATCH", "me", b'{"current": "%p", "password": "Another horse 1", "password": "Another horse 2"}'),
)  # fmt: skip
"""Documents with a name that stands twice in an object; %p, %k and %o stand for a password and two keys."""


@case("TS 33.117", "4.3.6.3", "accounts", "inside")
async def unique_keys(lab: Lab) -> str:
    """A document that names a member of an object twice is refused, and neither value is taken."""
    admin = await administrator(lab)
    keys = {b"%p": PASSWORD.encode(), b"%k": b"00" * 16, b"%o": b"11" * 16}
    for method, path, octets in DOUBLED:
        body = octets
        for mark, text in keys.items():
            body = body.replace(mark, text)
        came = await admin.ask(method, f"/api/v1/{path}", body)
        require(came.status in {400, 422}, f"{method} {path} with a name twice is answered with {came.status}")
    names = [each.get("name") for each in (await admin.api("GET", "accounts")).value() or []]
    require(not {"doubled", "doubled2"} & set(names), "an account was made of a document with a name twice")
    there = await admin.api("GET", "subscribers/imsi-001018888888887")
    require(there.status == 404, "a subscriber was made of a document with a name twice")
    good = await admin.api("POST", "accounts", {"name": "single", "password": PASSWORD, "role": "read-only"})
    need(good.status == 201, f"the right form is refused: {good.status}")
    return f"{len(DOUBLED)} documents with a name twice refused, nothing of them taken"


RANGES: tuple[tuple[str, object], ...] = (
    ("supi", "imsi-1"), ("supi", "imsi-" + "1" * 40), ("supi", "../../etc"), ("supi", 7), ("k", "zz"), ("k", "00" * 17),
    ("opc", ""), ("amf_field", "123456"), ("enabled", "perhaps"), ("uplink", "fast"), ("uplink", 10**30),
    ("slices", [{"id": "999"}]), ("slices", [{"id": "1", "dnns": [{"five_qi": 300}]}]),
    ("slices", [{"id": "1", "dnns": [{"dnn": "a" * 101}]}]), ("slices", {}), ("unknown_field", 1), ("name", None),
    ("slices", [{"id": "1", "dnns": [{"ip": "300.1.1.1"}]}]), ("slices", [{"id": "1", "dnns": [{"uplink": -1}]}]),
)  # fmt: skip


@case("TS 33.117", "4.3.6.4", "accounts", "inside")
async def formats_and_ranges(lab: Lab) -> str:
    """A value of a wrong type, format or range is refused, with its name, and changes nothing."""
    admin = await administrator(lab)
    good = {"supi": "imsi-001018888888888", "k": "00" * 16, "opc": "11" * 16}
    for name, value in RANGES:
        came = await admin.api("POST", "subscribers", {**good, name: value})
        require(came.status == 422, f"{name} = {str(value)[:40]} is answered with {came.status}")
        there = await admin.api("GET", f"subscribers/{good['supi']}")
        require(there.status == 404, f"after {name} = {str(value)[:40]} the subscriber is there")
    came = await admin.api("POST", "subscribers", good)
    need(came.status == 201, f"the right form is refused: {came.body[:120]!r}")
    require(not [each for each in lab.events if each.name == "bug"], "a wrong value broke the management")
    return f"{len(RANGES)} wrong values refused, the right form taken"
