"""The door of one system, in one unit of work: logins and grants, sessions, audit."""

from metropool.access.audit import Audit
from metropool.access.lockout import Lockout
from metropool.access.logins import Logins
from metropool.access.sessions import SessionRule, Sessions
from metropool.storage.units import UnitContext


class Access:
    """Who may come in and do what.

    Args:
        context: The unit.
        rule: How long sessions last and when sign-in locks.

    Attributes:
        logins: Who exists and what is granted.
        sessions: Who is in.
        audit: What was done.
    """

    def __init__(self, context: UnitContext, rule: SessionRule | None = None) -> None:
        rule = rule or SessionRule()
        now_s = int(context.now.timestamp())
        lockout = Lockout(context.connection, rule.lockout, now_s)
        self.audit = Audit(context.connection, now_s)
        self.logins = Logins(context.connection, self.audit, lockout, now_s)
        self.sessions = Sessions(
            context.connection, logins=self.logins, lockout=lockout, rule=rule, now_s=now_s, fresh=context.ids.fresh_id
        )
