"""A concentrator's archive: written, told, kept over a restart, and what it goes by when it is asked for readings."""

from random import Random

import pytest

from cityinabox.city import make_city
from cityinabox.clock import unix
from cityinabox.codec import gdw1376 as wire
from cityinabox.codec.archive import factory_row
from cityinabox.journal import Journal
from cityinabox.load import energy_meter
from cityinabox.pushes import Reports
from cityinabox.terminal import Terminal

START = unix(2026, 7, 3, 0, 20)
CITY = make_city(7, 4).as_dict() | {"faults": []}
ROW = next(row for row in CITY["devices"] if row["kind"] == "concentrator")
FOREIGN = "000000999999"
METERS = [row for row in CITY["devices"] if row["parent"] == ROW["id"] and row["service"] == "electricity"]
POINT, ADDRESS = METERS[0]["point"], METERS[0]["address"]


def terminal(journal):
    meters = [energy_meter(CITY, row["id"], journal) for row in METERS]
    return Terminal(ROW, meters, [], journal=journal, chance=Random(1))


@pytest.fixture
def box(tmp_path):
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield terminal(journal)


def ask(box, afn, content, *, point=0, fn=10):
    """The one frame of an answer."""
    aux = bytes(16) if afn in wire.WITH_PASSWORD else b""
    frame = wire.Frame376(ROW["region"], ROW["terminal"], afn, 0x4A, 0x63, wire.unit(point, fn, content), 5, aux)
    (sent,) = box.handle(wire.decode(frame.encode()), START)
    return sent.frame


def write(box, *rows):
    return ask(box, wire.SET, len(rows).to_bytes(2, "little") + b"".join(rows)).units


def registers_of(box, point):
    return ask(box, wire.CURRENT, b"", point=point, fn=129).units[2:4]


CONFIRMED, DENIED = wire.unit(0, 1), wire.unit(0, 2)


def test_it_comes_with_the_meters_behind_it_and_tells_those_that_are_asked_for(box):
    told = ask(box, wire.QUERY, b"").units[4:]
    assert int.from_bytes(told[:2], "little") == len(METERS)
    assert len(told) == 2 + 27 * len(METERS)
    one = ask(box, wire.QUERY, b"\x01\x00" + POINT.to_bytes(2, "little")).units[4:]
    assert one == b"\x01\x00" + factory_row(POINT, ADDRESS)
    assert ask(box, wire.QUERY, b"\x01\x00\xf0\x07").units[4:] == b"\x00\x00", "nobody has this number"


def test_a_point_whose_meter_it_does_not_know_answers_and_reports_nothing_until_it_is_written(box):
    reports = Reports(box)
    reports.start(START)
    assert (registers_of(box, POINT), is_reported(reports)) == (wire.function_mask(129), True)
    assert write(box, factory_row(POINT, FOREIGN)) == CONFIRMED
    assert (registers_of(box, POINT), is_reported(reports)) == (wire.function_mask(2), False), "denied"
    assert write(box, factory_row(POINT, ADDRESS)) == CONFIRMED
    assert (registers_of(box, POINT), is_reported(reports)) == (wire.function_mask(129), True)


def is_reported(reports):
    """The point is in the daily push."""
    units = b"".join(sent.frame.units for sent in reports.push(START + 600).frames)
    return wire.point_mask(POINT) + wire.function_mask(161) in units


def test_what_was_written_is_kept_over_a_restart(tmp_path):
    row = factory_row(POINT, FOREIGN)
    with Journal(tmp_path / "journal.sqlite") as journal:
        write(terminal(journal), row)
    with Journal(tmp_path / "journal.sqlite") as journal:
        again = terminal(journal)
        assert ask(again, wire.QUERY, b"\x01\x00" + POINT.to_bytes(2, "little")).units[6:] == row
        assert registers_of(again, POINT) == wire.function_mask(2)


GOOD = factory_row(POINT, FOREIGN)


@pytest.mark.parametrize(
    "content",
    [
        b"\x02\x00" + GOOD,
        b"\x01\x00" + GOOD[:-1],
        b"\x01\x00" + b"\x00\x00" + GOOD[2:],
        b"\x01\x00" + GOOD[:2] + b"\xff\xff" + GOOD[4:],
        b"\x01\x00" + GOOD[:5] + b"\x63" + GOOD[6:],
        b"\x01\x00" + GOOD[:6] + b"\xaa" * 6 + GOOD[12:],
        b"\x02\x00" + GOOD + GOOD[:5] + b"\x63" + GOOD[6:],
    ],
)
def test_what_is_no_row_is_denied_and_changes_nothing(box, content):
    before = ask(box, wire.QUERY, b"").units
    assert ask(box, wire.SET, content).units == DENIED
    assert ask(box, wire.QUERY, b"").units == before
    assert ask(box, wire.QUERY, b"\x02\x00\x01\x00").units == DENIED, "a question that is cut short"
