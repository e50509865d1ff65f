"""The worked bills come out exactly: every line, every digit."""

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from metropool.capabilities.billing.cases import rate_cases
from metropool.capabilities.billing.rating.registers import interpolate_register

DATA = Path(__file__).parent / "data"
EXAMPLES = json.loads((DATA / "billing_examples.json").read_text(encoding="utf-8"))
MONTHS = json.loads((DATA / "nl_home_a_2019_monthly_guangzhou_bills.json").read_text(encoding="utf-8"))["months"]
ANSWERS = {"tiers_kwh", "tiers_m3", "lines", "total_exact", "total_cny", "water_cny", "sewage_cny", "late_fee_cny"}
ANSWERS |= {"energy_charge_exact", "energy_charge_cny"}
ZONE = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.get("tariff") or example["rule"])
def test_an_example_is_worked_out_from_its_inputs_alone(example):
    asked = {key: value for key, value in example.items() if key not in ANSWERS}
    [answer] = rate_cases([asked])
    assert {key: answer[key] for key in example} == example


def test_wrong_answers_in_the_file_are_replaced():
    spoilt = [{**example, **dict.fromkeys(ANSWERS & example.keys(), "spoilt")} for example in EXAMPLES]
    answers = rate_cases(spoilt)
    assert [{key: answer[key] for key in example} for answer, example in zip(answers, EXAMPLES, strict=True)] == EXAMPLES


def test_every_answer_has_lines_that_sum_to_its_total():
    for answer in rate_cases(EXAMPLES):
        assert sum(Decimal(line[3]) for line in answer["lines"]) == Decimal(answer["total_exact"])
        assert all(Decimal(line[1]) * Decimal(line[2]) == Decimal(line[3]) for line in answer["lines"])


def _registers() -> dict[str, list[tuple[datetime, int]]]:
    with (DATA / "nl_home_a_2019_registers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        name: [(datetime.fromisoformat(row["ts_utc"]).astimezone(UTC), int(row[name])) for row in rows if row[name]]
        for name in ("import_t1_wh", "import_t2_wh")
    }


def test_the_2019_months_of_a_real_home_are_exact_to_the_fen():
    registers = _registers()
    edges = [datetime(2019 + month // 12, month % 12 + 1, 1, tzinfo=ZONE) for month in range(13)]
    at_edges = [sum(interpolate_register(readings, at=edge) for readings in registers.values()) for edge in edges]
    cases = [
        {"tariff": "guangzhou_residential_electricity", "month": month + 1, "kwh": str((end - start) / 1000)}
        for month, (start, end) in enumerate(pairwise(at_edges))
    ]
    answers = rate_cases(cases)
    assert [Decimal(case["kwh"]) for case in cases] == [Decimal(str(month["import_kwh"])) for month in MONTHS]
    for answer, month in zip(answers, MONTHS, strict=True):
        assert [Decimal(tier) for tier in answer["tiers_kwh"]] == [Decimal(tier) for tier in month["tiers_kwh"]]
        assert answer["total_cny"] == month["total_cny"]
