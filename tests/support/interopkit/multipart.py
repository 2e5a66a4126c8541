"""multipart/related as SBI has it (TS 29.500 6.1.2.2): JSON first, then parts that it names."""

from __future__ import annotations

import json
from email.parser import BytesParser
from email.policy import HTTP

BOUNDARY = "freehold"
NAS, NGAP = "application/vnd.3gpp.5gnas", "application/vnd.3gpp.ngap"


def write(document, parts):
    """Octets and content type; `parts` are kinds and octets by content identifier."""
    out = [("application/json", "", json.dumps(document).encode())]
    out += [(kind, f"Content-Id: {name}\r\n", octets) for name, (kind, octets) in parts.items()]
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-Type: {kind}\r\n{name}\r\n".encode() + octets + b"\r\n" for kind, name, octets in out
    )
    return body + f"--{BOUNDARY}--\r\n".encode(), f'multipart/related; boundary="{BOUNDARY}"'


def read(octets, content_type):
    """The document, and the octets of each part by content identifier."""
    if not content_type.startswith("multipart/"):
        return (json.loads(octets) if octets else {}), {}
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + octets)
    first, *others = message.iter_parts()
    parts = {part["Content-Id"].strip("<>"): part.get_payload(decode=True) for part in others}
    return json.loads(first.get_payload(decode=True)), parts
