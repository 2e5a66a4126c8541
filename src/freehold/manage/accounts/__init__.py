"""Who may do what: accounts with roles, their passwords, log-ins and tokens."""

from freehold.manage.accounts.accounts import Account, Accounts, TokenView
from freehold.manage.accounts.roles import GRANTS, Permission, Principal, Role

__all__ = ["GRANTS", "Account", "Accounts", "Permission", "Principal", "Role", "TokenView"]
