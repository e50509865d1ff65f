"""One system's section of an evidence file while it is followed: a range of records under their roots, or single letters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from metropool.exchange.evidence.lines import Line
from metropool.exchange.evidence.objects import Heading, Instant, PublicKey, Record, Root, leaf_of
from metropool.exchange.evidence.trail import Broken, Trail, read_record, read_root
from metropool.storage.merkle import root_by_path


@dataclass
class Found:
    """What a section proves, as far as it was followed.

    Attributes:
        kind: ``range`` or ``letter``.
        keys: Ids of the keys it was held to.
        first, last: Records under its roots; of letters the first and the last of them. 0 when there is none yet.
        shown: How many records it shows; ``media``, how many of each medium.
        start, end: Times of the first and the last root.
    """

    system: str
    party: str
    kind: str
    made_at: Instant
    keys: tuple[str, ...] = ()
    first: int = 0
    last: int = 0
    shown: int = 0
    media: dict[str, int] = field(default_factory=dict)
    roots: int = 0
    start: Instant | None = None
    end: Instant | None = None

    def showed(self, record: Record) -> None:
        """A record is there, and not its leaf alone."""
        self.shown += 1
        self.media[record.medium] = self.media.get(record.medium, 0) + 1

    def covered(self, root: Root) -> None:
        """A root was right."""
        self.roots += 1
        self.start, self.end = self.start or root.at, root.at


class Section(Protocol):
    """Follows the lines of a section; each method raises ``Broken`` at the first that is not what was signed."""

    heading: Heading
    found: Found

    @property
    def next(self) -> int:
        """The record that stands next."""
        ...

    def take(self, line: Line) -> None:
        """Go on by one line."""
        ...

    def finish(self) -> None:
        """The section ends here."""
        ...


class Range:
    """Every record of some roots, or its leaf alone."""

    def __init__(self, heading: Heading, keys: Sequence[PublicKey], found: Found) -> None:
        self.heading, self.found = heading, found
        self._trail = Trail(heading.system, keys, heading.before)
        found.first = self.next

    @property
    def next(self) -> int:
        """See ``Section``."""
        return self._trail.number + 1

    def take(self, line: Line) -> None:
        """See ``Section``."""
        if self._trail.root == self.heading.last_root:
            raise Broken("added", self.next, found=line.number or self.next)
        if line.root:
            self.found.covered(self._trail.cover(bytes(line.root), line.signature or ""))
        else:
            self._take_record(line)

    def finish(self) -> None:
        """See ``Section``."""
        if self._trail.root != self.heading.last_root:
            raise Broken("cut_off", self.next)
        _check_shown(self.heading, self.found)

    def _take_record(self, line: Line) -> None:
        if line.number is None or line.hash is None:
            raise Broken("line", self.next)
        self._trail.expect(line.number)
        if line.leaf:
            leaf = bytes.fromhex(line.leaf)
        else:
            record = read_record(bytes(line.record), system=self.heading.system, place=self.next)
            _check_asked(self.heading, record)
            leaf = _leaf(line, record)
            self.found.showed(record)
        self._trail.follow(line.number, leaf, line.hash)
        self.found.last = line.number


class Letters:
    """Single records in the order of their numbers, each with the hashes that lead to its root, and that root after it."""

    def __init__(self, heading: Heading, keys: Sequence[PublicKey], found: Found) -> None:
        self.heading, self.found = heading, found
        self._keys = keys
        self._waiting: tuple[Record, bytes, list[str]] | None = None
        self._newest: tuple[Root, bytes] | None = None

    @property
    def next(self) -> int:
        """See ``Section``."""
        return self._waiting[0].number if self._waiting else max(self.found.last, self.heading.before.number) + 1

    def take(self, line: Line) -> None:
        """See ``Section``."""
        if self._waiting and line.root:
            self._prove(*self._waiting, content=bytes(line.root), signature=line.signature or "")
        elif self._waiting or not line.record or line.path is None:
            raise Broken("line", self.next)
        else:
            record = read_record(bytes(line.record), system=self.heading.system, place=self.next, is_next=False)
            _check_asked(self.heading, record)
            if record.number <= self.found.last:
                raise Broken("order", record.number, after=self.found.last)
            self._waiting = record, _leaf(line, record), line.path

    def finish(self) -> None:
        """See ``Section``."""
        if self._waiting:
            raise Broken("cut_off", self.next)
        _check_shown(self.heading, self.found)
        if self._newest and self._newest[0].number != self.heading.last_root:
            raise Broken("root_missing", self.next, root=self.heading.last_root, found=self._newest[0].number)

    def _prove(self, record: Record, leaf: bytes, path: list[str], *, content: bytes, signature: str) -> None:
        root = read_root(content, signature, system=self.heading.system, keys=self._keys, number=record.number)
        self._check_place(root, content, record.number)
        index, size = record.number - root.first, root.last - root.first + 1
        others = [bytes.fromhex(other) for other in path]
        top = root_by_path(leaf, index=index, size=size, path=others) if 0 <= index < size else None
        if top is None or top.hex() != root.root:
            raise Broken("altered", record.number)
        self.found.first, self.found.last = self.found.first or record.number, record.number
        self.found.showed(record)
        self.found.covered(root)
        self._waiting, self._newest = None, (root, content)

    def _check_place(self, root: Root, content: bytes, number: int) -> None:
        """Hold a root to the heading, and to the root before it: the same, or a later one of other records."""
        first, last = self.heading.first_root, self.heading.last_root
        if self._newest is None:
            if root.number != first:
                raise Broken("root_missing", number, root=first, found=root.number)
            return
        before, was = self._newest
        if content != was and not (before.number < root.number <= last and before.last < root.first):
            raise Broken("root_order", number, root=root.number, after=before.number)


def open_section(heading: Heading, keys: Sequence[PublicKey], found: Found) -> Section:
    """The section under a heading."""
    return Letters(heading, keys, found) if heading.kind == "letter" else Range(heading, keys, found)


def _leaf(line: Line, record: Record) -> bytes:
    if line.salt is None:
        raise Broken("line", record.number)
    return leaf_of(line.salt, bytes(line.record))


def _check_asked(heading: Heading, record: Record) -> None:
    if not heading.asked.wants(record):
        raise Broken("unasked", record.number)


def _check_shown(heading: Heading, found: Found) -> None:
    if found.shown != heading.shown:
        raise Broken("withheld", found.first or 1, shown=found.shown, signed=heading.shown)
