"""What the last look at a node's chains found: the ledger's, the audit's, the evidence's."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, delete, insert, select

from metropool.core.clock import Instant

metadata = MetaData()
chain_check = Table(
    "chain_check",
    metadata,
    Column("chain", String, primary_key=True),
    Column("checked_at", String, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("fault", String, nullable=False),
)


@dataclass(frozen=True)
class ChainCheck:
    """One look at a chain.

    Attributes:
        chain: ``ledger``, ``audit`` or ``evidence``.
        rows: How many rows it had, or how many are right where one is not.
        fault: What is wrong with the first bad row; empty when the chain is whole.
    """

    chain: str
    checked_at: Instant
    rows: int
    fault: str


def note_check(connection: Connection, check: ChainCheck) -> bool:
    """Keep what was found; True when this fault was not known."""
    c = chain_check.c
    before = connection.execute(select(c.fault).where(c.chain == check.chain)).scalar_one_or_none()
    connection.execute(delete(chain_check).where(c.chain == check.chain))
    row = {"chain": check.chain, "checked_at": check.checked_at.isoformat(), "rows": check.rows, "fault": check.fault}
    connection.execute(insert(chain_check).values(row))
    return bool(check.fault) and check.fault != before


def last_checks(connection: Connection) -> list[ChainCheck]:
    """What was found last, by chain."""
    rows = connection.execute(select(chain_check).order_by(chain_check.c.chain))
    return [ChainCheck(row.chain, datetime.fromisoformat(row.checked_at), row.rows, row.fault) for row in rows]
