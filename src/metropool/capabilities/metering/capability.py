"""What metering is told, tells, orders and keeps."""

from datetime import timedelta

from metropool.access.access import Access
from metropool.capabilities.metering.clocks.adapters.book import ClockBook
from metropool.capabilities.metering.clocks.adapters.book import metadata as clock_tables
from metropool.capabilities.metering.collection.adapters.book import CollectionBook
from metropool.capabilities.metering.collection.adapters.sheets import SheetBook
from metropool.capabilities.metering.collection.adapters.tables import metadata as collection_tables
from metropool.capabilities.metering.control.adapters.guarantees import GuaranteeBook
from metropool.capabilities.metering.control.adapters.guarantees import metadata as control_tables
from metropool.capabilities.metering.control.operations import take_order
from metropool.capabilities.metering.customers import operations as customers
from metropool.capabilities.metering.customers.book import CustomerBook
from metropool.capabilities.metering.customers.book import metadata as customer_tables
from metropool.capabilities.metering.imports.adapters.sql import SqlImports
from metropool.capabilities.metering.imports.adapters.sql import metadata as import_tables
from metropool.capabilities.metering.meter_exchange.adapters.book import ExchangeBook
from metropool.capabilities.metering.meter_exchange.adapters.book import metadata as exchange_tables
from metropool.capabilities.metering.scheduling.book import ScheduleVersionBook
from metropool.capabilities.metering.scheduling.book import metadata as scheduling_tables
from metropool.capabilities.metering.sealing import compaction
from metropool.capabilities.metering.sealing import operations as sealing
from metropool.capabilities.metering.sealing.adapters.sql import SqlSealing
from metropool.capabilities.metering.sealing.tables import metadata as sealing_tables
from metropool.capabilities.metering.work_orders.book import WorkOrderBook
from metropool.capabilities.metering.work_orders.book import metadata as work_order_tables
from metropool.exchange.capability import Capability, Worker
from metropool.exchange.messages import (
    BlocksSealed,
    CustomersTold,
    HouseholdUsageTold,
    PaymentStatusTold,
    RowsRequested,
    SwitchSupply,
)
from metropool.exchange.views import MEDIA

METERING = Capability(
    name="metering",
    rows=MEDIA,
    consumes={
        SwitchSupply: take_order,
        CustomersTold: customers.note_customers,
        PaymentStatusTold: customers.note_payment_status,
        RowsRequested: customers.tell_again,
    },
    produces=(BlocksSealed, HouseholdUsageTold),
    keeps={
        "audit": lambda context: Access(context).audit,
        "clocks": ClockBook,
        "collection": CollectionBook,
        "sheets": SheetBook,
        "exchanges": ExchangeBook,
        "guarantees": GuaranteeBook,
        "sealing": SqlSealing,
        "imports": SqlImports,
        "customers": CustomerBook,
        "schedule_versions": ScheduleVersionBook,
        "work_orders": WorkOrderBook,
    },
    tables=(
        clock_tables,
        collection_tables,
        control_tables,
        exchange_tables,
        sealing_tables,
        import_tables,
        customer_tables,
        scheduling_tables,
        work_order_tables,
    ),
    workers=(
        Worker(name="seal", step=sealing.commit, prepare=sealing.prepare, every=timedelta(minutes=5)),
        Worker(name="compact", step=compaction.commit, prepare=compaction.prepare, every=timedelta(hours=6)),
    ),
)
