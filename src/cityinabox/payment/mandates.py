"""Mandates of the channel: signed by a person at its page, used by the merchant for orders, revoked at once."""

import sqlite3

from cityinabox.payment.store import Refused, Row, Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS mandate (
    reference TEXT PRIMARY KEY, merchant_id TEXT, mandate_id TEXT, limit_fen INTEGER, title TEXT, return_url TEXT,
    notify_url TEXT, status TEXT, decided_at INTEGER, UNIQUE (merchant_id, mandate_id));
"""
FIELDS = ("merchant_id", "mandate_id", "limit_fen", "title", "return_url", "notify_url")


class Mandates:
    """The mandates in the channel's database; every change is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.database
        self._db.executescript(SCHEMA)

    def open(self, mandate: Row, reference: str) -> Row:
        """Keep a new mandate, to be signed by the person, or give the one of that merchant and id.

        Raises:
            Refused: ``mandate_differs``: the id was used for another mandate.
        """
        known = self.of(mandate["merchant_id"], mandate["mandate_id"])
        if known is None:
            values = [reference, *(mandate[name] for name in FIELDS), "open", None]
            self._db.execute("INSERT INTO mandate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            return self.by_reference(reference) or {}
        if any(known[name] != mandate[name] for name in FIELDS):
            raise Refused("mandate_differs")
        return known

    def by_reference(self, reference: str) -> Row | None:
        """A mandate by the channel's reference."""
        return _row(self._db.execute("SELECT * FROM mandate WHERE reference = ?", (reference,)))

    def of(self, merchant_id: str, mandate_id: str) -> Row | None:
        """A mandate by the merchant's id."""
        return _row(self._db.execute("SELECT * FROM mandate WHERE (merchant_id, mandate_id) = (?, ?)", (merchant_id, mandate_id)))

    def decide(self, reference: str, status: str, now_s: int) -> Row | None:
        """The person signs or declines an open mandate; its notice becomes due. A decided one stays as it is."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            values = (status, now_s, reference)
            done = "UPDATE mandate SET status = ?, decided_at = ? WHERE reference = ? AND status = 'open'"
            changed = self._db.execute(done, values).rowcount
            mandate = self.by_reference(reference)
            if changed and mandate:
                self._store.add_notice(reference, mandate["mandate_id"], now_s)
        return mandate

    def revoke(self, merchant_id: str, mandate_id: str, now_s: int) -> Row:
        """The merchant takes a mandate back, whatever became of it before; nothing is charged from now on.

        Raises:
            Refused: ``no_such_mandate``.
        """
        values = (now_s, merchant_id, mandate_id)
        end = "UPDATE mandate SET status = 'revoked', decided_at = ? WHERE (merchant_id, mandate_id) = (?, ?) AND status <> 'revoked'"
        self._db.execute(end, values)
        mandate = self.of(merchant_id, mandate_id)
        if mandate is None:
            raise Refused("no_such_mandate")
        return mandate

    def charge(self, order: Row, mandate_id: str, reference: str, now_s: int) -> Row:
        """Place an order that is paid at once under a signed mandate; the same order again is the same payment.

        Raises:
            Refused: ``no_mandate`` (none signed, or revoked) or ``above_limit``; nothing is kept. ``order_differs`` as for any.
        """
        known = self._store.order_of(order["merchant_id"], order["order_id"])
        if known is None or known["status"] == "open":
            mandate = self.of(order["merchant_id"], mandate_id)
            if mandate is None or mandate["status"] != "signed":
                raise Refused("no_mandate")
            if order["amount_fen"] > mandate["limit_fen"]:
                raise Refused("above_limit")
        kept = self._store.open_order(order, reference, now_s)
        return self._store.decide(kept["reference"], "paid", now_s) or kept


def _row(found: sqlite3.Cursor) -> Row | None:
    row = found.fetchone()
    return dict(row) if row else None
