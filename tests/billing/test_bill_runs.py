"""A billing run: right bills, numbers without gaps, one run at a time, and the same bills after a crash at any step."""

import json
import multiprocessing
import signal
from datetime import UTC, date, datetime
from decimal import Decimal
from time import process_time

import numpy as np
import pyarrow as pa
import pytest

from billing.company import Company, blocks, step_and_die
from metropool.capabilities.billing import operations, queries, stages
from metropool.capabilities.billing.cases import rate_cases
from metropool.capabilities.billing.model import Review
from metropool.capabilities.billing.rating.batch import rate_columns
from metropool.capabilities.billing.rating.columns import UsageColumns
from metropool.capabilities.billing.rating.plan import Usage
from metropool.capabilities.billing.rating.scalar import rate
from metropool.capabilities.billing.rating.texts import lines_of_columns
from metropool.capabilities.billing.tariffs import plan_of, tariff_book
from metropool.core.errors import Conflict, Forbidden, Invalid
from metropool.exchange.messages import BlocksSealed

JULY = (date(2026, 7, 1), date(2026, 8, 1))
POWER = "guangzhou_residential_electricity"
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["metropool.capabilities.billing.capability", "metropool.runtime.work", "polars", "pyarrow.compute"]
)
OPTIONS = ([], ["tou"], ["multi_person"], ["combined_meter"], ["multi_person", "tou"])


def _street(company: Company, homes: int = 10) -> None:
    for n in range(homes):
        company.assign(f"E{n:02d}", POWER, options=OPTIONS[n % len(OPTIONS)])
        company.measure_month(f"E{n:02d}", *JULY, daily=70_000 + 13_003 * n)


def _lines(bill: dict) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    return [(name, Decimal(q), Decimal(price), Decimal(amount)) for name, q, price, amount in json.loads(bill["lines"])]


def test_bills_are_those_of_the_exact_path_and_the_books_balance(company):
    _street(company)
    run = company.run("electricity", *JULY)
    bills = {bill["account_number"]: bill for bill in company.bills()}
    for n, (account, bill) in enumerate(sorted(bills.items())):
        options = OPTIONS[n % len(OPTIONS)]
        case = {"tariff": POWER, "month": 7, "kwh": bill["quantity"], **dict.fromkeys(set(options) - {"tou"}, True)}
        if "tou" in options:
            case["tou"] = {name: quantity for name, quantity, *_ in json.loads(bill["lines"]) if "surcharge" not in name}
        [answer] = rate_cases([case])
        assert _lines(bill) == [(name, *map(Decimal, rest)) for name, *rest in answer["lines"]]
        assert Decimal(bill["amount_fen"]) / 100 == Decimal(answer["total_cny"]), account
        assert bill["quantity"] == str(Decimal((70_000 + 13_003 * n) * 31).scaleb(-4).normalize())
    balances = company.balances()
    assert sum(balances.values()) == 0
    assert balances["revenue/electricity"] == -sum(bill["amount_fen"] for bill in bills.values())
    assert balances["receivable/E03"] == bills["E03"]["amount_fen"]
    with company.unit() as work:
        status = queries.run_status(work=work, run=run)
    assert (status["state"], status["items"], status["issued"], status["stopped"]) == ("issued", 10, 10, [])


def test_what_is_told_is_what_was_issued(company):
    _street(company, homes=3)
    company.run("electricity", *JULY)
    [message] = company.told()
    rows = message.rows.to_pylist()
    assert (message.company, message.service) == ("company", "electricity")
    assert [row["bill_number"] for row in rows] == ["EL2026070000001", "EL2026070000002", "EL2026070000003"]
    assert rows[0]["period_end"] == date(2026, 8, 1)
    assert (rows[0]["register_start"], rows[0]["register_end"], rows[0]["quantity"]) == ("0.1", "217.1", "217")
    assert [row["amount_fen"] for row in rows] == [bill["amount_fen"] for bill in company.bills()]


def test_quarter_hours_fall_into_their_periods_and_sum_to_the_register(company):
    company.assign("T1", POWER, options=["tou"])
    company.measure_month("T1", *JULY, daily=96_000)
    company.run("electricity", *JULY)
    [bill] = company.bills()
    quantities = {name: Decimal(quantity) for name, quantity, *_ in json.loads(bill["lines"])}
    assert {name: quantities[name] for name in ("peak", "flat", "valley")} == {
        "peak": Decimal("0.1") * 28 * 31,
        "flat": Decimal("0.1") * 36 * 31,
        "valley": Decimal("0.1") * 32 * 31,
    }


