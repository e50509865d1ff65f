"""Alarms out of what happens at points of places: raised once, cleared once, in whatever order and however often it is told."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from metropool.capabilities.alarms.ports import AlarmsWork
from metropool.core.errors import NotFound
from metropool.exchange.messages import ALARM_CODES, AlarmKind, AlarmRaised, AlarmState, EventsRecorded


def take_events(*, work: AlarmsWork, message: EventsRecorded) -> None:
    """Raise what begins and clear what ends an alarm; what is told again, or older than what is known, changes nothing."""
    told = [row for row in message.rows.sort_by("at").to_pylist() if row["code"] in ALARM_CODES]
    where = _where(work, message.place) if told else {}
    for row in told:
        kind, state = ALARM_CODES[row["code"]]
        since = work.alarm_book.turn(place=message.place, point=row["point"], kind=kind, state=state, at=row["at"])
        if since is not None:
            raised = _alarm(message.place, row, kind, state, since, where, now=work.now)
            work.tell(raised, key=f"{raised.alarm}/{raised.edition}")
            work.changed("alarms")


def _alarm(
    place: str, row: Mapping[str, Any], kind: AlarmKind, state: AlarmState, since: int, where: Mapping[str, str], *, now: datetime
) -> AlarmRaised:
    return AlarmRaised(
        alarm=f"{place}:{row['point']}:{kind}:{since}",
        edition=1 if state == "raised" else 2,
        kind=kind,
        state=state,
        place=place,
        point=row["point"],
        at=datetime.fromtimestamp(row["at"], UTC),
        raised_at=now,
        **where,
    )


def _where(work: AlarmsWork, place: str) -> dict[str, str]:
    """Address and community of a place; empty where the registry does not know them."""
    try:
        path = work.registry.path_of(place)
    except NotFound:
        path = []
    told = next((row for row in path if row["address_zh"] or row["address_en"]), {})
    area = next((row["id"] for row in path if row["kind"] == "community"), "")
    return {"address_zh": told.get("address_zh") or "", "address_en": told.get("address_en") or "", "area": area}
