"""Residents pay over the public interface alone, whatever trouble the site has."""

import asyncio
import json

import httpx
import pytest

from cityinabox.payers import Payers, choose_homes, old_bills

MONTHS = ("2026-03", "2026-04", "2026-05")
SITE_TOLD = {"hosted_by": {"settlement": ["the_hub"], "metering": ["metering"]}}
SITE, CHANNEL = "http://127.0.0.1:8080", "http://127.0.0.1:7700"
LOGINS = [{"login": f"r{n}", "password": f"secret {n}", "account": f"LW{n}"} for n in range(10)]


class Site:
    """The site and the channel as far as a payer sees them; ``trouble`` answers instead of the site when it gives something."""

    def __init__(self, trouble=lambda request: None):
        self.trouble, self.paid, self.payments, self.keys, self.sessions = trouble, {}, {}, {}, {}
        self.busy = self.most_busy = 0

    async def handle(self, request):
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        await asyncio.sleep(0.001)
        self.busy -= 1
        at_channel = request.url.port == 7700
        return self.trouble(request) or (self.checkout(request) if at_channel else self.answer(request))

    def checkout(self, request):
        assert "cookie" not in request.headers
        if request.method == "GET":
            return httpx.Response(200, text="<form method=post>")
        assert request.content == b"action=pay"
        payment = self.payments[request.url.path.rpartition("/")[2]]
        payment["paid"] = True
        self.paid.setdefault(payment["account"], []).extend(payment["bills"])
        return httpx.Response(303, headers={"location": SITE})

    def answer(self, request):
        if request.url.path == "/api/site":
            return httpx.Response(200, json=SITE_TOLD, headers={"set-cookie": "metropool_csrf=guest; Path=/"})
        cookies = dict(part.split("=") for part in request.headers["cookie"].split("; "))
        if request.method != "GET" and request.headers.get("x-metropool-csrf") != cookies["metropool_csrf"]:
            return refusal(403, "session.csrf")
        if request.url.path == "/api/session":
            return self.session(request, cookies)
        account = self.sessions.get(cookies.get("metropool_session"))
        return self.at_home(request, account) if f"/{account}/" in request.url.path else refusal(404, "not_found")

    def session(self, request, cookies):
        if request.method == "DELETE":
            del self.sessions[cookies["metropool_session"]]
            return httpx.Response(204)
        given = json.loads(request.content)
        login = next((row for row in LOGINS if row["login"] == given["login"] and row["password"] == given["password"]), None)
        if login is None:
            return refusal(401, "access.wrong")
        self.sessions[f"s{login['login']}"] = login["account"]
        cookies = [("set-cookie", f"metropool_session=s{login['login']}; Path=/"), ("set-cookie", "metropool_csrf=own; Path=/")]
        return httpx.Response(200, json={}, headers=cookies)

    def at_home(self, request, account):
        what = request.url.path.split("/")[5:]
        if what == ["dues"]:
            return httpx.Response(200, json=self.dues(account))
        if request.method == "POST":
            return self.open_payment(account, request.headers["idempotency-key"], json.loads(request.content))
        return httpx.Response(200, json=self.told(self.payments[what[1]]))

    def dues(self, account):
        open_payment = next((p for p in self.payments.values() if p["account"] == account and not p["paid"]), None)
        left = [f"{service}-{month}" for service in ("e", "w") for month in MONTHS]
        bills = [{"bill_number": b, "month": b[2:], "payable_fen": 100} for b in left if b not in self.paid.get(account, [])]
        companies = [{"bills": [bill for bill in bills if bill["bill_number"][0] == service]} for service in ("e", "w")]
        return {"companies": companies, "channels": [{"id": "lanwan"}], "open_payment": open_payment and self.told(open_payment)}

    def open_payment(self, account, key, wanted):
        if key not in self.keys:
            assert wanted["amount_fen"] == 100 * len(wanted["bill_numbers"])
            reference = self.keys[key] = f"P{len(self.payments)}"
            amounts = {"account": account, "bills": wanted["bill_numbers"], "amount_fen": wanted["amount_fen"]}
            self.payments[reference] = amounts | {"reference": reference, "paid": False, "looks": 0}
        return httpx.Response(201, json=self.told(self.payments[self.keys[key]]))

    def told(self, payment):
        """The redirect address comes a look later than the order, and so does the success."""
        payment["looks"] += 1
        state = "succeeded" if payment["paid"] and payment["looks"] > 3 else "pending"
        told = {name: payment[name] for name in ("account", "reference", "amount_fen")}
        url = f"{CHANNEL}/pay/{payment['reference']}" if payment["looks"] > 1 else None
        return told | {"state": state, "redirect_url": url, "paid_at": "2026-07-01T00:00:00+08:00"}


