"""A system's own software at its door: what it reads, says, may not say, and what happens to its key."""

import asyncio
import json
import random
import threading
from datetime import timedelta
from hashlib import sha256

import pyarrow as pa
import pytest
from sqlalchemy import text

from exchange.door.city import opened
from metropool.access.api_keys import ApiKeys
from metropool.capabilities.door import model, operations, queries
from metropool.exchange.described import example_of
from metropool.exchange.messages import ROWS, BillsIssued, PaymentsAllocated, PaymentStatusTold
from metropool.runtime.intake import short_in
from metropool.runtime.relay import relay_in

OUTSIDE = "transition+water_system"
ARROW = "application/vnd.apache.arrow.stream"
COMMUNITY = "community_system"


@pytest.fixture
def city(tmp_path):
    with opened(tmp_path, OUTSIDE) as made:
        yield made


@pytest.fixture
def water(city):
    with city.software("water_system") as client:
        yield client


def bill(**changed):
    example = example_of(BillsIssued)
    return {**example, "rows": [{**example["rows"][0], **changed}]}


def say(client, phrase, body, key="b1"):
    return client.post(f"letters/{phrase}", json=body, headers={"Idempotency-Key": key})


def faults(answer):
    assert answer.status_code == 422, answer.text
    return {fault["where"] for fault in answer.json()["error"]["faults"]}


def audit(city, system):
    query = text("SELECT actor, action, outcome FROM audit ORDER BY number")
    with city.nodes[system].database.snapshot() as connection:
        return [tuple(row) for row in connection.execute(query)]


class TestReading:
    def test_by_cursor_until_acknowledged(self, city):
        for title in ("one", "two", "three"):
            city.announce("gas", title=title)
            city.carry()
        with city.software(COMMUNITY) as client:
            first = client.get("letters", params={"limit": 2}).json()
            assert [one["message"]["title_en"] for one in first["letters"]] == ["one", "two"]
            assert (first["unread"], first["acknowledged"]) == (3, 0)
            rest = client.get("letters", params={"after": first["last"]}).json()
            (letter,) = rest["letters"]
            assert (letter["phrase"], letter["sender"], letter["speaker"]) == (
                "gas_announcements",
                "smart_use_platform",
                "gas_system",
            )
            assert client.post("letters/acknowledgement", json={"through": rest["last"]}).json() == {
                "acknowledged": rest["last"],
                "unread": 0,
            }
            assert client.post("letters/acknowledgement", json={"through": 99}).status_code == 404
            assert len(client.get("letters").json()["letters"]) == 3
            city.clock.advance(model.KEPT_FOR + timedelta(seconds=1))
            city.nodes[COMMUNITY].write_now("door", lambda work: operations.forget_read(work=work))
            assert client.get("letters").json()["letters"] == []
            city.announce("gas", title="four")
            city.carry()
            assert client.get("letters").json()["last"] == rest["last"] + 1

    def test_waits_for_the_first(self, city):
        with city.software(COMMUNITY) as client:
            assert client.get("letters", params={"wait": 0.1}).json()["letters"] == []

            def later():
                city.announce("gas")
                city.carry()
                client.portal.call(city.nodes[COMMUNITY].committed, ["letters"])

            timer = threading.Timer(0.3, later)
            timer.start()
            answer = client.get("letters", params={"wait": 30})
            timer.join()
            assert [one["phrase"] for one in answer.json()["letters"]] == ["gas_announcements"]

    def test_rows_as_objects_as_columns_and_as_arrow(self, city, water):
        rows = example_of(PaymentsAllocated)["rows"]
        table = pa.table({f.name: pa.array([rows[0][f.name]]).cast(f.type) for f in ROWS[PaymentsAllocated]})
        city.hub.write_now(
            "settlement", lambda work: work.tell(PaymentsAllocated(company="water", rows=table), key="k", to="water")
        )
        city.carry()
        (letter,) = water.get("letters").json()["letters"]
        assert letter["message"] == {"company": "water", "rows": [{**rows[0], "paid_at": "2026-11-05T02:10:00Z"}]}
        columns = water.get(f"letters/{letter['number']}", params={"form": "columns"}).json()["message"]["rows"]
        assert columns["amount_fen"] == [3366]
        stream = water.get(f"letters/{letter['number']}", headers={"Accept": ARROW})
        assert stream.headers["content-type"] == ARROW
        assert pa.ipc.open_stream(stream.content).read_all().equals(table)
        assert ("key:company", "letters.read", "done") in audit(city, "water_system")


