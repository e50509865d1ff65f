"""How many must stand behind a sum before it may be told (小群体保护), whoever tells it: our books, or software at a door. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.core.dated import needed_on, read_dated
from metropool.core.errors import Fault

Ints = npt.NDArray[np.int64]
MOST_FAULTS = 20
"""Rows that are named; who sees twenty sees what is wrong."""
ALL, OTHER = "all", "other"


@dataclass(frozen=True)
class Groups:
    """What may be told from a day on (``groups.yaml``).

    Attributes:
        least: Category to the subjects that must stand behind a sum.
        largest_share: Most that one subject may be of a sum [percent].
    """

    valid_from: date
    least: Mapping[str, int]
    largest_share: int


def groups_on(day: date) -> Groups:
    """The rule of a day.

    Raises:
        NotFound: There is none yet.
    """
    return needed_on(_rules(), day, what="rules on small groups")


def sum_faults(rows: pa.Table, rule: Groups, *, otherwise: str) -> list[Fault]:
    """What is wrong with sums that somebody else made, by their own words: each is of nobody in particular, and of enough, or withheld.

    Args:
        rows: Columns ``category subject value subjects is_suppressed``.
        otherwise: The category of a row that names none, or one that the rule does not know.
    """
    least = _least(rows["category"], rule, rule.least[otherwise])
    subjects = np.asarray(rows["subjects"].fill_null(0))
    is_told = np.asarray(rows["value"].is_valid())
    is_named = np.asarray(rows["subject"].is_valid())
    is_withheld = np.asarray(rows["is_suppressed"].fill_null(False))
    wrong = {
        "subject": ("access.sum_of_one", is_named),
        "subjects": ("access.too_few", is_told & (subjects < least)),
        "value": ("access.withheld_told", is_told & is_withheld),
    }
    found = [(int(at), name, key) for name, (key, where) in wrong.items() for at in np.flatnonzero(where)[:MOST_FAULTS]]
    return [Fault(f"rows.{at}.{name}", key) for at, name, key in sorted(found)[:MOST_FAULTS]]


def _least(category: pa.ChunkedArray, rule: Groups, otherwise: int) -> Ints:
    coded = category.combine_chunks().dictionary_encode()
    least = np.array([*(rule.least.get(name, otherwise) for name in coded.dictionary.to_pylist()), otherwise], dtype=np.int64)
    return np.take(least, np.asarray(coded.indices.fill_null(len(least) - 1)))


@cache
def _rules() -> tuple[Groups, ...]:
    return read_dated(Groups, package="metropool.access", name="groups.yaml")
