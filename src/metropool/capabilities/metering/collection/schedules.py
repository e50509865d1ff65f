"""The schedules a head-end starts with; after that they are rows, changed by operation."""

from metropool.capabilities.metering.collection.model import DAY_S, MONTH_S, Schedule, next_due
from metropool.core.quantities import reading_type

_STANDARD = (
    # item, slot, asked every, first asked after, days the meter can be asked back
    ("electricity_forward_register", 86_400, 3_600, 600, 62),
    ("electricity_reverse_register", 86_400, 3_600, 600, 62),
    ("electricity_forward_profile_register", 900, 900, 300, 31),
    ("electricity_forward_energy", 900, 900, 300, 31),
    ("water_register", 3_600, 900, 120, 0),
    ("gas_register", 3_600, 900, 240, 0),
    ("heat_register", 3_600, 900, 360, 0),
    ("electricity_forward_month_register", MONTH_S, 3_600, 3_600, 366),
    ("water_settlement_register", MONTH_S, 3_600, 1_800, 0),
    ("gas_settlement_register", MONTH_S, 3_600, 1_800, 0),
)
"""Daily freezes of electricity (62 freezes: DL/T 645-2007), 15-minute profiles, hourly present registers of water, gas and heat;
monthly freezes (月冻结): F177 of 376.1 or the last settlement of a DL/T 645 meter, twelve months back; of water and gas the
register of the settlement day in CJ/T 188's 901F, which a meter tells with every present register until the next one.

Only items that channels of the registry have are planned.
"""

MONTHLY = tuple(reading_type(row[0]).id for row in _STANDARD if row[1] == MONTH_S)
"""Items that are frozen once a month: expected of every device that serves a usage point, by whatever channel."""


def standard_schedules(*, first_day: int, now_s: int) -> list[Schedule]:
    """Schedules in force from a business day on, first due at their next grid time.

    Of monthly items the month before counts too: meters still hold it.
    """
    return [_schedule(row, first_day, now_s) for row in _STANDARD]


def _schedule(row: tuple[str, int, int, int, int], first_day: int, now_s: int) -> Schedule:
    code, interval_s, every_s, delay_s, holds_days = row
    schedule = Schedule(
        item=reading_type(code).id,
        interval_s=interval_s,
        every_s=every_s,
        delay_s=delay_s,
        holds_days=holds_days,
        first_day=first_day - MONTH_S // DAY_S if interval_s == MONTH_S else first_day,
        due_at=0,
    )
    return schedule.due_from(next_due(schedule, now_s=now_s))
