"""The management API as commands use it: HTTP, over the UNIX socket of a running network unless it is elsewhere."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from freehold.spec.errors import Unusable

WAIT: Final = 30.0
"""Seconds for an answer."""


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection whose transport is a UNIX socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=WAIT)
        self._path = path

    def connect(self) -> None:
        """Connect the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WAIT)
        self.sock.connect(str(self._path))


class Client:
    """Asks one network; Unusable in one line for whatever it refuses."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.place = f"{path}"
        self.headers: dict[str, str] = {}

    def connection(self) -> http.client.HTTPConnection:
        """A connection to the network."""
        return UnixConnection(self._path)

    def unreached(self, error: Exception) -> Unusable:
        """Why there was no answer, and what to do."""
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return Unusable(f"no network runs here: nobody listens at {self.place}; start one: freehold up")
        if isinstance(error, PermissionError):
            return Unusable(f"{self.place}: not allowed: the network belongs to another user")
        return Unusable(f"{self.place}: the network does not answer: {str(error) or 'it closed the connection'}")

    def refused(self, status: int, detail: str) -> Unusable:
        """A refusal in one line."""
        return Unusable(detail or f"the network answered {status}")

    def answers(self) -> bool:
        """Whether a network listens at the socket."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(WAIT)
            return probe.connect_ex(str(self._path)) == 0

    def get(self, *segments: str, **query: str) -> Any:
        """Read something."""
        return self.ask("GET", segments, query)

    def ask(
        self,
        method: str,
        segments: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        body: object = None,
        media_type: str = "application/json",
        if_match: str = "",
    ) -> Any:
        """One request and its answer; a body that is not octets goes as JSON."""
        octets = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        with self._sent(method, segments, query or {}, octets, media_type, if_match=if_match) as answer:
            read = answer.read()
            return json.loads(read) if read and answer.headers.get_content_type() == "application/json" else read

    def lines(
        self, method: str, segments: tuple[str, ...], query: Mapping[str, str], body: bytes, media_type: str
    ) -> Iterator[dict[str, Any]]:
        """The lines of an answer, each a JSON object, as they come."""
        with self._sent(method, segments, query, body, media_type, patient=True) as answer:
            for line in answer:
                yield json.loads(line)

    def stream(self, *segments: str, **query: str) -> Iterator[bytes]:
        """What comes by, in pieces, until the network ends."""
        ended = (http.client.IncompleteRead, ConnectionError)  # the network went without a last word
        with self._sent("GET", segments, query, None, "application/json", patient=True) as answer, suppress(*ended):
            while piece := answer.read1(65536):
                yield piece

    @contextmanager
    def _sent(
        self,
        method: str,
        segments: tuple[str, ...],
        query: Mapping[str, str],
        body: bytes | None,
        media_type: str,
        *,
        patient: bool = False,
        if_match: str = "",
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer to one request, until the block ends; a `patient` one may take any time."""
        connection = self.connection()
        headers = self.headers | {"content-type": media_type} | ({"if-match": if_match} if if_match else {})
        path = "/api/v1/" + "/".join(quote(segment, safe="") for segment in segments)
        try:
            connection.request(method, f"{path}?{urlencode(query)}" if query else path, body, headers)
            if patient and connection.sock is not None:
                connection.sock.settimeout(None)
            with connection.getresponse() as answer:
                if answer.status >= 400:
                    raise self.refused(answer.status, _detail(answer))
                yield answer
        except (OSError, http.client.HTTPException) as error:
            raise self.unreached(error) from None
        finally:
            connection.close()


def _detail(answer: http.client.HTTPResponse) -> str:
    """What a problem document says."""
    read = answer.read()
    try:
        return str(json.loads(read)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the network answered {answer.status}"