class TestSaying:
    def test_a_bill_becomes_a_due_once(self, city, water):
        first = say(water, "water_bills", bill())
        assert (first.status_code, first.json()["is_repeat"]) == (201, False)
        assert [one["receiver"] for one in first.json()["letters"]] == ["smart_use_platform"]
        city.carry()
        again = say(water, "water_bills", bill())
        assert (again.status_code, again.json()["is_repeat"]) == (200, True)
        assert again.json()["letters"][0]["position"] == 1
        assert water.get("letters/said", params={"phrase": "water_bills", "key": "b1"}).json() == again.json()
        dues = city.hub.read_now("settlement", lambda work: work.dues.dues(company="water"))
        assert [(due["bill_number"], due["amount_fen"]) for due in dues] == [("W202611-000101", 3366)]
        assert say(water, "water_bills", bill(amount_fen=1)).status_code == 409
        assert ("key:company", "letters.say", "done") in audit(city, "water_system")

    def test_the_same_as_arrow(self, city, water):
        row = example_of(BillsIssued)["rows"][0]
        arrays = [
            pa.array([row[f.name]], pa.string()).cast(f.type) if pa.types.is_temporal(f.type) else pa.array([row[f.name]], f.type)
            for f in ROWS[BillsIssued]
        ]
        table = pa.Table.from_arrays(arrays, schema=ROWS[BillsIssued])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        headers = {"Idempotency-Key": "b1", "Content-Type": ARROW}
        fields = '{"service": "water", "company": "water"}'
        body = sink.getvalue().to_pybytes()
        assert water.post("letters/water_bills", params={"fields": fields}, content=body, headers=headers).status_code == 201
        assert say(water, "water_bills", bill()).json()["is_repeat"]
        assert water.post("letters/water_bills", params={"fields": fields}, content=b"x", headers=headers).status_code == 422

    def test_a_small_stream_that_opens_to_a_large_table_is_refused_with_the_numbers(self, city, water):
        sink = pa.BufferOutputStream()
        rows = pa.table({"amount_fen": pa.array([0] * 2_000_000, pa.int64())})
        with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(rows)
        headers = {"Idempotency-Key": "b1", "Content-Type": ARROW}
        fields = '{"service": "water", "company": "water"}'
        body = sink.getvalue().to_pybytes()
        answer = water.post("letters/water_bills", params={"fields": fields}, content=body, headers=headers)
        assert (len(body) < 4096, answer.status_code) == (True, 422)
        assert "2000000 rows" in answer.text and "1000000 rows" in answer.text

    @pytest.mark.parametrize(
        "body", ["[" * 100_000, '{"rows":' * 100_000, '{"company": "\\ud800", "service": "water", "rows": []}']
    )
    def test_json_that_nobody_can_keep_is_refused(self, city, water, body):
        headers = {"Idempotency-Key": "b1", "Content-Type": "application/json"}
        assert water.post("letters/water_bills", content=body, headers=headers).status_code == 422
        assert city.nodes["water_system"].unsent(limit=9) == []

    def test_whatever_is_damaged_is_taken_or_refused_and_no_fault_of_ours(self, city, water):
        chance, whole = random.Random(5), json.dumps(bill()).encode()
        for number in range(150):
            body = bytearray(whole)
            for _ in range(chance.randint(1, 3)):
                at = chance.randrange(len(body))
                body[at : at + chance.randint(0, 3)] = chance.choice(
                    [
                        b"",
                        b"null",
                        b"[",
                        b'"',
                        b"-1e999",
                        b"\xff",
                        b"\\u0000",
                        b"9" * 30,
                        b"\\ud800",
                        b"{}",
                        bytes([chance.randrange(256)]),
                    ]
                )
            headers = {"Idempotency-Key": f"k{number}", "Content-Type": "application/json"}
            answer = water.post("letters/water_bills", content=bytes(body), headers=headers)
            assert answer.status_code in {200, 201, 409, 422}, (bytes(body), answer.text)

    @pytest.mark.parametrize("phrase", ["electricity_bills", "meter_data", "combined_bill_payments", "no_such_thing"])
    def test_what_no_row_lists_is_refused_with_what_there_is(self, city, water, phrase):
        answer = say(water, phrase, bill())
        assert answer.status_code == 403
        told = answer.json()["error"]["message_en"]
        assert "water_bills (8.3.2)" in told and "water_announcements (8.3.2)" in told
        assert city.nodes["water_system"].unsent(limit=9) == []

    @pytest.mark.parametrize(
        ("body", "where"),
        [
            ({**bill(), "company": "gas"}, {"company"}),
            ({"service": "water", "company": "water", "rows": 3}, {"rows"}),
            ({**bill(), "colour": "red"}, {"colour"}),
            ({"company": 7, "rows": []}, {"service", "company"}),
            (bill(amount_fen="33"), {"rows.amount_fen"}),
            (bill(amount_fen=33.5), {"rows.amount_fen"}),
            (bill(due_date="soon"), {"rows.due_date"}),
            (bill(amount_fen=None), {"rows.amount_fen"}),
            (bill(colour="red"), {"rows.colour"}),
        ],
    )
    def test_what_is_no_bill_of_its_own_is_refused_with_every_fault(self, city, water, body, where):
        assert faults(say(water, "water_bills", body)) == where
        assert city.nodes["water_system"].unsent(limit=9) == []

    def test_of_another_medium_nothing_leaves(self, city, water):
        assert faults(say(water, "water_bills", bill(service="gas"))) == {"service"}
        answer = say(water, "water_bills", {**bill(), "service": "gas"})
        assert faults(answer) == {"service"}
        assert answer.json()["error"]["message_en"] == "this way may speak of service: water alone"
        assert say(water, "water_bills", {**bill(), "rows": []}).status_code == 422
        assert city.nodes["water_system"].unsent(limit=9) == []

    def test_a_notice_is_its_own_or_none(self, city, water):
        notice = {**example_of(operations.NoticePublished), "office": "gas_system"}
        assert faults(say(water, "water_announcements", notice)) == {"office"}
        assert say(water, "water_announcements", {**notice, "office": "water_system"}).status_code == 201
        city.carry()
        assert city.parked("smart_use_platform") == []

    @pytest.mark.parametrize("key", ["", "a b", "x" * 129, "键".encode()])
    def test_needs_a_key(self, water, key):
        assert say(water, "water_bills", bill(), key=key).status_code == 422

    def test_what_is_larger_than_a_letter_goes_in_parts_and_what_is_too_large_not_at_all(self, city, water):
        rows = [{**bill()["rows"][0], "bill_number": f"W{n}", "lines": '[["x","1","1","1"]]' + " " * 900} for n in range(1500)]
        said = say(water, "water_bills", {**bill(), "rows": rows})
        assert said.status_code == 201
        assert len(said.json()["letters"]) > 1
        city.carry()
        assert city.parked("smart_use_platform") == []
        assert say(water, "water_bills", {**bill(), "rows": rows * 3}, key="b2").status_code == 413


