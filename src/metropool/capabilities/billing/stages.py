"""The stages of a billing run (开账): freeze, validate, rate, issue; each step is one unit that works some thousand accounts."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from metropool.capabilities.billing.freezing_accounts import freeze_accounts
from metropool.capabilities.billing.issuing import issue_items
from metropool.capabilities.billing.items import month_of
from metropool.capabilities.billing.model import SPIKE_FACTOR, RunState, next_state
from metropool.capabilities.billing.ports import BillingWork, Row
from metropool.capabilities.billing.run_rating import rate_items

CHUNK = 10_000
"""Accounts worked in one unit: some tenths of a second of the writer, and what a crash repeats."""


def advance_run(work: BillingWork, run: Row) -> None:
    """One unit of one stage of a run. A stage that finds nothing more after its cursor is done."""
    with _without_collector():
        _advance(work, run)


def _advance(work: BillingWork, run: Row) -> None:
    match RunState(run["state"]):
        case RunState.STARTED:
            cursor = _freeze_some(work, run)
        case RunState.FROZEN:
            cursor = _validate_some(work, run)
        case RunState.VALIDATED:
            cursor = _rate_some(work, run)
        case RunState.RATED:
            cursor = ""
        case _:
            cursor = _issue_some(work, run)
    if cursor:
        work.runs.advance(run["id"], cursor=cursor)
        return
    state = next_state(RunState(run["state"]))
    issued_at = work.now.isoformat() if state is RunState.ISSUED else None
    work.runs.advance(run["id"], state=state.value, cursor="", issued_at=issued_at)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Hold the cyclic collector still for one unit: a chunk makes many objects and no cycles, and half its time went into looking."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _freeze_some(work: BillingWork, run: Row) -> str:
    month = month_of(run)
    terms = work.tariffs.terms(service=run["service"], month=month, after=run["cursor"], limit=CHUNK)
    accounts = terms["account_number"].unique().to_list()
    billed = work.bills.billed_accounts(service=run["service"], month=month, accounts=accounts)
    wanted = terms.filter(~pl.col("account_number").is_in(list(billed)))
    if not wanted.is_empty():
        work.runs.add_chunk(run["id"], freeze_accounts(work=work, terms=wanted, service=run["service"], month=month))
    return "" if terms.is_empty() else str(terms["account_number"][-1])


def _validate_some(work: BillingWork, run: Row) -> str:
    """Hold the items that use more a day than ``SPIKE_FACTOR`` times the most the account was ever billed a day."""
    chunk = work.runs.chunk(run["id"], after=int(run["cursor"] or 0))
    if chunk is None:
        return ""
    number, items = chunk
    known = items.join(work.bills.most_a_day(items["account_number"].to_list()), on="account_number")
    limit = pl.col("most") * SPIKE_FACTOR * month_of(run).days
    work.runs.hold(run["id"], known.filter((limit > 0) & (pl.col("quantity") > limit)))
    return str(number)


def _rate_some(work: BillingWork, run: Row) -> str:
    chunk = work.runs.chunk(run["id"], after=int(run["cursor"] or 0))
    if chunk is None:
        return ""
    number, items = chunk
    work.runs.set_rated(run["id"], number, rate_items(items, month=month_of(run), book=work.tariffs.book))
    return str(number)


def _issue_some(work: BillingWork, run: Row) -> str:
    chunk = work.runs.chunk(run["id"], after=int(run["cursor"] or 0))
    if chunk is None:
        return ""
    number, items = chunk
    ready = items.filter(~pl.col("account_number").is_in(list(work.runs.held(run["id"]))))
    if not ready.is_empty():
        issue_items(work=work, run=run, items=ready)
        work.runs.set_issued(run["id"], number, ready.height)
    return str(number)
