"""The ledger: sums to zero, posts once, names the row somebody touched."""

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, update

from metropool.core.errors import Conflict, Invalid, Unavailable
from metropool.facts.ledger import Entry, SqlLedger, metadata
from metropool.facts.ledger.columns import LEG
from metropool.facts.ledger.tables import ledger_head, posting
from metropool.storage.database import open_database

NOW = datetime(2026, 8, 1, 2, tzinfo=UTC)
BILL = [("receivable/0201", 19862), ("revenue/electricity", -19862)]


@dataclass
class Unit:
    connection: Connection
    now: datetime = NOW


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}", schema="company")
    database.create([metadata])
    yield database
    database.close()


@pytest.fixture
def ledger(database):
    with database.unit() as connection:
        yield SqlLedger(Unit(connection))


def test_an_entry_is_posted_once_whatever_comes_again(ledger):
    assert ledger.post(key="bill/1", legs=BILL)
    assert not ledger.post(key="bill/1", legs=BILL)
    assert ledger.balance("receivable/0201") == 19862
    assert sum(ledger.trial_balance().values()) == 0


def test_a_key_used_for_something_else_is_a_conflict(ledger):
    ledger.post(key="bill/1", legs=BILL)
    with pytest.raises(Conflict, match="bill/1"):
        ledger.post(key="bill/1", legs=[("receivable/0201", 1), ("revenue/electricity", -1)])


@pytest.mark.parametrize(
    ("legs", "what"),
    [
        ([("receivable/1", 5), ("revenue/water", -4)], "sum to 1 fen"),
        ([("pocket/1", 5), ("revenue/water", -5)], "no ledger account"),
        ([("receivable", 5), ("revenue/water", -5)], "no ledger account"),
        ([("receivable/1", 5.0), ("revenue/water", -5.0)], "no integer"),
        ([], "legs"),
    ],
)
def test_what_is_no_entry_is_refused_and_nothing_is_posted(ledger, legs, what):
    with pytest.raises(Invalid, match=what):
        ledger.post_many([Entry("good", BILL), Entry("bad", legs)])
    assert ledger.trial_balance() == {}


def test_a_statement_carries_the_balance(ledger):
    ledger.post(key="bill/1", legs=BILL)
    ledger.post(key="payment/1", legs=[("clearing/platform", 19862), ("receivable/0201", -19862)])
    assert [(row["key"], row["balance_fen"]) for row in ledger.statement("receivable/0201")] == [
        ("bill/1", 19862),
        ("payment/1", 0),
    ]
    assert ledger.balances_by_kind()["clearing"] == 19862
    assert ledger.entry("payment/1") == [("clearing/platform", 19862), ("receivable/0201", -19862)]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-(10**12), 10**12)), min_size=1, max_size=12))
def test_after_any_entries_everything_sums_to_zero_and_the_chain_is_whole(tmp_path_factory, moves):
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('ledger')}", schema="any")
    database.create([metadata])
    with database.unit() as connection:
        ledger = SqlLedger(Unit(connection))
        for i, (name, fen) in enumerate(moves):
            ledger.post(key=f"move/{i}", legs=[(f"receivable/{name}", fen), ("revenue/gas", -fen)])
        assert sum(ledger.trial_balance().values()) == 0
        assert ledger.verify().rows == 2 * len(moves)
        assert ledger.verify().is_whole
    database.close()


def _post_ten(ledger):
    ledger.post_many([Entry(f"bill/{i}", [(f"receivable/{i}", 100 + i), ("revenue/water", -100 - i)]) for i in range(10)])


