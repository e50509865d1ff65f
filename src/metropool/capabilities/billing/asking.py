"""A company asks for meter data of its own customers again, and sees what came back."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from metropool.capabilities.billing.telling import TellingWork, request_rows
from metropool.core.errors import Conflict
from metropool.core.identifiers import IdSource, SystemId
from metropool.exchange.messages import Message, RowsRequested


class Asked(Protocol):
    """Requests for meter data (``adapters/asked.py``)."""

    def add(self, row: dict[str, Any]) -> None: ...
    def all(self) -> list[dict[str, Any]]: ...
    def days_held(self, *, usage_points: Sequence[str], first_day: str, last_day: str) -> int: ...


class AskingWork(TellingWork, Protocol):
    """One unit of work of billing, as far as asking for meter data needs it."""

    @property
    def ids(self) -> IdSource: ...
    @property
    def asked(self) -> Asked: ...
    def takers(self, kind: type[Message], *, of: str) -> list[SystemId]: ...
    def changed(self, topic: str) -> None: ...


def ask_rows(
    *, work: AskingWork, service: str, first_day: date, last_day: date, usage_points: Sequence[str], reason: str, by: str
) -> dict[str, Any]:
    """Ask whoever measured for some days of our usage points again (供水/供气相关数据要求).

    Raises:
        Conflict: The running plan has no way for such a request.
        Invalid: The days are the wrong way round, or no usage point is named.
        NotFound: A usage point is not ours.
    """
    if not work.takers(RowsRequested, of=service):
        raise Conflict(f"nobody in the running plan takes requests of {service}", key="billing.no_way_to_ask")
    request = f"DR{work.now:%Y%m%d}-{work.ids.fresh_id()[:12]}"
    days = {"first_day": first_day, "last_day": last_day}
    request_rows(work=work, request=request, service=service, usage_points=usage_points, **days)
    points, first, last = sorted(usage_points), first_day.isoformat(), last_day.isoformat()
    row: dict[str, Any] = {
        "request": request,
        "service": service,
        "reason": reason,
        "asked_by": by,
        "asked_at": work.now.isoformat(),
    }
    row |= {"usage_points": points, "first_day": first, "last_day": last}
    row["held_before"] = work.asked.days_held(usage_points=points, first_day=first, last_day=last)
    work.asked.add(row)
    work.changed("data_requests")
    return row