class TestInParts:
    """Software that cuts what it says itself, and reads what others cut."""

    def bodies(self, count=3):
        rows = bill()["rows"]
        return [json.dumps({**bill(), "rows": [{**rows[0], "bill_number": f"W{n}"}]}).encode() for n in range(count)]

    def say(self, client, body, key="", **part):
        headers = {"Idempotency-Key": key or f"k{part.get('part')}", "Content-Type": "application/json"}
        return client.post("letters/water_bills", content=body, headers=headers, params={"batch": "july", **part})

    def told(self, city):
        return [one.part for _, one in city.nodes["water_system"].unsent(limit=99)]

    def test_says_which_each_is_in_any_order_and_the_last_to_come_what_all_are(self, city, water):
        bodies = self.bodies()
        whole = sha256(b"".join(sha256(body).digest() for body in bodies)).hexdigest()
        for part in (3, 1):
            assert self.say(water, bodies[part - 1], part=part, parts=3).status_code == 201
        city.carry()
        node = city.nodes["smart_use_platform"]
        assert [(one.came, one.of, one.speaker) for one in short_in(node, limit=9).oldest] == [(2, 3, "water_system")]
        assert self.say(water, bodies[1], part=2, parts=3, whole=whole).status_code == 201
        assert self.say(water, bodies[1], part=2, parts=3, whole=whole).json()["is_repeat"]
        assert [(one.number, one.of, bool(one.whole)) for one in self.told(city)] == [(2, 3, True)]
        city.carry()
        assert short_in(node, limit=9).count == 0 and city.parked("smart_use_platform") == []
        with node.database.snapshot() as connection:
            assert connection.execute(text("SELECT state, whole <> '' FROM inbox_batch")).all() == [("whole", 1)]

    def test_what_does_not_go_together_is_refused_and_nothing_of_it_said(self, city, water):
        bodies = self.bodies()
        assert self.say(water, bodies[0], part=1, parts=2, whole="0" * 64).status_code == 201
        before = len(self.told(city))
        refused = {
            "other_batch": self.say(water, bodies[1], part=2, parts=3),
            "part_said": self.say(water, bodies[1], key="another", part=1, parts=2),
            "not_whole": self.say(water, bodies[1], part=2, parts=2),
        }
        keys = {name: (answer.status_code, answer.json()["error"]["key"]) for name, answer in refused.items()}
        assert keys == {
            "other_batch": (409, "door.other_batch"),
            "part_said": (409, "door.part_said"),
            "not_whole": (422, "door.not_whole"),
        }
        other = self.say(water, bodies[1], part=2, parts=2, whole="1" * 64)
        assert (other.status_code, other.json()["error"]["key"]) == (409, "door.other_batch")
        again = self.say(water, bodies[0], key="k1", part=2, parts=2)
        assert (again.status_code, again.json()["error"]["key"]) == (409, "door.key_reused")
        assert len(self.told(city)) == before

    @pytest.mark.parametrize(
        ("part", "wrong"),
        [
            ({"part": 0, "parts": 3}, {"part"}),
            ({"part": 4, "parts": 3}, {"part"}),
            ({"part": -1, "parts": -1}, {"part", "parts"}),
            ({"part": 1, "parts": 10_001}, {"parts"}),
            ({"part": 1, "parts": 2, "whole": "abc"}, {"whole"}),
            ({"part": 1, "parts": 2, "batch": "a b"}, {"batch"}),
            ({"whole": "0" * 64}, {"part", "parts"}),
        ],
    )
    def test_there_is_no_such_part(self, city, water, part, wrong):
        assert faults(self.say(water, self.bodies()[0], **part)) == wrong
        assert self.told(city) == []

    def test_a_part_goes_in_one_letter(self, city, water):
        rows = [{**bill()["rows"][0], "bill_number": f"W{n}", "lines": '[["x","1","1","1"]]' + " " * 900} for n in range(800)]
        answer = self.say(water, json.dumps({**bill(), "rows": rows}).encode(), part=1, parts=2)
        assert (answer.status_code, answer.json()["error"]["key"]) == (422, "door.part_large")

    def test_reads_which_part_of_what_each_letter_is(self, city):
        rows = [{"account_number": f"{n:010000}", "status": "paid", "as_of": city.clock.now()} for n in range(150)]
        whole = PaymentStatusTold(rows=pa.Table.from_pylist(rows, schema=ROWS[PaymentStatusTold]))
        city.hub.write_now("settlement", lambda work: work.tell(whole, key="all"))
        sent = [one.part for _, one in city.hub.unsent(limit=99) if one.receiver == COMMUNITY]
        city.carry()
        with city.software(COMMUNITY) as client:
            heard = sorted((one["part"] for one in client.get("letters").json()["letters"]), key=lambda part: part["part"])
        assert heard == [
            {"batch": one.batch, "part": number, "parts": len(sent), "whole": one.whole, "is_less": False}
            for number, one in enumerate(sent, 1)
        ]
        assert len(heard) > 1 and heard[0]["whole"]

    def test_a_letter_that_is_none_says_so(self, city):
        city.announce("gas")
        city.carry()
        with city.software(COMMUNITY) as client:
            assert client.get("letters").json()["letters"][0]["part"] is None


