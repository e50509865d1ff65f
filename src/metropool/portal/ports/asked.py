"""Which rows of a list are wanted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sort:
    """One column to sort by."""

    column: str
    descending: bool


@dataclass(frozen=True)
class Asked:
    """Which rows of a list are wanted.

    Attributes:
        page: 1-based.
        size: Rows a page; up to 200, or 100,000 for an export.
        sort: Columns of the row's model, most important first; empty for the list's own order.
    """

    page: int = 1
    size: int = 20
    sort: tuple[Sort, ...] = ()

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return (self.page - 1) * self.size
