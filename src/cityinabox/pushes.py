"""What a concentrator starts by itself: login, heartbeat, and reports that it repeats until they are confirmed.

How far the reports have come is in the journal and moves only on confirmation; what was due before is made again from the
meters, which give the same values.
"""

from dataclasses import dataclass

from cityinabox.clock import midnight
from cityinabox.codec import gdw1376 as wire
from cityinabox.codec.gdw1376 import Frame376
from cityinabox.items import DENSITY_S, ITEMS, KEPT_S, Ask, curve_label, day_label
from cityinabox.terminal import FIRST, LAST, WANTS_CONFIRM, Sent, Terminal, pack

ALL_CURVE_POINTS = 96
POWER_LOSS, REGISTER_FELL = 14, 27


@dataclass(frozen=True)
class Push:
    """Something the terminal reports by itself; ``fact`` is set to ``until`` when all frames are confirmed."""

    frames: list[Sent]
    fact: str
    until: int


class Reports:
    """What one terminal reports.

    Args:
        terminal: The terminal.
        curve_s: How often the register curve is pushed, and how long each push is, in business seconds; whole quarter hours.
    """

    def __init__(self, terminal: Terminal, *, curve_s: int = 3600) -> None:
        self.terminal, self.curve_s = terminal, curve_s
        self.id, self.journal = terminal.id, terminal.journal

    def link_frame(self, fn: int) -> Frame376:
        """AFN 02: F1 login, F2 logout, F3 heartbeat."""
        seq = FIRST | LAST | WANTS_CONFIRM
        return Frame376(self.terminal.region, self.terminal.number, wire.LINK, wire.UP | wire.STARTER | 9, seq, wire.unit(0, fn))

    def push(self, at_s: float) -> Push | None:
        """The oldest thing that is due and not confirmed yet, or None."""
        now = self.terminal.clock(at_s)
        if self.journal.fact(f"quiet/{self.id}"):
            return None
        return self._push_event() or self._push_freeze(now) or self._push_curve(now)

    def start(self, at_s: float) -> None:
        """Power on: report how long the power was off, and begin pushes with yesterday's freeze and the present hour."""
        now = self.terminal.clock(at_s)
        alive_s = self.journal.fact(f"alive/{self.id}")
        if alive_s:
            self.journal.add_event(self.id, POWER_LOSS, wire.a15(alive_s) + wire.a15(now))
        if not self.journal.fact(f"freeze/{self.id}"):
            self.journal.remember(f"freeze/{self.id}", midnight(now) - 86400)
            self.journal.remember(f"curve/{self.id}", now // self.curve_s * self.curve_s)
        self.live(at_s)

    def live(self, at_s: float) -> None:
        """Note that the terminal is alive, and events that have happened since it last was."""
        now, before = self.terminal.clock(at_s), self.journal.fact(f"alive/{self.id}")
        for pn, meter in self.terminal.polled.items():
            for since, amount in meter.steps:
                if before and before < since <= now:
                    after = meter.register(since)
                    content = wire.a15(since) + (pn | 0x8000).to_bytes(2, "little") + wire.a14(after + amount) + wire.a14(after)
                    self.journal.add_event(self.id, REGISTER_FELL, content)
        if now - before >= 60 or now < before:
            self.journal.remember(f"alive/{self.id}", now)

    def confirm(self, push: Push) -> None:
        """The head-end has all frames of ``push``."""
        if push.fact.startswith("event/"):
            self.journal.confirm_event(self.id, push.until)
        else:
            self.journal.remember(push.fact, push.until)

    def _push_event(self) -> Push | None:
        for event in self.journal.events(self.id, unconfirmed=True)[:1]:
            pointers = bytes((self.journal.event_count(self.id) % 256, 0, event.number % 256, (event.number + 1) % 256))
            content = pointers + bytes((event.code, len(event.content))) + event.content
            return Push([Sent(self._start(wire.EVENTS, wire.unit(0, 1, content)))], f"event/{self.id}", event.number)
        return None

    def _push_freeze(self, now: int) -> Push | None:
        """One day's registers, forward and, where there are panels, reverse; some minutes after midnight."""
        done = max(self.journal.fact(f"freeze/{self.id}"), midnight(now) - KEPT_S)
        frozen_s = done + 86400
        if now < frozen_s + 120 + self.terminal.number * 37 % 300:
            return None
        label = day_label(done)
        points = [(161, pn) for pn in self.terminal.polled] + [
            (163, pn) for pn, meter in self.terminal.polled.items() if meter.reverse_use
        ]
        return self._push_items(points, label, now, f"freeze/{self.id}", frozen_s)

    def _push_curve(self, now: int) -> Push | None:
        """Quarter-hour registers since the last confirmed push, in whole periods, at most a day at once."""
        done = max(self.journal.fact(f"curve/{self.id}"), now // self.curve_s * self.curve_s - KEPT_S)
        end = min(
            (now - 20 - self.terminal.number * 13 % 60) // self.curve_s * self.curve_s, done + ALL_CURVE_POINTS * DENSITY_S[1]
        )
        if end <= done:
            return None
        label = curve_label(done + 900, (end - done) // 900)
        return self._push_items([(101, pn) for pn in self.terminal.polled], label, now, f"curve/{self.id}", end)

    def _push_items(self, wanted: list[tuple[int, int]], label: bytes, now: int, fact: str, until: int) -> Push:
        units = []
        for fn, pn in wanted:
            meter = self.terminal.polled[pn]
            if self.terminal.is_missed(meter):
                continue
            content, told = ITEMS[wire.HISTORY, fn][1](Ask(meter, label, now, self.terminal.late_s()))
            units.append((wire.unit(pn, fn, content), told))
        frames = [Sent(self._start(wire.HISTORY, content), told) for content, told in pack(units)]
        return Push(frames, fact, until)

    def _start(self, afn: int, units: bytes) -> Frame376:
        return Frame376(
            self.terminal.region, self.terminal.number, afn, wire.UP | wire.STARTER | 4, FIRST | LAST | WANTS_CONFIRM, units
        )