class TestSelfDescription:
    def test_tells_what_may_be_said_and_heard(self, water):
        told = water.get("letters/phrases").json()
        says, hears = ({one["phrase"]: one for one in told[what]} for what in ("says", "hears"))
        assert set(says) == {"water_bills", "water_announcements", "water_data_requests", "government_answers"}
        assert set(hears) == {"meter_data", "combined_bill_payments", "government_requests"}
        assert says["water_bills"]["rows"] == ["8.3.2"] and says["water_bills"]["only"] == [{"service": "water"}]
        assert hears["meter_data"]["partners"] == ["smart_use_platform"]

    def test_every_example_can_be_said(self, water):
        said = [one for one in water.get("letters/phrases").json()["says"] if one["kind"] != "ViewAnswered"]
        assert said
        for one in said:  # an answer is to what was asked: see test_looking
            answer = say(water, one["phrase"], one["example"], key=one["phrase"])
            assert answer.status_code == 201, answer.text

    def test_is_published(self, water):
        document = water.get("openapi.json").json()
        post = document["paths"]["/letters/{phrase}"]["post"]
        assert post["security"] == [{"key": []}] and ARROW in post["requestBody"]["content"]
        assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


class TestKeys:
    def test_none_a_made_up_one_and_anothers_are_refused(self, city):
        other = city.key(COMMUNITY)
        for shown in ("", "mpk_0123456789abcdef_" + "0" * 64, other, "Bearer", f"{city.key('water_system')}0"):
            with city.software("water_system", key=shown or "none") as client:
                answer = client.get("letters")
                assert (answer.status_code, answer.json()["error"]["key"]) == (401, "access.no_key")
                assert say(client, "water_bills", bill()).status_code == 401
        assert ("?", "letters.read", "refused") in audit(city, "water_system")

    def test_a_revoked_one_is_refused_at_once_also_at_the_end_of_a_wait(self, city, water):
        assert water.get("letters").status_code == 200

        def revoke():
            city.nodes["water_system"].write_now("door", lambda work: ApiKeys(work.context).revoke(name="company", by="ann"))
            water.portal.call(city.nodes["water_system"].committed, ["letters"])

        timer = threading.Timer(0.3, revoke)
        timer.start()
        assert water.get("letters", params={"wait": 30}).status_code == 401
        timer.join()
        assert water.get("letters").status_code == 401

    def test_a_key_opens_nothing_else(self, water):
        assert water.get("http://127.0.0.1/water_system/api/changes").status_code == 401
        assert water.get("http://127.0.0.1/smart_use_platform/api/topology").status_code == 401

    def test_only_a_hash_is_kept(self, city):
        key = city.key("water_system")
        kept = b"".join(path.read_bytes() for path in city.settings.folder("water_system").rglob("*") if path.is_file())
        assert key.rpartition("_")[2].encode() not in kept

    def test_asking_without_end_is_stopped(self, water):
        water.app.state.portal.rates.burst, water.app.state.portal.rates.per_s = 3.0, 0.0
        answers = [water.get("letters/said", params={"phrase": "x", "key": "y"}).status_code for _ in range(5)]
        assert answers == [404, 404, 404, 429, 429]


