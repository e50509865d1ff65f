"""Where the shipped plans are, and facts of capabilities as the narrow transition plan needs them."""

from pathlib import Path

from metropool.plan.compile import compile_plan
from metropool.plan.compiled import CapabilityFacts, Compiled
from metropool.plan.load import load_contract, load_plan

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = ROOT / "plans" / "contract.yaml"
TRANSITION = ROOT / "plans" / "transition.yaml"


def _facts(name: str, *, hears: str = "", says: str = "") -> CapabilityFacts:
    return CapabilityFacts(name=name, consumes=frozenset(hears.split()), produces=frozenset(says.split()))


VIEWS = "ViewRequested ViewAnswered"
CAPABILITIES = {
    facts.name: facts
    for facts in (
        _facts(
            "metering",
            hears="CustomersTold SwitchSupply PaymentStatusTold RowsRequested",
            says="BlocksSealed HouseholdUsageTold",
        ),
        _facts(
            "billing",
            hears="BlocksSealed PaymentsAllocated",
            says="BillsIssued CustomersTold SwitchSupply PaymentStatusTold RowsRequested",
        ),
        _facts("sharing", hears=f"BlocksSealed RowsRequested {VIEWS}", says=f"BlocksSealed RowsRequested {VIEWS}"),
        _facts("settlement", hears="BillsIssued", says="PaymentsAllocated"),
        _facts("insight", hears="HouseholdUsageTold"),
        _facts("notices", hears="NoticePublished", says="NoticePublished"),
        _facts("office", says="NoticePublished"),
        _facts("places", hears="PointsReported", says="SetPoints"),
        _facts("points", hears="PointsReported EventsRecorded HouseholdUsageTold"),
        _facts("inquiries", hears="ViewAnswered", says="ViewRequested"),
        _facts("disclosure", hears="ViewRequested", says="ViewAnswered"),
        _facts("alarms", hears="EventsRecorded", says="AlarmRaised AnomalyFound"),
        _facts("watch", hears="AlarmRaised AnomalyFound"),
    )
}


def transition() -> Compiled:
    """The shipped transition plan, compiled."""
    return compile_plan(load_plan(TRANSITION), load_contract(CONTRACT), CAPABILITIES)
