"""Sharing as a plan can place it."""

from metropool.access.consents import Consents
from metropool.access.provisions import Provisions
from metropool.capabilities.sharing import consenting, operations, releasing, views
from metropool.capabilities.sharing.adapters.sql import SqlPassedRequests
from metropool.capabilities.sharing.tables import metadata
from metropool.exchange.capability import Capability
from metropool.exchange.messages import (
    BlocksSealed,
    ConsentChanged,
    HouseholdUsageTold,
    RowsRequested,
    ViewAnswered,
    ViewRequested,
)

SHARING = Capability(
    name="sharing",
    consumes={
        BlocksSealed: operations.pass_blocks_on,
        RowsRequested: operations.pass_request_on,
        HouseholdUsageTold: operations.pass_household_usage_on,
        ViewRequested: views.pass_view_request_on,
        ViewAnswered: views.pass_answer_on,
        ConsentChanged: consenting.take_consent,
    },
    produces=(BlocksSealed, RowsRequested, HouseholdUsageTold, ViewRequested, ViewAnswered, ConsentChanged),
    keeps={"passed_requests": SqlPassedRequests, "consents": Consents, "provisions": Provisions},
    tables=(metadata,),
    releases={HouseholdUsageTold: releasing.USAGE, ViewAnswered: releasing.ANSWERS},
)
