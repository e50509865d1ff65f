"""Rules that hold from a day on: rows of a YAML file beside the code that uses them, looked up by day."""

from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from typing import Protocol, TypeVar

from metropool.core.errors import NotFound
from metropool.core.yaml_text import read_yaml


class Dated(Protocol):
    """What holds from a day on."""

    @property
    def valid_from(self) -> date:
        """Its first day."""


D = TypeVar("D", bound=Dated)


def read_dated(kind: type[D], *, package: str, name: str) -> tuple[D, ...]:
    """The rows of a package's file as ``kind``, by date."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    return tuple(sorted((kind(**row) for row in read_yaml(text)), key=lambda rule: rule.valid_from))


def valid_on(rules: Sequence[D], day: date) -> D | None:
    """The newest of the rules, given by date, that holds on a day; None before the first."""
    return next((rule for rule in reversed(rules) if rule.valid_from <= day), None)


def needed_on(rules: Sequence[D], day: date, *, what: str) -> D:
    """The same, where there has to be one.

    Raises:
        NotFound: The day is before the first.
    """
    valid = valid_on(rules, day)
    if valid is None:
        raise NotFound(f"no {what} are valid on {day}")
    return valid
