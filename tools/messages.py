"""Writes the reference pages: every message of every protocol with its elements. usage: messages.py FOLDER."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from freehold.codecs.display import PROTOCOLS
from reference import asn1, layers, nas, pfcp
from reference.page import Page, index

DECLARED = {
    "nas": nas.page,
    "pfcp": pfcp.page,
    "gtpu": pfcp.tunnels,
    "sms": layers.short_messages,
    "eap": layers.authentication,
}
"""Protocols whose tables are declared in Python; the others' are made from their ASN.1."""


def pages() -> Iterator[Page]:
    """The page of each protocol."""
    for row in PROTOCOLS.values():
        if row.name in DECLARED:
            yield DECLARED[row.name]()
        elif asn1.exists(row.name):
            yield asn1.page(row.name, row.title, row.specification, row.types)


def main(folder: Path) -> None:
    """Write a page a protocol and their index."""
    folder.mkdir(parents=True, exist_ok=True)
    made = list(pages())
    for page in made:
        (folder / f"{page.name}.md").write_text("\n".join(page.lines()) + "\n", encoding="utf-8")
    (folder / "README.md").write_text("\n".join(index(made)) + "\n", encoding="utf-8")
    print(f"{folder}: {len(made)} protocols, {sum(len(page.messages) for page in made)} messages")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
