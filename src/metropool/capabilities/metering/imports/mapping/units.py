"""Units of files, and exact conversion to the integers of a reading type."""

from decimal import Decimal
from fractions import Fraction

from metropool.capabilities.metering.imports.faults import sentence
from metropool.core.errors import Invalid
from metropool.core.quantities import ReadingType

_UNITS: dict[str, tuple[str, Fraction]] = {
    "Wh": ("energy", Fraction(1, 1000)),
    "kWh": ("energy", Fraction(1)),
    "MWh": ("energy", Fraction(1000)),
    "W": ("power", Fraction(1)),
    "kW": ("power", Fraction(1000)),
    "var": ("reactive", Fraction(1)),
    "kvar": ("reactive", Fraction(1000)),
    "m3": ("volume", Fraction(1)),
    "L": ("volume", Fraction(1, 1000)),
    "dm3": ("volume", Fraction(1, 1000)),
    "dl": ("volume", Fraction(1, 10_000)),
    "V": ("voltage", Fraction(1)),
    "A": ("current", Fraction(1)),
}


def factor_of(unit: str, kind: ReadingType) -> Fraction:
    """What a number in ``unit`` is multiplied by to give the stored integer of a reading type.

    Raises:
        Invalid: The unit is unknown or measures something else.
    """
    try:
        dimension, size = _UNITS[unit]
        target, base = _UNITS[kind.unit]
    except KeyError as cause:
        raise Invalid.that(sentence("no_unit", name=cause.args[0], known=", ".join(_UNITS))) from cause
    if dimension != target:
        raise Invalid.that(sentence("other_unit", name=unit, kind=kind.code, unit=kind.unit))
    return size / base / Fraction(Decimal(1).scaleb(kind.scale))
