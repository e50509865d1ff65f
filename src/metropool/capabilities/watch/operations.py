"""What watch does: keep the newest edition of what is heard; let a person take note of it."""

from dataclasses import replace

import msgspec

from metropool.capabilities.watch.model import Watched, of_alarm, of_anomaly
from metropool.capabilities.watch.ports import WatchWork
from metropool.core.errors import Conflict, NotFound
from metropool.exchange.messages import AlarmRaised, AnomalyFound


def take_alarm(*, work: WatchWork, message: AlarmRaised) -> None:
    """Keep an alarm; an edition that is not newer than what is known changes nothing."""
    _keep(work, of_alarm(message, told=msgspec.to_builtins(message), heard_at=work.now))


def take_anomaly(*, work: WatchWork, message: AnomalyFound) -> None:
    """Keep an anomaly; an edition that is not newer than what is known changes nothing."""
    _keep(work, of_anomaly(message, told=msgspec.to_builtins(message), heard_at=work.now))


def acknowledge(*, work: WatchWork, id: str, by: str) -> Watched:
    """A person has taken note.

    Raises:
        NotFound: Nothing of that id was heard.
        Conflict: Somebody else has already; it says who.
    """
    known = work.watch_book.one(id)
    if known is None:
        raise NotFound(f"nothing called {id} was heard here")
    if known.acknowledged_by not in (None, by):
        raise Conflict(f"{known.acknowledged_by} has taken note of it already")
    if known.acknowledged_by == by:
        return known
    noted = replace(known, acknowledged_by=by, acknowledged_at=work.now)
    work.watch_book.put(noted)
    work.changed("alarms")
    return noted


def _keep(work: WatchWork, heard: Watched) -> None:
    known = work.watch_book.one(heard.id)
    if known is not None:
        if heard.edition <= known.edition:
            return
        heard = replace(heard, began_at=min(known.began_at, heard.began_at))
        heard = replace(heard, acknowledged_by=known.acknowledged_by, acknowledged_at=known.acknowledged_at)
    work.watch_book.put(heard)
    work.changed("alarms")
