"""What billing does: keep usage, assign tariffs, run the billing of a period stage by stage."""

import gc
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime

import polars as pl

from metropool.capabilities.billing.adjusting import propose_adjustments
from metropool.capabilities.billing.freezing import NO_REGISTER
from metropool.capabilities.billing.freezing_accounts import freeze_accounts
from metropool.capabilities.billing.issuing import issue_items
from metropool.capabilities.billing.items import month_of
from metropool.capabilities.billing.model import SPIKE_FACTOR, Review, RunState, next_state
from metropool.capabilities.billing.ports import BillingWork, Row
from metropool.capabilities.billing.run_rating import rate_items
from metropool.core.errors import Conflict, Forbidden, Invalid
from metropool.core.periods import DAY, business_date
from metropool.core.quantities import reading_type
from metropool.exchange.messages import BlocksSealed

REST_DAYS = 7
"""How long accounts without registers are tried again by themselves; after that a person starts the further part."""

CHUNK = 10_000
"""Accounts worked in one unit: some tenths of a second of the writer, and what a crash repeats."""


def note_usage(*, work: BillingWork, message: BlocksSealed) -> None:
    """Keep sealed blocks, the latest version of each day; mark issued bills that a later version touches."""
    changed = work.usages.note(message.rows)
    if changed:
        work.bills.note_recheck(work.bills.touching(changed), reason="usage", now=work.now)


def assign_tariff(
    *,
    work: BillingWork,
    account_number: str,
    usage_point: str,
    combined_account: str,
    tariff: str,
    register: str,
    valid_from: date,
    valid_to: date | None = None,
    options: Collection[str] = (),
    multiplier: str = "1",
    opening_to_date: int = 0,
) -> bool:
    """Say by which tariff an account is billed from a day on; False when that is already said for this account and day.

    Args:
        work: The unit of work.
        account_number: Customer account (户号) at this company.
        usage_point: Where the service is delivered.
        combined_account: Combined-bill account the bills are told for.
        tariff: Id of the tariff.
        register: Code of the reading type whose register and blocks are billed.
        valid_from: First day.
        valid_to: Day after the last; None while it holds.
        options: Options of the tariff the customer has.
        multiplier: What register growth is multiplied by (倍率), as an exact decimal.
        opening_to_date: Quantity of the year of ``valid_from`` billed elsewhere before, in smallest units of the register.

    Raises:
        NotFound: No such tariff or reading type.
        Invalid: The tariff has no such option.
    """
    terms = work.tariffs.book.tariff(tariff)
    unknown = sorted(set(options) - set(terms.options))
    if unknown:
        raise Invalid(f"{tariff} has no option {unknown[0]!r}; it has {', '.join(terms.options) or 'none'}")
    row = {
        "account_number": account_number,
        "valid_from": valid_from.isoformat(),
        "valid_to": valid_to.isoformat() if valid_to else None,
        "service": terms.service,
        "usage_point": usage_point,
        "combined_account": combined_account,
        "tariff": tariff,
        "options": json.dumps(sorted(options)),
        "reading_type": reading_type(register).id,
        "multiplier": multiplier,
        "opening_year": valid_from.year,
        "opening_to_date": opening_to_date,
    }
    return work.tariffs.assign([row]) == 1


def schedule_bill_runs(
    *, work: BillingWork, service: str, first_month: date, day: int, review: Review = Review.AUTOMATIC
) -> None:
    """Let the run of each month start by itself on a day of the next month (抄表例日), from ``first_month`` on."""
    month = first_month.replace(day=1).isoformat()
    work.runs.schedule({"service": service, "month": month, "day": day, "review": review.value})


