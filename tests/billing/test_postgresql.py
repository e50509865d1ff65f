"""A company whose books lie in PostgreSQL makes the bills and the postings that one with SQLite makes."""

from datetime import date
from pathlib import Path

import pytest
from bench.peer import PostgresPeer, find_postgresql, open_peer
from sqlalchemy import select

from billing.company import Company
from metropool.facts.ledger.tables import posting

JULY = (date(2026, 7, 1), date(2026, 8, 1))


def _billed(company: Company) -> tuple[list[dict], list[tuple], list[list[dict]]]:
    for n, options in enumerate(([], ["tou"], ["multi_person"], [])):
        company.assign(f"E{n}", "guangzhou_residential_electricity", options=options)
        company.measure_month(f"E{n}", *JULY, daily=70_000 + 13_003 * n, **({"values": None} if n == 3 else {}))
    company.assign("W1", "guangzhou_residential_water")
    company.measure_month("W1", *JULY, daily=333, service="water")
    for service in ("electricity", "water"):
        company.run(service, *JULY)
    with company.database.snapshot() as connection:
        postings = [tuple(row) for row in connection.execute(select(posting).order_by(posting.c.number))]
    return company.bills(), postings, [message.rows.to_pylist() for message in company.told()]


@pytest.mark.skipif(find_postgresql() is None, reason="needs a PostgreSQL on this machine")
def test_bills_and_postings_are_those_of_sqlite(tmp_path: Path):
    on_sqlite = Company(tmp_path)
    expected = _billed(on_sqlite)
    on_sqlite.database.close()
    with open_peer() as peer:
        assert isinstance(peer, PostgresPeer)
        company = Company(tmp_path, url=f"postgresql+psycopg://postgres@/postgres?host={peer.folder}")
        found = _billed(company)
        company.database.close()
    assert len(expected[0]) == 5
    assert found == expected
