"""Every message there is, and the columns of those that carry rows."""

from collections.abc import Mapping

import pyarrow as pa

from metropool.exchange.messages import advice, charging, government, money, notices, points, response, trade, usage, weather
from metropool.exchange.messages.alarms import AlarmHandedOver, AlarmRaised, AnomalyFound
from metropool.exchange.messages.base import Message
from metropool.exchange.messages.charging import ReadOnDemand
from metropool.exchange.messages.government import ConsentChanged, ViewRequested
from metropool.exchange.messages.notices import NoticePublished
from metropool.exchange.messages.points import SetPoints
from metropool.exchange.messages.response import ConfirmResponse
from metropool.exchange.messages.usage import SwitchSupply

ROWS: Mapping[type[Message], pa.Schema] = {
    **usage.ROWS,
    **money.ROWS,
    **points.ROWS,
    **government.ROWS,
    **notices.ROWS,
    **response.ROWS,
    **advice.ROWS,
    **charging.ROWS,
    **trade.ROWS,
    **weather.ROWS,
}
NEEDED: Mapping[type[Message], frozenset[str]] = {
    **usage.NEEDED,
    **money.NEEDED,
    **notices.NEEDED,
    **response.NEEDED,
    **advice.NEEDED,
    **charging.NEEDED,
    **trade.NEEDED,
    **weather.NEEDED,
}
"""Columns that have a value in every row."""
MESSAGES: tuple[type[Message], ...] = (
    *ROWS,
    NoticePublished,
    SwitchSupply,
    AlarmRaised,
    AnomalyFound,
    AlarmHandedOver,
    SetPoints,
    ReadOnDemand,
    ConfirmResponse,
    ViewRequested,
    ConsentChanged,
)
