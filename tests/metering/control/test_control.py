"""Commands: at most once, never after expiry, by two persons, with proof (P5, F33-F38, R26)."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from metropool.capabilities.metering.clocks.adapters import book as clock_book
from metropool.capabilities.metering.control import operations, queries
from metropool.capabilities.metering.control.adapters import guarantees
from metropool.capabilities.metering.control.model import RELAY, VALVES
from metropool.capabilities.metering.frontend.tasks import Answer, Forward, Read, Value
from metropool.core.errors import Conflict, Forbidden, Invalid
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.core.quantities import reading_type
from metropool.devices.addresses import pack_cjt188, pack_dlt645, pack_terminal
from metropool.devices.dlt645.frame import decode_frame
from metropool.exchange.messages import SwitchSupply
from metropool.facts import commands as command_facts
from metropool.facts import events as event_facts
from metropool.facts import registry as registry_facts
from metropool.facts.commands import KINDS, Draft
from metropool.facts.commands.states import TRANSITIONS, State, outcome_of
from metropool.facts.registry import tables as t
from metropool.storage.database import open_database
from metropool.storage.lake import Lake
from metropool.storage.units import UnitContext

NOON = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ELECTRIC = pack_dlt645("000000000001")
WATER, GAS = pack_cjt188("11110000000001", meter_type=0x10), pack_cjt188("22220000000001", meter_type=0x30)


@dataclass
class Work:
    context: UnitContext
    topics: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.now, self.ids = self.context.now, self.context.ids
        self.party, self.system = self.context.party, self.context.system
        self.registry = registry_facts.Registry(self.context)
        self.commands = command_facts.Commands(self.context)
        self.guarantees = guarantees.GuaranteeBook(self.context)
        self.clocks, self.events = clock_book.ClockBook(self.context), event_facts.Events(self.context)

    def changed(self, topic):
        self.topics.append(topic)


@dataclass
class Control:
    """Runs operations at a time the test chooses."""

    database: object
    lake: Lake
    now: datetime = NOON

    def __call__(self, operation, **values):
        with self.database.unit() as connection:
            context = UnitContext(connection, self.now, self.lake, SystemId("metering"), PartyId("grid"), SeededIds(1))
            return operation(work=Work(context), **values)

    def order(self, kind="disconnect", device="E1", key="k1", **values):
        draft = Draft(device=device, kind=kind, reason="arrears", requested_by="li", expires_at=self.now + HOUR)
        return self(operations.order, draft=replace(draft, **values), key=key)

    def approved(self, kind="disconnect", **values):
        return self(operations.approve, id=self.order(kind, **values).id, by="wang")

    def sent(self, kind="disconnect", **values):
        command = self.approved(kind, **values)
        ((sent, task),) = self(operations.send_due)
        assert sent.id == command.id
        return sent, task

    def answer(self, command, result, **values):
        return self(operations.record_answer, id=command.id, answer=Answer(task=command.id, result=result, at=0, **values))

    def read_back(self, command, value, *, item=RELAY, device=ELECTRIC):
        values = [Value(device=device, point=0, item=item, at=1, value=value)]
        answer = Answer(task="x", result="answered", at=0, values=values)
        return self(operations.record_read_back, id=command.id, answer=answer)


@pytest.fixture
def control(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}", schema="metering")
    database.create(
        [registry_facts.metadata, command_facts.metadata, event_facts.metadata, clock_book.metadata, guarantees.metadata]
    )
    control = Control(database, Lake(tmp_path / "lake"))
    control(enrol)
    yield control
    database.close()


def enrol(work):
    concentrator = {"id": "T1", "kind": "concentrator", "model": "m", "serial": "s", "protocol": "gdw1376"}
    meters = [
        ("E1", "dlt645-2007", "000000000001", {"password": "02123456", "operator": "00000001"}, "electricity_relay_state"),
        ("W1", "cjt188", "11110000000001", {"meter_type": "10"}, "water_valve_state"),
        ("G1", "cjt188", "22220000000001", {"meter_type": "30"}, "gas_valve_state"),
    ]
    base = {"kind": "meter", "model": "m", "serial": "s", "parent": "T1", "point": 0, "place": None}
    work.registry.add(t.end_device, [{**concentrator, "address": "110100001", "parent": None, "point": 0, "place": None}])
    for number, (id, protocol, address, settings, item) in enumerate(meters, 1):
        work.registry.add(t.end_device, [{**base, "id": id, "protocol": protocol, "address": address, "settings": settings}])
        kind = reading_type(item)
        work.registry.add(
            t.channel, [{"id": number, "device": id, "reading_type": kind.id, "address": number, "point": 0, "writable": True}]
        )
        point = {
            "number": number,
            "id": f"up-{id}",
            "service": kind.service,
            "role": "supply",
            "place": "p",
            "network_node": None,
        }
        work.registry.add(t.usage_point, [point])
        dated = {"valid_from": 0, "valid_to": None, "recorded_at": 0, "version": 1, "replaced_by": None}
        work.registry.add(t.installation, [{"id": number, "channel": number, "usage_point": number, "multiplier": "1", **dated}])


def test_every_state_that_nothing_follows_from_has_an_outcome():
    ends = set(TRANSITIONS.values()) - {before for before, _ in TRANSITIONS}
    assert ends == {"confirmed", "refused", "expired", "cancelled"}
    assert {outcome_of(state) for state in ends} == {"done", "refused", "expired"}
    assert outcome_of("unknown") == "unknown"


def test_a_disconnection_takes_two_persons_one_frame_and_a_read_back(control):
    command = control.order()
    assert command.state == "ordered"
    assert control(operations.send_due) == []
    with pytest.raises(Forbidden):
        control(operations.approve, id=command.id, by="li")
    control(operations.approve, id=command.id, by="wang")
    ((sent, task),) = control(operations.send_due)
    assert isinstance(task, Forward)
    assert (task.terminal, task.meter) == (pack_terminal(region="1101", terminal=1), ELECTRIC)
    frame = decode_frame(task.frame)
    assert (frame.address, frame.control, frame.data[8]) == ("000000000001", 0x1C, 0x1A)
    assert control(operations.send_due) == [], "sent at most once"
    assert control.answer(sent, "answered").state == "accepted"
    control.now += timedelta(seconds=5)
    ((asked, read),) = control(operations.read_backs_due)
    assert (asked.id, read.item, read.meters) == (sent.id, RELAY, [ELECTRIC])
    assert control.read_back(sent, 2).state == "accepted", "commanded open, still closed"
    done = control.read_back(sent, 3)
    assert (done.state, done.outcome) == ("confirmed", "done")
    steps = control(queries.timeline, id=command.id).steps
    assert [step.state for step in steps] == ["ordered", "approved", "sent", "accepted", "confirmed"]
    assert [step.actor for step in steps[:2]] == ["li", "wang"]


def test_the_same_key_is_one_command_and_another_body_a_conflict(control):
    first = control.order()
    assert {control.order().id for _ in range(100)} == {first.id}
    with pytest.raises(Conflict):
        control.order(reason="something else")
    assert control.order(key="k2").id != first.id


def test_nothing_is_sent_at_or_after_expiry(control):
    command = control.approved()
    control.now += HOUR
    assert control(operations.send_due) == []
    assert control(queries.timeline, id=command.id).command.outcome == "expired"
    with pytest.raises(Invalid):
        control.order(key="late", expires_at=control.now)


def test_a_crash_after_sending_is_unknown_until_it_is_read_back_and_never_sent_again(control):
    sent, _ = control.sent()
    (lost,) = control(operations.resume)
    assert (lost.state, lost.outcome) == ("unknown", "unknown")
    assert control(operations.send_due) == []
    ((asked, _),) = control(operations.read_backs_due)
    assert asked.id == sent.id
    assert control.read_back(sent, 0).state == "unknown", "it may still be on its way"
    control.now += HOUR
    refused = control.read_back(sent, 0)
    assert (refused.state, refused.outcome) == ("refused", "refused")


@pytest.mark.parametrize(
    ("result", "state"),
    [("denied", "refused"), ("unreachable", "refused"), ("expired", "expired"), ("silent", "unknown"), ("lost", "unknown")],
)
def test_each_answer_of_the_carrier_has_its_state(control, result, state):
    sent, _ = control.sent()
    assert control.answer(sent, result).state == state


def test_an_accepted_command_without_proof_becomes_unknown_and_is_still_read_back(control):
    sent, _ = control.sent()
    control.answer(sent, "answered")
    control.now += timedelta(minutes=11)
    ((asked, _),) = control(operations.read_backs_due)
    assert (asked.id, asked.state) == (sent.id, "unknown")
    assert control.read_back(sent, 3).outcome == "done"


def test_guaranteed_supply_is_not_cut_also_when_the_guarantee_comes_after_the_order(control):
    def guarantee(*, work, point):
        work.guarantees.add(usage_point=point, reason="hospital", valid_from=NOON.date(), noted_by="chen")

    waiting = control.order()
    control(guarantee, point="up-E1")
    assert control.order(key="k2").state == "refused"
    refused = control(operations.approve, id=waiting.id, by="wang")
    assert (refused.state, "hospital" in refused.note) == ("refused", True)
    assert control.order("reconnect", key="k3").state == "ordered"


def test_gas_is_opened_only_when_somebody_on_the_spot_says_so_and_closed_always(control):
    with pytest.raises(Invalid):
        control.order("open_valve", "G1")
    assert control.order("open_valve", "G1", on_site_by="zhao").state == "ordered"
    assert control.order("open_valve", "W1", key="k2").state == "ordered"
    closing = control.order("close_valve", "G1", key="k3", emergency=True)
    assert closing.state == "approved"
    with pytest.raises(Invalid):
        control.order("disconnect", key="k4", emergency=True)


def test_a_valve_is_believed_only_after_its_motor_had_its_time(control):
    sent, _ = control.sent("close_valve", device="W1")
    control.answer(sent, "answered")
    assert control(operations.read_backs_due) == []
    assert control.read_back(sent, 0, item=VALVES["water"], device=WATER).state == "accepted"
    control.now += timedelta(seconds=61)
    assert control.read_back(sent, 3, item=VALVES["water"], device=WATER).note == "the valve reports a fault"


def test_a_read_on_demand_is_done_with_its_values(control):
    command = control.order("read_on_demand", item=1)
    ((sent, task),) = control(operations.send_due)
    assert (isinstance(task, Read), task.origin, task.meters) == (True, 3, [ELECTRIC])
    value = Value(device=ELECTRIC, point=0, item=1, at=5, value=12_300)
    done = control.answer(sent, "answered", values=[value])
    assert (done.id, done.outcome, done.read_back) == (command.id, "done", {"values": [{"item": 1, "at": 5, "value": 12_300}]})


def test_an_order_of_another_system_waits_for_our_own_second_person(control):
    message = SwitchSupply(
        request="r1", usage_point="up-E1", close=False, reason="arrears", requested_by="marketing", expires_at=NOON + HOUR
    )
    control(operations.take_order, message=message)
    control(operations.take_order, message=message)
    (command,) = control(queries.recent_commands)
    assert (command.kind, command.state, command.request) == ("disconnect", "ordered", "r1")
    with pytest.raises(Invalid):
        control(operations.take_order, message=replace_message(message, usage_point="nowhere"))


def replace_message(message, **values):
    import msgspec

    return msgspec.structs.replace(message, **values)


def test_a_command_can_be_taken_back_only_before_it_is_sent(control):
    taken = control(operations.cancel, id=control.order().id, by="li", reason="paid")
    assert taken.outcome == "refused"
    sent, _ = control.sent(key="k2")
    with pytest.raises(Conflict):
        control(operations.cancel, id=sent.id, by="li")


def test_figures_count_what_was_answered(control):
    sent, _ = control.sent()
    control.now += timedelta(seconds=4)
    control.answer(sent, "answered")
    control.order(key="k2")
    figures = control(queries.command_figures)
    assert (figures.by_state, figures.answered_share, figures.median_answer_s) == ({"accepted": 1, "ordered": 1}, 1.0, 4.0)


def test_moves_outside_the_table_change_nothing(control):
    command = control.order()
    states: list[State] = ["confirmed"]
    for move in ("send", "confirm", "accept", "lose"):
        with pytest.raises(Conflict):
            control(lambda work, move=move: work.commands.move(id=command.id, move=move, actor="x"))
    assert control(queries.timeline, id=command.id).command.state not in states
    assert all(kind.leaves_supplied is not None for kind in KINDS.values() if kind.switches)
