"""Who looked at a household: one look is one line, however many pages its answer had and however long they took."""

import asyncio
from datetime import timedelta

import pytest

from exchange.government.town import DAY, READINGS, opened, personal
from metropool.capabilities.disclosure import operations as owner
from metropool.portal.desks.books.consents import ConsentsDesk
from metropool.portal.desks.books.disclosures import DisclosuresDesk
from metropool.portal.ports.asked import Asked

YEAR = {"first_day": DAY - timedelta(days=360), "last_day": DAY}


@pytest.fixture
def town(tmp_path):
    with opened(tmp_path) as made:
        yield made


def looked(town, account="A-north-3"):
    """Lines of a household's page."""
    desk = lambda work: ConsentsDesk(work, []).accesses(account=account, asked=Asked(size=100))  # noqa: E731
    return town.nodes[town.hub].read_now("sharing", desk).rows


def look(town, **values):
    request = town.ask(personal(**YEAR, **values))
    town.approve(request)
    town.approve(request, by="head")
    return request


def test_of_eight_pages_is_one_line(town):
    request = look(town)
    town.carry()
    (line,) = looked(town)
    assert (line.agreement, line.rows, line.subjects, line.fields) == (request, 3610, 10, "usage")


def test_is_one_line_when_the_pages_came_apart(town):
    look(town)
    for _ in range(8):
        asyncio.run(town.send(READINGS, limit=1))
        town.clock.advance(timedelta(seconds=1))
        asyncio.run(town.hear(town.hub))
    town.carry()
    assert [line.rows for line in looked(town)] == [3610]


def test_is_of_what_was_not_held_back(town):
    request = look(town)
    asyncio.run(town.send(READINGS, limit=3))
    asyncio.run(town.hear(town.hub))
    town.decide(owner.revoke, request, reason="案件撤销")
    town.carry()
    assert [line.rows for line in looked(town)] == [1500]


def test_a_second_one_is_a_second_line_each_with_a_name_of_its_own(town):
    for _ in range(2):
        look(town)
        town.carry()
    lines = looked(town)
    assert len({line.id for line in lines}) == len({line.agreement for line in lines}) == len(lines) == 2
    assert looked(town, "A-east-1") == []


def test_pages_have_names_of_their_own_in_the_history_of_who_gave_them(town):
    look(town)
    desk = lambda work: DisclosuresDesk(work).provisions(asked=Asked(size=100))  # noqa: E731
    rows = town.nodes[READINGS].read_now("disclosure", desk).rows
    assert len({row.id for row in rows}) == len(rows) == 8
    assert {(row.fields, row.fields_text.zh, row.fields_text.en) for row in rows} == {("usage", "用量", "Usage")}
