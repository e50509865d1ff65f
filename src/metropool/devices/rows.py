"""Rows of the measured batch, one value each, as the readable path makes them; the kernels make the same as columns."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from metropool.core.quantities import reading_type
from metropool.devices.bcd import DEVICE_ZONE

MEASURED, MISSING = 0, 2
# Flags of a row.
NO_TIME, CLOCK_BAD, FREEZE_UNDATED, FREEZE_TIME = 1, 2, 4, 8


@dataclass(frozen=True)
class Row:
    """One value of a device.

    Attributes:
        device: See ``addresses``.
        point: 376.1 measuring point; for a freeze by index (DL/T 645) the index until it is dated, else 0.
        item: Id of the reading type; 0 only on a row with FREEZE_TIME.
        at: Unix seconds UTC the value is of; 0 where the frame names no usable time (see ``flag``).
        value: Integer in the scale of the reading type; 0 when missing. On a FREEZE_TIME row Unix seconds.
        quality: 0 measured, 2 missing (EE, FF, not decimal).
        flag: 0, or NO_TIME (the value is of the moment it was read), CLOCK_BAD (the device named an impossible time),
            FREEZE_UNDATED (its time comes in a frame of its own), FREEZE_TIME (that time).
    """

    device: int
    point: int
    item: int
    at: int
    value: int
    quality: int = MEASURED
    flag: int = 0


@dataclass
class Rows:
    """Rows of one frame.

    Attributes:
        rows: The values with a reading type.
        unmapped: Number of values understood that no reading type stands for.
        left: Why something in the frame was not made into rows; empty when all was.
    """

    rows: list[Row] = field(default_factory=list)
    unmapped: int = 0
    left: list[str] = field(default_factory=list)

    def add(self, row: Row, code: str | None, number: object) -> None:
        """Add ``number`` as a value of reading type ``code``, with device, point, at and flag of ``row``."""
        if code is None:
            self.unmapped += 1
            return
        kind = reading_type(code)
        is_missing = number is None
        value = 0 if is_missing else kind.stored(Decimal(str(number)))
        quality = MISSING if is_missing else row.quality
        self.rows.append(Row(row.device, row.point, kind.id, row.at, value, quality, row.flag))


def unix_s(text: object) -> int | None:
    """Device-local ISO time (China Standard Time, UTC+8) as Unix seconds; None stays None."""
    if not isinstance(text, str):
        return None
    return int(datetime.fromisoformat(text).replace(tzinfo=DEVICE_ZONE).astimezone(UTC).timestamp())


FORWARD = tuple(f"electricity_forward_register{tail}" for tail in ("", "_t1", "_t2", "_t3", "_t4"))
REVERSE = tuple(f"electricity_reverse_register{tail}" for tail in ("", "_t1", "_t2"))

MONTHLY = ("electricity_forward_month_register",)


def code_at(codes: tuple[str, ...], index: int) -> str | None:
    """The reading type of tariff ``index`` (0 = total); None where there is none."""
    return codes[index] if index < len(codes) else None
