"""What is abnormal over a whole area, and alarms of people's safety."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from metropool.exchange.messages.base import Edition, Fact, Moment, Name, Text, Words

AnomalyKind = Literal["no_supply", "no_readings", "high_use", "low_use"]
AnomalyState = Literal["found", "over"]
AlarmKind = Literal["smoke", "intrusion", "gas_leak", "water_leak", "help"]
AlarmState = Literal["raised", "cleared"]
HandlingState = Literal["accepted", "dispatched", "on_site", "closed"]
HandlingOutcome = Literal["open", "handled", "false_alarm", "handed_on"]
ALARM_CODES: Mapping[str, tuple[AlarmKind, AlarmState]] = {
    "smoke_alarm": ("smoke", "raised"),
    "smoke_cleared": ("smoke", "cleared"),
    "intrusion": ("intrusion", "raised"),
    "intrusion_cleared": ("intrusion", "cleared"),
    "gas_leak": ("gas_leak", "raised"),
    "gas_cleared": ("gas_leak", "cleared"),
    "water_leak": ("water_leak", "raised"),
    "water_cleared": ("water_leak", "cleared"),
    "help": ("help", "raised"),
    "help_over": ("help", "cleared"),
}
"""Codes of events at points of places that begin or end an alarm. What else happens in a home (a door opens) is nobody else's business."""


class AlarmRaised(Fact, frozen=True, kw_only=True):
    """Somebody may be in danger (安防报警信息): where, and what for; the highest edition heard holds.

    Attributes:
        alarm: Id: the same for one point and kind from its beginning to its end.
        edition: 1 when it is raised, 2 when what raised it says that it is over.
        place: Id of the home or other place; who helps has to find it.
        address_zh: Where it is, for people; ``address_en`` likewise. Empty where the registry knows no address.
        area: Id of the community it lies in; empty where it lies in none.
        point: What raised it.
        at: When, by the clock of whoever raised it.
    """

    alarm: str
    edition: int
    kind: AlarmKind
    state: AlarmState
    place: str
    address_zh: str
    address_en: str
    area: str
    point: str
    at: Moment
    raised_at: Moment


class AnomalyFound(Fact, frozen=True, kw_only=True):
    """Abnormal use or a fault over a whole area (大规模异常能耗和故障情况); the highest edition heard holds. Nobody is named.

    Attributes:
        anomaly: Id: the same for one area, medium and kind as long as it lasts.
        edition: 1 for the first; a change, or that it is over, is the next.
        area: Id of the place; ``area_zh`` and ``area_en`` are its names.
        first_day: First business day of it.
        last_day: Last business day of it that was looked at.
        homes: Supplied homes of the area.
        affected: Those of them that it shows at; for ``high_use`` and ``low_use`` all that were read.
        observed: Mean of a home on ``last_day`` [Wh or L]; None where nothing was read.
        usual: The same of the weeks before.
    """

    anomaly: str
    edition: int
    kind: AnomalyKind
    state: AnomalyState
    service: str
    area: str
    area_zh: str
    area_en: str
    first_day: date
    last_day: date
    homes: int
    affected: int
    observed: int | None
    usual: int | None
    found_at: Moment


class AlarmHandedOver(Fact, frozen=True, kw_only=True):
    """What the police do about an alarm they were told of (安防公安联动处置); the highest edition heard holds.

    Attributes:
        alarm: Id of the ``AlarmRaised`` it is about.
        edition: 1 when it is taken in hand; every step after is the next.
        case_number: The police's own number of it (接警单号).
        unit_zh: Who went or is going, for people; ``unit_en`` likewise.
        outcome: ``open`` until it is closed.
        remark: For whoever raised it; of nobody but the place.
        at: When the step was taken, by the clock of the police.
    """

    alarm: Name
    edition: Edition
    state: HandlingState
    outcome: HandlingOutcome
    case_number: Name
    unit_zh: Words
    unit_en: Words
    remark: Text = ""
    at: Moment
