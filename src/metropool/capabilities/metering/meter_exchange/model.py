"""What a meter exchange is, and what is checked of it before anything is recorded."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from metropool.core.errors import Fault, Invalid
from metropool.core.quantities import ReadingType, reading_type

Source = Literal["read", "typed"]
MAIN = {
    "electricity": ("electricity_forward_register", "electricity_forward_profile_register"),
    "water": ("water_register",),
    "gas": ("gas_register",),
    "heat": ("heat_register",),
}
"""Reading types that show what is on a meter's dial, by service: one register, told by several items."""

DISPLAY = Decimal("0.01")
"""A display has two decimals where a terminal may tell four: as much below the last reading is no step back."""


@dataclass(frozen=True, kw_only=True)
class NewMeter:
    """The meter that was put in.

    Attributes:
        number: As printed on it (表号).
        protocol, address: How it is asked; the protocol is of the same family as the old meter's.
        point: Measuring point at its 376.1 terminal, one that no meter had before; 0 for the next free one, or none.
        model: Of the device catalog; empty for that of the old meter.
    """

    number: str
    protocol: str
    address: str
    point: int = 0
    model: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A meter exchange as somebody enters it.

    Attributes:
        device: The old meter.
        at: When the meters were exchanged.
        final, start: Register of the old meter when it was taken out, and of the new one when it was put in [unit of the register].
        final_source: Whether the old meter was read or somebody typed what it showed.
        others: Further registers by code, such as reverse energy: (final, start); left out, their day has a hole.
        new: The new meter.
        reason: Why.
        by: Who enters it.
    """

    device: str
    at: datetime
    final: Decimal
    start: Decimal
    final_source: Source
    new: NewMeter
    reason: str
    by: str
    others: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The same for the same draft."""
        return hashlib.sha256(msgspec.json.encode(asdict(self))).hexdigest()


@dataclass(frozen=True)
class Seen:
    """A reading of a register: stored value and instant [Unix s]."""

    value: int
    at: int


def registers_of(draft: Draft, service: str) -> dict[int, tuple[int, int]]:
    """(final, start) by reading type, in its own integers.

    Raises:
        NotFound: An unknown code among the others.
    """
    by_code = dict.fromkeys(MAIN[service], (draft.final, draft.start)) | dict(draft.others)
    kinds = {code: reading_type(code) for code in by_code}
    return {kinds[code].id: (kinds[code].stored(final), kinds[code].stored(start)) for code, (final, start) in by_code.items()}


def check_registers(*, kind: ReadingType, final: int, start: int, before: Seen | None, after: Seen | None) -> int:
    """The final register to be kept: the last reading itself, where the display shows less of it.

    Args:
        kind: Reading type of the dial.
        final, start: Registers, stored.
        before: Last accepted reading of the old meter up to the exchange.
        after: A reading of the old meter after it, the highest.

    Raises:
        Invalid: With every fault found.
    """
    faults: list[Fault] = []
    tolerance = kind.stored(DISPLAY)
    seen = before
    if start < 0 or final < 0:
        faults.append(Fault("final_register" if final < 0 else "start_register", "exchange_negative"))
    if before is not None and final <= before.value - tolerance:
        faults.append(Fault("final_register", "exchange_register_below"))
    if after is not None and after.value > final + tolerance:
        faults.append(Fault("at", "exchange_read_after"))
        seen = before if len(faults) > 1 else after
    if not faults:
        return max(final, before.value) if before is not None else final
    values: dict[str, object] = {"last": f"{kind.value(seen.value):f}" if seen else "", "unit": kind.unit}
    told = [Fault(fault.where, f"fault.{fault.what}") for fault in faults]
    raise Invalid("the registers of the exchange cannot be right", key=f"metering.{faults[0].what}", values=values, faults=told)
