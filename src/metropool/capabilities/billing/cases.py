"""Rates a file of cases (``metropool rate CASES.json``): what a bill would be, with its lines, exact.

A case names a ``tariff`` (or a ``rule``) and gives what it is rated on; everything it says is echoed, and what was worked
out is added or replaced. The form is that of docs/algorithms/rating.md, *Cases*.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from metropool.capabilities.billing.case_reader import Case, CaseReader, FaultyCase, decimals
from metropool.capabilities.billing.faults import fault, sentence
from metropool.capabilities.billing.late_fees import late_fee
from metropool.capabilities.billing.rating.plan import Line, PlannedLine, Rated, RatingPlan, Usage
from metropool.capabilities.billing.rating.scalar import EXACT, rate
from metropool.capabilities.billing.tariffs.loader import TariffBook, tariff_book
from metropool.capabilities.billing.tariffs.plans import plan_of
from metropool.capabilities.billing.tariffs.schema import LateFee, Tariff, TariffVersion
from metropool.core.errors import Fault, Invalid, NotFound
from metropool.core.money import round_to_fen, to_cny
from metropool.core.texts import Language


@dataclass(frozen=True)
class RatedCases:
    """Answers to the cases of a file, in order, and every fault of those that cannot be rated.

    A case that cannot be rated is echoed with ``error``: a list of ``where``, ``what`` and ``remedy``.
    """

    answers: list[dict[str, Any]]
    faults: list[Fault]

    @property
    def faulty(self) -> int:
        """How many cases cannot be rated."""
        return sum("error" in answer for answer in self.answers)


def rate_cases(cases: Sequence[Case], *, book: TariffBook | None = None) -> list[dict[str, Any]]:
    """Rate every case, in order.

    Args:
        cases: The cases of a file.
        book: Tariffs to rate by; those of the product when left out.

    Returns:
        Each case with ``lines`` ([name, quantity, price, amount], all exact texts), ``total_exact`` and ``total_cny``, and
        where they apply ``tiers_<unit>``, ``<group>_exact``, ``<group>_cny`` and ``late_fee_cny``.

    Raises:
        Invalid: Any case cannot be rated: every fault, each naming the case (``cases[3].month``).
    """
    rated = rate_each(cases, book=book)
    if rated.faults:
        raise Invalid(f"{rated.faulty} of {len(rated.answers)} cases cannot be rated", faults=rated.faults)
    return rated.answers


def rate_each(cases: Sequence[Case], *, book: TariffBook | None = None, language: Language = "en") -> RatedCases:
    """Rate every case that can be rated; one that cannot says why, in a language, and holds up no other.

    Raises:
        Invalid: The cases are no list.
    """
    if not isinstance(cases, Sequence) or isinstance(cases, str):
        raise Invalid.that(sentence("cases_no_list"), faults=[fault("cases", "no_list")])
    readers = [CaseReader(case, f"cases[{index}]") for index, case in enumerate(cases)]
    with localcontext(EXACT):
        answers = [_attempt(reader, book or tariff_book()) for reader in readers]
    told = [
        _refused(case, reader.faults, language) if reader.faults else {key: answer[key] for key in answer if key != "error"}
        for case, reader, answer in zip(cases, readers, answers, strict=True)
    ]
    return RatedCases(told, [fault for reader in readers for fault in reader.faults])


def _refused(case: object, faults: Sequence[Fault], language: Language) -> dict[str, Any]:
    """A case that cannot be rated, as it was given, without answers it may have brought along."""
    given = dict(case) if isinstance(case, Mapping) else {"case": case}
    kept = {key: value for key, value in given.items() if key not in ("lines", "total_exact", "total_cny", "error")}
    told = [{"where": each.where, "what": each.what, "remedy": each.remedy} for each in (one.said(language) for one in faults)]
    return {**kept, "error": told}


def _attempt(reader: CaseReader, book: TariffBook) -> dict[str, Any]:
    """The answer of a case; empty when it is faulty, with the faults noted by its reader."""
    try:
        return _rate_case(reader, book)
    except FaultyCase:
        return {}
    except Invalid as cause:
        reader.take_over(cause)
        return {}


def _rate_case(reader: CaseReader, book: TariffBook) -> dict[str, Any]:
    reader.stop_if_faulty()
    if "rule" in reader.case:
        return _rate_late_fee(reader)
    tariff, version = _version_of(reader, book)
    quantity_key = tariff.unit.lower()
    by_period = isinstance(reader.case.get(quantity_key), Mapping)
    options = _options(reader, tariff)
    month = _month(reader, version)
    if by_period and not reader.case[quantity_key]:
        reader.fault(quantity_key, "case_period_none")
    if not by_period:
        reader.decimal(quantity_key)
        reader.refuse("rates", "case_rates_alone", name=quantity_key)
    reader.stop_if_faulty()
    plan = plan_of(tariff, version, options=options, month=month, months=reader.whole("months", 1))
    plan = _plan_by_period(reader, plan, quantity_key) if by_period else plan
    usage = _usage(reader, plan, quantity_key, by_period=by_period)
    reader.stop_if_faulty()
    return _answer(reader.case, plan, rate(plan, usage), quantity_key)


def _rate_late_fee(reader: CaseReader) -> dict[str, Any]:
    if reader.case["rule"] != "late_fee_simple_daily":
        reader.fault("rule", "case_no_rule", name=reader.case["rule"])
    unpaid, daily_rate = reader.decimal("unpaid_cny"), reader.decimal("daily_rate")
    days = reader.whole("days_late")
    cap = reader.decimal("cap_share") if reader.given("cap_share") else None
    reader.stop_if_faulty()
    rule = LateFee(id="case", daily_rate=daily_rate, cap_share=cap, source="the case", certainty="derived")
    rated = late_fee(unpaid_cny=unpaid, days_late=days, rule=rule)
    return {**reader.case, "late_fee_cny": _cny(rated.total_exact), **_totals(rated)}


def _version_of(reader: CaseReader, book: TariffBook) -> tuple[Tariff, TariffVersion]:
    name = reader.case.get("tariff")
    if not isinstance(name, str):
        reader.fault("tariff", "case_tariff_unnamed")
        reader.stop_if_faulty()
    try:
        tariff = book.tariff(str(name))
        return tariff, book.version_on(tariff.id, _day(reader)) if reader.given("date") else book.newest(tariff.id)
    except NotFound as cause:
        reader.note("date" if str(name) in book.tariffs else "tariff", cause.sentence or cause.what)
    raise FaultyCase


def _day(reader: CaseReader) -> date:
    try:
        return date.fromisoformat(str(reader.case["date"]))
    except ValueError as cause:
        reader.fault("date", "case_no_day", value=reader.case["date"])
        raise FaultyCase from cause


def _options(reader: CaseReader, tariff: Tariff) -> list[str]:
    """The options a case states: each as a key of its own, true or false; ``tou`` by its quantities."""
    options = []
    for option in tariff.options:
        stated = reader.case.get(option)
        if stated is True or (option == "tou" and stated not in (None, False)):
            options.append(option)
        elif stated not in (None, False):
            reader.fault(option, "case_neither", value=stated)
    if "tou" not in tariff.options:
        reader.refuse("tou", "case_no_tou", tariff=tariff.id)
    return options


def _month(reader: CaseReader, version: TariffVersion) -> int | None:
    if not reader.given("month"):
        if not version.seasons:
            return None
        if reader.given("date"):
            return _day(reader).month
    month = reader.whole("month")
    if not 1 <= month <= 12 and not reader.faults:
        reader.fault("month", "case_no_month", value=month)
    return month


def _plan_by_period(reader: CaseReader, plan: RatingPlan, key: str) -> RatingPlan:
    """The plan for the periods a case names, at its own ``rates`` where it gives them."""
    named: Mapping[str, Any] = reader.case[key]
    known = {line.period: line for line in plan.lines if line.period}
    rates = reader.mapping("rates") if reader.given("rates") else None
    lines = []
    for period in [*(name for name in known if name in named), *(name for name in named if name not in known)]:
        if rates is not None and period not in rates:
            reader.fault(f"rates.{period}", "case_rate_missing")
        elif rates is not None:
            group = plan.lines[0].group
            lines.append(PlannedLine(period, "period", reader.number(f"rates.{period}", rates[period]), 0, period, group))
        elif period in known:
            lines.append(known[period])
        else:
            reader.fault(f"{key}.{period}", "no_period", known=", ".join(known) or "–")
    rest = tuple(line for line in plan.lines if not line.period)
    return RatingPlan(plan.tariff, plan.version, plan.unit, (*lines, *rest), plan.limits, plan.window, plan.minimum)


def _usage(reader: CaseReader, plan: RatingPlan, key: str, *, by_period: bool) -> Usage:
    periods_key = "tou" if reader.given("tou") and reader.case["tou"] is not False else key
    named = reader.mapping(periods_key) if by_period or plan.periods else {}
    periods = {name: reader.number(f"{periods_key}.{name}", value) for name, value in named.items()}
    quantity = sum(periods.values(), Decimal(0)) if by_period else reader.decimal(key)
    kinds = {line.kind for line in plan.lines}
    before_key = f"{'year' if plan.window == 'year' else 'month'}_to_date_before_{key}"
    needs_before = plan.window == "year" or reader.given(before_key)
    return Usage(
        quantity=quantity,
        before=reader.decimal(before_key) if needs_before else Decimal(0),
        periods=periods,
        days=reader.decimal("days") if "day" in kinds else Decimal(0),
        months=Decimal(reader.whole("months", 1)),
        demand=reader.decimal("demand_kw") if "demand" in kinds else Decimal(0),
        tier_digits=max(4, decimals(quantity), *(decimals(value) for value in periods.values()), 0),
    )


def _answer(case: Case, plan: RatingPlan, rated: Rated, key: str) -> dict[str, Any]:
    answer = dict(case)
    if plan.has_tiers:
        answer[f"tiers_{key}"] = [str(quantity) for quantity in rated.tier_quantities]
    groups = list(dict.fromkeys(line.group for line in rated.lines if line.group != "energy"))
    for group in groups:
        exact = rated.group_exact(group)
        answer |= {f"{group}_exact": str(exact), f"{group}_cny": _cny(exact)}
    return answer | _totals(rated)


def _totals(rated: Rated) -> dict[str, Any]:
    return {
        "lines": [list(_texts(line)) for line in rated.lines],
        "total_exact": str(rated.total_exact),
        "total_cny": str(to_cny(rated.total_fen)),
    }


def _texts(line: Line) -> tuple[str, str, str, str]:
    return line.name, str(line.quantity), str(line.price), str(line.amount)


def _cny(exact: Decimal) -> str:
    return str(to_cny(round_to_fen(exact)))
