"""Operations of clocks: which to read now, and what they told. Each is one unit of work; devices are touched between."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from metropool.capabilities.metering.clocks.adapters.book import ClockBook, DeviceClock, DueClock
from metropool.capabilities.metering.clocks.model import ClockRules, clock_rules_on, drift_of
from metropool.capabilities.metering.collection.adapters.terminals import link_address
from metropool.capabilities.metering.collection.index import ChannelIndex
from metropool.capabilities.metering.control.devices import meter_number
from metropool.capabilities.metering.frontend.tasks import Answer, ClockShown, ReadClock
from metropool.capabilities.metering.ports import Collection
from metropool.core.errors import Invalid
from metropool.core.identifiers import derived_id
from metropool.core.periods import business_date
from metropool.devices.addresses import TAG_SHIFT, TERMINAL
from metropool.facts.events import EndDeviceEvent, Events

AT_ONCE = 256
METERS_MAX = 8
PATIENCE_MS = 900_000
NO_TIME, NO_WAY = "no_time", "no_way"


class ClockNotes(Protocol):
    """One unit of work that notes clocks."""

    @property
    def now(self) -> datetime: ...
    @property
    def clocks(self) -> ClockBook: ...
    @property
    def events(self) -> Events: ...
    def changed(self, topic: str) -> None: ...


class ClockWork(ClockNotes, Protocol):
    """One unit of work of clocks."""

    @property
    def collection(self) -> Collection: ...


@dataclass(frozen=True)
class Asking:
    """A task and whose clocks it asks for: device number to end device."""

    read: ReadClock
    devices: Mapping[int, str]


def is_due(*, work: ClockWork) -> bool:
    """Whether any clock is due."""
    return work.clocks.is_due(now_s=_now_s(work))


def registry_seen(*, work: ClockWork) -> str:
    """Changes when there may be devices whose clocks nobody looks after yet."""
    _, fingerprint = work.collection.index()
    return fingerprint


def enrol(*, work: ClockWork) -> int:
    """Look after the clocks of devices that are new in the registry, at once; returns how many."""
    return work.clocks.enrol(due_at=_now_s(work))


def due_reads(*, work: ClockWork) -> list[Asking]:
    """Tasks for the clocks that are due; whatever they bring, none is asked again at once."""
    now_s, rules = _now_s(work), clock_rules_on(business_date(work.now))
    due = work.clocks.due(now_s=now_s, limit=AT_ONCE)
    index, _ = work.collection.index()
    by_terminal: dict[int, dict[int, str]] = {}
    unreachable = []
    for clock in due:
        way = _way_to(clock, index)
        if way is None:
            unreachable.append(clock.device)
        else:
            by_terminal.setdefault(way[0], {})[way[1]] = clock.device
    work.clocks.put_off(devices=unreachable, due_at=now_s + rules.every_s, outcome=NO_WAY)
    work.clocks.put_off(devices={clock.device for clock in due} - set(unreachable), due_at=now_s + rules.again_s)
    return [_asking(terminal, some, now_s) for terminal, devices in by_terminal.items() for some in _pieces(devices)]


def record_clocks(*, work: ClockWork, asking: Asking, answer: Answer) -> None:
    """Note what clocks told, and who did not answer."""
    rules = clock_rules_on(business_date(work.now))
    told = {asking.devices[shown.device]: shown for shown in answer.clocks if shown.device in asking.devices}
    silent = [device for device in asking.devices.values() if device not in told]
    why = "silent" if answer.result == "answered" else answer.result
    work.clocks.put_off(devices=silent, due_at=_now_s(work) + rules.again_s, outcome=why)
    note_shown(work=work, told=told)


def note_shown(*, work: ClockNotes, told: Mapping[str, ClockShown]) -> None:
    """Keep what the clocks of some devices showed; one that is off too far, or right again, is told as an event."""
    rules = clock_rules_on(business_date(work.now))
    known = work.clocks.of(told)
    clocks = [_judged(known[device], shown, rules) for device, shown in told.items() if device in known]
    work.clocks.note(clocks, due_at=_now_s(work) + rules.every_s)
    _tell(work, known, clocks, rules)
    if clocks:
        work.changed(f"readings:{','.join(clock.device for clock in clocks)}")


def _judged(before: DeviceClock, shown: ClockShown, rules: ClockRules) -> DeviceClock:
    """A clock as it stands after it was read."""
    drift = drift_of(shown)
    is_off = drift is None or drift.is_beyond(rules.limit_s)
    since = before.off_since if before.off_since is not None else shown.heard_at // 1000
    return DeviceClock(
        device=before.device,
        ahead_ms=drift.ahead_ms if drift else None,
        margin_ms=drift.margin_ms if drift else None,
        checked_at=shown.heard_at,
        off_since=since if is_off else None,
        outcome="answered" if drift else NO_TIME,
    )


def _tell(work: ClockNotes, before: Mapping[str, DeviceClock], clocks: Iterable[DeviceClock], rules: ClockRules) -> None:
    turned = [clock for clock in clocks if (clock.off_since is None) != (before[clock.device].off_since is None)]
    events = [_event(clock, before[clock.device], rules) for clock in turned]
    if work.events.add(events):
        work.changed("alarms")


def _event(clock: DeviceClock, before: DeviceClock, rules: ClockRules) -> EndDeviceEvent:
    """Off since it was seen so; right again, with since when it was not."""
    assert clock.checked_at is not None
    detail: dict[str, int | None] = {
        "drift_s": None if clock.ahead_ms is None else round(clock.ahead_ms / 1000),
        "limit_s": rules.limit_s,
    }
    if clock.off_since is None:
        detail |= {"since": before.off_since}
    code = "clock_right" if clock.off_since is None else "clock_off"
    at = clock.checked_at // 1000
    return EndDeviceEvent(device=clock.device, code=code, at=at, received_at=clock.checked_at, detail=detail)


def _way_to(clock: DueClock, index: ChannelIndex) -> tuple[int, int] | None:
    """(number of the link, number of the device); None where no link leads to it or it has no clock we know of."""
    try:
        if clock.protocol == "gdw1376":
            own = link_address(clock.protocol, clock.address, clock.settings)
            return own, own
        number = meter_number(clock.protocol, clock.address, clock.settings)
    except Invalid:
        return None
    if clock.channel is None or clock.channel > index.highest or index.terminal_of[clock.channel] < 0:
        return None
    return int(index.terminals[index.terminal_of[clock.channel]]), number


def _pieces(devices: Mapping[int, str]) -> Iterator[Mapping[int, str]]:
    numbers = sorted(devices)
    for start in range(0, len(numbers), METERS_MAX):
        yield {number: devices[number] for number in numbers[start : start + METERS_MAX]}


def _asking(terminal: int, devices: Mapping[int, str], now_s: int) -> Asking:
    meters = [number for number in devices if number >> TAG_SHIFT != TERMINAL]
    read = ReadClock(
        id=derived_id("clock", str(now_s), *map(str, devices)),
        terminal=terminal,
        expires_at=now_s * 1000 + PATIENCE_MS,
        meters=meters,
        own=len(meters) < len(devices),
    )
    return Asking(read, devices)


def _now_s(work: ClockNotes) -> int:
    return int(work.now.timestamp())
