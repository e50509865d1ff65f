"""The same month billed in SQL: prices typed from the price list, whole tables at a time, bills and postings committed."""

import time

import numpy as np
from numpy.typing import NDArray

from bench.peer import Peer

Ints = NDArray[np.int64]
TOU_SHARE, SLOTS = 10, 96
# Prices in 10^-8 CNY a kWh; quantities in 10^-4 kWh, so amounts in 10^-12 CNY; one fen is 10^10 of them.
_TIERS = (58_886_875, 63_886_875, 88_886_875)
_PERIODS = {"peak": 99_500_875, "flat": 58_886_875, "valley": 22_914_475}
_SURCHARGES = (5_000_000, 30_000_000)
_FIRST, _SECOND = 2_600_000, 6_000_000
_HALF, _FEN = 5_000_000_000, 10_000_000_000
_SPLIT = f"""
    least(quantity, {_FIRST}) AS tier1,
    greatest(least(quantity, {_SECOND}) - {_FIRST}, 0) AS tier2,
    greatest(quantity - {_SECOND}, 0) AS tier3
"""
_BY_TIER = f"""
    INSERT INTO bill
    SELECT account, quantity, tier1, tier2, tier3, 0, 0, 0, tier1 * {_TIERS[0]} + tier2 * {_TIERS[1]} + tier3 * {_TIERS[2]}, 0
    FROM (SELECT account, quantity, {_SPLIT} FROM
        (SELECT account, register_end - register_start AS quantity FROM month_register WHERE account >= {{tou}}) AS used) AS split
"""
_BY_TIME = f"""
    INSERT INTO bill
    SELECT account, quantity, tier1, tier2, tier3, peak, flat, valley,
        peak * {_PERIODS["peak"]} + flat * {_PERIODS["flat"]} + valley * {_PERIODS["valley"]}
        + tier2 * {_SURCHARGES[0]} + tier3 * {_SURCHARGES[1]}, 0
    FROM (SELECT account, quantity, peak, flat, valley, {_SPLIT} FROM
        (SELECT account, register_end - register_start AS quantity, peak, flat, valley
        FROM month_register JOIN (
            SELECT account, sum(CASE WHEN period = 1 THEN value ELSE 0 END)::bigint AS peak,
                sum(CASE WHEN period = 2 THEN value ELSE 0 END)::bigint AS flat,
                sum(CASE WHEN period = 3 THEN value ELSE 0 END)::bigint AS valley
            FROM quarter_hour JOIN slot_period USING (slot) GROUP BY account) AS sums USING (account)) AS used) AS split
"""
_POST = "INSERT INTO posting SELECT account, 1, amount_fen FROM bill UNION ALL SELECT account, 2, -amount_fen FROM bill"


def peer_run(peer: Peer, *, opening: Ints, daily: Ints) -> tuple[float, int]:
    """Seconds from usage in tables to bills and postings committed, and the sum of the bills [fen]."""
    homes, tou = len(opening), len(opening) // TOU_SHARE
    _fill(peer, opening, daily, tou)
    of_bill = dict.fromkeys(
        ("account", "quantity", "tier1", "tier2", "tier3", "peak", "flat", "valley", "amount", "amount_fen"),
        np.zeros(0, np.int64),
    )
    peer.create("bill", of_bill)
    peer.create("posting", dict.fromkeys(("account", "side", "amount_fen"), np.zeros(0, np.int64)))
    peer.run("CREATE UNIQUE INDEX bill_key ON bill (account)")
    is_sqlite = peer.name.startswith("SQLite")
    by_time = _BY_TIME.replace("::bigint", "") if is_sqlite else _BY_TIME
    began = time.perf_counter()
    peer.run("BEGIN")
    peer.run(by_time)
    peer.run(_BY_TIER.format(tou=tou))
    peer.run(f"UPDATE bill SET amount_fen = (amount + {_HALF}) / {_FEN}")
    peer.run(_POST)
    peer.run("COMMIT")
    seconds = time.perf_counter() - began
    ((count, total),) = peer.rows("SELECT count(*), sum(amount_fen) FROM bill")
    assert count == homes
    return seconds, int(total)


def _fill(peer: Peer, opening: Ints, daily: Ints, tou: int) -> None:
    """Usage in tables with their keys, analysed; not timed."""
    closing = opening + daily.sum(axis=(1, 2))
    register = {"account": np.arange(len(opening)), "register_start": opening, "register_end": closing}
    days = daily.shape[1]
    quarter = {
        "account": np.repeat(np.arange(tou), days * SLOTS),
        "day": np.tile(np.repeat(np.arange(days), SLOTS), tou),
        "slot": np.tile(np.arange(SLOTS), tou * days),
        "value": daily[:tou].reshape(-1),
    }
    hour = np.arange(SLOTS) // 4
    period = np.where(hour < 8, 3, np.where(((hour >= 10) & (hour < 12)) | ((hour >= 14) & (hour < 19)), 1, 2))
    slots = {"slot": np.arange(SLOTS), "period": period}
    for table, columns, key in (
        ("month_register", register, "account"),
        ("quarter_hour", quarter, "account, day, slot"),
        ("slot_period", slots, "slot"),
    ):
        peer.create(table, columns)
        peer.load(table, peer.encode(columns))
        peer.run(f"CREATE UNIQUE INDEX {table}_key ON {table} ({key})")
        peer.run(f"ANALYZE {table}")
