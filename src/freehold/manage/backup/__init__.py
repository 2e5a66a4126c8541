"""Backups: everything an operator would lose, in one file that only who has its passphrase or key can read."""

from __future__ import annotations

from freehold.manage.backup.container import Head, Opener, WrongKey, head_of, opened, sealed, unwrapped
from freehold.manage.backup.content import Content, decoded, encoded

__all__ = [
    "Content",
    "Head",
    "Opener",
    "WrongKey",
    "decoded",
    "encoded",
    "head_of",
    "opened",
    "sealed",
    "unwrapped",
]
