"""The schedules a head-end starts with; after that they are rows, changed by operation."""

from metropool.capabilities.metering.collection.model import Schedule, next_due
from metropool.core.quantities import reading_type

_STANDARD = (
    # item, slot, asked every, first asked after, days the meter can be asked back
    ("electricity_forward_register", 86_400, 3_600, 600, 62),
    ("electricity_reverse_register", 86_400, 3_600, 600, 62),
    ("electricity_forward_profile_register", 900, 900, 300, 31),
    ("electricity_forward_energy", 900, 900, 300, 31),
    ("water_register", 3_600, 900, 120, 0),
    ("gas_register", 3_600, 900, 240, 0),
)
"""Daily freezes of electricity (62 freezes: DL/T 645-2007), 15-minute profiles, hourly present registers of water and gas.

Only items that channels of the registry have are planned.
"""


def standard_schedules(*, first_day: int, now_s: int) -> list[Schedule]:
    """Schedules in force from a business day on, first due at their next grid time."""
    return [_schedule(row, first_day, now_s) for row in _STANDARD]


def _schedule(row: tuple[str, int, int, int, int], first_day: int, now_s: int) -> Schedule:
    code, interval_s, every_s, delay_s, holds_days = row
    schedule = Schedule(
        item=reading_type(code).id,
        interval_s=interval_s,
        every_s=every_s,
        delay_s=delay_s,
        holds_days=holds_days,
        first_day=first_day,
        due_at=0,
    )
    return schedule.due_from(next_due(schedule, now_s=now_s))
