"""Tables are made as SQLAlchemy words them, however many databases a process makes and whatever is in one already."""

import sqlite3

import pytest
from sqlalchemy import create_engine, inspect

from metropool.runtime.capabilities import CAPABILITIES, TABLES
from metropool.storage.database import open_database

ROOMS = [*TABLES, *(metadata for capability in CAPABILITIES.values() for metadata in capability.tables)]


def schema_of(file):
    with sqlite3.connect(file) as connection:
        return set(connection.execute("SELECT type, name, sql FROM sqlite_master"))


def made_by_us(folder, *steps):
    database = open_database(f"sqlite:///{folder}", schema="any")
    for rooms in steps:
        database.create(rooms)
    database.close()
    return schema_of(folder / "any.sqlite")


@pytest.fixture(scope="module")
def worded(tmp_path_factory):
    """What SQLAlchemy itself makes of all rooms."""
    file = tmp_path_factory.mktemp("worded") / "any.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        for metadata in ROOMS:
            there = set(inspect(connection).get_table_names())
            metadata.create_all(connection, tables=[table for table in metadata.sorted_tables if table.name not in there])
    engine.dispose()
    return schema_of(file)


def test_the_first_and_the_second_database_have_all_of_them(worded, tmp_path):
    assert len(worded) > 100
    assert made_by_us(tmp_path / "first", ROOMS) == worded
    assert made_by_us(tmp_path / "second", ROOMS) == worded


@pytest.mark.parametrize("already", [1, len(ROOMS) // 2, len(ROOMS)])
def test_one_that_has_some_already_gains_the_others(worded, tmp_path, already):
    assert made_by_us(tmp_path, ROOMS[:already], ROOMS) == worded


def test_a_table_that_is_missing_of_a_room_is_made(worded, tmp_path):
    metadata = next(each for each in ROOMS if len(each.tables) > 1)
    database = open_database(f"sqlite:///{tmp_path}", schema="any")
    with database.unit() as connection:
        metadata.sorted_tables[0].create(connection)
    database.create(ROOMS)
    database.close()
    assert schema_of(tmp_path / "any.sqlite") == worded
