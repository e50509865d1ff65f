"""What every adapter of a unit of work is given: one open transaction, the time of the unit, the lake, whose books they are."""

from dataclasses import dataclass

from sqlalchemy import Connection

from metropool.core.clock import Instant
from metropool.core.identifiers import IdSource, PartyId, SystemId
from metropool.storage.lake import Lake


@dataclass(frozen=True)
class UnitContext:
    """The unit of work an adapter acts in.

    Attributes:
        connection: The open transaction; an adapter never commits.
        now: The instant of the whole unit, UTC.
        lake: The system's lake; files are written before, listed in, the unit.
        system: Whose books these are.
        party: The organisation that runs the system.
        ids: Source of fresh ids.
    """

    connection: Connection
    now: Instant
    lake: Lake
    system: SystemId
    party: PartyId
    ids: IdSource
