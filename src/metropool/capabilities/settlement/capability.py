"""Settlement as a plan can place it."""

from datetime import timedelta

from metropool.capabilities.settlement import credit, mandates, operations, payments, standing
from metropool.capabilities.settlement.adapters.sql import SqlDues
from metropool.capabilities.settlement.tables import metadata
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import BillsIssued, PaymentsAllocated, PaymentStatusTold

SETTLEMENT = Capability(
    name="settlement",
    consumes={BillsIssued: operations.note_bills},
    produces=(PaymentsAllocated, PaymentStatusTold),
    keeps={"dues": SqlDues},
    tables=(metadata,),
    workers=(
        Worker(name="combine", step=operations.issue_combined_bills, every=timedelta(minutes=1)),
        Worker(name="use-credit", step=credit.use_credit, every=timedelta(minutes=10)),
        Worker(name="automatic-payments", step=mandates.order_automatic_payments, every=timedelta(minutes=10)),
        Worker(name="overdue", step=standing.tell_overdue, every=timedelta(hours=1)),
        Worker(name="expire-orders", step=payments.expire_orders, every=timedelta(minutes=5)),
    ),
)