class TestRoom:
    def test_a_reader_that_never_reads_leaves_letters_at_the_broker(self, city, monkeypatch):
        node, exchange = city.nodes[COMMUNITY], city.broker.exchange(COMMUNITY)
        for title in ("one", "two", "three"):
            city.announce("gas", title=title)
        monkeypatch.setattr(queries, "MOST_UNREAD_BYTES", 1)
        city.carry()
        assert not asyncio.run(node.has_room())
        city.announce("gas", title="four")
        asyncio.run(self.relay_a_while(city, node, exchange))
        assert node.read_now("door", lambda work: work.letters.mark().unread) == 3
        node.write_now("door", lambda work: operations.acknowledge(work=work, through=work.letters.last()))
        assert asyncio.run(node.has_room())

    async def relay_a_while(self, city, node, exchange):
        """The gas company's notice goes to the hub and on to the community's stream, whose relay runs a moment."""
        for name in ("gas_system", "smart_use_platform"):
            speaker = city.nodes[name]
            for number, envelope in speaker.unsent(limit=9):
                await speaker.mark_sent([(number, await city.broker.exchange(name).deliver(envelope))])
            for delivery in await city.broker.exchange("smart_use_platform").fetch(limit=9, wait_s=0):
                await city.hub.receive(delivery)
        task = asyncio.ensure_future(relay_in(node, exchange))
        await asyncio.wait({task}, timeout=0.3)
        task.cancel()
        assert city.broker.waiting[COMMUNITY] != []
