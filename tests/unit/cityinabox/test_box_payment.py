"""The payment channel as PAYMENT.md tells it, as a process over HTTP."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CLOCK = f"2026-07-03T10:00+08:00@1/{int(time.time())}"
NOW = 1783044000


class Merchant:
    """Listens for notices, and asks the channel."""

    def __init__(self, port):
        self.notices, self.answer = [], "success"
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                merchant.notices.append((self.path, dict(self.headers), body))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(merchant.answer.encode())

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)

    def ask(self, method, path, body=None, *, key=KEY, stamp=NOW, merchant="platform"):
        content = b"" if body is None else json.dumps(body).encode()
        text = f"{method}\n{path}\n{stamp}\n{sha256(content).hexdigest()}".encode()
        headers = {"x-merchant": merchant, "x-timestamp": str(stamp), "x-signature": key.sign(text).hex()}
        return self.client.request(method, path, content=content, headers=headers)

    def order(self, order_id, amount_fen=16205, **more):
        body = {"order_id": order_id, "amount_fen": amount_fen, "currency": "CNY", "title": "七月账单 <b>"}
        body |= {"return_url": "http://portal.example/bills/1?x=2", "notify_url": f"{self.url}/notify?channel=lanwan"}
        return self.ask("POST", "/orders", body | more)

    def pay(self, order_id, **more):
        order = self.order(order_id, **more).json()
        return self.client.post(order["pay_url"], data={"action": "pay"})

    def behave(self, order_id, behaviour):
        answer = self.client.post("/admin/behaviour", json={"order_id": order_id, "behaviour": behaviour})
        assert answer.status_code == 200

    def wait_for(self, count, order_id=None):
        end = time.monotonic() + 30
        while len(self.of(order_id)) < count and time.monotonic() < end:
            time.sleep(0.02)
        return self.of(order_id)

    def of(self, order_id):
        return [notice for notice in self.notices if order_id is None or json.loads(notice[2]).get("order_id") == order_id]


@contextmanager
def channel(home):
    """The running process, its port and public key."""
    public = KEY.public_key().public_bytes_raw().hex()
    words = ["payment-channel", "--home", home, "--clock", CLOCK, "--merchant", f"platform={public}"]
    process = subprocess.Popen([sys.executable, "-m", "cityinabox.cli", *map(str, words)], stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline()), process
        if process.poll() is None:
            process.terminate()
            assert process.wait(3) == 0
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with channel(tmp_path_factory.mktemp("channel")) as (ready, _):
        merchant = Merchant(ready["port"])
        yield ready, merchant
        merchant.server.shutdown()
        merchant.server.server_close()


@pytest.fixture
def key(running):
    return running[0]["public_key"]


@pytest.fixture
def merchant(running):
    return running[1]


def is_of_channel(key, method, path, headers, body):
    headers = {name.lower(): value for name, value in headers.items()}
    text = f"{method}\n{path}\n{headers['x-timestamp']}\n{sha256(body).hexdigest()}".encode()
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(headers["x-signature"]), text)
    except InvalidSignature:
        return False
    return True


class TestOrders:
    def test_an_order_is_kept_once(self, merchant, key):
        first, again = merchant.order("A-1"), merchant.order("A-1")
        assert first.status_code == 200
        assert first.json() == again.json()
        assert is_of_channel(key, "ANSWER", "/orders", first.headers, first.content)
        assert (first.json()["status"], first.json()["refunded_fen"]) == ("open", 0)
        assert merchant.order("A-1", amount_fen=1).json() == {"error": "order_differs"}

    def test_a_query_tells_the_truth_under_signature(self, merchant, key):
        merchant.pay("A-2")
        answer = merchant.ask("GET", "/orders/A-2")
        assert answer.json()["status"] == "paid"
        assert is_of_channel(key, "ANSWER", "/orders/A-2", answer.headers, answer.content)
        assert merchant.ask("GET", "/orders/none").status_code == 404

    def test_who_is_not_the_merchant_is_refused(self, merchant):
        stranger = Ed25519PrivateKey.generate()
        assert merchant.ask("GET", "/orders/A-2", key=stranger).json() == {"error": "bad_signature"}
        assert merchant.ask("GET", "/orders/A-2", merchant="other").json() == {"error": "unknown_merchant"}
        assert merchant.ask("GET", "/orders/A-2", stamp=NOW - 90000).json() == {"error": "stale"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"amount_fen": 0},
            {"amount_fen": 1.5},
            {"amount_fen": True},
            {"currency": "USD"},
            {"notify_url": "file:///x"},
            {"title": 7},
        ],
    )
    def test_a_wrong_field_is_refused(self, merchant, wrong):
        answer = merchant.order("A-3", **wrong)
        assert (answer.status_code, answer.json()) == (422, {"error": "bad_request"})


class TestCheckout:
    def test_the_page_shows_payee_and_amount_in_both_languages(self, merchant):
        url = merchant.order("B-1").json()["pay_url"]
        zh, en = merchant.client.get(url), merchant.client.get(url, params={"lang": "en"})
        assert "确认支付 ¥162.05" in zh.text
        assert "Pay now ¥162.05" in en.text
        assert "七月账单 &lt;b&gt;" in zh.text
        assert "http" not in zh.text.split("</style>")[1]

    def test_paying_leads_back_to_the_merchant_and_happens_once(self, merchant):
        url = merchant.order("B-2").json()["pay_url"]
        back = merchant.client.post(url, data={"action": "pay"})
        assert back.status_code == 303
        assert back.headers["location"] == "http://portal.example/bills/1?x=2&order_id=B-2&status=paid"
        assert merchant.client.post(url, data={"action": "cancel"}).headers["location"].endswith("status=paid")
        assert "支付成功" in merchant.client.get(url).text

    def test_a_cancelled_order_is_never_paid(self, merchant):
        url = merchant.order("B-3").json()["pay_url"]
        assert merchant.client.post(url, data={"action": "cancel"}).headers["location"].endswith("status=cancelled")
        merchant.client.post(url, data={"action": "pay"})
        assert merchant.ask("GET", "/orders/B-3").json()["status"] == "cancelled"
        assert merchant.client.get("/pay/none").status_code == 404


class TestNotices:
    def test_one_signed_notice_comes(self, merchant, key):
        merchant.pay("C-1")
        ((path, headers, body),) = merchant.wait_for(1, "C-1")
        assert path == "/notify?channel=lanwan"
        assert is_of_channel(key, "POST", path, headers, body)
        told = json.loads(body)
        assert (told["amount_fen"], told["currency"], told["status"]) == (16205, "CNY", "paid")
        time.sleep(0.4)
        assert len(merchant.of("C-1")) == 1

    def test_fifteen_notices_come_when_asked_for(self, merchant, key):
        merchant.behave("C-2", "times=15")
        merchant.pay("C-2")
        notices = merchant.wait_for(15, "C-2")
        time.sleep(0.4)
        assert len(merchant.of("C-2")) == 15
        assert all(is_of_channel(key, "POST", path, headers, body) for path, headers, body in notices)

    @pytest.mark.parametrize("fault", ["bad", "foreign"])
    def test_a_wrong_signature_is_wrong(self, merchant, key, fault):
        merchant.behave(f"C-{fault}", f"signature={fault}")
        merchant.pay(f"C-{fault}")
        ((path, headers, body),) = merchant.wait_for(1, f"C-{fault}")
        assert not is_of_channel(key, "POST", path, headers, body)

    def test_a_wrong_amount_is_signed_and_the_query_tells_the_right_one(self, merchant, key):
        merchant.behave("C-4", "amount_offset_fen=-100")
        merchant.pay("C-4")
        ((path, headers, body),) = merchant.wait_for(1, "C-4")
        assert is_of_channel(key, "POST", path, headers, body)
        assert json.loads(body)["amount_fen"] == 16105
        assert merchant.ask("GET", "/orders/C-4").json()["amount_fen"] == 16205

    def test_no_notice_and_a_late_one(self, merchant):
        merchant.behave("C-5", "times=0")
        merchant.behave("C-6", "delay_s=2")
        merchant.pay("C-5")
        merchant.pay("C-6")
        time.sleep(0.4)
        assert merchant.of("C-6") == []
        assert len(merchant.wait_for(1, "C-6")) == 1
        assert merchant.of("C-5") == []

    def test_a_notice_that_was_not_accepted_is_repeated(self, merchant):
        merchant.answer = "later"
        merchant.pay("C-7")
        merchant.wait_for(1, "C-7")
        merchant.answer = "success"
        assert len(merchant.wait_for(2, "C-7")) == 2

    def test_a_notice_survives_the_end_of_the_channel(self, tmp_path):
        with channel(tmp_path) as (ready, process):
            merchant = Merchant(ready["port"])
            merchant.behave("C-8", "delay_s=2")
            merchant.pay("C-8")
            process.kill()
            process.wait()
            with channel(tmp_path) as (again, _):
                assert again["public_key"] == ready["public_key"]
                assert len(merchant.wait_for(1, "C-8")) == 1
        merchant.server.shutdown()
        merchant.server.server_close()


class TestRefundsAndStatement:
    def refund(self, merchant, refund_id, amount_fen, order_id="D-1"):
        body = {"refund_id": refund_id, "order_id": order_id, "amount_fen": amount_fen, "reason": "meter was read wrong"}
        return merchant.ask("POST", "/refunds", body)

    def test_a_refund_happens_once_and_never_exceeds_what_was_paid(self, merchant):
        assert self.refund(merchant, "R-0", 1).json() == {"error": "no_such_order"}
        merchant.order("D-1")
        assert self.refund(merchant, "R-0", 1).json() == {"error": "not_paid"}
        merchant.pay("D-1")
        assert self.refund(merchant, "R-1", 6205).json()["status"] == "done"
        assert self.refund(merchant, "R-1", 6205).json()["status"] == "done"
        assert self.refund(merchant, "R-1", 1).json() == {"error": "refund_differs"}
        assert self.refund(merchant, "R-2", 10001).json() == {"error": "refund_above_paid"}
        assert self.refund(merchant, "R-2", 10000).status_code == 200
        assert merchant.ask("GET", "/orders/D-1").json()["refunded_fen"] == 16205

    def test_the_statement_lists_the_day(self, merchant, key):
        merchant.pay("E-1", amount_fen=500)
        self.refund(merchant, "R-9", 200, "E-1")
        answer = merchant.ask("GET", "/statements/2026-07-03")
        assert is_of_channel(key, "ANSWER", "/statements/2026-07-03", answer.headers, answer.content)
        head, *lines = answer.text.splitlines()
        assert head == "at,kind,order_id,channel_reference,refund_id,amount_fen,currency"
        mine = [line.split(",") for line in lines if ",E-1," in line]
        assert [(row[1], row[4], row[5], row[6]) for row in mine] == [
            ("payment", "", "500", "CNY"),
            ("refund", "R-9", "-200", "CNY"),
        ]
        assert merchant.ask("GET", "/statements/2026-07-02").text == head + "\n"
        assert merchant.ask("GET", "/statements/yesterday").status_code == 422


class TestMandates:
    def open(self, merchant, mandate_id, limit_fen=50000):
        body = {"mandate_id": mandate_id, "limit_fen": limit_fen, "title": "自动缴费", "return_url": "http://portal.example/pay"}
        return merchant.ask("POST", "/mandates", body | {"notify_url": f"{merchant.url}/mandates"}).json()

    def signed(self, merchant, mandate_id):
        merchant.client.post(self.open(merchant, mandate_id)["sign_url"], data={"action": "sign"})

    def test_is_signed_by_the_person_and_told_under_signature(self, merchant, key):
        opened = self.open(merchant, "M-1")
        assert opened["status"] == "open"
        assert self.open(merchant, "M-1") == opened
        assert merchant.ask("POST", "/mandates", {"mandate_id": "M-1", "limit_fen": 1}).status_code == 422
        assert "¥500.00" in merchant.client.get(f"{opened['sign_url']}?lang=en").text
        answer = merchant.client.post(opened["sign_url"], data={"action": "sign"})
        assert (answer.status_code, answer.headers["location"]) == (303, "http://portal.example/pay")
        [(path, headers, body)] = wait_for_mandate(merchant, "M-1")
        assert is_of_channel(key, "POST", path, headers, body)
        assert json.loads(body)["status"] == "signed"
        assert merchant.ask("GET", "/mandates/M-1").json()["decided_at"] == json.loads(body)["decided_at"]

    def test_an_order_under_it_is_paid_at_once_and_once(self, merchant):
        self.signed(merchant, "M-2")
        first = merchant.order("A-70", 40000, mandate_id="M-2").json()
        assert (first["status"], first["amount_fen"]) == ("paid", 40000)
        assert merchant.order("A-70", 40000, mandate_id="M-2").json() == first
        assert len(merchant.wait_for(1, "A-70")) == 1
        assert merchant.order("A-71", 50001, mandate_id="M-2").json() == {"error": "above_limit"}
        assert merchant.ask("GET", "/orders/A-71").status_code == 404

    def test_nothing_is_charged_before_it_is_signed_after_it_was_declined_or_revoked(self, merchant):
        declined, revoked = self.open(merchant, "M-3"), self.open(merchant, "M-4")
        assert merchant.order("A-80", mandate_id="M-3").json() == {"error": "no_mandate"}
        merchant.client.post(declined["sign_url"], data={"action": "decline"})
        merchant.client.post(revoked["sign_url"], data={"action": "sign"})
        assert merchant.ask("POST", "/mandates/M-4/revocation", {}).json()["status"] == "revoked"
        assert merchant.ask("POST", "/mandates/M-4/revocation", {}).json()["status"] == "revoked"
        for mandate in ("M-3", "M-4", "M-none"):
            assert merchant.order("A-80", mandate_id=mandate).json() == {"error": "no_mandate"}
        assert merchant.ask("POST", "/mandates/M-none/revocation", {}).status_code == 404


def wait_for_mandate(merchant, mandate_id):
    for _ in range(100):
        if found := [notice for notice in merchant.notices if json.loads(notice[2]).get("mandate_id") == mandate_id]:
            return found
        time.sleep(0.05)
    raise AssertionError(f"no notice of {mandate_id}")
