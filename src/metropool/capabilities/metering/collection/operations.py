"""Operations of collection: plan days, ask for what is missing, note how it went. Each is one unit of work."""

from collections.abc import Sequence

import numpy as np

from metropool.capabilities.metering.collection import recall
from metropool.capabilities.metering.collection.index import ChannelIndex
from metropool.capabilities.metering.collection.model import DAY_S, OFFSET_S, Schedule, asked_days, next_due, wanted_slots
from metropool.capabilities.metering.collection.plan import Gap, asking_for, gaps, reads_of
from metropool.capabilities.metering.frontend.sealed.refusals import CODE as REFUSED
from metropool.capabilities.metering.frontend.sealed.untold import TERMINAL
from metropool.capabilities.metering.frontend.tasks import Answer, Contact, DeviceEvent, Read
from metropool.capabilities.metering.ports import CollectionWork
from metropool.devices.addresses import unpack
from metropool.facts.events import EndDeviceEvent


def plan_days(*, work: CollectionWork) -> int:
    """Write down which channels are expected on each business day up to today, also those of days the node was off.

    Today is planned again when the registry has changed.

    Returns:
        Channel-days added.
    """
    index, fingerprint = work.collection.index()
    now_s = int(work.now.timestamp())
    today, added = (now_s + OFFSET_S) // DAY_S, 0
    for schedule in work.collection.schedules().values():
        channels = np.flatnonzero((index.item_of == schedule.item) & index.serves & (index.terminal_of >= 0))
        for day in asked_days(schedule, now_s=now_s):
            known = work.sheets.planned_with(item=schedule.item, day=day)
            if known is None or (known != fingerprint and day == today):
                added += work.sheets.plan(schedule=schedule, day=day, channels=channels, fingerprint=fingerprint)
    return added


def due_reads(*, work: CollectionWork) -> list[Read]:
    """Reads for what is missing and due, noted as asked; schedules move on to their next due time."""
    index, _ = work.collection.index()
    now_s = int(work.now.timestamp())
    due = [schedule for schedule in work.collection.schedules().values() if schedule.due_at <= now_s]
    reads = []
    for schedule in due:
        for day in work.sheets.open_days(item=schedule.item, days=asked_days(schedule, now_s=now_s)):
            reads += _reads_of_day(work, index, schedule, day, now_s)
    work.collection.set_schedules([schedule.due_from(next_due(schedule, now_s=now_s)) for schedule in due])
    return reads


def is_due(*, work: CollectionWork) -> bool:
    """A schedule is due, its newest day is not planned, or the registry has changed since today was."""
    now_s = int(work.now.timestamp())
    _, fingerprint = work.collection.index()
    schedules = work.collection.schedules().values()
    return any(schedule.due_at <= now_s or _is_unplanned(work, schedule, now_s, fingerprint) for schedule in schedules)


def ask_again(*, work: CollectionWork, item: int, day: int) -> None:
    """Ask for the gaps of a day at once, whatever the back-off says (补召 from the Collection page)."""
    now_s = int(work.now.timestamp())
    rows = [{**row, "next_at": now_s} for row in work.collection.askings(item=item, day=day)]
    work.collection.note_asked([{name: row[name] for name in _ASKED} for row in rows])
    schedule = work.collection.schedules().get(item)
    if schedule is not None:
        work.collection.set_schedules([schedule.due_from(now_s)])


def record_answers(*, work: CollectionWork, answers: Sequence[tuple[Read, Answer]]) -> None:
    """Note how reads went. What they brought is marked by the ingest of the log, nowhere else."""
    work.changed("collection")
    for read, answer in answers:
        work.collection.note_outcome(item=read.item, day=read.day, terminal=read.terminal, outcome=answer.result, at_ms=answer.at)


def record_contacts(*, work: CollectionWork, contacts: Sequence[Contact]) -> None:
    """Note how terminals stand; those that came back are asked for their gaps soon."""
    work.changed("terminals")
    recall.welcome(work=work, contacts=contacts)
    work.collection.note_contacts(
        [
            {"terminal": c.terminal, "state": c.state, "since": c.since, "last_heard_at": c.last_heard_at, "detail": c.detail}
            for c in contacts
        ]
    )


def record_events(*, work: CollectionWork, events: Sequence[DeviceEvent]) -> int:
    """Write down what terminals told of themselves; refusals on sealed links are audited too. Returns how many were new."""
    if not events:
        return 0
    work.changed("events")
    index, _ = work.collection.index()
    names = dict(zip(index.terminals.tolist(), index.terminal_devices, strict=True))
    rows = [
        EndDeviceEvent(
            device=names.get(event.device, address_text(event.device)),
            code=event.code,
            at=event.at,
            received_at=event.received_at,
            detail=event.detail,
        )
        for event in events
    ]
    for row in rows:
        if row.code == REFUSED:
            actor = "terminal" if row.detail.get("by") == TERMINAL else "front end"
            work.audit.note(actor=actor, action="link.sealed", on=row.device, outcome="refused", details=row.detail)
    return work.events.add(rows)


def address_text(device: int) -> str:
    """A device the registry does not know, by its address: ``gdw1376:1101-00258``."""
    who = unpack(device)
    return f"{who.protocol}:{who.address}"


def _is_unplanned(work: CollectionWork, schedule: Schedule, now_s: int, fingerprint: str) -> bool:
    days = asked_days(schedule, now_s=now_s)
    known = work.sheets.planned_with(item=schedule.item, day=days[-1]) if days else fingerprint
    return known is None or (known != fingerprint and days[-1] == (now_s + OFFSET_S) // DAY_S)


_ASKED = ("item", "day", "terminal", "attempts", "next_at", "last_slot", "asked_at")


def _reads_of_day(work: CollectionWork, index: ChannelIndex, schedule: Schedule, day: int, now_s: int) -> list[Read]:
    before = work.collection.askings_by_terminal(item=schedule.item, day=day)
    found = _gaps_of_day(work, index, schedule, day, now_s)
    asked = [asking_for(gap, before=before.get(gap.terminal), now_s=now_s) for gap in found]
    chosen = [pair for pair in asked if pair is not None]
    work.collection.note_asked(
        [
            {"item": schedule.item, "day": day, "terminal": gap.terminal, "asked_at": now_s * 1000}
            | {"attempts": asking.attempts, "next_at": asking.next_at, "last_slot": asking.last_slot}
            for gap, asking in chosen
        ]
    )
    reads = [reads_of(gap, index=index, schedule=schedule, day=day, asking=asking, now_s=now_s) for gap, asking in chosen]
    return [read for some in reads for read in some]


def _gaps_of_day(work: CollectionWork, index: ChannelIndex, schedule: Schedule, day: int, now_s: int) -> list[Gap]:
    first, last = wanted_slots(schedule, day=day, now_s=now_s)
    if first == last:
        return []
    sheets = {
        kind: work.sheets.sheets(kind=kind, item=schedule.item, day=day, slots=slots, channels=index.highest)
        for kind, slots in (("planned", 1), ("collected", schedule.slots))
    }
    return gaps(
        index=index,
        planned=sheets["planned"],
        collected=sheets["collected"],
        first=first,
        last=last,
        slots=schedule.slots,
    )