def refusal(status, key):
    return httpx.Response(status, json={"error": {"key": key, "message_en": "No."}})


def pay(site, logins=LOGINS, **settings):
    said = []
    payers = Payers(SITE, pause_s=0.001, transport=httpx.MockTransport(site.handle), **settings)
    return asyncio.run(payers.run(logins, said.append)), said


def test_a_share_of_homes_pays_all_but_the_newest_month():
    site = Site()
    summary, said = pay(site, share=0.7)
    assert summary == {"homes": 10, "paying": 7, "payments": 7, "bills": 28, "amount_fen": 2800, "failed": []}
    assert sorted(row["account"] for row in said) == sorted(site.paid)
    old = sorted(f"{service}-{month}" for service in ("e", "w") for month in MONTHS[:2])
    assert [sorted(bills) for bills in site.paid.values()] == [old] * 7
    assert site.sessions == {}
    assert site.most_busy <= 4


def test_a_second_run_pays_nothing():
    site = Site()
    pay(site)
    summary, said = pay(site)
    assert (summary["payments"], summary["failed"], said) == (0, [], [])


def test_one_payment_a_month_when_asked():
    summary, said = pay(Site(), LOGINS[:1], share=1, each_month=True, until_open=0)
    assert (summary["payments"], summary["bills"]) == (3, 6)
    assert [row["bills"] for row in said] == [2, 2, 2]


def test_trouble_delays_but_pays_once():
    seen = {}

    def trouble(request):
        kind = (request.method, request.url.path)
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] == 1:
            return httpx.Response(503, headers={"retry-after": "0"})
        if seen[kind] == 2 and kind[1].endswith("/payments"):
            return refusal(409, "settlement.dues_changed")
        if seen[kind] == 2 and kind[1].endswith("/dues"):
            raise httpx.ConnectError("reset")
        return None

    site = Site(trouble)
    summary, _ = pay(site, LOGINS[:3], share=1)
    assert (summary["payments"], summary["bills"], summary["failed"]) == (3, 12, [])
    assert {account: len(bills) for account, bills in site.paid.items()} == {"LW0": 4, "LW1": 4, "LW2": 4}


def test_an_open_payment_is_brought_to_its_end_first():
    site = Site()
    site.open_payment("LW0", "earlier", {"bill_numbers": ["e-2026-03"], "amount_fen": 100})
    summary, _ = pay(site, LOGINS[:1], share=1)
    assert (summary["payments"], summary["bills"]) == (1, 3)
    assert len(site.paid["LW0"]) == 4


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        ("/api/session", refusal(401, "access.wrong"), "answers 401 access.wrong: No."),
        ("/dues", httpx.Response(503), "answers 503 after 8 tries"),
        ("/dues", httpx.Response(200, text="<html>"), "answers no JSON"),
        ("/payments", refusal(409, "settlement.dues_changed"), "answers 409 settlement.dues_changed: No."),
        ("/pay/P0", httpx.Response(404), "the checkout page answers 404 and 404"),
    ],
)
def test_what_cannot_be_paid_is_told(path, answer, why):
    site = Site(lambda request: answer if request.url.path.endswith(path) else None)
    summary, said = pay(site, LOGINS[:1], share=1)
    assert (summary["payments"], said) == (0, [])
    (failed,) = summary["failed"]
    assert failed["account"] == "LW0"
    assert failed["why"].endswith(why)


def test_a_payment_the_platform_never_knows_is_given_up():
    site = Site()
    site.told = lambda payment: {"reference": payment["reference"], "state": "pending", "redirect_url": None}
    summary, _ = pay(site, LOGINS[:1], share=1, patience_s=0.01)
    assert "is still pending after 0.01 s" in summary["failed"][0]["why"]


def test_the_seed_chooses_the_homes():
    first = choose_homes(LOGINS, share=0.5, seed=7)
    assert choose_homes(LOGINS[::-1], share=0.5, seed=7) == first
    assert any(choose_homes(LOGINS, share=0.5, seed=seed) != first for seed in range(5))
    assert len(choose_homes(LOGINS, share=0.94, seed=1)) == 9


def test_bills_with_nothing_to_pay_do_not_make_a_month_the_newest():
    bills = [("2026-04", 5), ("2026-05", 5), ("2026-06", 0)]
    dues = {"companies": [{"bills": [{"bill_number": m, "month": m, "payable_fen": fen} for m, fen in bills]}]}
    assert [bill["month"] for bill in old_bills(dues, until_open=1)] == ["2026-04"]
