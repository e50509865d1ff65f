"""Made readings for the fault catalogue."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from metering.samples import rules
from metropool.capabilities.metering.validation.flags import FlagClass
from metropool.capabilities.metering.validation.rules import ChannelFact, ChannelFacts
from metropool.capabilities.metering.validation.validate import Validated, validate
from metropool.core.quantities import reading_type
from metropool.facts.readings.schemas import FOREVER, INSTALLATION, Origin

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = 3600


def local(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def readings(*rows: tuple[int, int, int | None], quality: int = 0, origin: int = Origin.SCHEDULED, **more) -> pa.Table:
    """Rows of (channel, at, value)."""
    channel, at, value = zip(*rows, strict=True)
    return pa.table(
        {
            "channel": pa.array(channel, pa.int32()),
            "at": pa.array(at, pa.int64()),
            "value": pa.array(value, pa.int64()),
            "quality": pa.array(np.full(len(rows), quality, np.uint8)),
            "origin": pa.array(np.full(len(rows), origin, np.uint8)),
            **{name: pa.array(values, pa.int64()) for name, values in more.items()},
        }
    )


def hourly(values, *, start: int, channel: int = 1, step: int = HOUR) -> list[tuple[int, int, int | None]]:
    return [(channel, start + i * step, value) for i, value in enumerate(values)]


def fact(channel: int = 1, kind: str = "electricity_forward_register", **more) -> ChannelFact:
    return ChannelFact(channel=channel, reading_type=reading_type(kind), **{"interval_s": HOUR, "capacity": 172_500, **more})


def check(table: pa.Table, *facts: ChannelFact, now: datetime | None = None) -> Validated:
    latest = datetime.fromtimestamp(max(table["at"].to_pylist()), UTC) if table.num_rows else datetime(2026, 7, 1, tzinfo=UTC)
    return validate(
        readings=table, facts=ChannelFacts.of(list(facts or (fact(),))), rules=rules(), now=now or latest + timedelta(hours=1)
    )


def found(result: Validated) -> list[str]:
    return [FlagClass(code).key for code in result.flags["code"].to_pylist()]


def total(result: Validated) -> int:
    return sum(
        step for step, linked in zip(*(result.steps[name].to_pylist() for name in ("step", "linked")), strict=True) if linked
    )


def installed(*rows: dict[str, int]) -> pa.Table:
    default = {
        "channel": 1,
        "usage_point": 7,
        "reading_type": 1,
        "numerator": 1,
        "denominator": 1,
        "valid_from": 0,
        "valid_to": FOREVER,
        "version": 1,
    }
    return pa.Table.from_pylist([{**default, **row} for row in rows or ({},)], schema=INSTALLATION)
