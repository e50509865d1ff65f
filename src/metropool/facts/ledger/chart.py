"""The chart of accounts (会计科目): what kinds of account there are. An account is ``kind/name``, such as ``receivable/0201``."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from metropool.core.errors import Invalid
from metropool.core.yaml_text import read_yaml

Side = Literal["debit", "credit"]


@dataclass(frozen=True)
class AccountKind:
    """One kind of ledger account.

    Attributes:
        side: The side its balance is usually on; debit is positive, credit negative.
        named_by: What the name after the slash is.
    """

    kind: str
    side: Side
    named_by: str
    zh: str
    en: str


@cache
def chart() -> Mapping[str, AccountKind]:
    """All kinds of account by name, from ``chart.yaml``."""
    text = files("metropool.facts.ledger").joinpath("chart.yaml").read_text(encoding="utf-8")
    return {row["kind"]: AccountKind(**row) for row in read_yaml(text)}


CHART = chart()


def is_account(account: str) -> bool:
    """Whether a text is ``kind/name`` with a kind of the chart."""
    kind, _, name = account.partition("/")
    return name != "" and kind in CHART


def kind_of(account: str) -> AccountKind:
    """The kind of an account.

    Raises:
        Invalid: Not ``kind/name``, or no such kind.
    """
    if not is_account(account):
        raise Invalid(f"{account!r} is no ledger account; write kind/name with a kind of {', '.join(CHART)}")
    return CHART[account.partition("/")[0]]
