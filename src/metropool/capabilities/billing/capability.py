"""Billing as a plan can place it: once for each company, for the services it bills."""

from datetime import timedelta

from metropool.capabilities.billing import late_fee_notes, operations, paying
from metropool.capabilities.billing.adapters.asked import SqlAsked
from metropool.capabilities.billing.adapters.bills import SqlBills
from metropool.capabilities.billing.adapters.late_fees import SqlLateFees
from metropool.capabilities.billing.adapters.runs import SqlRuns
from metropool.capabilities.billing.adapters.tables import metadata
from metropool.capabilities.billing.adapters.tariffs import SqlTariffs
from metropool.capabilities.billing.adapters.usage import SqlUsage
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import (
    BillsIssued,
    BlocksSealed,
    CustomersTold,
    PaymentsAllocated,
    PaymentStatusTold,
    RowsRequested,
    SwitchSupply,
)
from metropool.exchange.views import MEDIA

BILLING = Capability(
    name="billing",
    rows=MEDIA,
    consumes={BlocksSealed: operations.note_usage, PaymentsAllocated: paying.credit_accounts},
    produces=(BillsIssued, CustomersTold, PaymentStatusTold, RowsRequested, SwitchSupply),
    keeps={
        "tariffs": SqlTariffs,
        "usages": SqlUsage,
        "runs": SqlRuns,
        "bills": SqlBills,
        "late_fees": SqlLateFees,
        "asked": SqlAsked,
    },
    tables=(metadata,),
    workers=(
        Worker(name="bill-run", step=operations.advance_bill_runs, every=timedelta(minutes=10)),
        Worker(name="late-fees", step=late_fee_notes.post_late_fees, every=timedelta(minutes=10)),
    ),
)