def test_a_day_told_by_the_hour_counts_beside_days_told_by_the_quarter_hour(company):
    company.assign("T1", POWER, options=["tou"])
    company.measure_month("T1", *JULY, daily=96_000)
    hourly = blocks("T1", [{"day": date(2026, 7, 5), "start": 385_000, "end": 481_000, "values": [4000] * 24, "version": 2}])
    place = hourly.schema.get_field_index("interval_s")
    hourly = hourly.set_column(place, "interval_s", pa.array([3600], hourly.schema.field(place).type))
    with company.unit() as work:
        operations.note_usage(work=work, message=BlocksSealed(rows=hourly))
    company.run("electricity", *JULY)
    [bill] = company.bills()
    quantities = {name: Decimal(quantity) for name, quantity, *_ in json.loads(bill["lines"])}
    assert (quantities["peak"], quantities["valley"]) == (Decimal("86.8"), Decimal("99.2"))
    assert not bill["is_estimated"]


def test_two_accounts_on_one_usage_point_have_the_same_usage(company):
    for account in ("A1", "B1"):
        company.assign(account, POWER, options=["tou"], usage_point="up-A1")
    company.measure_month("A1", *JULY, daily=96_000)
    company.run("electricity", *JULY)
    first, second = company.bills()
    assert (first["account_number"], second["account_number"]) == ("A1", "B1")
    assert (first["quantity"], first["lines"]) == (second["quantity"], second["lines"])


def test_lost_intervals_never_change_the_quantity(company):
    company.assign("T1", POWER, options=["tou"])
    company.measure_month("T1", *JULY, daily=96_000)
    holes = [None] * 40 + [1000] * 56
    company.measure("T1", [{"day": date(2026, 7, 5), "start": 385_000, "end": 481_000, "values": holes, "version": 2}])
    company.run("electricity", *JULY)
    [bill] = company.bills()
    assert bill["quantity"] == "297.6"
    assert sum(Decimal(line[1]) for line in json.loads(bill["lines"])[:3]) == Decimal("297.6")
    assert bill["is_estimated"]


def _identity(company: Company) -> list[dict]:
    return [{key: value for key, value in bill.items() if key != "run"} for bill in company.bills()]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    company = Company(tmp_path_factory.mktemp("undisturbed"))
    _street(company)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "CHUNK", 3)
        company.run("electricity", *JULY)
    expected = (_identity(company), company.balances(), [message.rows.to_pylist() for message in company.told()])
    company.database.close()
    return expected


def _killed_in_the_middle_of_a_unit(company: Company) -> bool:
    """Do one step of the worker in a process of its own that is killed just before its commit; False when nothing was left."""
    child = PROCESSES.Process(target=step_and_die, args=(company.folder, 3))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def test_killed_at_every_step_it_resumes_with_the_same_bills(tmp_path, undisturbed, monkeypatch):
    monkeypatch.setattr(stages, "CHUNK", 3)
    company = Company(tmp_path)
    _street(company)
    with company.unit() as work:
        operations.start_bill_run(work=work, service="electricity", period_start=JULY[0], period_end=JULY[1], by="ann")
    company.database.close()
    killed = 0
    while _killed_in_the_middle_of_a_unit(company):
        killed += 1
        company.reopen()
        with company.unit() as work:
            operations.advance_bill_runs(work=work)
        company.database.close()
    company.reopen()
    assert killed > 12
    assert (_identity(company), company.balances(), [m.rows.to_pylist() for m in company.told()]) == undisturbed
    company.database.close()


def test_numbers_have_no_gap_and_no_repeat_over_parts_of_a_period(company):
    _street(company, homes=3)
    company.assign("E99", POWER)
    company.run("electricity", *JULY)
    company.measure_month("E99", *JULY, daily=50_000)
    second = company.run("electricity", *JULY)
    assert [bill["number"][-2:] for bill in company.bills()] == ["01", "02", "03", "04"]
    assert second.endswith("-2")
    assert company.bills()[3]["account_number"] == "E99"


def test_of_two_runs_at_once_one_wins(company):
    _street(company, homes=1)
    with company.unit() as work:
        operations.start_bill_run(work=work, service="electricity", period_start=JULY[0], period_end=JULY[1], by="ann")
    with company.unit() as work, pytest.raises(Conflict, match="under way"):
        operations.start_bill_run(work=work, service="electricity", period_start=JULY[0], period_end=JULY[1], by="bob")
    company.work_off()
    assert len(company.bills()) == 1


