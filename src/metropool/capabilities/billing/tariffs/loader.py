"""Loads the tariff files, checks them whole, and finds what held on a day."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

import msgspec

from metropool.capabilities.billing.faults import fault, sentence
from metropool.capabilities.billing.tariffs.checks import faults_of_calendar, faults_of_tariff
from metropool.capabilities.billing.tariffs.documents import Document, read_document
from metropool.capabilities.billing.tariffs.schema import Calendar, DaySet, LateFee, Tariff, TariffFile, TariffVersion
from metropool.core.errors import Fault, Invalid, NotFound
from metropool.core.misfits import misfit_said

T = TypeVar("T")
_UNKNOWN_FIELD = re.compile("(?:unknown|required) field `(.+)`")
_SECTIONS = ("tariffs", "calendars", "day_sets", "late_fees")


@dataclass(frozen=True)
class TariffBook:
    """Tariffs, calendars, day sets and late-fee rules by id."""

    tariffs: Mapping[str, Tariff] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    day_sets: Mapping[str, frozenset[date]] = field(default_factory=dict)
    late_fees: Mapping[str, LateFee] = field(default_factory=dict)

    def tariff(self, tariff_id: str) -> Tariff:
        """The tariff of that id.

        Raises:
            NotFound: No file has it.
        """
        try:
            return self.tariffs[tariff_id]
        except KeyError as cause:
            raise NotFound.that(sentence("no_tariff", name=tariff_id, known=", ".join(sorted(self.tariffs)))) from cause

    def version_on(self, tariff_id: str, day: date) -> TariffVersion:
        """What held on a day.

        Raises:
            NotFound: No such tariff, or no version of it holds that day.
        """
        for version in self.tariff(tariff_id).versions:
            if version.valid_from <= day and (version.valid_to is None or day <= version.valid_to):
                return version
        raise NotFound.that(sentence("no_version", name=tariff_id, day=day))

    def newest(self, tariff_id: str) -> TariffVersion:
        """The last version of a tariff."""
        return self.tariff(tariff_id).versions[-1]

    def with_days(self, day_sets: Mapping[str, Iterable[date]]) -> "TariffBook":
        """The same book with more days in its sets, such as hot days the operator entered."""
        added = {name: self.day_sets.get(name, frozenset()) | frozenset(days) for name, days in day_sets.items()}
        return replace(self, day_sets={**self.day_sets, **added})


@cache
def tariff_book() -> TariffBook:
    """The tariffs that come with the product."""
    return load_tariffs([files("metropool.capabilities.billing.tariffs")])


def load_tariffs(folders: Sequence[Path | Traversable]) -> TariffBook:
    """Read all ``*.yaml`` of some folders.

    Raises:
        Invalid: Anything is wrong in any file: every fault found, each with file, line, what and remedy.
    """
    faults: list[Fault] = []
    read = [(document, _convert(document, faults)) for document in _documents(folders)]
    if not faults:
        faults = list(_faults_of_all(read))
    if faults:
        raise Invalid.that(sentence("tariff_files", count=len(faults)), faults=faults)
    contents = [content for _, content in read]
    return TariffBook(
        tariffs={tariff.id: tariff for content in contents for tariff in content.tariffs},
        calendars={calendar.id: calendar for content in contents for calendar in content.calendars},
        day_sets={each.id: _days(each) for content in contents for each in content.day_sets},
        late_fees={rule.id: rule for content in contents for rule in content.late_fees},
    )


def _documents(folders: Sequence[Path | Traversable]) -> Iterator[Document]:
    for folder in folders:
        for file in sorted(folder.iterdir(), key=lambda each: each.name):
            if file.name.endswith(".yaml"):
                yield read_document(file.name, file.read_text(encoding="utf-8"))


def _convert(document: Document, faults: list[Fault]) -> TariffFile:
    """Read each entry by itself, so that one fault does not hide those of the next."""
    value = document.value if isinstance(document.value, dict) else {}
    if not isinstance(document.value, dict):
        faults.append(fault(f"{document.name}:1", "file_no_mapping", known=", ".join(_SECTIONS)))
    unknown = sorted(value.keys() - set(_SECTIONS))
    faults += [fault(document.where(f"$.{name}"), "section_unknown", name=name, known=", ".join(_SECTIONS)) for name in unknown]
    return TariffFile(
        tariffs=list(_entries(document, "tariffs", Tariff, faults)),
        calendars=list(_entries(document, "calendars", Calendar, faults)),
        day_sets=list(_entries(document, "day_sets", DaySet, faults)),
        late_fees=list(_entries(document, "late_fees", LateFee, faults)),
    )


def _entries(document: Document, key: str, kind: type[T], faults: list[Fault]) -> Iterator[T]:
    value = document.value.get(key) if isinstance(document.value, dict) else None
    for i, entry in enumerate(value or []):
        path = f"$.{key}[{i}]"
        try:
            yield msgspec.convert(entry, kind, strict=False)
        except msgspec.ValidationError as cause:
            what, _, inner = str(cause).partition(" - at `$")
            inner = inner.rstrip("`")
            unknown = _UNKNOWN_FIELD.search(what)
            where = document.where(f"{path}{inner}.{unknown[1]}" if unknown else path + inner)
            found = f"{key[:-1]} {i + 1}{inner}" + (f".{unknown[1]}" if unknown else "")
            faults.append(fault(where, "entry", name=found, reason=misfit_said(what)))


def _faults_of_all(read: Sequence[tuple[Document, TariffFile]]) -> Iterator[Fault]:
    calendars = {calendar.id: calendar for _, content in read for calendar in content.calendars}
    day_sets = {each.id for _, content in read for each in content.day_sets}
    late_fees = {rule.id for _, content in read for rule in content.late_fees}
    seen: dict[str, str] = {}
    for document, content in read:
        for i, calendar in enumerate(content.calendars):
            for path, what, remedy in faults_of_calendar(calendar, day_sets):
                yield Fault(document.where(f"$.calendars[{i}]{path}"), what, remedy)
        for i, tariff in enumerate(content.tariffs):
            where = document.where(f"$.tariffs[{i}]")
            if tariff.id in seen:
                yield fault(where, "tariff_twice", name=tariff.id, other=seen[tariff.id])
            seen[tariff.id] = where
            for path, what, remedy in faults_of_tariff(tariff, calendars, late_fees):
                yield Fault(document.where(f"$.tariffs[{i}]{path}"), what, remedy)


def _days(day_set: DaySet) -> frozenset[date]:
    return frozenset(each.day for each in day_set.days)
