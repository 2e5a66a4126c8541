"""Roles and what each of them may do."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec


class Permission(StrEnum):
    """What an operation needs."""

    READ = "read"
    OPERATE = "operate"
    AUDIT = "audit"
    ADMINISTER = "administer"


class Role(StrEnum):
    """What an account is for."""

    ADMIN = "admin"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    READER = "read-only"


GRANTS: Final = MappingProxyType(
    {
        Role.ADMIN: frozenset(Permission),
        Role.OPERATOR: frozenset({Permission.READ, Permission.OPERATE}),
        Role.AUDITOR: frozenset({Permission.READ, Permission.AUDIT}),
        Role.READER: frozenset({Permission.READ}),
    }
)


class Principal(msgspec.Struct, frozen=True):
    """Who asks: a name for the ledger, and a role; `token` where a token speaks for the account.

    The password `ends` then, in seconds since 1970, 0 for never; once another one is `due`, nothing else may be done.
    """

    name: str
    role: Role
    token: str = ""
    due: bool = False
    ends: float = 0.0

    @property
    def actor(self) -> str:
        """How the ledger names who asks."""
        return f"{self.name} by token {self.token}" if self.token else self.name

    @property
    def permissions(self) -> tuple[str, ...]:
        """What the role grants, in order."""
        return () if self.due else tuple(sorted(GRANTS[self.role]))

    def may(self, permission: Permission) -> bool:
        """Whether the role grants it."""
        return permission in GRANTS[self.role]

    def covers(self, role: Role) -> bool:
        """Whether the own role grants all that `role` does."""
        return GRANTS[role] <= GRANTS[self.role]