def test_a_period_that_is_not_over_cannot_be_billed(company):
    with company.unit() as work, pytest.raises(Invalid, match="not over"):
        operations.start_bill_run(
            work=work, service="water", period_start=date(2026, 8, 1), period_end=date(2026, 9, 1), by="ann"
        )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda company: None, "no_register"),
        (lambda company: company.measure("E1", [{"day": date(2026, 7, 1), "start": 5, "end": 9}]), "no_register"),
        (lambda company: company.measure_month("E1", *JULY, daily=-10, opening=1000, values=None), "register_went_back"),
    ],
)
def test_what_cannot_be_told_blocks_the_bill_with_its_reason(company, spoil, reason):
    company.assign("E1", POWER)
    spoil(company)
    company.run("electricity", *JULY)
    assert company.bills() == []
    assert company.items()["E1"]["blocked"] == reason


def test_without_intervals_a_time_of_use_bill_is_blocked_not_guessed(company):
    company.assign("T1", POWER, options=["tou"])
    company.measure_month("T1", *JULY, daily=96_000, values=None)
    company.run("electricity", *JULY)
    assert company.items()["T1"]["blocked"] == "no_intervals"


def test_a_day_without_a_tariff_blocks_the_bill(company):
    company.assign("E1", POWER, valid_from=date(2026, 7, 2))
    company.measure_month("E1", *JULY, daily=10_000)
    company.run("electricity", *JULY)
    assert company.items()["E1"]["blocked"] == "no_tariff"


def test_a_meter_exchange_adds_up_both_meters(company):
    company.assign("E1", POWER)
    company.measure_month("E1", date(2026, 7, 1), date(2026, 7, 15), daily=100_000, opening=5_000_000)
    exchange = {"day": date(2026, 7, 15), "start": 6_400_000, "end": 30_000, "values": [1000] * 96, "device": "M2"}
    company.measure("E1", [exchange])
    company.measure_month("E1", date(2026, 7, 16), date(2026, 8, 1), daily=100_000, opening=30_000, device="M2")
    company.run("electricity", *JULY)
    [bill] = company.bills()
    assert Decimal(bill["quantity"]) == (14 * 10 + Decimal("9.6") + 16 * 10)
    assert bill["meter_number"] == "M2"


def test_a_multiplier_applies_to_the_growth(company):
    company.assign("E1", POWER, multiplier="1.5")
    company.measure_month("E1", *JULY, daily=10_001)
    company.run("electricity", *JULY)
    [bill] = company.bills()
    assert bill["quantity"] == "46.5047"  # 31.0031 x 1.5 = 46.50465, half_up_to_register_digits
    assert bill["multiplier"] == "1.5"


def test_a_price_change_inside_the_period_splits_it_by_day(company):
    company.now = datetime(2021, 11, 1, tzinfo=UTC)
    company.assign("T1", POWER, options=["tou"])
    start, end = date(2021, 9, 16), date(2021, 10, 16)
    company.measure_month("T1", start, end, daily=96_000)
    company.run("electricity", start, end)
    [bill] = company.bills()
    lines = _lines(bill)
    assert [(name, quantity, price) for name, quantity, price, _ in lines if name == "peak"] == [
        ("peak", Decimal("42.0"), Decimal("0.96596875")),
        ("peak", Decimal("42.0"), Decimal("0.99500875")),
    ]
    tier2 = [quantity for name, quantity, *_ in lines if name == "tier2_surcharge"]
    assert tier2 == [0, 0]  # two calendar months: limits 520 and 1200
    assert Decimal(bill["reckoned_fen"]).scaleb(-2) == sum(amount for *_, amount in lines).quantize(Decimal("0.01"))


def test_yearly_tiers_go_on_from_bill_to_bill(company):
    company.now = datetime(2026, 9, 2, tzinfo=UTC)
    company.assign("G1", "guangzhou_residential_gas", opening_to_date=310_000, valid_from=date(2026, 1, 1))
    august = (date(2026, 8, 1), date(2026, 9, 1))
    company.measure_month("G1", *JULY, daily=1_000, opening=0, service="gas")
    company.measure_month("G1", *august, daily=2_000, opening=31_000, service="gas")
    company.run("gas", *JULY)
    company.run("gas", *august)
    first, second = (_lines(bill) for bill in company.bills())
    assert [quantity for _, quantity, *_ in first] == [10, 21, 0]
    assert [quantity for _, quantity, *_ in second] == [0, 59, 3]


