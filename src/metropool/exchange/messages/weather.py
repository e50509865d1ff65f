"""Weather, as it was and as it is expected."""

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa

from metropool.exchange.messages.base import Fact, Message, Moment, Words

WEATHER: Mapping[str, str] = {
    "temperature": "0.1 C",
    "temperature_max": "0.1 C",
    "temperature_min": "0.1 C",
    "humidity": "%",
    "wind": "0.1 m/s",
    "rain": "0.1 mm",
    "cloud": "%",
    "irradiance": "W/m2",
    "pressure": "0.1 hPa",
}
"""Items and their units; the highest temperature of a day decides whether it is one of sharp peaks (尖峰)."""

WeatherKind = Literal["observed", "forecast"]


class WeatherTold(Fact, frozen=True, kw_only=True):
    """Weather of places (气象数据), observed or forecast; of two that speak of the same the one issued later holds.

    Attributes:
        source: Who measured or reckoned it, to be named beside it.
        rows: ``area`` (a place of the registry, or a station's own name), ``item``, ``start`` [Unix s], ``period_s`` [s; 0: then],
            and ``value`` [unit of the item].
    """

    kind: WeatherKind
    source: Words
    issued_at: Moment
    rows: pa.Table


ROWS: Mapping[type[Message], pa.Schema] = {
    WeatherTold: pa.schema(
        [("area", pa.string()), ("item", pa.string()), ("start", pa.int64()), ("period_s", pa.int32()), ("value", pa.int64())]
    ),
}
NEEDED: Mapping[type[Message], frozenset[str]] = {WeatherTold: frozenset({"area", "item", "start", "period_s", "value"})}
