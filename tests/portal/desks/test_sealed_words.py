"""What operators read of refused sealed frames."""

from types import SimpleNamespace

import pytest

from metropool.capabilities.metering.queries.alarms import EVENT_SEVERITY
from metropool.devices.sealed.report import REASONS
from metropool.portal.desks.operator.clocks import event_detail

CITY = SimpleNamespace(meter_at={}, meters=[])
LINE = ("altered", "repeated", "other_session", "bad_header", "repeated_hello", "unsealed", "other_terminal", "bad_report")
KEYS = ("forged_hello", "unknown_key", "ended_key", "sealed_elsewhere", "suite", "no_keys")


@pytest.mark.parametrize("reason", REASONS.values())
def test_what_a_terminal_refused_says_so_in_words(reason):
    detail = {
        "by": "terminal",
        "reason": reason,
        "counter": 7,
        "last_counter": 9,
        "count": 3,
        "peer": "10.0.0.7:4100",
        "report": 2,
    }
    text = event_detail("sealed_refused", detail, CITY)
    for said in (text.zh, text.en):
        assert all(part in said for part in ("7", "9", "3", "10.0.0.7:4100"))
        assert reason not in said.split()
    assert text.zh.startswith("终端拒收：")
    assert text.en.startswith("Refused by the terminal: ")
    here = event_detail("sealed_refused", {**detail, "by": "front_end"}, CITY)
    assert here.zh.startswith("前置机拒收：")
    assert here.en.startswith("Refused by the front end: ")


@pytest.mark.parametrize("reason", (*LINE, *KEYS, "many"))
def test_a_refusal_says_why_how_often_and_from_where_in_words(reason):
    detail = {"reason": reason, "counter": 7, "last_counter": 9, "count": 3, "peer": "10.0.0.7:4100"}
    text = event_detail("sealed_refused", detail, CITY)
    for said in (text.zh, text.en):
        assert all(part in said for part in ("7", "9", "3", "10.0.0.7:4100"))
        assert not said.startswith(reason)
    assert "sealed_refused" in EVENT_SEVERITY, "and it is an alarm"
