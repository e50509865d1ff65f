"""Who may keep a link: the address book, one live link per terminal, and what happens when two claim one address.

A new login takes the place of the old link (a cell modem often leaves a dead one behind). The old link stays open for a
while without being answered: when it still speaks, two terminals have one address, and both are quarantined.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from metropool.capabilities.metering.frontend.links import Link
from metropool.capabilities.metering.frontend.tasks import Terminal
from metropool.devices.addresses import REGION_SHIFT, TERMINAL_SHIFT

QUARANTINE_S = 900.0
IN_FLIGHT_S = 0.5
"""Bytes that an old link sent before it noticed do not count as a second voice."""

REMEMBERED_MAX = 4096
Verdict = Literal["welcome", "replaced", "unknown", "quarantined", "unsealed", "other_terminal"]


@dataclass
class Roster:
    """Terminals that exist and the link of each; keys are A1 << 16 | A2."""

    terminals: dict[int, Terminal] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    quarantined: dict[int, float] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)

    def introduce(self, terminals: Iterable[Terminal]) -> list[Link]:
        """Replace the address book; gives the links of terminals that are no longer in it, or not in this way."""
        self.terminals = {short_address(t.address): t for t in terminals if t.kind == "gdw1376"}
        return [link for key, link in self.links.items() if not self._may_keep(key, link)]

    def log_in(self, link: Link, key: int, *, now: float) -> tuple[Verdict, Link | None]:
        """Judge a login; gives the link it takes the place of."""
        if key not in self.terminals:
            self._note_refused(key)
            return "unknown", None
        if link.end is None and self.terminals[key].link == "sealed":
            return "unsealed", None
        if link.end is not None and link.end.terminal != self.terminals[key].address:
            return "other_terminal", None
        if self.quarantined.get(key, 0.0) > now:
            return "quarantined", None
        self.quarantined.pop(key, None)
        old = self.links.get(key)
        self.links[key] = link
        link.terminal, link.device = key, self.terminals[key].address
        if old is None or old is link:
            return "welcome", None
        old.is_fenced, old.fenced_at = True, now
        return "replaced", old

    def is_second_voice(self, link: Link, *, now: float) -> bool:
        """A fenced link says something sound, and not what was on its way when it was fenced."""
        return link.is_fenced and now - link.fenced_at > IN_FLIGHT_S

    def quarantine(self, key: int, *, now: float) -> Link | None:
        """Refuse an address for a while; gives the link that holds it."""
        if len(self.quarantined) < REMEMBERED_MAX:
            self.quarantined[key] = now + QUARANTINE_S
        return self.links.pop(key, None)

    def forget(self, link: Link) -> bool:
        """A link is gone; True when it was its terminal's."""
        if self.links.get(link.terminal) is not link:
            return False
        del self.links[link.terminal]
        return True

    def link_of(self, device: int) -> Link | None:
        """The live link of a terminal."""
        return self.links.get(short_address(device))

    def _may_keep(self, key: int, link: Link) -> bool:
        terminal = self.terminals.get(key)
        return terminal is not None and (link.end is not None or terminal.link == "plain")

    def _note_refused(self, key: int) -> None:
        if len(self.refused) < REMEMBERED_MAX or key in self.refused:
            self.refused[key] = self.refused.get(key, 0) + 1


def short_address(device: int) -> int:
    """A1 << 16 | A2 of a terminal's device number, as the frames of the kernel have it."""
    return (device >> REGION_SHIFT & 0xFFFF) << 16 | (device >> TERMINAL_SHIFT & 0xFFFF)
