"""What systems say to one another: facts (past tense), orders (imperative, expiring), questions (a noun with ``Of``).

Classes are meanings, few; the contract's phrases (``water_bills``, ``gas_bills``) are many and map to them in the contract.
Columns of ``rows`` are fixed per class in ``ROWS`` of its file; a message whose rows differ is refused.
"""

from metropool.exchange.messages.advice import AdviceGiven
from metropool.exchange.messages.alarms import (
    ALARM_CODES,
    AlarmHandedOver,
    AlarmKind,
    AlarmRaised,
    AlarmState,
    AnomalyFound,
    AnomalyKind,
    AnomalyState,
)
from metropool.exchange.messages.base import Fact, Message, Moment, Order
from metropool.exchange.messages.bills import check_content
from metropool.exchange.messages.charging import DownloadProfile, ReadOnDemand, RoamingTold
from metropool.exchange.messages.government import (
    AnswerState,
    ConsentChanged,
    ConsentPurpose,
    ConsentState,
    Purpose,
    Question,
    RequestState,
    ViewAnswered,
    ViewRequested,
)
from metropool.exchange.messages.holding import check_own_name, check_rows, check_where, own_name, tells
from metropool.exchange.messages.known import MESSAGES, NEEDED, ROWS
from metropool.exchange.messages.money import (
    LATE_FEE,
    BillsIssued,
    CustomersTold,
    PaymentsAllocated,
    PaymentStatusTold,
    late_fee_of,
)
from metropool.exchange.messages.notices import DeliverNotice, NoticeKind, NoticePublished, NoticeState
from metropool.exchange.messages.points import EventsRecorded, PointsReported, SetPoints
from metropool.exchange.messages.response import ConfirmResponse, ReductionMeasured, ResponseCalled
from metropool.exchange.messages.trade import CarbonOrdersTold, OrdersTold, TaxInvoicesTold
from metropool.exchange.messages.usage import BlocksSealed, HouseholdUsageTold, RowsRequested, SwitchSupply
from metropool.exchange.messages.weather import WeatherTold

__all__ = [
    "ALARM_CODES",
    "LATE_FEE",
    "MESSAGES",
    "NEEDED",
    "ROWS",
    "AdviceGiven",
    "AlarmHandedOver",
    "AlarmKind",
    "AlarmRaised",
    "AlarmState",
    "AnomalyFound",
    "AnomalyKind",
    "AnomalyState",
    "AnswerState",
    "BillsIssued",
    "BlocksSealed",
    "CarbonOrdersTold",
    "ConfirmResponse",
    "ConsentChanged",
    "ConsentPurpose",
    "ConsentState",
    "CustomersTold",
    "DeliverNotice",
    "DownloadProfile",
    "EventsRecorded",
    "Fact",
    "HouseholdUsageTold",
    "Message",
    "Moment",
    "NoticeKind",
    "NoticePublished",
    "NoticeState",
    "Order",
    "OrdersTold",
    "PaymentStatusTold",
    "PaymentsAllocated",
    "PointsReported",
    "Purpose",
    "Question",
    "ReadOnDemand",
    "ReductionMeasured",
    "RequestState",
    "ResponseCalled",
    "RoamingTold",
    "RowsRequested",
    "SetPoints",
    "SwitchSupply",
    "TaxInvoicesTold",
    "ViewAnswered",
    "ViewRequested",
    "WeatherTold",
    "check_content",
    "check_own_name",
    "check_rows",
    "check_where",
    "late_fee_of",
    "own_name",
    "tells",
]
