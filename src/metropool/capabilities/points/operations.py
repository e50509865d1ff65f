"""What is done with what points tell, and with household meter data for their gateways. Each is one unit of work."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.points.model import WaitingUsage
from metropool.capabilities.points.ports import PointsWork
from metropool.core.periods import business_date
from metropool.exchange.gateways import write_usage
from metropool.exchange.messages import ALARM_CODES, EventsRecorded, HouseholdUsageTold, PointsReported
from metropool.facts.events import EndDeviceEvent
from metropool.facts.readings.versions import known_values

KEPT_FOR_GATEWAYS = timedelta(days=8)
"""How long household meter data waits for a gateway that does not come [business time]."""


def note_points(*, work: PointsWork, message: PointsReported) -> None:
    """Keep what the points of a place are and how they stand; a value told again changes nothing."""
    if message.described:
        work.point_book.describe(message.place, message.described)
    if message.rows.num_rows:
        work.point_book.note(message.place, message.rows, heard_at=int(work.now.timestamp()))
    work.changed(f"places/{message.place}")


def note_events(*, work: PointsWork, message: EventsRecorded) -> None:
    """Write down what happened at points of a place, each once; what begins or ends a danger is told to whoever the plan lists."""
    heard_ms = int(work.now.timestamp() * 1000)
    work.events.add(
        [
            EndDeviceEvent(
                device=f"{message.place}/{row['point']}",
                code=row["code"],
                at=row["at"],
                received_at=heard_ms,
                detail={"value": row["value"]},
            )
            for row in message.rows.to_pylist()
        ]
    )
    work.point_book.note_events(message.place, message.rows["point"].to_pylist())
    dangers = message.rows.filter(pc.is_in(message.rows["code"], value_set=pa.array(ALARM_CODES)))
    if dangers.num_rows:
        work.tell(msgspec.structs.replace(message, rows=dangers), key=work.cause)
    work.changed(f"places/{message.place}")


def note_usage(*, work: PointsWork, message: HouseholdUsageTold) -> None:
    """Keep household meter data for the gateways of the homes it is about, where there is one; the newest version of a day holds."""
    points = work.registry.usage_points()
    at = pc.index_in(message.rows["usage_point"], points["id"])
    places = pc.take(points["place"], at)
    listening = work.usage_desk.listeners(places.drop_null().unique().to_pylist())
    if not listening:
        return
    wanted = pc.fill_null(pc.is_in(places, value_set=pa.array(sorted(listening), pa.string())), False)
    known = pa.array(known_values(message.rows))
    rows = message.rows.append_column("place", places).append_column("known", known).filter(wanted)
    work.usage_desk.put([_waiting(rows.slice(number, 1), teller=work.system) for number in range(rows.num_rows)])
    for place in listening:
        work.changed(f"places/{place}")


def note_receipts(*, work: PointsWork, place: str, received: Sequence[str]) -> list[WaitingUsage]:
    """A gateway is there, or has what came down to it; returns what of it waited for that."""
    now_s = int(work.now.timestamp())
    if received:
        return work.usage_desk.received(place, received, at=now_s)
    work.usage_desk.listen(place, heard_at=now_s)
    return []


def forget_usage(*, work: PointsWork) -> None:
    """Let go of what no gateway came for."""
    work.usage_desk.forget(before=business_date(work.now - KEPT_FOR_GATEWAYS))


def _waiting(row: pa.Table, *, teller: str) -> WaitingUsage:
    """One row of a message, as its gateway will be told it."""
    of: dict[str, Any] = row.select(["place", "usage_point", "reading_type", "business_date", "version", "known"]).to_pylist()[0]
    number, told = write_usage(HouseholdUsageTold(rows=row.drop_columns(["place", "known"])), teller=teller)
    return WaitingUsage(**{**of, "business_date": of["business_date"].isoformat()}, id=number, told=told)
