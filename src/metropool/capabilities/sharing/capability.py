"""Sharing as a plan can place it."""

from metropool.capabilities.sharing import operations
from metropool.exchange.capability import Capability
from metropool.exchange.messages import BlocksSealed, RowsRequested

SHARING = Capability(
    name="sharing",
    consumes={BlocksSealed: operations.pass_blocks_on, RowsRequested: operations.pass_request_on},
    produces=(BlocksSealed, RowsRequested),
)
