"""The door: logins, heartbeats, logouts (AFN 02), and what gives away that two terminals have one address."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metropool.capabilities.metering.frontend import readable
from metropool.capabilities.metering.frontend.chunks.decoder import Frames
from metropool.capabilities.metering.frontend.links import Link
from metropool.capabilities.metering.frontend.notices import Notices
from metropool.capabilities.metering.frontend.roster import Roster
from metropool.core.errors import Invalid
from metropool.devices.gdw1376.frame import encode_frame
from metropool.devices.gdw1376.kernel import CHECKSUM
from metropool.devices.gdw1376.requests import LINK, confirm, deny

_UP, _PRM = 0x80, 0x40


@dataclass(frozen=True)
class Door:
    """Lets links in and shuts them out."""

    roster: Roster
    notices: Notices
    counts: Counter[str]

    def handle(self, links: Sequence[Link], frames: Frames, *, received_at: int) -> None:
        """Logins, heartbeats, logouts, in order, before anything else of the chunk is judged."""
        table = frames.table
        chosen = (table.afn == LINK) & (table.status != CHECKSUM) & (table.control & (_UP | _PRM) == _UP | _PRM)
        for index in np.flatnonzero(chosen).tolist():
            self._handle_one(links[frames.link[index]], frames, index, received_at)

    def notice_second_voices(self, links: Sequence[Link], frames: Frames, *, received_at: int) -> None:
        """A replaced link still speaks: two terminals have one address. Both go, and neither may come back for a while."""
        now = asyncio.get_running_loop().time()
        for index in np.unique(frames.link[frames.table.status != CHECKSUM]).tolist():
            link = links[index]
            if self.roster.is_second_voice(link, now=now):
                holder = self.roster.quarantine(link.terminal, now=now)
                self.counts["quarantined"] += 1
                self.notices.conflict(link.device, [link.peer, holder.peer if holder else ""], received_at)
                for each in (link, holder):
                    if each is not None:
                        each.cut()

    def _handle_one(self, link: Link, frames: Frames, index: int, received_at: int) -> None:
        try:
            frame, function = readable.link_function(frames.raw(index))
        except Invalid:
            self.counts["undecodable"] += 1
            return
        if link.is_fenced:
            return
        key, now = int(frames.table.terminal[index]), asyncio.get_running_loop().time()
        is_own = link.terminal == key
        if function == readable.LOGIN and (link.terminal == 0 or is_own):
            is_own = self._log_in(link, key, now, received_at)
        if not is_own:
            self.counts["logins_refused"] += 1
            link.send(encode_frame(deny(frame)))
            link.close()
            return
        link.send(encode_frame(confirm(frame)))
        self.notices.heard(link.device, received_at)
        if function == readable.LOGOUT:
            link.close()

    def _log_in(self, link: Link, key: int, now: float, received_at: int) -> bool:
        verdict, old = self.roster.log_in(link, key, now=now)
        self.counts[f"login_{verdict}"] += 1
        if verdict in ("welcome", "replaced"):
            self.notices.contact(link.device, "online", received_at, detail=link.peer)
            if old is not None and old.on_lost is not None:
                old.on_lost()
            return True
        self.notices.refused(key, verdict, link.peer, received_at)
        return False
