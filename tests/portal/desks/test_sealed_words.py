"""What operators read of refused sealed frames."""

from types import SimpleNamespace

import pytest

from metropool.capabilities.metering.queries.alarms import EVENT_SEVERITY
from metropool.portal.desks.operator.clocks import event_detail

CITY = SimpleNamespace(meter_at={}, meters=[])
LINE = ("altered", "repeated", "other_session", "bad_header", "repeated_hello", "unsealed", "other_terminal")
KEYS = ("forged_hello", "unknown_key", "ended_key", "sealed_elsewhere", "suite", "no_keys")


@pytest.mark.parametrize("reason", (*LINE, *KEYS, "many"))
def test_a_refusal_says_why_how_often_and_from_where_in_words(reason):
    detail = {"reason": reason, "counter": 7, "last_counter": 9, "count": 3, "peer": "10.0.0.7:4100"}
    text = event_detail("sealed_refused", detail, CITY)
    for said in (text.zh, text.en):
        assert all(part in said for part in ("7", "9", "3", "10.0.0.7:4100"))
        assert not said.startswith(reason)
    assert "sealed_refused" in EVENT_SEVERITY, "and it is an alarm"