TAMPERINGS = {
    "edited amount": (update(posting).where(posting.c.number == 7).values(amount_fen=1), 7),
    "edited account": (update(posting).where(posting.c.number == 8).values(account="receivable/9"), 8),
    "deleted inside": (delete(posting).where(posting.c.number == 5), 5),
    "deleted at the end": (delete(posting).where(posting.c.number == 20), 20),
    "deleted at the start": (delete(posting).where(posting.c.number == 1), 1),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_touched_row_is_named_and_posting_stops(database, name):
    statement, row = TAMPERINGS[name]
    with database.unit() as connection:
        _post_ten(SqlLedger(Unit(connection)))
        connection.execute(statement)
    with database.unit() as connection:
        report = SqlLedger(Unit(connection)).stop_if_broken()
        assert (report.bad_row, report.is_whole) == (row, False)
    with database.unit() as connection, pytest.raises(Unavailable, match="stopped"):
        SqlLedger(Unit(connection)).post(key="after", legs=BILL)


def test_swapped_rows_are_named(database):
    with database.unit() as connection:
        ledger = SqlLedger(Unit(connection))
        _post_ten(ledger)
        for old, new in ((3, 99), (5, 3), (99, 5)):
            connection.execute(update(posting).where(posting.c.number == old).values(number=new))
        assert ledger.verify().bad_row == 3


def test_a_last_row_cut_off_with_its_head_unchanged_stops_the_next_posting_at_once(database):
    with database.unit() as connection:
        ledger = SqlLedger(Unit(connection))
        _post_ten(ledger)
        connection.execute(delete(posting).where(posting.c.number == 20))
        with pytest.raises(Unavailable, match="number 20"):
            ledger.post(key="after", legs=BILL)


def test_a_rewritten_head_does_not_hide_an_edit(database):
    with database.unit() as connection:
        ledger = SqlLedger(Unit(connection))
        _post_ten(ledger)
        connection.execute(update(posting).where(posting.c.number == 2).values(amount_fen=7))
        connection.execute(update(ledger_head).values(number=20))
        assert ledger.verify().bad_row == 2


def _columns(*entries):
    rows = [(key, account, fen) for key, legs in entries for account, fen in legs]
    return pl.DataFrame(rows, schema=LEG, orient="row")


def _postings(database):
    with database.snapshot() as connection:
        return [tuple(row) for row in connection.execute(select(posting).order_by(posting.c.number))]


SEWAGE = [("receivable/w", 3025), ("revenue/water", -2044), ("collected/government", -981)]


def test_entries_by_column_are_the_postings_of_entries_one_by_one(tmp_path):
    entries = [("bill/1", BILL), ("bill/2", SEWAGE), ("bill/3", [("receivable/z", 0), ("revenue/gas", 0)])]
    kept = []
    for name in ("columns", "entries"):
        database = open_database(f"sqlite:///{tmp_path}/{name}", schema="company")
        database.create([metadata])
        with database.unit() as connection:
            ledger = SqlLedger(Unit(connection))
            ledger.post(key="payment/1", legs=[("clearing/platform", 1), ("receivable/0201", -1)])
            count = (
                ledger.post_columns(_columns(*entries)) if name == "columns" else ledger.post_many([Entry(*e) for e in entries])
            )
            assert (count, ledger.verify().rows) == (3, 9)
        kept.append(_postings(database))
        database.close()
    assert kept[0] == kept[1]


def test_by_column_too_an_entry_is_posted_once(ledger):
    assert ledger.post_columns(_columns(("bill/1", BILL))) == 1
    assert ledger.post_columns(_columns(("bill/1", BILL), ("bill/2", SEWAGE))) == 1
    assert ledger.post_columns(_columns()) == 0
    assert ledger.entry("bill/2") == SEWAGE
    with pytest.raises(Conflict, match="bill/2"):
        ledger.post_columns(_columns(("bill/3", BILL), ("bill/2", BILL)))
    assert ledger.entry("bill/3") == []


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (("bad", [("receivable/1", 5), ("revenue/water", -4)]), "bad .* sum to 1 fen"),
        (("bad", [("pocket/1", 5), ("revenue/water", -5)]), "no ledger account"),
        (("bad", [("receivable/", 5), ("revenue/water", -5)]), "no ledger account"),
        (("bad", [("receivable", 5), ("revenue/water", -5)]), "no ledger account"),
        (("bad", [("receivable/1", None), ("revenue/water", -5)]), "no integer"),
        (("", BILL), "business key"),
        (("good", BILL), "twice"),
        (("bad", [("receivable/1", 1 << 62), ("receivable/2", 1 << 62), ("revenue/water", -(1 << 62))] * 2), "sum to"),
    ],
)
def test_what_is_no_entry_is_refused_by_column_too(ledger, wrong, what):
    entries = [("good", BILL), ("other", SEWAGE), wrong]
    with pytest.raises(Invalid, match=what):
        ledger.post_columns(_columns(*entries))
    assert ledger.trial_balance() == {}


def test_bulk_posting_takes_each_entry_once(database):
    entries = [Entry(f"bill/{i}", [(f"receivable/{i}", i), ("revenue/water", -i)]) for i in range(10_000)]
    with database.unit() as connection:
        assert SqlLedger(Unit(connection)).post_many(entries) == 10_000
        assert SqlLedger(Unit(connection)).post_many(entries) == 0
