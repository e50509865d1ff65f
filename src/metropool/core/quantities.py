"""What a number of a channel means: its reading type. Readings are integers with the scale of their reading type."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

from metropool.core.errors import NotFound
from metropool.core.yaml_text import read_yaml

Kind = Literal["register", "interval", "mean_power", "instantaneous", "state", "freeze"]


@dataclass(frozen=True)
class ReadingType:
    """One kind of value a channel can hold (数据项); CIM ReadingType.

    Attributes:
        id: Small integer used in columns; never reused.
        code: Name used in code, files and messages, such as ``electricity_forward_register``.
        service: Service kind (``electricity``, ``water``, ``gas``, ``heat``).
        kind: ``register`` only grows until it rolls over; ``interval`` is an amount of its interval;
            ``mean_power`` is the mean of its interval and is integrated, never rounded to energy per interval;
            ``freeze`` is a register as it stood at the end of a month: compared, never differenced.
        unit: Unit of value x 10^scale (``kWh``, ``m3``, ``W``, ``V``).
        scale: Power of ten: a stored integer times 10^scale is the value in ``unit``.
        obis: OBIS code where there is one.
    """

    id: int
    code: str
    service: str
    kind: Kind
    unit: str
    scale: int
    obis: str = ""
    zh: str = ""
    en: str = ""

    def value(self, stored: int) -> Decimal:
        """The value in ``unit`` of a stored integer, exact."""
        return Decimal(int(stored)).scaleb(self.scale)

    def stored(self, value: Decimal) -> int:
        """The stored integer of a value in ``unit``; half up where the value is finer than the scale."""
        scaled = value.scaleb(-self.scale)
        return int(scaled.quantize(Decimal(1), rounding="ROUND_HALF_UP"))


@cache
def reading_types() -> Mapping[str, ReadingType]:
    """All reading types by code, from ``reading_types.yaml``."""
    text = files("metropool.core").joinpath("reading_types.yaml").read_text(encoding="utf-8")
    return {row["code"]: ReadingType(**row) for row in read_yaml(text)}


@cache
def reading_types_by_id() -> Mapping[int, ReadingType]:
    """All reading types by their small integer."""
    return {kind.id: kind for kind in reading_types().values()}


def reading_type(code: str) -> ReadingType:
    """The reading type called ``code``.

    Raises:
        NotFound: No such reading type.
    """
    try:
        return reading_types()[code]
    except KeyError as cause:
        raise NotFound(f"no reading type is called {code!r}") from cause
