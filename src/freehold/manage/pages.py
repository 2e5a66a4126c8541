"""The console's pages, as set-up built them: files in memory, each under a name that changes with its content."""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from freehold.manage.http import Response

FOLDER: Final = "_console"
"""Where the pages are in the package; never committed, made by `make setup`."""
INDEX: Final = "index.html"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline."""
SMALLEST: Final = 512
"""Octets below which compressing does not pay."""
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
)


class Pages:
    """Serves the console; every path that names no file is one of its pages."""

    def __init__(self, folder: Traversable | None = None) -> None:
        self._folder = folder or files("freehold").joinpath(FOLDER)
        self._files: dict[str, tuple[bytes, bytes]] = {}
        self._names = frozenset(_names(self._folder, ""))

    @property
    def built(self) -> bool:
        """Whether set-up made the pages."""
        return INDEX in self._names

    def answer(self, path: tuple[str, ...], accepted: str) -> Response:
        """A file, or the page that finds its own way; `accepted` is the encodings that the client reads."""
        name = "/".join(path)
        if name not in self._names:
            if name.startswith("assets/") or "." in name.rpartition("/")[2]:
                return Response(404)
            name = INDEX
        plain, packed = self._read(name)
        lasting = name.startswith("assets/")
        headers = [
            ("content-security-policy", POLICY),
            ("cache-control", "public, max-age=31536000, immutable" if lasting else "no-cache"),
            ("vary", "accept-encoding"),
        ]
        if packed and "gzip" in accepted:
            headers.append(("content-encoding", "gzip"))
            plain = packed
        extension = name[name.rfind(".") :]
        kind = KINDS.get(extension) or mimetypes.types_map.get(extension, "application/octet-stream")
        return Response(200, plain, kind, tuple(headers))

    def _read(self, name: str) -> tuple[bytes, bytes]:
        if name not in self._files:
            octets = self._folder.joinpath(name).read_bytes()
            packed = gzip.compress(octets, mtime=0) if len(octets) >= SMALLEST else b""
            self._files[name] = octets, packed if len(packed) < len(octets) else b""
        return self._files[name]


def _names(folder: Traversable, prefix: str) -> list[str]:
    if not folder.is_dir():
        return []
    found = []
    for entry in folder.iterdir():
        found += _names(entry, f"{prefix}{entry.name}/") if entry.is_dir() else [f"{prefix}{entry.name}"]
    return found
