"""The clock of a 376.1 terminal (终端日历时钟): AFN 0C F2 of point 0."""

from metropool.devices.fields import FieldReader
from metropool.devices.gdw1376.frame import Frame
from metropool.devices.gdw1376.requests import CURRENT, Link, request_current
from metropool.devices.gdw1376.units import read_units
from metropool.devices.rows import unix_s

CLOCK = 2


def read_clock(link: Link) -> Frame:
    """Ask a terminal for its clock."""
    return request_current(link, points=(0,), function=CLOCK)


def clock_shown(frame: Frame) -> int | None:
    """What a terminal's clock showed when it answered [Unix s]; None for another answer, or no time."""
    if not frame.from_terminal or frame.afn != CURRENT:
        return None
    units = read_units(frame, FieldReader(plain=frame.units, wire=frame.units)).units
    return next((unix_s(unit.content.get("clock")) for unit in units if (unit.point, unit.function) == (0, CLOCK)), None)
