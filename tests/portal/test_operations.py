"""POSTs of money and control: one effect, second person, step-up."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from metropool.portal.schemas.commands import Command
from metropool.portal.schemas.refunds import Refund
from portal import samples
from portal.conftest import PASSWORD, M, P
from portal.fakes import count_effects, model_of
from portal.test_every_route import check_error

PAY = f"/{P}/api/households/{samples.ACCOUNT}/payments"
WANTED = {"bill_numbers": ["E1"], "amount_fen": 23187, "channel": "demo_pay"}


class TestPaying:
    def test_a_repeat_gets_the_same_answer_and_one_effect(self, portal):
        browser = portal.signed_in("lihua")
        first, second = (browser.post(PAY, json=WANTED, headers={"Idempotency-Key": "k1"}) for _ in range(2))
        assert (first.status_code, first.content) == (second.status_code, second.content)
        assert first.status_code == 201
        assert count_effects(portal.door) == 1

    def test_another_body_under_the_same_key_is_a_conflict(self, portal):
        browser = portal.signed_in("lihua")
        browser.post(PAY, json=WANTED, headers={"Idempotency-Key": "k1"})
        other = browser.post(PAY, json=WANTED | {"amount_fen": 1}, headers={"Idempotency-Key": "k1"})
        check_error(other, 409, "conflict")
        assert count_effects(portal.door) == 1

    def test_a_missing_key_is_refused(self, portal):
        check_error(portal.signed_in("lihua").post(PAY, json=WANTED), 422, "invalid")
        assert count_effects(portal.door) == 0

    def test_thirty_at_once_have_one_effect(self, portal):
        browser = portal.signed_in("lihua")
        with browser, ThreadPoolExecutor(10) as pool:
            answers = list(
                pool.map(lambda _: browser.post(PAY, json=WANTED, headers={"Idempotency-Key": "k9"}).content, range(30))
            )
        assert len(set(answers)) == 1
        assert count_effects(portal.door) == 1

    @pytest.mark.parametrize(
        "change", [{"amount_fen": 0}, {"amount_fen": 1.5}, {"bill_numbers": []}, {"hack": 1}, {"channel": ""}]
    )
    def test_a_body_that_cannot_be_is_refused(self, portal, change):
        answer = portal.signed_in("lihua").post(PAY, json=WANTED | change, headers={"Idempotency-Key": "k1"})
        check_error(answer, 422, "invalid")
        assert count_effects(portal.door) == 0

    def test_the_channel_is_told_where_to_send_the_browser_back(self, portal):
        portal.signed_in("lihua").post(PAY, json=WANTED, headers={"Idempotency-Key": "k1"})
        assert portal.calls[-1][1]["return_url"] == f"http://127.0.0.1/pay/result/{samples.ACCOUNT}"

    def test_a_notice_needs_no_session_and_reaches_the_desk_as_it_came(self, portal):
        path = f"/{P}/api/payment-channels/demo_pay/notices"
        signed = {"X-Timestamp": "1795219200", "X-Signature": "abc"}
        answer = portal.browser().post(path, content=b'{"a": 1}', headers=signed)
        assert (answer.status_code, answer.text) == (200, "success")
        expected = {"path": path, "timestamp": "1795219200", "signature": "abc", "body": b'{"a": 1}'}
        assert portal.calls[-1] == ("hear_notice", {"channel": "demo_pay", **expected})


APPROVE = f"/{M}/api/commands/c1/approval"
APPROVED = {"decision": "approve", "reason": "checked", "password": PASSWORD}


class TestControl:
    @pytest.fixture(autouse=True)
    def ordered(self, portal):
        command = model_of(Command).model_copy(update={"ordered_by": "ctrl1"})
        portal.answers["commands"]["command"] = command
        return command

    def decided(self, portal):
        return [given for name, given in portal.calls if name == "decide"]

    def test_a_second_person_approves(self, portal):
        assert portal.signed_in("ctrl2").post(APPROVE, json=APPROVED).status_code == 200
        assert self.decided(portal) == [{"command": "c1", "approve": True, "reason": "checked", "by": "ctrl2"}]

    def test_the_same_person_may_not(self, portal):
        error = check_error(portal.signed_in("ctrl1").post(APPROVE, json=APPROVED), 403, "forbidden")
        assert error["key"] == "access.same_person"
        assert self.decided(portal) == []

    def test_a_wrong_password_approves_nothing_and_locks_in_the_end(self, portal):
        browser = portal.signed_in("ctrl2")
        for _ in range(3):
            answer = browser.post(APPROVE, json=APPROVED | {"password": "wrong"})
            assert check_error(answer, 403, "forbidden")["key"] == "access.step_up"
        check_error(browser.post(APPROVE, json=APPROVED), 429, "locked")
        assert self.decided(portal) == []

    def test_a_reason_is_needed(self, portal):
        answer = portal.signed_in("ctrl1").post(
            f"/{M}/api/commands",
            json={"kind": "disconnect", "meter": "m1", "reason": "  "},
            headers={"Idempotency-Key": "k"},
        )
        assert check_error(answer, 422, "invalid")["faults"][0]["where"] == "reason"

    def test_a_limit_lasts_only_what_a_frame_can_say(self, portal):
        body = {"kind": "limit_supply", "meter": "m1", "reason": "works"}
        browser = portal.signed_in("ctrl1")
        for minutes in (0, 7, 1280):
            answer = browser.post(f"/{M}/api/commands", json={**body, "minutes": minutes}, headers={"Idempotency-Key": "k"})
            assert check_error(answer, 422, "invalid")["faults"][0]["where"] == "minutes"
        answer = browser.post(f"/{M}/api/commands", json={**body, "minutes": 1275}, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 201

    def test_who_may_not_order_may_not_limit(self, portal):
        body = {"kind": "limit_supply", "meter": "m1", "reason": "works", "minutes": 30}
        answer = portal.signed_in("oper").post(f"/{M}/api/commands", json=body, headers={"Idempotency-Key": "k"})
        check_error(answer, 403, "forbidden")
        assert [name for name, _ in portal.calls if name == "order"] == []

    def test_an_order_bears_who_gave_it_and_its_key(self, portal):
        body = {"kind": "disconnect", "meter": "m1", "reason": "arrears"}
        answer = portal.signed_in("ctrl1").post(f"/{M}/api/commands", json=body, headers={"Idempotency-Key": "k7"})
        assert answer.status_code == 201
        name, given = portal.calls[-1]
        assert (name, given["by"], given["key"]) == ("order", "ctrl1", "k7")

    def test_an_order_is_audited_in_the_books_of_its_system_once(self, portal):
        body = {"kind": "disconnect", "meter": "m1", "reason": "arrears"}
        browser = portal.signed_in("ctrl1")
        for _ in range(2):
            browser.post(f"/{M}/api/commands", json=body, headers={"Idempotency-Key": "k7"})
        query = text("SELECT actor, action, outcome, correlation FROM audit")
        rows = portal.hosts[M].read_now(lambda work: work.context.connection.execute(query).all())
        assert [tuple(row) for row in rows] == [("ctrl1", "commands.create", "done", "k7")]


REFUNDS = f"/{P}/api/refunds"
ASKED = {"payment": "P1", "amount_fen": 860, "reason": "paid twice"}


class TestRefunds:
    @pytest.fixture(autouse=True)
    def asked(self, portal):
        portal.answers["refunds"]["refund"] = model_of(Refund).model_copy(update={"asked_by": "cash1"})

    def decided(self, portal):
        return [given for name, given in portal.calls if name == "decide"]

    def test_a_request_bears_who_made_it_and_a_repeat_has_one_effect(self, portal):
        browser = portal.signed_in("cash1")
        first, second = (browser.post(REFUNDS, json=ASKED, headers={"Idempotency-Key": "k1"}) for _ in range(2))
        assert (first.status_code, first.content) == (201, second.content)
        assert [given["by"] for name, given in portal.calls if name == "ask"] == ["cash1"]
        assert count_effects(portal.door) == 1

    @pytest.mark.parametrize("change", [{"amount_fen": 0}, {"amount_fen": 1.5}, {"reason": " "}, {"payment": ""}, {"by": "x"}])
    def test_a_body_that_cannot_be_is_refused(self, portal, change):
        answer = portal.signed_in("cash1").post(REFUNDS, json=ASKED | change, headers={"Idempotency-Key": "k1"})
        check_error(answer, 422, "invalid")
        assert count_effects(portal.door) == 0

    @pytest.mark.parametrize("decision", ["approve", "reject"])
    def test_a_second_person_decides(self, portal, decision):
        answer = portal.signed_in("cash2").post(f"{REFUNDS}/r1/approval", json=APPROVED | {"decision": decision})
        assert answer.status_code == 200
        assert self.decided(portal) == [{"refund": "r1", "approve": decision == "approve", "reason": "checked", "by": "cash2"}]

    @pytest.mark.parametrize("decision", ["approve", "reject"])
    def test_the_same_person_may_not(self, portal, decision):
        answer = portal.signed_in("cash1").post(f"{REFUNDS}/r1/approval", json=APPROVED | {"decision": decision})
        assert check_error(answer, 403, "forbidden")["key"] == "access.same_person"
        assert self.decided(portal) == []

    def test_a_wrong_password_gives_nothing_back_and_locks_in_the_end(self, portal):
        browser = portal.signed_in("cash2")
        for _ in range(3):
            answer = browser.post(f"{REFUNDS}/r1/approval", json=APPROVED | {"password": "wrong"})
            assert check_error(answer, 403, "forbidden")["key"] == "access.step_up"
        check_error(browser.post(f"{REFUNDS}/r1/approval", json=APPROVED), 429, "locked")
        assert self.decided(portal) == []
