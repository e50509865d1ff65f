"""Rows by column say to the database what rows one by one would say."""

import polars as pl
import pytest
from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from metropool.storage import bulk
from metropool.storage.database import open_database

METADATA = MetaData()
THING = Table(
    "thing",
    METADATA,
    Column("name", String, primary_key=True),
    Column("says", String),
    Column("count", Integer),
    Column("is_so", Boolean),
)
AWKWARD = "O'Brien: 5 % of %s, ?1 or :name \\"


@pytest.fixture
def connection(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}", schema="any")
    database.create([METADATA])
    with database.unit() as connection:
        yield connection
    database.close()


@pytest.mark.parametrize("says", [AWKWARD, "", None])
@pytest.mark.parametrize("count", [-(1 << 63), 0, None])
@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"]])
def test_what_all_rows_have_in_common_is_kept_in_each(connection, says, count, names):
    same = {"says": pl.lit(says, pl.String), "count": pl.lit(count, pl.Int64), "is_so": pl.lit(True)}
    bulk.insert_frame(connection, insert(THING), pl.DataFrame({"name": names}).with_columns(**same))
    assert [tuple(row) for row in connection.execute(select(THING))] == [(name, says, count, True) for name in names]


def test_a_column_that_is_null_in_some_rows_is_not_the_same_in_all(connection):
    bulk.insert_frame(connection, insert(THING), pl.DataFrame({"name": ["a", "b", "c"], "says": ["x", None, "x"]}))
    assert list(connection.execute(select(THING.c.says).order_by(THING.c.name)).scalars()) == ["x", None, "x"]


@pytest.mark.parametrize("kind", [sqlite.dialect, postgresql.dialect])
def test_a_percent_sign_is_doubled_only_where_it_stands_for_a_parameter(kind):
    class Connected:
        dialect = kind()

    text = bulk._positional(Connected(), insert(THING), ("name",), {"says": "5 %"})
    assert text.count("'5 %%'") == (kind is postgresql.dialect)
    assert text.count("'5 %'") == (kind is sqlite.dialect)


def test_listed_values_keep_their_places_even_twice(connection):
    bulk.insert_columns(connection, insert(THING), {"name": ["a", "b"], "count": [1, 2]})
    values = bulk.listed(connection, ["b", "none", "a", "b"])
    query = select(values.c.place, THING.c.count).select_from(values.join(THING, THING.c.name == values.c.value))
    assert sorted(map(tuple, connection.execute(query))) == [(0, 2), (2, 1), (3, 2)]
    assert list(
        connection.execute(select(THING.c.name).where(bulk.is_one_of(connection, THING.c.name, ["b", "x"]))).scalars()
    ) == ["b"]


def test_nothing_comes_back_where_part_of_the_key_is_the_same_in_all_rows(connection):
    """From Python 3.12 on sqlite3 refuses many rows of a statement that returns any, after the first was inserted."""
    table = Table("part", MetaData(), Column("run", String, primary_key=True), Column("name", String, primary_key=True))
    table.create(connection)
    bulk.insert_frame(connection, insert(table), pl.DataFrame({"run": ["x", "x"], "name": ["a", "b"]}))
    assert connection.execute(select(table.c.name).order_by(table.c.name)).scalars().all() == ["a", "b"]
    assert "RETURNING" not in bulk._positional(connection, insert(table), ("name",), {"run": "x"})
