"""Who may do what to which, for what purpose, and who allowed it: logins, sessions, grants, lock-out, audit, repeats."""

from metropool.access.access import Access
from metropool.access.errors import Locked, Unauthenticated
from metropool.access.once import Once
from metropool.access.rights import Principal, Rights
from metropool.access.sessions import SessionRule
from metropool.access.tables import metadata

__all__ = ["Access", "Locked", "Once", "Principal", "Rights", "SessionRule", "Unauthenticated", "metadata"]
