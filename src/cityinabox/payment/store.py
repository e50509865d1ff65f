"""Orders, refunds and notices of the channel in one SQLite file; every change is one transaction."""

import sqlite3
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from cityinabox.clock import iso, midnight

Row = dict[str, Any]
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    reference TEXT PRIMARY KEY, merchant_id TEXT, order_id TEXT, amount_fen INTEGER, title TEXT, return_url TEXT,
    notify_url TEXT, created_at INTEGER, status TEXT, decided_at INTEGER, UNIQUE (merchant_id, order_id));
CREATE TABLE IF NOT EXISTS refund (
    merchant_id TEXT, refund_id TEXT, order_id TEXT, amount_fen INTEGER, reason TEXT, made_at INTEGER,
    PRIMARY KEY (merchant_id, refund_id));
CREATE TABLE IF NOT EXISTS behaviour (order_id TEXT PRIMARY KEY, settings TEXT);
CREATE TABLE IF NOT EXISTS notice (
    reference TEXT PRIMARY KEY, due_at INTEGER, sent INTEGER, accepted INTEGER, attempts INTEGER, is_done INTEGER);
"""
REFUNDED = "SELECT coalesce(sum(amount_fen), 0) FROM refund r WHERE (r.merchant_id, r.order_id) = (o.merchant_id, o.order_id)"
ORDER_FIELDS = ("merchant_id", "order_id", "amount_fen", "title", "return_url", "notify_url")
REFUND_FIELDS = ("merchant_id", "refund_id", "order_id", "amount_fen", "reason")


class Refused(Exception):
    """What was asked contradicts what is known; ``str`` is the code of PAYMENT.md."""


@dataclass(frozen=True)
class Behaviour:
    """How notices of an order behave.

    Args:
        times: How often the notice is delivered; 1 is normal: once, repeated only until the merchant accepts it.
        delay_s: Business seconds from payment to the first notice.
        amount_offset_fen: Added to the amount that the notice tells.
        signature: ``good``, ``bad`` (one bit wrong), ``missing`` or ``foreign`` (of another key).
    """

    times: int = 1
    delay_s: int = 0
    amount_offset_fen: int = 0
    signature: str = "good"

    @property
    def text(self) -> str:
        return ",".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))


def read_behaviour(text: str) -> Behaviour:
    """Read ``times=15,delay_s=2,...``; what is left out is normal.

    Raises:
        ValueError: A name or value is unknown.
    """
    given = dict(part.split("=", 1) for part in text.split(",") if part)
    plain = Behaviour()
    for name, value in given.items():
        if name == "signature" and value in ("good", "bad", "missing", "foreign"):
            plain = replace(plain, signature=value)
        elif name == "times" and 0 <= int(value) <= 100:
            plain = replace(plain, times=int(value))
        elif name in ("delay_s", "amount_offset_fen"):
            plain = replace(plain, **{name: int(value)})  # type: ignore[arg-type]
        else:
            raise ValueError(f"no behaviour {name}={value}")
    return plain


class Store:
    """The channel's database."""

    def __init__(self, path: Path, default: Behaviour) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + SCHEMA)
        self._default = default

    @property
    def database(self) -> sqlite3.Connection:
        """The connection, for what else lies in the same file."""
        return self._db

    def close(self) -> None:
        self._db.close()

    def open_order(self, order: Row, reference: str, now_s: int) -> Row:
        """Keep a new order, or give the one of that merchant and id.

        Raises:
            Refused: ``order_differs``: the id was used for another order.
        """
        known = self.order_of(order["merchant_id"], order["order_id"])
        if known is None:
            values = [reference, *(order[name] for name in ORDER_FIELDS), now_s, "open", None]
            self._db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            return self.order(reference) or {}
        if any(known[name] != order[name] for name in ORDER_FIELDS):
            raise Refused("order_differs")
        return known

    def order(self, reference: str) -> Row | None:
        """An order by the channel's reference, with what was refunded of it."""
        return self._order("reference = ?", reference)

    def order_of(self, merchant_id: str, order_id: str) -> Row | None:
        return self._order("merchant_id = ? AND order_id = ?", merchant_id, order_id)

    def _order(self, where: str, *values: str) -> Row | None:
        row = self._db.execute(f"SELECT o.*, ({REFUNDED}) AS refunded_fen FROM orders o WHERE {where}", values).fetchone()  # noqa: S608
        return dict(row) if row else None

    def decide(self, reference: str, status: str, now_s: int) -> Row | None:
        """Make an open order ``paid`` (its notice becomes due) or ``cancelled``; a decided order stays as it is."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            changed = self._db.execute(
                "UPDATE orders SET status = ?, decided_at = ? WHERE reference = ? AND status = 'open'", (status, now_s, reference)
            ).rowcount
            order = self.order(reference)
            if changed and order and status == "paid":
                self.add_notice(reference, order["order_id"], now_s)
        return order

    def add_notice(self, reference: str, behaves_as: str, now_s: int) -> None:
        """Let the notice of an order or mandate become due, as the behaviour of that id says."""
        self._db.execute("INSERT INTO notice VALUES (?, ?, 0, 0, 0, 0)", (reference, now_s + self.behaviour(behaves_as).delay_s))

    def refund(self, refund: Row, now_s: int) -> Row:
        """Give money back, once per refund id.

        Raises:
            Refused: ``no_such_order``, ``not_paid``, ``refund_above_paid`` or ``refund_differs``.
        """
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            key = (refund["merchant_id"], refund["refund_id"])
            known = self._db.execute("SELECT * FROM refund WHERE (merchant_id, refund_id) = (?, ?)", key).fetchone()
            if known:
                if any(known[name] != refund[name] for name in REFUND_FIELDS):
                    raise Refused("refund_differs")
                return dict(known)
            order = self.order_of(refund["merchant_id"], refund["order_id"])
            if order is None:
                raise Refused("no_such_order")
            if order["status"] != "paid":
                raise Refused("not_paid")
            if order["refunded_fen"] + refund["amount_fen"] > order["amount_fen"]:
                raise Refused("refund_above_paid")
            values = [*(refund[name] for name in REFUND_FIELDS), now_s]
            self._db.execute("INSERT INTO refund VALUES (?, ?, ?, ?, ?, ?)", values)
        return refund | {"made_at": now_s}

    def statement(self, merchant_id: str, day_s: int) -> list[Row]:
        """Payments and refunds of the civil day that ``day_s`` lies in, by time."""
        start = midnight(day_s)
        rows = self._db.execute(
            "SELECT decided_at AS at, 'payment' AS kind, order_id, reference, '' AS refund_id, amount_fen FROM orders"
            " WHERE status = 'paid' AND merchant_id = ?1 AND decided_at >= ?2 AND decided_at < ?3"
            " UNION ALL SELECT r.made_at, 'refund', r.order_id, o.reference, r.refund_id, -r.amount_fen FROM refund r"
            " JOIN orders o USING (merchant_id, order_id)"
            " WHERE r.merchant_id = ?1 AND r.made_at >= ?2 AND r.made_at < ?3 ORDER BY 1, 3, 5",
            (merchant_id, start, start + 86400),
        )
        return [dict(row) | {"at": iso(row["at"])} for row in rows]

    def behave(self, order_id: str, behaviour: Behaviour) -> None:
        """Set how notices of an order behave; of all orders to come when ``order_id`` is empty."""
        self._db.execute("INSERT OR REPLACE INTO behaviour VALUES (?, ?)", (order_id, behaviour.text))

    def behaviour(self, order_id: str) -> Behaviour:
        row = self._db.execute(
            "SELECT settings FROM behaviour WHERE order_id IN (?, '') ORDER BY order_id DESC LIMIT 1", (order_id,)
        ).fetchone()
        return read_behaviour(row["settings"]) if row else self._default

    def due_notices(self, now_s: int) -> list[Row]:
        """Notices to deliver now: reference, sent, accepted, attempts."""
        rows = self._db.execute("SELECT * FROM notice WHERE is_done = 0 AND due_at <= ? ORDER BY due_at LIMIT 50", (now_s,))
        return [dict(row) for row in rows]

    def note_delivery(self, reference: str, *, is_accepted: bool, times: int, next_s: int) -> None:
        """Count one delivery; the notice is done after ``times`` of them once it was accepted, or after 15 in vain."""
        self._db.execute(
            "UPDATE notice SET sent = sent + 1, accepted = accepted + ?1, attempts = attempts + 1 - ?1, due_at = ?2,"
            " is_done = (sent + 1 >= ?3 AND accepted + ?1 > 0) OR (attempts + 1 - ?1 >= max(15, ?3)) WHERE reference = ?4",
            (int(is_accepted), next_s, times, reference),
        )

    def drop_notice(self, reference: str) -> None:
        self._db.execute("UPDATE notice SET is_done = 1 WHERE reference = ?", (reference,))
