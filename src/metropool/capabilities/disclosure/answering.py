"""From what the books say to what may be told: small groups are marked, and nobody can be worked out of several answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from metropool.access.groups import groups_on
from metropool.capabilities.disclosure.computing import Prepared
from metropool.capabilities.disclosure.model import MOST_ROWS, PAGE_ROWS, Cell, admitted
from metropool.capabilities.disclosure.ports import DisclosureWork
from metropool.core.errors import Conflict
from metropool.core.periods import business_date
from metropool.exchange.messages import ROWS, ViewAnswered, ViewRequested


@dataclass(frozen=True)
class Answer:
    """What is told: pages of rows; ``suppressed``: how many of them are marked instead of told."""

    pages: Sequence[pa.Table]
    suppressed: int

    @property
    def rows(self) -> int:
        """Rows of all pages."""
        return sum(page.num_rows for page in self.pages)


def answer_of(*, work: DisclosureWork, asked: ViewRequested, prepared: Prepared) -> Answer:
    """What of the books may be told now, after all that was told before; one page at least, so that nothing is an answer too.

    Raises:
        Conflict: It is more than one answer holds.
    """
    if prepared.rows is not None:
        return Answer(pages=_pages(prepared.rows), suppressed=0)
    if len(prepared.cells) > MOST_ROWS:
        raise Conflict(f"{len(prepared.cells)} rows are too many", key="disclosure.too_much")
    told = [(cell, _admit(work, asked, cell)) for cell in prepared.cells]
    rows = pa.Table.from_pylist([_row(cell, may_be_told) for cell, may_be_told in told], schema=ROWS[ViewAnswered])
    return Answer(pages=_pages(rows), suppressed=sum(not may_be_told for _, may_be_told in told))


def _admit(work: DisclosureWork, asked: ViewRequested, cell: Cell) -> bool:
    what, rule = f"{asked.what}/{cell.measure}", groups_on(business_date(work.now))
    book, where = work.disclosures, {"service": asked.service, "category": cell.category}
    after = admitted(book.atoms(what=what, period=cell.period, **where), cell, rule)
    if after is None:
        return False
    book.put_atoms(after, what=what, period=cell.period, **where)
    return True


def _row(cell: Cell, may_be_told: bool) -> dict[str, object]:
    return {
        "period": cell.period,
        "measure": cell.measure,
        "category": cell.category,
        "subject": None,
        "value": cell.value if may_be_told else None,
        "scale": cell.scale,
        "unit": cell.unit,
        "subjects": int(cell.members.size) if may_be_told else None,
        "is_suppressed": not may_be_told,
    }


def _pages(rows: pa.Table) -> list[pa.Table]:
    starts = range(0, max(rows.num_rows, 1), PAGE_ROWS)
    return [rows.slice(start, PAGE_ROWS).combine_chunks() for start in starts]
