"""Where a network remembers: SQLite on disk, or memory for what shall not last; both are a `services.store.Store`."""

from __future__ import annotations

from freehold.store.files import replace_file
from freehold.store.folder import DataFolder
from freehold.store.journal import FileJournal
from freehold.store.memory import MemoryStore
from freehold.store.offline import OfflineStore, offline
from freehold.store.sqlite import SqliteStore

__all__ = ["DataFolder", "FileJournal", "MemoryStore", "OfflineStore", "SqliteStore", "offline", "replace_file"]
