"""What every message is: a meaning, typed and versioned, told as a fact or given as an order."""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from metropool.core.periods import in_utc

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]
Number = Annotated[int, msgspec.Meta(ge=-(1 << 53), le=1 << 53)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]
Edition = Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A message or a part of one: its instants are UTC, with whatever offset they were written."""

    def __post_init__(self) -> None:
        """Whoever keeps or compares what was told need not ask where it was written.

        Raises:
            ValueError: An instant without an offset, or none of business.
        """
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime):
                msgspec.structs.force_setattr(self, name, in_utc(value))


class Message(Told, frozen=True, kw_only=True, tag=True):
    """Something one system says to another."""

    version: ClassVar[int] = 1
    may_be_empty: ClassVar[bool] = False
    """Whether it says something even without rows; else it is not told then."""


class Fact(Message, frozen=True, kw_only=True):
    """It happened; the sender is its one writer."""


class Order(Message, frozen=True, kw_only=True):
    """Do it, but never after ``expires_at``."""

    expires_at: Moment
