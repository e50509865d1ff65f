"""What a concentrator answers, in Q/GDW 376.1 frames; no sockets here.

Times in frames are those of the terminal's clock, which may be late. All that must outlive the process is in the journal.
"""

from dataclasses import dataclass, field
from random import Random

from cityinabox.archive import Archive
from cityinabox.codec import gdw1376 as wire
from cityinabox.codec.bcd import BadFrame, instant
from cityinabox.codec.gdw1376 import Frame376
from cityinabox.energymeters import EnergyMeter
from cityinabox.flowmeters import FlowMeter
from cityinabox.items import ITEMS, Ask
from cityinabox.journal import Journal, Told
from cityinabox.meters import Meter, Row

LARGEST_UNITS = 960
"""A frame carries at most this many bytes of data units, so that it stays near 1 KB on the air."""
FIRST, LAST, WANTS_CONFIRM = 0x40, 0x20, 0x10
ARCHIVE = 10


@dataclass(frozen=True)
class Sent:
    """A frame without its number that goes out, and what it tells."""

    frame: Frame376
    values: list[Told] = field(default_factory=list)


class Terminal:
    """One concentrator with the meters behind it.

    Args:
        row: Its row of the city file.
        energy: Electricity meters, by measuring point.
        flow: Water and gas meters.
        late_s: How far its clock starts behind the true time.
        lose: Share of meter answers that stay out.
    """

    def __init__(
        self,
        row: Row,
        energy: list[EnergyMeter],
        flow: list[FlowMeter],
        *,
        journal: Journal,
        chance: Random,
        late_s: int = 0,
        lose: float = 0.0,
    ) -> None:
        self.id: str = row["id"]
        self.region: str = row["region"]
        self.number: int = row["terminal"]
        self.energy = {meter.point: meter for meter in energy}
        self.flow = {meter.address: meter for meter in flow}
        self.journal, self.chance, self.lose = journal, chance, lose
        self.archive = Archive(self.id, self.energy, journal)
        self._late_s = late_s

    @property
    def polled(self) -> dict[int, EnergyMeter]:
        """Electricity meters that the archive knows, by measuring point."""
        return self.archive.polled

    def late_s(self) -> int:
        return self.journal.fact(f"late/{self.id}", self._late_s)

    def clock(self, at_s: float) -> int:
        """What the terminal's clock shows at the true time ``at_s``."""
        return int(at_s) - self.late_s()

    def handle(self, frame: Frame376, at_s: float) -> list[Sent]:
        """Answer one request of the head-end; confirmations are no requests."""
        if frame.region != self.region or frame.terminal not in (self.number, 0xFFFF):
            return []
        answers = {
            wire.CURRENT: self._data,
            wire.HISTORY: self._data,
            wire.FORWARD: self._forward,
            wire.EVENTS: self._events,
            wire.QUERY: self._parameters,
            wire.CONTROL: self._order,
            wire.SET: self._set,
            0x01: self._accept,
        }
        if frame.afn not in answers or len(frame.units) < 4:
            return self._deny(frame)
        try:
            return answers[frame.afn](frame, int(at_s))
        except BadFrame:
            return self._deny(frame)

    def _data(self, frame: Frame376, at_s: int) -> list[Sent]:
        units: list[tuple[bytes, list[Told]]] = []
        rest = frame.units
        while len(rest) >= 4:
            points, functions = wire.masked_points(rest[:2]), wire.masked_functions(rest[2:4])
            rest = rest[4:]
            sizes = {self._label_size(frame.afn, fn) for fn in functions}
            if len(sizes) != 1 or -1 in sizes:
                break
            size = sizes.pop()
            label, rest = rest[:size], rest[size:]
            points = sorted(self.polled) if points == [-1] else points
            units += [part for pn in points for fn in functions for part in self._unit(frame.afn, pn, fn, label, at_s)]
        return self._answer(frame, units) if units else self._deny(frame)

    def _label_size(self, afn: int, fn: int) -> int:
        return 0 if (afn, fn) == (wire.CURRENT, 2) else ITEMS.get((afn, fn), (-1, None))[0]

    def _unit(self, afn: int, pn: int, fn: int, label: bytes, at_s: int) -> list[tuple[bytes, list[Told]]]:
        if (afn, fn) == (wire.CURRENT, 2):
            return [(wire.unit(0, 2, wire.a1(self.clock(at_s))), [])]
        if pn not in self.polled:
            return []
        meter = self.polled[pn]
        missed = self.is_missed(meter)
        content, told = ITEMS[afn, fn][1](Ask(meter, label, self.clock(at_s), self.late_s(), missed))
        return [(wire.unit(pn, fn, content), told)]

    def _forward(self, frame: Frame376, at_s: int) -> list[Sent]:
        """AFN 10 F1: hand a frame to the meter it is addressed to; length 0 when the meter is silent."""
        content = frame.units[4:]
        if frame.units[2:4] != wire.function_mask(1) or len(content) < 6:
            return self._deny(frame)
        size = int.from_bytes(content[4:6], "little")
        inner = content[6 : 6 + size]
        answer, told = self._ask_meter(inner, at_s)
        unit = frame.units[:4] + content[:1] + len(answer).to_bytes(2, "little") + answer
        return self._answer(frame, [(unit, told)])

    def _ask_meter(self, inner: bytes, at_s: int) -> tuple[bytes, list[Told]]:
        meters: list[EnergyMeter | FlowMeter] = [*self.energy.values(), *self.flow.values()]
        for meter in meters:
            answer, told = meter.answer(inner, at_s)
            if answer:
                return (b"", []) if self.is_missed(meter) else (answer, told)
        return b"", []

    def _events(self, frame: Frame376, _: int) -> list[Sent]:
        """AFN 0E F1 important, F2 ordinary events from pointer Pm up to Pn; all events here are important."""
        if len(frame.units) < 6:
            return self._deny(frame)
        important = frame.units[2:4] == wire.function_mask(1)
        first, end = frame.units[4], frame.units[5]
        events = self.journal.events(self.id) if important else []
        chosen = [event for event in events[-256:] if (event.number - first) % 256 < (end - first) % 256]
        body = b"".join(bytes((event.code, len(event.content))) + event.content for event in chosen)
        unit = frame.units[:4] + bytes((len(events) % 256, 0, first, end)) + body
        return self._answer(frame, [(unit, [])])

    def _parameters(self, frame: Frame376, _: int) -> list[Sent]:
        """AFN 0A F1 communication parameters, F3 head-end address, F10 archive of measuring points."""
        contents = {1: bytes((10, 0, 5, 0x03, 0x07, 1)), 3: bytes(28)}
        functions = wire.masked_functions(frame.units[2:4])
        if ARCHIVE in functions:
            contents[ARCHIVE] = self.archive.told(frame.units[4:])
        units: list[tuple[bytes, list[Told]]] = [(wire.unit(0, fn, contents[fn]), []) for fn in functions if fn in contents]
        return self._answer(frame, units) if units else self._deny(frame)

    def _set(self, frame: Frame376, at_s: int) -> list[Sent]:
        """AFN 04 F10 writes rows of the archive; other parameters change nothing here."""
        if ARCHIVE in wire.masked_functions(frame.units[2:4]):
            self.archive.write(frame.units[4:])
        return self._accept(frame, at_s)

    def _order(self, frame: Frame376, at_s: int) -> list[Sent]:
        """AFN 05: F31 sets the clock, F29 allows and F37 forbids pushes; the terminal has no switches of its own."""
        functions = wire.masked_functions(frame.units[2:4])
        if functions == [31] and len(frame.units) >= 10:
            shown = bytearray(frame.units[4:10])
            shown[4] &= 0x1F
            self.journal.remember(f"late/{self.id}", at_s - instant(bytes(shown), "smhDMY"))
        elif functions in ([29], [37]):
            self.journal.remember(f"quiet/{self.id}", int(functions == [37]))
        else:
            return self._deny(frame)
        return self._accept(frame, at_s)

    def _accept(self, frame: Frame376, _: int) -> list[Sent]:
        return [Sent(self._reply(frame, wire.CONFIRM, wire.unit(0, 1), 0))]

    def is_missed(self, meter: Meter) -> bool:
        """The meter stays silent this time."""
        return self.chance.random() < max(self.lose, meter.missed_share)

    def _deny(self, frame: Frame376) -> list[Sent]:
        reply = self._reply(frame, wire.CONFIRM, wire.unit(0, 2), 0)
        return [Sent(Frame376(**{**reply.__dict__, "control": wire.UP | wire.NO_SUCH_DATA}))]

    def _answer(self, frame: Frame376, units: list[tuple[bytes, list[Told]]]) -> list[Sent]:
        """Units packed into as few frames as fit, numbered from the request's number on."""
        packs = pack(units)
        sent = []
        for i, (content, told) in enumerate(packs):
            marks = FIRST * (i == 0) | LAST * (i == len(packs) - 1)
            reply = self._reply(frame, frame.afn, content, i)
            sent.append(Sent(Frame376(**{**reply.__dict__, "seq": marks | (frame.number + i) % 16}), told))
        return sent

    def _reply(self, frame: Frame376, afn: int, units: bytes, step: int) -> Frame376:
        """A reply; its ACD bit and event counters are set while an event report is unconfirmed."""
        waiting = bool(self.journal.events(self.id, unconfirmed=True))
        aux = bytes((self.journal.event_count(self.id) % 256, 0)) if waiting else b""
        control = wire.UP | wire.USER_DATA | 0x20 * waiting
        seq = FIRST | LAST | (frame.number + step) % 16
        return Frame376(self.region, self.number, afn, control, seq, units, frame.station, aux)


def pack(units: list[tuple[bytes, list[Told]]]) -> list[tuple[bytes, list[Told]]]:
    """Join units in order until a frame is full."""
    packs: list[tuple[bytes, list[Told]]] = []
    for content, told in units:
        if packs and len(packs[-1][0]) + len(content) <= LARGEST_UNITS:
            packs[-1] = (packs[-1][0] + content, packs[-1][1] + told)
        else:
            packs.append((content, told))
    return packs
