"""A network that is only what management sees of it."""

import asyncio
import http.client
import json
import socket
import threading
from pathlib import Path

from freehold.core.udr import Udr
from freehold.manage.accounts import Accounts
from freehold.manage.accounts.passwords import PasswordPolicy
from freehold.manage.api import Api
from freehold.manage.backup import Content
from freehold.manage.http import HttpServer
from freehold.manage.subscribers import SliceForm
from freehold.manage.views import (
    BackupView,
    ChangeView,
    ConfigurationView,
    FindingView,
    FunctionView,
    GnbView,
    HomeKeyView,
    SecurityView,
    SessionView,
    StatusView,
    UeInsideView,
    UeView,
    VersionView,
)
from freehold.manage.web import WebServer
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.errors import Unusable
from freehold.store import MemoryStore
from freehold.trust.ledger import Ledger

SUPI = "imsi-001010000000001"
K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
JSON = {"application/json", "application/problem+json"}


class FakeConfiguration:
    """One setting, `name`, which applies live; every other text is wrong."""

    def __init__(self):
        self.text = "name = old"
        self.kept = []
        self.slices = (SliceForm("2"),)

    def view(self):
        return ConfigurationView(self.text, "/etc/freehold/freehold.toml")

    def plan(self, text):
        if not text.startswith("name = "):
            raise Unusable(f"configuration: {text}: no such setting")
        return (ChangeView("name", self.text[7:], text[7:], "now"),) if text != self.text else ()

    async def apply(self, text, actor, note):
        changes = self.plan(text)
        self.text = text
        self.kept.append((actor, note, text))
        return changes

    def versions(self):
        return [VersionView(number, 0.0, actor, note) for number, (actor, note, _) in enumerate(self.kept, 1)]

    def version(self, number):
        return self.kept[number - 1][2] if 0 < number <= len(self.kept) else None


class FakeBackups:
    """Of a network that holds one row, its subscriber's."""

    def __init__(self):
        self.kept = None

    async def content(self, *, history):
        return Content("0.1.0", 0.0, "Freehold", "001/01", "", {"subscriber": {SUPI: b"x" * (1 + history)}}, {})

    def check(self, content, without):
        return BackupView("0.1.0", content.made, content.network, content.plmn, 1, 0, 0, 0, 0, 0, "")

    def stage(self, content, without, actor):
        self.kept = self.check(content, without)
        return self.kept

    def waiting(self):
        return self.kept

    def give_up(self):
        gone, self.kept = self.kept, None
        return gone is not None


class FakeNetwork:
    def __init__(self):
        self.configuration = FakeConfiguration()
        self.backups = FakeBackups()
        self.environment = VirtualEnvironment()
        self.tap = self.environment.tap
        self.subscribers = Udr(MemoryStore())
        self.keys = [HomeKeyView(1, "A", "5a" * 32)]
        self.deregistered = []
        self.changed = []
        self.acts = Ledger(MemoryStore())
        self.log = ["a line of the log"]
        self.sampled = {"RM.RegisteredSubNbr": 1, "SM.SessionNbr": 2}
        self.looked = {}
        self.terminals = None

    def utc(self):
        return self.environment.utc()

    def now(self):
        return self.environment.now()

    def status(self):
        return StatusView("Freehold", "001/01", 1, "0.1.0", 1, 2.5, gnbs=1, ues_registered=1)

    def gnbs(self):
        return [GnbView("gnb 001/01 0x1/32", "gnb-1", "local", (1,), ("001/01",), ("1",), 1)]

    def ues(self):
        return [UeView(SUPI, "5g-guti", "5GMM-REGISTERED", "CM-CONNECTED", "gnb-1")]

    def sessions(self):
        return [
            SessionView(SUPI, 1, "internet", "1", "10.45.0.2", "ACTIVE", 10, 20),
            SessionView("imsi-999999", 2, "x"),
        ]

    def inside(self, supi):
        return UeInsideView(SecurityView("NEA2", "NIA2", 0, 5, 7), ("1",))

    def examine(self):
        return [FindingView("sctp", "limited", "no SCTP", "modprobe sctp")]

    def settings(self):
        return {"network": {"name": "Freehold", "tac": 1}}

    def settings_schema(self):
        return {"type": "object"}

    def functions(self):
        return [FunctionView("amf", "AMF")]

    def home_keys(self):
        return list(self.keys)

    async def rotate_home_key(self, profile):
        made = HomeKeyView(max(key.id for key in self.keys) + 1, profile, "6b" * 32)
        self.keys.append(made)
        return made

    async def retire_home_key(self, key_id):
        self.keys = [key for key in self.keys if key.id != key_id]

    def counters(self):
        return dict(self.environment.counts)

    def values(self):
        return dict(self.sampled)

    def levels(self):
        return dict(self.looked)

    def call_at(self, when, callback):
        return self.environment.call_at(when, callback)

    def listen(self, listener):
        return self.environment.listen(listener)

    def tell(self, event):
        self.environment.emit(event)

    def subscription_changed(self, supi):
        self.changed.append(supi.value)

    def deregister(self, supi):
        self.deregistered.append(supi.value)
        return supi.value == SUPI

    def record(self, act):
        return self.acts.append(act)

    def ledger(self):
        return self.acts.entries()

    async def wait(self, signal):
        self.environment.settle()
        return signal.result()


class Client(http.client.HTTPConnection):
    """HTTP over a UNIX socket, as curl --unix-socket does."""

    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(str(self.path))

    def ask(self, method, path, body=None, media_type="application/json", if_match=None):
        octets = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        headers = {"content-type": media_type} | ({"if-match": if_match} if if_match else {})
        self.request(method, path, octets, headers)
        answer = self.getresponse()
        read = answer.read()
        self.etag = answer.headers["etag"]
        return answer.status, json.loads(read) if answer.headers["content-type"] in JSON and read else read


class Served:
    """An API of a fake network, served from a loop in another thread."""

    def __init__(self, folder: Path):
        self.path = folder / "management.sock"
        self.network = FakeNetwork()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)

    def __enter__(self):
        self.thread.start()
        self.call(self._start())
        return self

    async def _start(self):
        self.api = Api(self.network)
        self.server = HttpServer(self.path, self.api)
        await self.server.start()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def do(self, function, *arguments):
        async def run():
            return function(*arguments)

        return self.call(run())

    def __exit__(self, *_):
        self.call(self.server.close())
        self.do(self.api.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)
        self.loop.close()


PASSWORD = "Correct horse battery"
CODE = "the code of the first visit"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Web(Served):
    """The same network over TCP, with accounts."""

    pages = None
    certificate = None
    policy = PasswordPolicy()

    async def _start(self):
        self.accounts = Accounts(MemoryStore(), self.network.wait, self.network.utc, lambda: self.policy)
        self.api = Api(self.network, accounts=self.accounts, code=CODE)
        self.address = ("127.0.0.1", free_port())
        self.server = WebServer(self.api, self.address, self.certificate, self.pages, named=self.api.named)
        await self.server.start()

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(*self.address, timeout=20)
        try:
            octets = None if body is None else json.dumps(body).encode()
            connection.request(method, path, octets, headers)
            answer = connection.getresponse()
            read = answer.read()
            return (
                answer.status,
                json.loads(read) if answer.headers["content-type"] in JSON and read else read,
                answer,
            )
        finally:
            connection.close()

    def login(self, name="anna"):
        status, read, answer = self.ask("POST", "/api/v1/login", {"name": name, "password": PASSWORD})
        assert status == 200
        return read["secret"], answer.headers["set-cookie"]
