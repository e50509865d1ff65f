"""Target bands of the loss rate, and how a rate stands against its band."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

from metropool.core.dated import read_dated, valid_on

State = Literal["good", "late", "bad", "negative", "unknown"]


@dataclass(frozen=True)
class Band:
    """What a loss rate is held against [% of what is supplied]."""

    service: str
    valid_from: date
    target: float
    limit: float


@cache
def _bands() -> tuple[Band, ...]:
    return read_dated(Band, package="metropool.capabilities.metering.loss", name="bands.yaml")


def band_on(*, service: str, day: date) -> Band | None:
    """The band of a service that holds on a day; None when none was set."""
    return valid_on([band for band in _bands() if band.service == service], day)


def state_of(*, rate: float | None, band: Band | None) -> State:
    """How a rate (a fraction) stands: more sold than supplied is ``negative``, a fault of links or meters and never good."""
    if rate is None or band is None:
        return "unknown"
    if rate < 0:
        return "negative"
    percent = 100 * rate
    if percent <= band.target:
        return "good"
    return "late" if percent <= band.limit else "bad"