def start_bill_run(
    *, work: BillingWork, service: str, period_start: date, period_end: date, by: str, review: Review = Review.AUTOMATIC
) -> str:
    """Start the billing (开账) of a service and a period; returns the id of the run.

    A period whose earlier run left accounts without a bill gets a further part for those.

    Raises:
        Invalid: The period is empty or not over yet.
        Conflict: A run of this service and period is under way.
    """
    if not period_start < period_end <= business_date(work.now):
        raise Invalid(f"the period {period_start} to {period_end} is empty or not over on {business_date(work.now)}")
    earlier = work.runs.runs(service=service, period_start=period_start.isoformat(), period_end=period_end.isoformat())
    under_way = [run["id"] for run in earlier if run["state"] != RunState.ISSUED]
    part = len(earlier) + 1
    run = f"{service}-{period_start:%Y%m%d}-{period_end:%Y%m%d}-{part}"
    row = {
        "id": run,
        "service": service,
        "period_start": period_start.isoformat(),
        "period_end": period_end.isoformat(),
        "part": part,
        "state": RunState.STARTED.value,
        "cursor": "",
        "review": Review(review).value,
        "started_by": by,
        "started_at": work.now.isoformat(),
    }
    if under_way or not work.runs.open(row):
        raise Conflict(f"a billing run of {service} for {period_start} to {period_end} is under way: {(under_way or [run])[0]}")
    work.changed("bill-runs")
    return run


def advance_bill_runs(*, work: BillingWork) -> datetime | None:
    """One unit of the oldest run that can go on; returns now when there is more to do, None when all is done or waits."""
    _start_scheduled(work)
    for run in work.runs.runs():
        if run["state"] != RunState.ISSUED and not _waits_for_review(run):
            with _without_collector():
                _advance(work, run)
            work.changed("bill-runs")
            return work.now
    return work.now if propose_adjustments(work=work) else None


def sign_off_bill_run(*, work: BillingWork, run: str, by: str) -> None:
    """Review a rated run (核算); the bills that are still held stay behind for the next part.

    Raises:
        Conflict: The run is not rated, or is reviewed already.
        Forbidden: The reviewer started the run.
    """
    row = work.runs.run(run)
    if row["state"] != RunState.RATED or row["signed_off_by"]:
        raise Conflict(f"run {run} is {row['state']}: it is reviewed once, after it was rated")
    if row["started_by"] == by:
        raise Forbidden(f"{by} started run {run}; another person reviews it")
    work.runs.advance(run, signed_off_by=by)


def release_held_bills(*, work: BillingWork, run: str, accounts: Collection[str], by: str) -> int:
    """Let bills that were held as implausible go on with the run; returns how many.

    Raises:
        Conflict: The run is issued or being issued.
        Forbidden: The one who releases started the run.
    """
    row = work.runs.run(run)
    if row["state"] in (RunState.REVIEWED, RunState.ISSUED):
        raise Conflict(f"run {run} is {row['state']}: start a further part for what it left behind")
    if row["started_by"] == by:
        raise Forbidden(f"{by} started run {run}; another person releases what it held")
    return work.runs.release(run, accounts)


def _start_scheduled(work: BillingWork) -> None:
    _bill_the_rest(work)
    for schedule in work.runs.schedules():
        start = date.fromisoformat(schedule["month"])
        end = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        if business_date(work.now) >= end.replace(day=schedule["day"]):
            start_bill_run(
                work=work,
                service=schedule["service"],
                period_start=start,
                period_end=end,
                by="schedule",
                review=schedule["review"],
            )
            work.runs.schedule({**schedule, "month": end.isoformat()})


def _bill_the_rest(work: BillingWork) -> None:
    """A further part, once a day for a week, for accounts a scheduled run left behind because their registers were not here yet."""
    today = business_date(work.now)
    for schedule in work.runs.schedules():
        end = date.fromisoformat(schedule["month"])
        start = (end - DAY).replace(day=1)
        runs = work.runs.runs(service=schedule["service"], period_start=start.isoformat(), period_end=end.isoformat())
        newest = max(runs, key=lambda run: int(run["part"]), default=None)
        if newest is None or newest["state"] != RunState.ISSUED or newest["started_at"][:10] >= today.isoformat():
            continue
        waits = any(item["blocked"] == NO_REGISTER for item in work.runs.stopped_items(newest["id"]))
        if waits and (today - end).days <= REST_DAYS:
            start_bill_run(work=work, service=schedule["service"], period_start=start, period_end=end, by="schedule")


def _waits_for_review(run: Row) -> bool:
    return run["state"] == RunState.RATED and run["review"] == Review.MANUAL and not run["signed_off_by"]


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


def _advance(work: BillingWork, run: Row) -> None:
    """One unit of one stage. A stage that finds nothing more after its cursor is done."""
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
