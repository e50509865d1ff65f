"""What a terminal reports of what it refused: its number, then a row a reason, all high byte first.

| bytes | what |
|---|---|
| 0-7 | number of the report, rising for good |
| then, for each row: 0 | reason: 1 altered, 2 repeated, 3 other session, 4 expired, 5 bad header, 6 bad answer |
| 1-4 | how many |
| 5-12, 13-20 | counter of the first and of the last of them, as their headers claimed; 0 for a bad header or answer |
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from metropool.core.errors import Invalid

REASONS: Mapping[int, str] = {
    1: "altered",
    2: "repeated",
    3: "other_session",
    4: "expired",
    5: "bad_header",
    6: "bad_answer",
}
ROWS_MAX = 64
_NUMBER, _ROW = 8, struct.Struct(">BIQQ")


@dataclass(frozen=True)
class Counted:
    """So many refusals for one reason, the counters of the first and the last; not to be believed where frames were altered."""

    reason: str
    count: int
    first: int
    last: int


class Report(NamedTuple):
    """A terminal's report; ``raw`` is its content as it came."""

    number: int
    rows: tuple[Counted, ...]
    raw: bytes


def read_report(content: bytes) -> Report:
    """The content of a report record.

    Raises:
        Invalid: It has no whole number of rows, none or more than ``ROWS_MAX``, an unknown reason, or a row that counts nothing.
    """
    rows, rest = divmod(len(content) - _NUMBER, _ROW.size)
    if rest or not 1 <= rows <= ROWS_MAX:
        raise Invalid(f"no report: {len(content)} bytes")
    told = list(_ROW.iter_unpack(content[_NUMBER:]))
    if any(code not in REASONS or not count for code, count, _, _ in told):
        raise Invalid("no report: a row of an unknown reason, or of nothing")
    counted = tuple(Counted(REASONS[code], count, first, last) for code, count, first, last in told)
    return Report(int.from_bytes(content[:_NUMBER], "big"), counted, content)
