"""A file of cases: what is missing or wrong is told whole, by case and key."""

import pytest

from metropool.capabilities.billing.cases import rate_cases, rate_each
from metropool.core.errors import Invalid

POWER = {"tariff": "guangzhou_residential_electricity", "month": 7, "kwh": "300"}
SHOP = {"tariff": "guangdong_general_commercial_lt1kv_2021q4_excl_funds", "kwh": {"peak": 1}}
GAS = {"tariff": "guangzhou_residential_gas", "m3": 1, "year_to_date_before_m3": 0}
FEE = {"rule": "late_fee_simple_daily", "unpaid_cny": "1", "days_late": 1, "daily_rate": "0.001"}


def _without(case: dict, key: str) -> dict:
    return {name: value for name, value in case.items() if name != key}


@pytest.mark.parametrize(
    ("case", "where"),
    [
        (_without(POWER, "tariff"), "tariff"),
        (_without(POWER, "month"), "month"),
        (_without(POWER, "kwh"), "kwh"),
        (_without(GAS, "year_to_date_before_m3"), "year_to_date_before_m3"),
        (_without(FEE, "daily_rate"), "daily_rate"),
        ({**POWER, "tariff": "moon_water"}, "tariff"),
        ({**POWER, "month": 13}, "month"),
        ({**POWER, "month": 7.5}, "month"),
        ({**POWER, "month": True}, "month"),
        ({**POWER, "kwh": "3OO"}, "kwh"),
        ({**POWER, "kwh": -1}, "kwh"),
        ({**POWER, "kwh": "NaN"}, "kwh"),
        ({**POWER, "kwh": "1e400"}, "kwh"),
        ({**POWER, "kwh": [1]}, "kwh"),
        ({**POWER, "kwh": "1_000"}, "kwh"),
        ({**POWER, "kwh": "１２"}, "kwh"),
        ({**POWER, "multi_person": "yes"}, "multi_person"),
        ({**POWER, "tou": {"peak": 100, "flat": 100, "valley": 99}}, "tou"),
        ({**POWER, "tou": {"peak": 100, "flat": 200}}, "tou.valley"),
        ({**POWER, "tou": {"peak": 100, "flat": 100, "valley": 100, "sharp": 0}}, "tou.sharp"),
        ({**POWER, "tou": {"peak": 100, "flat": 100, "valley": "x"}}, "tou.valley"),
        ({**POWER, "tou": 5}, "tou"),
        ({**POWER, "date": "2001-01-01"}, "date"),
        ({**POWER, "date": "yesterday"}, "date"),
        ({**POWER, "rates": {"peak": 1}}, "rates"),
        ({**GAS, "tou": {"peak": 1}}, "tou"),
        ({**SHOP, "kwh": "5"}, "kwh"),
        ({**SHOP, "kwh": {}}, "kwh"),
        ({**POWER, "kwh": {}}, "kwh"),
        ({**SHOP, "kwh": {"peak": 1, "dawn": 1}}, "kwh.dawn"),
        ({**SHOP, "rates": {"flat": 1}}, "rates.peak"),
        ({**FEE, "rule": "compound"}, "rule"),
        ({**FEE, "days_late": 1.5}, "days_late"),
        ({**FEE, "unpaid_cny": -1}, "unpaid_cny"),
    ],
)
def test_what_is_wrong_is_named_by_case_and_key(case, where):
    with pytest.raises(Invalid) as refused:
        rate_cases([POWER, case])
    assert f"cases[1].{where}" in [fault.where for fault in refused.value.faults]
    assert not any(fault.where.startswith("cases[0]") for fault in refused.value.faults)


def test_all_faults_of_all_cases_are_told_at_once():
    with pytest.raises(Invalid) as refused:
        rate_cases([{"tariff": POWER["tariff"], "month": 0, "kwh": "x"}, GAS, {**GAS, "m3": None}, "water"])
    assert [fault.where for fault in refused.value.faults] == ["cases[0].month", "cases[0].kwh", "cases[2].m3", "cases[3]"]


@pytest.mark.parametrize("cases", [{}, "[]", None, 3])
def test_what_is_no_list_is_refused(cases):
    with pytest.raises(Invalid, match="list"):
        rate_cases(cases)


def test_numbers_and_texts_rate_alike_and_keys_nobody_knows_are_echoed():
    texts, numbers = rate_cases([POWER, {**POWER, "month": "7", "kwh": 300.0, "note": "x"}])
    assert numbers["total_cny"] == texts["total_cny"] == "178.66"
    assert numbers["note"] == "x"
    assert list(texts)[:3] == ["tariff", "month", "kwh"]


def test_no_cases_give_no_answers():
    assert rate_cases([]) == []


def test_one_bad_case_holds_up_no_other_and_keeps_its_place():
    rated = rate_each([POWER, {**POWER, "kwh": "x", "total_cny": "1.00"}, GAS, 5])
    assert [answer.get("total_cny") for answer in rated.answers] == ["178.66", None, "3.45", None]
    assert rated.answers[1]["error"] == [
        {"where": "cases[1].kwh", "what": "'x' is no number a bill can have", "remedy": 'write "12.5" or 12.5'}
    ]
    assert rated.answers[3]["case"] == 5
    assert (rated.faulty, [fault.where for fault in rated.faults]) == (2, ["cases[1].kwh", "cases[3]"])


def test_a_date_says_the_month_where_none_is_given():
    dated, monthly = rate_cases([{**_without(POWER, "month"), "date": "2026-07-31"}, POWER])
    assert dated["total_exact"] == monthly["total_exact"]


def test_no_time_of_use_may_be_said_as_false():
    assert rate_cases([{**POWER, "tou": False}])[0]["total_cny"] == "178.66"


def test_an_answer_given_back_mended_has_no_error_any_more():
    refused = rate_each([{**POWER, "kwh": "x"}]).answers[0]
    mended = rate_each([{**refused, "kwh": "300"}])
    assert (mended.faulty, mended.answers[0]["total_cny"], "error" in mended.answers[0]) == (0, "178.66", False)
