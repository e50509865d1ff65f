"""Moves what points said from the database to the lake, a business day a file, sorted so that one point is read fast."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from metropool.capabilities.points.ports import PointsWork
from metropool.core.periods import business_date
from metropool.storage.lake import LakeFile

TABLE = "points"
RECENT = timedelta(hours=6)
"""How long values stay in the database after they were said [business time]."""
AT_ONCE = 500_000


@dataclass(frozen=True)
class Archived:
    """A file that was written, and the values it takes the place of: those said before ``before`` [Unix s]."""

    file: LakeFile
    before: int


def prepare(*, work: PointsWork) -> Archived | None:
    """Write what is old enough as one file; None when there is nothing, or a first day is not over."""
    limit = int((work.now - RECENT).timestamp())
    rows = work.point_book.older(before=limit, limit=AT_ONCE)
    if not rows.num_rows:
        return None
    before = limit if rows.num_rows < AT_ONCE else rows["at"][-1].as_py()
    rows = rows.filter(pa.compute.less(rows["at"], before))
    first = datetime.fromtimestamp(rows["at"][0].as_py(), work.now.tzinfo)
    data = rows.sort_by([("place", "ascending"), ("point", "ascending"), ("item", "ascending"), ("at", "ascending")])
    name = f"{rows['at'][0].as_py()}-{before}"
    return Archived(work.lake.write(table=TABLE, part=business_date(first).isoformat(), name=name, data=data, key="at"), before)


def commit(*, work: PointsWork, prepared: Archived | None) -> None:
    """List the file and let go of its rows."""
    if prepared is None:
        return
    work.add_files([prepared.file])
    work.point_book.drop(before=prepared.before)
