"""A network on another machine, as commands reach it: over HTTPS, with a token or a log-in."""

from __future__ import annotations

import http.client
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from freehold.app.config import config_folder, socket_path
from freehold.app.config import load as load_configuration
from freehold.app.requests import WAIT, Client
from freehold.spec.errors import Unusable
from freehold.store.files import replace_file

PORT: Final = 5380
"""Where a network serves unless its owner says otherwise."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
URL, TOKEN, TOKEN_FILE, CA = "FREEHOLD_URL", "FREEHOLD_TOKEN", "FREEHOLD_TOKEN_FILE", "FREEHOLD_CA"


class Remote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a network is, who asks there, and what proves that it is that network.

    `secret` is a token's or a log-in's; `ca` the certificates of the authorities that are trusted for it, PEM; those of
    the machine where it is empty.
    """

    url: str
    secret: str = ""
    name: str = ""
    ca: str = ""


class RemoteClient(Client):
    """Asks one network on another machine."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._secure, self._host, self._port = endpoint(remote.url)
        self.place = remote.url
        self.headers = {"authorization": f"Bearer {remote.secret}"} if remote.secret else {}

    def answers(self) -> bool:
        """Always: it is asked, and says why where it does not answer."""
        return True

    def connection(self) -> http.client.HTTPConnection:
        """A connection, encrypted wherever it leaves this machine."""
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=WAIT)
        return http.client.HTTPSConnection(self._host, self._port, timeout=WAIT, context=trust(self._remote.ca))

    def unreached(self, error: Exception) -> Unusable:
        """Why there was no answer, and what to do."""
        if isinstance(error, ssl.SSLCertVerificationError):
            why = error.verify_message.rstrip(".")
            help_ = f"give its authority: freehold login {self.place} --ca ca.pem (in the network's data folder)"
            if "doesn't match" in why or "not valid for" in why:
                help_ = "ask by a name that stands in it, or set management.listen to the address that you ask"
            return Unusable(f"{self.place}: its certificate is not trusted: {why}; {help_}")
        if isinstance(error, ssl.SSLError):
            return Unusable(f"{self.place}: no TLS is spoken there: is it http://, or another port?")
        if isinstance(error, ConnectionRefusedError):
            return Unusable(f"{self.place}: nobody listens there: does the network run, and is management.listen set?")
        return Unusable(f"{self.place}: the network does not answer: {str(error) or 'it closed the connection'}")

    def refused(self, status: int, detail: str) -> Unusable:
        """A refusal in one line; where nobody is logged in, how to be."""
        if status == 401 and self._remote.secret:
            return Unusable(
                f"{self.place}: the token or log-in is not valid, or no longer: freehold login {self.place}"
            )
        if status == 401:
            return Unusable(f"{self.place}: log in first: freehold login {self.place}, or set {TOKEN}")
        return Unusable(detail)


def endpoint(url: str) -> tuple[bool, str, int]:
    """Whether it is encrypted, host and port of an URL; Unusable where it is none, or in clear to another machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORT
    except ValueError:
        host, parts, port = "", urlsplit(""), 0
    if parts.scheme not in {"https", "http"} or not host or parts.path.strip("/") or parts.query or parts.username:
        raise Unusable(f"{url}: not the address of a network: https://core.example:{PORT}")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise Unusable(f"{url}: secrets do not leave this machine in clear: use https://")
    return parts.scheme == "https", host, port


def trust(ca: str) -> ssl.SSLContext:
    """Certificates of these authorities alone, or of those that the machine trusts; Unusable where they are none."""
    try:
        return ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError):
        raise Unusable("the file of the authority holds no certificate in PEM") from None


def read_ca(path: Path) -> str:
    """The certificates of a file; Unusable where there are none."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'it is no PEM'}") from None
    trust(text)
    return text


def keyring() -> Path:
    """The file of the log-in that is kept; for its owner alone."""
    return config_folder() / "login.json"


def keep(remote: Remote) -> Path:
    """Keep a log-in for the commands to come; where."""
    path = keyring()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, msgspec.json.encode(remote) + b"\n", 0o600)
    return path


def kept() -> Remote | None:
    """The log-in that is kept; Unusable where others could read it, or it is none."""
    path = keyring()
    try:
        if path.stat().st_mode & 0o077:
            raise Unusable(f"{path}: others may read it: chmod 600 it, or log in again")
        return msgspec.json.decode(path.read_bytes(), type=Remote)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        raise Unusable(f"{path}: cannot be read: log in again, or remove it") from None


def forget() -> Remote | None:
    """Keep no log-in any more; the one that was."""
    found = kept()
    keyring().unlink(missing_ok=True)
    return found


def chosen() -> Remote | None:
    """The network on another machine that commands are for: the environment's, or the log-in that is kept."""
    url = os.environ.get(URL)
    if url is None:
        return kept()
    if not url:
        return None
    secret = os.environ.get(TOKEN, "")
    if not secret and os.environ.get(TOKEN_FILE):
        secret = _secret(Path(os.environ[TOKEN_FILE]))
    url, ca = url.rstrip("/"), read_ca(Path(os.environ[CA])) if os.environ.get(CA) else ""
    before = kept()
    if before is not None and before.url == url:
        return msgspec.structs.replace(before, secret=secret or before.secret, ca=ca or before.ca)
    return Remote(url, secret, ca=ca)


def _secret(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise Unusable(f"{path}: others may read the token: chmod 600 it")
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'it is no token'}") from None


def client_of(path: Path | None) -> Client:
    """The network that a command is for: by its configuration file where one is named, else the one logged in at."""
    remote = chosen() if path is None else None
    return Client(socket_path(load_configuration(path))) if remote is None else RemoteClient(remote)


def log_in(url: str, ca: str, name: str, password: str, another: Callable[[], str]) -> Remote:
    """Log in by name and password; Unusable says why not. `another` is asked for a new password where one is due."""
    url = url.rstrip("/")
    form = {"name": name, "password": password}
    answer = RemoteClient(Remote(url, ca=ca)).ask("POST", ("login",), body=form)
    made = Remote(url, answer["secret"], name, ca)
    if answer["due"]:
        chosen = another()
        RemoteClient(made).ask("PATCH", ("me",), body={"current": password, "password": chosen})
        return log_in(url, ca, name, chosen, another)
    return made


def known(remote: Remote) -> Remote:
    """The same with the name of who asks; Unusable where the network does not know that one."""
    return msgspec.structs.replace(remote, name=RemoteClient(remote).get("me")["name"])
