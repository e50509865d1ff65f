"""The desk of alarms and anomalies at whoever hears them."""

from typing import Any

from metropool.capabilities.watch import operations
from metropool.capabilities.watch.model import Watched
from metropool.portal.desks.paging import page_of
from metropool.portal.desks.words import name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page, Text
from metropool.portal.schemas.watch import WatchedRow, What

MOST = 2000
"""So many are shown; older ones stay in the book."""
UNITS = {"electricity": "kWh", "heat": "kWh", "water": "m³", "gas": "m³"}


class WatchDesk:
    """What was heard, in one unit of work."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def watched(self, *, what: What | None, only_open: bool, asked: Asked) -> Page[WatchedRow]:
        """What goes on and nobody has taken note of first, then the newest."""
        kinds: tuple[What, ...] = ("alarm", "anomaly") if what is None else (what,)
        rows = [
            _row(known)
            for each in kinds
            for known in self._work.watch_book.page(what=each, only_open=only_open, offset=0, limit=MOST)[0]
        ]
        return page_of(rows, asked, as_of=self._work.now)

    def acknowledge(self, *, id: str, by: str) -> WatchedRow:
        """Operation: take note.

        Raises:
            NotFound: Nothing of that id was heard.
            Conflict: Another person has.
        """
        return _row(operations.acknowledge(work=self._work, id=id, by=by))


def _row(known: Watched) -> WatchedRow:
    return WatchedRow(
        id=known.id,
        what=known.what,
        what_text=name("watched", known.what),
        kind=known.kind,
        kind_text=name("watched_kinds", known.kind),
        state=known.state,
        state_text=name("watched_states", known.state),
        is_open=known.is_open,
        service=known.service or None,
        where=_where(known),
        detail=_detail(known),
        began_at=known.began_at,
        heard_at=known.heard_at,
        acknowledged_by=known.acknowledged_by,
        acknowledged_at=known.acknowledged_at,
    )


def _where(known: Watched) -> Text:
    told = known.told
    if known.what == "anomaly":
        return Text(zh=told["area_zh"], en=told["area_en"])
    return Text(zh=told["address_zh"] or told["place"], en=told["address_en"] or told["place"])


def _detail(known: Watched) -> Text:
    """What was seen, in words."""
    told = known.told
    if known.what == "alarm":
        return name("watched_details", "alarm", point=told["point"], place=told["place"])
    values = {field: told[field] for field in ("homes", "affected", "first_day", "last_day")}
    if told["observed"] is None or told["usual"] is None:
        return name("watched_details", "unmeasured", **values)
    amounts = {field: f"{told[field] / 1000:.2f} {UNITS[known.service]}" for field in ("observed", "usual")}
    return name("watched_details", "measured", **values, **amounts)
