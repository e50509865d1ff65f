"""What is done with orders to points. Each is one unit of work."""

from datetime import datetime, timedelta

from metropool.capabilities.places.model import (
    LONGEST,
    OFF,
    ON,
    VALUES,
    device_of,
    move_by_reading,
    move_of,
)
from metropool.capabilities.places.ports import PlacesWork
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.exchange.messages import PointsReported, SetPoints
from metropool.exchange.messages.points import OrderAnswered
from metropool.facts.commands import Command, Draft

ANSWER_WITHIN = timedelta(seconds=10)
"""How long an answer is waited for before the order counts as unknown [time of the machine: it is one of a transport]."""
KINDS = (ON, OFF)


def order(*, work: PlacesWork, place: str, point: str, value: int, by: str, key: str, expires_at: datetime) -> Command:
    """Write down an order to a point; it is sent at most once, never at or after it expires. A repeat of the key gives what there is.

    Raises:
        NotFound: No such point, or none that can be set.
        Invalid: It expires already, or too late.
        Conflict: The key was used for something else, or another order to the point is under way.
    """
    kind = next((kind for kind, wanted in VALUES.items() if wanted == value), None)
    if kind is None:
        raise Invalid(f"a switch is set to 0 or 1, not {value}", key="places.value")
    if expires_at > work.now + LONGEST:
        raise Invalid(f"an order waits {LONGEST} at most", key="places.expires")
    known = next((setting for setting in work.place_book.settings(place) if setting.point == point), None)
    if known is None:
        raise NotFound(f"{place} has no point {point} that can be set", key="places.no_point")
    device = device_of(place, point)
    draft = Draft(device=device, kind=kind, reason="resident", requested_by=by, expires_at=expires_at, request=key)
    open_ones = [one for one in work.commands.recent(device=device, kinds=KINDS, limit=10) if one.state in ("approved", "sent")]
    if any(one.request != key for one in open_ones):
        raise Conflict(f"an order to {device} is under way", key="places.under_way")
    written = work.commands.order(draft=draft, key=key)
    work.changed(f"places/{place}")
    return written


def due_orders(*, work: PlacesWork) -> list[Command]:
    """Orders that are to be sent now; those too late are closed."""
    work.commands.expire()
    return [one for one in work.commands.in_state("approved") if one.kind in KINDS]


def send(*, work: PlacesWork, id: str) -> SetPoints:
    """Mark an order as sent, which it never is again, and give what is to be said.

    Raises:
        Conflict: It was sent, taken back or came too late.
    """
    command = work.commands.move(id=id, move="send", actor="gateway")
    place, _, point = command.device.partition("/")
    item = next(setting.item for setting in work.place_book.settings(place) if setting.point == point)
    work.changed(f"places/{place}")
    return SetPoints(
        expires_at=datetime.fromtimestamp(command.expires_at / 1000, work.now.tzinfo),
        request=command.id,
        place=place,
        point=point,
        item=item,
        value=VALUES[command.kind],
        requested_by=command.requested_by,
    )


def not_there(*, work: PlacesWork, id: str) -> None:
    """The broker says that nobody heard an order: its gateway is away, and nothing was done."""
    command = work.commands.move(id=id, move="refuse", actor="broker", note="away")
    work.changed(f"places/{command.device.partition('/')[0]}")


def lose(*, work: PlacesWork, id: str) -> None:
    """No answer came in time: nobody knows what was done, until the point is read."""
    command = work.commands.get(id=id)
    if command.state == "sent":
        work.commands.move(id=id, move="lose", actor="clock", note="no answer")
        work.changed(f"places/{command.device.partition('/')[0]}")


def note_points(*, work: PlacesWork, message: PointsReported) -> None:
    """Keep which points can be set and how they stand; resolve orders by what was answered and read back."""
    if message.described:
        work.place_book.can_set(message.place, [(one.point, one.sets) for one in message.described if one.sets])
    for answer in message.answered:
        _resolve(work, message.place, answer)
    readings = {(row["point"], row["item"]): row for row in message.rows.to_pylist()}
    for setting in work.place_book.settings(message.place):
        read = readings.get((setting.point, setting.item))
        if read is not None:
            work.place_book.read_back(message.place, setting.point, value=read["value"], at=read["at"])
            _resolve_unknown(work, device_of(message.place, setting.point), value=read["value"], at=read["at"])


def _resolve(work: PlacesWork, place: str, answer: OrderAnswered) -> None:
    try:
        command = work.commands.get(id=answer.request)
    except NotFound:
        return
    if command.device.partition("/")[0] != place or command.state not in ("sent", "unknown"):
        return
    move, why = move_of(command, answer)
    if move is not None:
        read_back = {"value": answer.value, "at": answer.at.isoformat()}
        work.commands.move(id=command.id, move=move, actor="gateway", note=why, read_back=read_back)
        work.changed(f"places/{place}")


def _resolve_unknown(work: PlacesWork, device: str, *, value: int, at: int) -> None:
    newest = next(iter(work.commands.recent(device=device, kinds=KINDS, limit=1)), None)
    move = move_by_reading(newest, value=value, at=at) if newest else None
    if newest and move:
        work.commands.move(id=newest.id, move=move, actor="reading", note="read back later", read_back={"value": value, "at": at})
        work.changed(f"places/{device.partition('/')[0]}")
