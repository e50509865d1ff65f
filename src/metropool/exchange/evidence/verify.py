"""Verifies an evidence file line by line, in bounded memory, with nothing but the file and, better, keys from elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from metropool.core.errors import Invalid
from metropool.exchange.evidence.lines import Line, read_line
from metropool.exchange.evidence.objects import HEADING_DOMAIN, Heading, PublicKey
from metropool.exchange.evidence.section import Found, Section, open_section
from metropool.exchange.evidence.trail import START, Broken, check_signed


class KeyFile(msgspec.Struct):
    """A file of public keys, as ``/api/keys`` gives it."""

    keys: list[PublicKey]


@dataclass(frozen=True)
class Report:
    """What a file proves.

    Attributes:
        sections: One a system, up to the fault.
        fault: The first thing that is wrong; None when all is as it was signed.
        system: Whose section it is in; empty before the first.
        line: The line it was found at, from 1.
    """

    sections: Sequence[Found]
    fault: Broken | None = None
    system: str = ""
    line: int = 0


def verify(lines: Iterable[bytes], *, pinned: Sequence[PublicKey] | None = None) -> Report:
    """Verify an evidence file.

    Args:
        lines: Its lines (see ``lines_of``).
        pinned: Public keys had from their owners; without them those in the file are believed, and it proves only that
            whoever holds them made it.

    Returns:
        What it proves, and the first fault.
    """
    walk = _Walk(pinned)
    try:
        for line in lines:
            walk.take(line)
        walk.end()
    except Broken as fault:
        return Report(walk.found, fault, walk.system, walk.line)
    return Report(walk.found)


def keys_of(content: bytes) -> list[PublicKey]:
    """The public keys of a key file.

    Raises:
        Invalid: It is none.
    """
    try:
        return msgspec.json.decode(content, type=KeyFile).keys
    except (ValueError, RecursionError) as cause:
        raise Invalid(f"this is no file of public keys as /api/keys gives them: {cause}") from cause


class _Walk:
    """The file as far as it was followed."""

    def __init__(self, pinned: Sequence[PublicKey] | None) -> None:
        self._pinned = pinned
        self.found: list[Found] = []
        self.section: Section | None = None
        self.system = ""
        self.line = 0

    def take(self, text: bytes) -> None:
        self.line += 1
        line = self._read(text)
        if line.heading:
            self._open(bytes(line.heading), line.signature or "")
        elif self.section is None:
            raise Broken("heading", 1)
        else:
            self.section.take(line)

    def end(self) -> None:
        self.line += 1
        if self.section is None:
            raise Broken("heading", 1)
        self.section.finish()
        listed = self.section.heading.sections
        if len(self.found) != len(listed):
            raise Broken("section", 1, system=listed[len(self.found)])

    def _read(self, text: bytes) -> Line:
        try:
            return read_line(text)
        except (ValueError, RecursionError) as cause:
            raise Broken("line" if self.section else "heading", self.section.next if self.section else 1) from cause

    def _open(self, content: bytes, signature: str) -> None:
        if self.section:
            self.section.finish()
        heading = _heading(content)
        listed = self.section.heading.sections if self.section else heading.sections
        place = len(self.found)
        if heading.sections != listed or listed[place : place + 1] != [heading.system]:
            raise Broken("section", 1, system=listed[place] if place < len(listed) else heading.system)
        self.system = heading.system
        keys = [key for key in (heading.keys if self._pinned is None else self._pinned) if key.system == heading.system]
        before, by = heading.before, (heading.suite, heading.key, heading.made_at)
        check_signed(HEADING_DOMAIN + content, signature, by=by, keys=keys, number=before.number + 1)
        if before.root != heading.first_root - 1 or (before.root == START.root and before != START):
            raise Broken("heading", before.number + 1)
        self._need_one_export(heading, place)
        found = Found(heading.system, heading.party, heading.kind, heading.made_at, tuple(dict.fromkeys(key.id for key in keys)))
        self.found.append(found)
        self.section = open_section(heading, keys, found)

    def _need_one_export(self, heading: Heading, place: int) -> None:
        """Hold a heading to the others and to what all say of its section: a true section of another export is not of this file."""
        before = self.section.heading if self.section else heading
        is_listed = heading.format < 3 or heading.ranges[place : place + 1] == [
            (heading.first_root, heading.last_root, heading.shown)
        ]
        if not is_listed or (heading.format, heading.ranges, heading.asked) != (before.format, before.ranges, before.asked):
            raise Broken("other_export", heading.before.number + 1, system=heading.system)


def _heading(content: bytes) -> Heading:
    try:
        return msgspec.json.decode(content, type=Heading)
    except (ValueError, RecursionError) as cause:
        raise Broken("heading", 1) from cause
