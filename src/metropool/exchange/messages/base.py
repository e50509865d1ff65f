"""What every message is: a meaning, typed and versioned, told as a fact or given as an order."""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Message(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something one system says to another."""

    version: ClassVar[int] = 1
    may_be_empty: ClassVar[bool] = False
    """Whether it says something even without rows; else it is not told then."""


class Fact(Message, frozen=True, kw_only=True):
    """It happened; the sender is its one writer."""


class Order(Message, frozen=True, kw_only=True):
    """Do it, but never after ``expires_at``."""

    expires_at: datetime
