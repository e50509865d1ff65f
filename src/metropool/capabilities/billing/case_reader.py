"""Reads the keys of one case to be rated and notes everything wrong with them."""

from collections.abc import Mapping
from decimal import Decimal, DecimalException
from typing import Any

from metropool.capabilities.billing import faults
from metropool.core.errors import Fault, Invalid
from metropool.core.texts import Words

Case = Mapping[str, Any]


class CaseReader:
    """Reads the keys of one case and notes everything wrong with them."""

    def __init__(self, case: Case, where: str) -> None:
        self.case = case if isinstance(case, Mapping) else {}
        self.faults: list[Fault] = []
        self._where = where
        if not isinstance(case, Mapping):
            self.faults.append(faults.fault(where, "case_no_mapping"))

    def fault(self, key: str, what: str, /, **values: object) -> None:
        """Note what is wrong with a key, by its text (``faults.fault``)."""
        self.faults.append(faults.fault(f"{self._where}.{key}", what, **values))

    def note(self, key: str, what: Words, remedy: Words = "") -> None:
        """Note what is wrong with a key, in words that are there."""
        self.faults.append(Fault(f"{self._where}.{key}", what, remedy))

    def stop_if_faulty(self) -> None:
        """Leave the case when anything was wrong so far."""
        if self.faults:
            raise FaultyCase

    def given(self, key: str) -> bool:
        """Whether the case says anything for a key."""
        return self.case.get(key) is not None

    def refuse(self, key: str, what: str, /, **values: object) -> None:
        """Note a key that has no meaning here, when the case gives it."""
        if self.given(key):
            self.fault(key, what, **values)

    def mapping(self, key: str) -> Mapping[str, Any]:
        """The mapping of a key; noted and empty when it is none."""
        value = self.case.get(key)
        if isinstance(value, Mapping):
            return value
        self.fault(key, "case_no_periods", value=value)
        return {}

    def decimal(self, key: str) -> Decimal:
        """The number of a key, 0 or more; noted and 0 when it is missing or none."""
        if not self.given(key):
            self.fault(key, "case_missing")
            return Decimal(0)
        return self.number(key, self.case[key])

    def number(self, key: str, value: object) -> Decimal:
        """A value as an exact decimal, 0 or more; noted and 0 when it is none. A JSON float is the decimal it was written as."""
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
                raise ValueError
            if isinstance(value, str) and (
                "_" in value or not value.isascii()
            ):  # Decimal would take 1_000, and digits of any script
                raise ValueError
            number = Decimal(repr(value) if isinstance(value, float) else value)
            if not number.is_finite() or number.adjusted() > 15 or decimals(number) > 18:
                raise ValueError
        except (ValueError, DecimalException):
            self.fault(key, "case_no_number", value=value)
            return Decimal(0)
        if number < 0:
            self.fault(key, "negative", value=value)
            return Decimal(0)
        return number

    def whole(self, key: str, otherwise: int | None = None) -> int:
        """The whole number of a key; noted and 0 when it is missing or none."""
        if otherwise is not None and not self.given(key):
            return otherwise
        number = self.decimal(key)
        if number != number.to_integral_value():
            self.fault(key, "case_no_whole", value=number)
        return int(number)

    def take_over(self, cause: Invalid) -> None:
        """Note the faults of the rating itself, under the names of the case."""
        if not cause.faults:
            self.faults.append(Fault(self._where, cause.sentence or cause.what))
        for fault in cause.faults:
            self.note(str(fault.where).replace("periods", "tou"), fault.what, fault.remedy)


class FaultyCase(Exception):
    """A case has faults that its reader noted; there is no point in going on with it."""


def decimals(value: Decimal) -> int:
    """How many decimals a number is written with."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
