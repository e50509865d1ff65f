"""What a terminal does not take: each on its own record, and in sums that its head-end is told of until it confirms.

One report is on its way at a time, and is said again word for word until its number comes back; what is refused meanwhile waits
for the next. With a journal, numbers and sums outlive the process.
"""

from cityinabox.codec.sealed import NUMBER, Count, packed, unpacked
from cityinabox.journal import Journal, Record

ON_RECORD_MAX = 1000
"""Refusals of one connection that are put on record; of more there are the sums alone."""

EVERY_S = 1.0
"""Machine seconds between two reports."""

AGAIN_S, AGAIN_MAX_S = 3.0, 60.0
"""How long a confirmation is waited for; twice as long each time, up to a minute."""


class Refusals:
    """What one terminal did not take.

    Args:
        who: The terminal on its record.
        record: Where each is written down.
        journal: Where sums are kept; without one they last as long as the process.
    """

    def __init__(self, who: str, record: Record, journal: Journal | None = None) -> None:
        self._who, self._record, self._journal = who, record, journal
        self._number, self._sent, gathered = journal.reported(who) if journal else (0, b"", b"")
        self._gathered = {count.reason: count for count in unpacked(gathered)}
        self._last_s, self._due_s, self._again_s = float("-inf"), float("-inf"), AGAIN_S
        self._on_record = self.link = 0
        self._is_changed = False

    def begin(self) -> int:
        """A connection begins, and reports go there from now on: a number for it. What was not confirmed is due again."""
        self._on_record = 0
        self._due_s, self._again_s = self._last_s + EVERY_S, AGAIN_S
        self.link += 1
        return self.link

    def note(self, reason: str, counter: int = 0) -> None:
        """Something was not taken; ``keep`` is to follow."""
        self._on_record += 1
        if self._on_record <= ON_RECORD_MAX:
            self._record.refuse(self._who, reason, counter)
        before = self._gathered.get(reason, Count(reason, 0, counter, counter))
        self._gathered[reason] = Count(reason, before.count + 1, before.first, counter)
        self._is_changed = True

    def keep(self) -> None:
        """Remember sums and number over a restart."""
        if self._journal is not None and self._is_changed:
            self._journal.keep_reported(self._who, self._number, self._sent, packed(self._gathered.values()))
        self._is_changed = False

    def due_s(self) -> float | None:
        """When a report is to be sent next [machine s]; None while there is nothing to report."""
        if self._sent:
            return self._due_s
        return self._last_s + EVERY_S if self._gathered else None

    def report(self, now_s: float) -> bytes:
        """The content of the report that is due: the one that was not confirmed, or a new one of everything since."""
        if not self._sent:
            self._number += 1
            self._sent = self._number.to_bytes(NUMBER, "big") + packed(self._gathered.values())
            self._gathered, self._again_s, self._is_changed = {}, AGAIN_S, True
            self.keep()
        self._last_s, self._due_s = now_s, now_s + self._again_s
        self._again_s = min(2 * self._again_s, AGAIN_MAX_S)
        return self._sent

    def confirmed(self, content: bytes) -> None:
        """The head-end confirmed a report; of another than the one that waits it says nothing."""
        if self._sent and content == self._sent[:NUMBER]:
            self._sent, self._is_changed = b"", True
            self.keep()
