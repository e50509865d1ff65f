"""What is owed: double entry in integer fen, postings that never change, chained by hash."""

from metropool.facts.ledger.chart import CHART, AccountKind
from metropool.facts.ledger.ledger import Entry, SqlLedger
from metropool.facts.ledger.tables import metadata
from metropool.facts.ledger.verification import ChainReport

__all__ = ["CHART", "AccountKind", "ChainReport", "Entry", "SqlLedger", "metadata"]
