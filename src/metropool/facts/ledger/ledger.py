"""The ledger book (账务): entries that sum to zero, posted once by their business key, never changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import polars as pl
from sqlalchemy import Connection, func, insert, select, update

from metropool.core.errors import Conflict, Fault, Invalid, Unavailable
from metropool.core.money import Fen
from metropool.facts.ledger.chart import CHART, is_account, kind_of
from metropool.facts.ledger.columns import are_right, entries_of, places_of
from metropool.facts.ledger.tables import ledger_head, posting
from metropool.facts.ledger.verification import GENESIS, ChainReport, chain_hashes, check_chain
from metropool.storage.bulk import insert_columns, is_one_of

Legs = Sequence[tuple[str, Fen]]
"""Account and amount [fen]; debit is positive, credit negative."""
_LARGEST = (1 << 63) - 1


class Entry(NamedTuple):
    """One journal entry (分录): its business key and its legs, which sum to zero."""

    key: str
    legs: Legs


class UnitOfPosting(Protocol):
    """What the ledger needs of the unit of work it acts in."""

    @property
    def connection(self) -> Connection: ...
    @property
    def now(self) -> datetime: ...


class SqlLedger:
    """The postings of one system, in one unit of work."""

    def __init__(self, context: UnitOfPosting) -> None:
        self._connection = context.connection
        self._now = context.now

    def post(self, *, key: str, legs: Legs) -> bool:
        """Post one entry; False when the very same entry was posted before.

        Args:
            key: Business key, such as a bill number or a payment reference.
            legs: Accounts and amounts [fen] that sum to zero.

        Raises:
            Invalid: The legs do not sum to zero, or an account is of no kind of the chart.
            Conflict: The key was used for another entry.
            Unavailable: The ledger was stopped because its chain is broken.
        """
        return self.post_many([Entry(key, legs)]) == 1

    def post_many(self, entries: Sequence[Entry]) -> int:
        """Post many entries in their order; returns how many were new. All of them or, when it raises, none.

        Raises:
            Invalid, Conflict, Unavailable: As ``post``; faults name each wrong entry.
        """
        _check(entries)
        known = self._known([entry.key for entry in entries])
        fresh = [entry for entry in entries if not _is_repeat(entry, known)]
        if fresh:
            self._append(*zip(*((key, place, *leg) for key, legs in fresh for place, leg in enumerate(legs)), strict=True))
        return len(fresh)

    def post_columns(self, legs: pl.DataFrame) -> int:
        """Post the entries of many bills, by column; returns how many were new. All of them or, when it raises, none.

        Args:
            legs: Columns ``columns.LEG``, a row a leg, the legs of an entry one after the other.

        Raises:
            Invalid, Conflict, Unavailable: As ``post_many``.
        """
        if legs.is_empty():
            return 0
        keys = legs["key"].unique(maintain_order=True).to_list()
        if not are_right(legs) or self._known(keys):
            return self.post_many([Entry(*entry) for entry in entries_of(legs)])
        self._append(legs["key"].to_list(), places_of(legs).tolist(), legs["account"].to_list(), legs["amount_fen"].to_list())
        return len(keys)

    def balance(self, account: str) -> Fen:
        """Sum of an account [fen], debit positive; 0 for one that was never posted to."""
        query = select(func.coalesce(func.sum(posting.c.amount_fen), 0)).where(posting.c.account == account)
        return int(self._connection.execute(query).scalar_one())

    def trial_balance(self) -> Mapping[str, Fen]:
        """Balance of every account that was posted to [fen], sorted by account; the values sum to zero."""
        c = posting.c
        query = select(c.account, func.sum(c.amount_fen)).group_by(c.account).order_by(c.account)
        return {account: int(total) for account, total in self._connection.execute(query)}

    def balances_by_kind(self) -> Mapping[str, Fen]:
        """Balance of each kind of account [fen], in the order of the chart; the values sum to zero."""
        totals = dict.fromkeys(CHART, 0)
        for account, fen in self.trial_balance().items():
            totals[kind_of(account).kind] += fen
        return totals

    def statement(self, account: str) -> list[dict[str, Any]]:
        """Postings of an account, oldest first: number, key, amount_fen, posted_at, and the balance after each [fen]."""
        c = posting.c
        query = select(c.number, c.key, c.amount_fen, c.posted_at).where(c.account == account).order_by(c.number)
        rows, balance = [], 0
        for number, key, amount_fen, posted_at in self._connection.execute(query):
            balance += amount_fen
            rows.append({"number": number, "key": key, "amount_fen": amount_fen, "posted_at": posted_at, "balance_fen": balance})
        return rows

    def entry(self, key: str) -> list[tuple[str, Fen]]:
        """The legs posted under a business key; empty when there are none."""
        return self._known([key]).get(key, [])

    def verify(self) -> ChainReport:
        """Check every posting against the chain; names the first that was edited, deleted or swapped."""
        c = posting.c
        rows = select(c.number, c.key, c.leg, c.account, c.amount_fen, c.posted_at, c.hash).order_by(c.number)
        number, head, _ = self._head()
        return check_chain(self._connection.execution_options(yield_per=10_000).execute(rows), head_number=number, head_hash=head)

    def stop_if_broken(self) -> ChainReport:
        """Verify, and when something is wrong let nothing be posted any more, in this unit."""
        report = self.verify()
        if not report.is_whole:
            self._begin_chain()
            self._connection.execute(update(ledger_head).values(stopped=report.reason))
        return report

    def _append(self, keys: Sequence[str], places: Sequence[int], accounts: Sequence[str], amounts: Sequence[Fen]) -> None:
        """Chain and keep legs, by column: key, place in the entry, account, amount [fen]."""
        number, head = self._head_to_build_on()
        posted_at, numbers = self._now.isoformat(), range(number + 1, number + 1 + len(keys))
        hashes = chain_hashes(head, zip(numbers, keys, places, accounts, amounts, strict=True), posted_at)
        values = (numbers, keys, places, accounts, amounts, [posted_at] * len(keys), hashes)
        insert_columns(self._connection, insert(posting), dict(zip(posting.c.keys(), values, strict=True)))
        self._connection.execute(update(ledger_head).values(number=numbers[-1], hash=hashes[-1]))

    def _head_to_build_on(self) -> tuple[int, str]:
        """The head of the chain, after a look at the last posting itself."""
        self._begin_chain()
        number, head, stopped = self._head()
        c = posting.c
        last = self._connection.execute(select(c.number, c.hash).order_by(c.number.desc()).limit(1)).one_or_none()
        if stopped or (number, head) != (tuple(last) if last else (0, GENESIS)):
            reason = stopped or f"the last posting is not the one made last, number {number}"
            raise Unavailable(f"the ledger is stopped: {reason}; restore the books, then clear the stop")
        return number, head

    def _begin_chain(self) -> None:
        if self._connection.execute(select(ledger_head.c.id)).first() is None:
            self._connection.execute(insert(ledger_head).values(id=1, number=0, hash=GENESIS, stopped=None))

    def _head(self) -> tuple[int, str, str | None]:
        c = ledger_head.c
        row = self._connection.execute(select(c.number, c.hash, c.stopped)).one_or_none()
        return (row.number, row.hash, row.stopped) if row else (0, GENESIS, None)

    def _known(self, keys: Sequence[str]) -> dict[str, list[tuple[str, Fen]]]:
        """Legs of the entries already posted under some of the keys."""
        c = posting.c
        known: dict[str, list[tuple[str, Fen]]] = {}
        rows = self._connection.execute(
            select(c.key, c.account, c.amount_fen).where(is_one_of(self._connection, c.key, keys)).order_by(c.number)
        )
        for key, account, amount_fen in rows:
            known.setdefault(key, []).append((account, amount_fen))
        return known


def _check(entries: Sequence[Entry]) -> None:
    faults = [Fault(entry.key, what) for entry in entries if (what := _wrong_with(entry))]
    if len({entry.key for entry in entries}) != len(entries):
        faults.append(Fault("key", "the same key is there twice", "one entry has one key"))
    if faults:
        raise Invalid(f"{faults[0].where} cannot be posted: {faults[0].what}", faults=faults)


def _wrong_with(entry: Entry) -> str:
    """What is wrong with an entry; empty when nothing is."""
    if not entry.key or not entry.legs:
        return "an entry needs a business key and legs"
    total = 0
    for account, amount_fen in entry.legs:
        if type(amount_fen) is not int or not -_LARGEST <= amount_fen <= _LARGEST:
            return "an amount is no integer of fen"
        if not is_account(account):
            return f"{account!r} is no ledger account; write kind/name with a kind of {', '.join(CHART)}"
        total += amount_fen
    return f"the legs sum to {total} fen, not to 0" if total else ""


def _is_repeat(entry: Entry, known: Mapping[str, Legs]) -> bool:
    if entry.key not in known:
        return False
    if list(known[entry.key]) != [tuple(leg) for leg in entry.legs]:
        raise Conflict(f"{entry.key} was posted before with other legs")
    return True
