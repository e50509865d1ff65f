"""What sharing knows of requests it passed on. Pure."""

from datetime import datetime
from typing import Literal

import msgspec

from metropool.exchange.messages import ViewRequested

State = Literal["passed", "withdrawn", "refused", "revoked"]


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A request that went through here; ``asked`` is its newest edition."""

    asked: ViewRequested
    state: State
    heard_at: datetime

    def is_open(self, now: datetime) -> bool:
        """Whether content may still go back to who asked."""
        return self.state == "passed" and now < self.asked.expires_at
