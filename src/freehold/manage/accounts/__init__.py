"""Who may do what: accounts with roles, their passwords, log-ins and tokens."""

from freehold.manage.accounts.accounts import ACCOUNTS, TOKENS, Account, Accounts, Token, TokenView
from freehold.manage.accounts.roles import GRANTS, Permission, Principal, Role

__all__ = [
    "ACCOUNTS",
    "GRANTS",
    "TOKENS",
    "Account",
    "Accounts",
    "Permission",
    "Principal",
    "Role",
    "Token",
    "TokenView",
]
