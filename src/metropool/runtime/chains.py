"""What the last look at a node's chains found: the ledger's, the audit's, the evidence's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, delete, insert, select

from metropool.core.clock import Instant
from metropool.core.texts import LANGUAGES, Language

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
        fault: What is wrong with the first bad row, in both languages; empty when the chain is whole.
    """

    chain: str
    checked_at: Instant
    rows: int
    fault: Mapping[Language, str]


def note_check(connection: Connection, check: ChainCheck) -> bool:
    """Keep what was found; True when this fault was not known."""
    c = chain_check.c
    before = connection.execute(select(c.fault).where(c.chain == check.chain)).scalar_one_or_none()
    fault = json.dumps(dict(check.fault), ensure_ascii=False, sort_keys=True) if check.fault else ""
    connection.execute(delete(chain_check).where(c.chain == check.chain))
    row = {"chain": check.chain, "checked_at": check.checked_at.isoformat(), "rows": check.rows, "fault": fault}
    connection.execute(insert(chain_check).values(row))
    return bool(fault) and fault != before


def last_checks(connection: Connection) -> list[ChainCheck]:
    """What was found last, by chain."""
    rows = connection.execute(select(chain_check).order_by(chain_check.c.chain))
    return [ChainCheck(row.chain, datetime.fromisoformat(row.checked_at), row.rows, _fault_in(row.fault)) for row in rows]


def _fault_in(text: str) -> dict[Language, str]:
    """What was kept of a fault; books of before hold one sentence for both languages."""
    if text.startswith("{"):
        found: dict[Language, str] = json.loads(text)
        return found
    return dict.fromkeys(LANGUAGES, text) if text else {}