def test_the_sewage_fee_is_owed_to_the_government(company):
    company.assign("W1", "guangzhou_residential_water")
    company.measure_month("W1", *JULY, daily=333, service="water")
    company.run("water", *JULY)
    [bill] = company.bills()
    assert bill["quantity"] == "10.323"
    assert company.balances() == {"collected/government": -981, "receivable/W1": 3025, "revenue/water": -2044}


def test_an_implausible_bill_is_held_until_another_person_releases_it(company):
    company.now = datetime(2026, 9, 2, tzinfo=UTC)
    august = (date(2026, 8, 1), date(2026, 9, 1))
    company.assign("E1", POWER)
    company.measure_month("E1", *JULY, daily=10_000, opening=0)
    company.measure_month("E1", *august, daily=10_000_000, opening=310_000)
    company.run("electricity", *JULY)
    run = company.run("electricity", *august, review=Review.MANUAL)
    assert company.items()["E1"]["held"] == "spike"
    with company.unit() as work, pytest.raises(Forbidden):
        operations.release_held_bills(work=work, run=run, accounts=["E1"], by="ann")
    with company.unit() as work, pytest.raises(Forbidden):
        operations.sign_off_bill_run(work=work, run=run, by="ann")
    with company.unit() as work:
        assert operations.release_held_bills(work=work, run=run, accounts=["E1"], by="bob") == 1
        operations.sign_off_bill_run(work=work, run=run, by="bob")
    company.work_off()
    assert len(company.bills()) == 2
    with company.unit() as work, pytest.raises(Conflict):
        operations.sign_off_bill_run(work=work, run=run, by="bob")


def test_scheduled_runs_start_on_their_day_once_a_month(company):
    _street(company, homes=2)
    with company.unit() as work:
        operations.schedule_bill_runs(work=work, service="electricity", first_month=date(2026, 7, 1), day=3)
    company.work_off()
    assert company.bills() == []
    company.now = datetime(2026, 8, 3, tzinfo=UTC)
    company.work_off()
    company.work_off()
    assert len(company.bills()) == 2
    with company.unit() as work:
        [run] = queries.runs(work=work)
    assert run["started_by"] == "schedule"


def test_chunks_of_one_account_bill_everybody_once(company, monkeypatch):
    monkeypatch.setattr(stages, "CHUNK", 1)
    _street(company, homes=4)
    company.assign("b", POWER)
    company.assign("B", POWER)
    for account in "bB":
        company.measure_month(account, *JULY, daily=10_000)
    company.run("electricity", *JULY)
    assert sorted(bill["account_number"] for bill in company.bills()) == ["B", "E00", "E01", "E02", "E03", "b"]


def test_forty_thousand_bills_are_rated_in_a_second():
    tariff = tariff_book().tariff(POWER)
    plan = plan_of(tariff, tariff.versions[-1], month=7)
    quantity = np.random.default_rng(7).integers(0, 9_000_000, 40_000)
    begun = process_time()
    rated = rate_columns(plan, UsageColumns(digits=4, quantity=quantity))
    texts = lines_of_columns(rated)
    assert process_time() - begun < 1
    exact = rate(plan, Usage(Decimal(int(quantity[-1])).scaleb(-4)))
    assert rated.total_fen[-1] == exact.total_fen
    assert [Decimal(line[3]) for line in json.loads(texts[-1])] == [line.amount for line in exact.lines]


def test_a_held_bill_stays_behind_while_the_rest_of_its_chunk_is_issued(company):
    company.now = datetime(2026, 9, 2, tzinfo=UTC)
    august = (date(2026, 8, 1), date(2026, 9, 1))
    _street(company, homes=3)
    company.run("electricity", *JULY)
    for n, daily in enumerate((70_000, 10**9, 70_000)):
        company.measure_month(f"E{n:02d}", *august, daily=daily, opening=10_000_000)
    run = company.run("electricity", *august)
    with company.unit() as work:
        status = queries.run_status(work=work, run=run)
    issued = [bill for bill in company.bills() if bill["run"] == run]
    assert [bill["account_number"] for bill in issued] == ["E00", "E02"]
    assert (status["items"], status["rated"], status["held"], status["issued"]) == (3, 3, 1, 2)
    assert status["amount_fen"] == sum(bill["amount_fen"] for bill in issued)
    [stopped] = status["stopped"]
    assert (stopped["account_number"], stopped["held"]) == ("E01", "spike")
    assert stopped["amount_fen"] > status["amount_fen"]
