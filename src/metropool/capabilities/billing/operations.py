"""What billing does: keep usage, assign tariffs, run the billing of a period stage by stage."""

import json
from collections.abc import Collection
from datetime import date, datetime

from metropool.capabilities.billing.adjusting import propose_adjustments
from metropool.capabilities.billing.freezing import NO_REGISTER
from metropool.capabilities.billing.model import Review, RunState
from metropool.capabilities.billing.ports import BillingWork, Row
from metropool.capabilities.billing.stages import advance_run
from metropool.core.errors import Conflict, Forbidden, Invalid
from metropool.core.periods import DAY, business_date
from metropool.core.quantities import reading_type
from metropool.exchange.messages import BlocksSealed

REST_DAYS = 7
"""How long accounts without registers are tried again by themselves; after that a person starts the further part."""


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
            advance_run(work, run)
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
