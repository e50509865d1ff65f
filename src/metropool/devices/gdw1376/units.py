"""Data units: DA, DT and, for each point and each function ascending, the content."""

from dataclasses import dataclass, field

from metropool.core.errors import Invalid
from metropool.devices.fields import Explained, FieldReader, hex_text
from metropool.devices.gdw1376.addressing import ALL_POINTS, functions_of, points_of
from metropool.devices.gdw1376.content import read_steps
from metropool.devices.gdw1376.frame import Frame
from metropool.devices.gdw1376.items import Function, find_function

ADDRESS = 4
HISTORY = 0x0D


@dataclass(frozen=True)
class Unit:
    """The content of one function of one point."""

    point: int
    function: int
    content: Explained


@dataclass
class Units:
    """All data units of a frame.

    Attributes:
        points: Points the first unit names.
        functions: Functions the first unit names.
        units: What was understood.
        unknown: Points and functions whose content is not known: reading stopped there.
        raw: The bytes from there on.
    """

    points: tuple[int, ...] = ()
    functions: tuple[int, ...] = ()
    units: list[Unit] = field(default_factory=list)
    unknown: list[tuple[int, int]] = field(default_factory=list)
    raw: bytes = b""


def read_units(frame: Frame, reader: FieldReader) -> Units:
    """Read the data units of ``frame`` from ``reader``, which holds ``frame.units``."""
    found = Units()
    while reader.left >= ADDRESS:
        start, fields_before = reader.at, len(reader.fields)
        points, functions = _read_address(reader)
        if not found.functions:
            found.points, found.functions = points, functions
        if not points or not functions:
            reader.at = start
            del reader.fields[fields_before:]
            break
        if not _read_contents(frame, reader, found, points, functions):
            break
    if reader.left:
        found.raw = reader.plain[reader.at :]
        reader.rest("raw", "未解释的数据", "not interpreted")
    return found


def _read_address(reader: FieldReader) -> tuple[tuple[int, ...], tuple[int, ...]]:
    da, dt = reader.plain[reader.at : reader.at + 2], reader.plain[reader.at + 2 : reader.at + 4]
    points, functions = points_of(da), functions_of(dt)
    shown = "all" if points == (ALL_POINTS,) else ",".join(f"p{point}" for point in points)
    reader.take(2, "da", f"信息点 {shown}", f"points {shown}", hex_text)
    shown = ",".join(f"F{function}" for function in functions)
    reader.take(2, "dt", f"信息类 {shown}", f"functions {shown}", hex_text)
    return points, functions


def _read_contents(frame: Frame, reader: FieldReader, found: Units, points: tuple[int, ...], functions: tuple[int, ...]) -> bool:
    """Read the contents of one data unit; False when one is not known or too short, with ``reader`` at its start."""
    pairs = [(point, function) for point in points for function in functions]
    if not frame.from_terminal and frame.afn == HISTORY:
        return _read_request(reader, found, pairs)
    for index, (point, function) in enumerate(pairs):
        known = find_function(frame.afn, function)
        steps = (known.up if frame.from_terminal else known.down) if known else ()
        if frame.says_no_data or (known is None and not reader.left):
            found.units.append(Unit(point, function, {"no_data": True} if frame.says_no_data else {}))
            continue
        if known is None or (point == ALL_POINTS and steps):
            found.unknown += pairs[index:]
            return False
        content = _attempt(reader, known, up=frame.from_terminal)
        if content is None:
            found.unknown += pairs[index:]
            return False
        found.units.append(Unit(point, function, content))
    return True


def _read_request(reader: FieldReader, found: Units, pairs: list[tuple[int, int]]) -> bool:
    """A request of history: one label for all points and functions of its unit."""
    known = find_function(HISTORY, pairs[0][1])
    content = _attempt(reader, known, up=False) if known else None
    if content is None:
        found.unknown += pairs
        return False
    found.units += [Unit(point, function, content) for point, function in pairs]
    return True


def _attempt(reader: FieldReader, known: Function, *, up: bool) -> Explained | None:
    """The content, or None with ``reader`` set back."""
    at, fields_before = reader.at, len(reader.fields)
    try:
        return read_steps(reader, known.up if up else known.down)
    except Invalid:
        reader.at = at
        del reader.fields[fields_before:]
        return None
