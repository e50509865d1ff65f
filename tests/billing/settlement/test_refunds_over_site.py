"""Refunds as cashiers give them: from the command line, over the site's API, on the books of the platform."""

import json

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from metropool.access import Access
from metropool.access.passwords import Passwords
from metropool.access.rights import system_scope
from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound
from metropool.runtime.cli import over_site
from metropool.runtime.cli.refunds import ask_refund, decide_on_refund, list_refunds
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named
from portal.whole_site import app_over

from .conftest import AMOUNTS, NUMBERS, dues, hear, notice, order_of

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
TOTAL = sum(AMOUNTS.values())


def make_people(work):
    logins = Access(work.context).logins
    for login in ("cashier", "cashier2"):
        logins.add_login(login_name=login, name=login, password_hash=CHEAP.hash("right horse battery"), by="test")
        scope = system_scope(work.system)
        logins.give_role(login_name=login, role="cashier", scope=scope, purpose="test", by="test")


@pytest.fixture
def site(billed, tmp_path, monkeypatch):
    """The platform's real portal, with the three bills paid; the command line speaks to it in this process."""
    order_of(billed, numbers=list(NUMBERS.values()), amount_fen=TOTAL)
    hear(billed, notice())
    billed.platform.write_now("settlement", make_people)
    nodes, compiled, settings = {billed.platform.system: billed.platform}, compile_named("transition"), Settings(home=tmp_path)
    app = app_over(nodes, settings=settings, compiled=compiled, passwords=CHEAP)
    monkeypatch.setattr(over_site.httpx, "Client", lambda **_: TestClient(app, base_url="http://127.0.0.1"))
    monkeypatch.setenv("METROPOOL_PASSWORD", "right horse battery")
    return billed


def told(capsys, do, **given):
    do(site="http://127.0.0.1", as_json=True, **given)
    return json.loads(capsys.readouterr().out)


def test_one_asks_another_approves_and_the_companies_give_it_back(site, capsys):
    asked = told(capsys, ask_refund, payment="P1", amount_cny="97.96", reason="read wrong", login="cashier")
    assert (asked["state"], asked["amount_fen"], asked["asked_by"], asked["channel_name"]["en"][:7]) == (
        "asked",
        9796,
        "cashier",
        "CityPay",
    )
    with pytest.raises(Forbidden):
        told(capsys, decide_on_refund, refund=asked["id"], reject=False, reason="mine", login="cashier")
    decided = told(capsys, decide_on_refund, refund=asked["id"], reject=False, reason="seen", login="cashier2")
    assert (decided["state"], decided["approved_by"], decided["decision_reason"]) == ("ordered", "cashier2", "seen")
    site.carry()
    assert sum(dues(site).values()) == TOTAL - 9796
    site.check_money()
    assert told(capsys, list_refunds, login="cashier") == [decided]


def test_a_no_leaves_the_payment_as_it_was(site, capsys):
    asked = told(capsys, ask_refund, payment="P1", amount_cny="1", reason="read wrong", login="cashier")
    decided = told(capsys, decide_on_refund, refund=asked["id"], reject=True, reason="read right", login="cashier2")
    assert (decided["state"], decided["rejected_by"], decided["approved_by"]) == ("rejected", "cashier2", None)
    assert sum(dues(site).values()) == TOTAL


def test_what_cannot_be_is_said_in_words(site, capsys):
    with pytest.raises(Conflict, match=r"¥ 297\.96"):
        told(capsys, ask_refund, payment="P1", amount_cny="297.97", reason="all", login="cashier")
    with pytest.raises(NotFound):
        told(capsys, ask_refund, payment="P9", amount_cny="1", reason="all", login="cashier")
    for wrong in ("1.001", "much", "0", "-1"):
        with pytest.raises(Invalid):
            told(capsys, ask_refund, payment="P1", amount_cny=wrong, reason="all", login="cashier")
    assert told(capsys, list_refunds, login="cashier") == []


def test_a_list_for_people_names_state_and_both_persons(site, capsys):
    asked = told(capsys, ask_refund, payment="P1", amount_cny="12.30", reason="read wrong", login="cashier")
    told(capsys, decide_on_refund, refund=asked["id"], reject=False, reason="seen", login="cashier2")
    list_refunds(site="http://127.0.0.1", login="cashier", as_json=False)
    line = capsys.readouterr().out
    for part in (asked["id"], "P1", "¥ 12.30", "cashier / cashier2", "read wrong"):
        assert part in line
