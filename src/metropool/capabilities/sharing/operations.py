"""What sharing does with meter data and requests for it."""

from metropool.capabilities.sharing.ports import SharingWork
from metropool.exchange.messages import BlocksSealed, HouseholdUsageTold, RowsRequested


def pass_blocks_on(*, work: SharingWork, message: BlocksSealed) -> None:
    """Tell blocks on; the plan's rows say to whom, and of which service."""
    work.tell(message, key=work.cause)


def pass_request_on(*, work: SharingWork, message: RowsRequested) -> None:
    """Carry a company's request for meter data to whoever measured."""
    work.tell(message, key=work.cause)


def pass_household_usage_on(*, work: SharingWork, message: HouseholdUsageTold) -> None:
    """Tell households' own usage on; to another organisation only of those that agree (``releasing``)."""
    work.tell(message, key=work.cause)
