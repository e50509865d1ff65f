"""The archive of one concentrator: which meter it keeps under which measuring point, and so which meters it polls."""

from collections.abc import Mapping

from cityinabox.codec.archive import factory_row, numbers_of, row_of, rows_of, told
from cityinabox.energymeters import EnergyMeter
from cityinabox.journal import Journal


class Archive:
    """Rows by device number: those the terminal came with, and over them those that were written, which are in the journal.

    Args:
        terminal: Id of the terminal.
        meters: Electricity meters that hang behind it, by measuring point.
    """

    def __init__(self, terminal: str, meters: Mapping[int, EnergyMeter], journal: Journal) -> None:
        self._terminal, self._meters, self._journal = terminal, meters, journal
        rows = [row_of(factory_row(point, meter.address)) for point, meter in sorted(meters.items())]
        rows += [row_of(raw) for raw in journal.archive(terminal)]
        self._rows = {row.device: row for row in rows}
        self.polled = self._polled()

    def write(self, content: bytes) -> None:
        """Take the rows of AFN 04 F10, all of them or none.

        Raises:
            BadFrame: They are no rows.
        """
        rows = rows_of(content)
        for row in rows:
            self._journal.keep_row(self._terminal, row)
            self._rows[row.device] = row
        self.polled = self._polled()

    def told(self, content: bytes) -> bytes:
        """What AFN 0A F10 tells of the device numbers asked for; of those it does not know nothing.

        Raises:
            BadFrame: They are no device numbers.
        """
        asked = numbers_of(content) or sorted(self._rows)
        return told([self._rows[device] for device in asked if device in self._rows])

    def _polled(self) -> dict[int, EnergyMeter]:
        """Meters that answer: those that hang where the archive says."""
        known = {(row.point, row.address) for row in self._rows.values()}
        return {point: meter for point, meter in sorted(self._meters.items()) if (point, meter.address) in known}
