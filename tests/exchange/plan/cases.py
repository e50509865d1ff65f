"""Plans that stay as they are, so that a hand can count them: the first narrow path of each, with facts of what it needs."""

from pathlib import Path

from metropool.plan.compile import compile_plan
from metropool.plan.compiled import CapabilityFacts, Compiled
from metropool.plan.load import load_contract, load_plan

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = ROOT / "plans" / "contract.yaml"
SPINE = Path(__file__).parent / "spine"
TRANSITION = SPINE / "transition.yaml"


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
        _facts("sharing", hears=VIEWS, says=VIEWS),
        _facts("settlement", hears="BillsIssued", says="PaymentsAllocated"),
        _facts("insight", hears="HouseholdUsageTold"),
        _facts("notices", hears="NoticePublished"),
        _facts("office", says="NoticePublished"),
        _facts("admission"),
        _facts("places", hears="PointsReported", says="SetPoints"),
        _facts("points", hears="PointsReported EventsRecorded HouseholdUsageTold"),
        _facts("inquiries", hears="ViewAnswered", says="ViewRequested"),
        _facts("disclosure", hears="ViewRequested", says="ViewAnswered"),
        _facts("alarms", hears="EventsRecorded", says="AlarmRaised AnomalyFound"),
        _facts("watch", hears="AlarmRaised AnomalyFound"),
    )
}


def spine(name: str) -> Compiled:
    """The narrow path of a plan (``one``, ``one:indirect``, ``two``, ``transition``), compiled."""
    plan, _, variant = name.partition(":")
    return compile_plan(load_plan(SPINE / f"{plan}.yaml"), load_contract(CONTRACT), CAPABILITIES, variant=variant or None)


def transition() -> Compiled:
    """The narrow path of the transition plan, compiled."""
    return spine("transition")
