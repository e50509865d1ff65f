"""Ids are chosen by who sends: a letter that carries the id of another sender's silences nobody, whichever of them comes first."""

import asyncio

import msgspec
import pytest
from sqlalchemy import select

from exchange.test_node import LISTENER, NOW, accounts, make_node, status_of
from metropool.core.errors import Invalid, NotFound
from metropool.core.identifiers import PartyId, SystemId
from metropool.exchange.envelope import OF, Step, from_bytes, seal, to_bytes
from metropool.exchange.evidence import Evidence
from metropool.exchange.evidence.export import choose
from metropool.exchange.evidence.objects import Anchor, Asked, Record
from metropool.exchange.evidence.tables import evidence
from metropool.exchange.outbox import Inbox, inbox
from metropool.exchange.ports import Delivery
from metropool.plan.compiled import Route
from metropool.runtime import intake
from metropool.runtime.letters import Letter
from metropool.runtime.passing import passed_on
from metropool.storage.chain import GENESIS
from metropool.storage.suites import draw_secret, signing_key

ID = "0123456789abcdef0123456789abcdef"
SENDERS = ("water", "gas", "marketing")


@pytest.fixture
def node(tmp_path):
    made = make_node(tmp_path, "metering", LISTENER)
    yield made
    made.close()


def said_by(sender, account="", **changed):
    names = {"phrase": "payment_status", "sender": SystemId(sender), "receiver": SystemId("metering")}
    sealed = seal(message=status_of(account or f"of {sender}"), key="k", at=NOW, **names)
    return msgspec.structs.replace(sealed, id=ID, **changed)


def delivery_of(envelope, position=1):
    async def nothing(_=0.0):
        return

    return Delivery(to_bytes(envelope), envelope.sender, envelope.phrase, position, attempt=1, done=nothing, later=nothing)


def come(node, *envelopes, together=False):
    async def run():
        deliveries = [delivery_of(envelope, position) for position, envelope in enumerate(envelopes, 1)]
        if together:
            await node.receive_all(deliveries)
        for delivery in () if together else deliveries:
            await node.receive(delivery)

    asyncio.run(run())


def noted(node):
    with node.database.snapshot() as connection:
        return sorted(tuple(row) for row in connection.execute(select(inbox.c.id, inbox.c.sender, inbox.c.outcome)))


@pytest.mark.parametrize("together", [True, False])
def test_each_sender_s_letter_of_an_id_is_taken_in_once(node, together):
    letters = [said_by(sender) for sender in SENDERS]
    come(node, *letters, *letters, together=together)
    come(node, *reversed(letters), together=together)
    assert accounts(node) == 3
    names = [ID, f"{ID}{OF}gas", f"{ID}{OF}marketing"]
    assert noted(node) == [(name, sender, "done") for name, sender in zip(names, SENDERS, strict=True)]
    with node.database.unit() as connection:
        key = signing_key("ed25519-sha256", draw_secret("ed25519-sha256"))
        Evidence(node.context(connection)).cover(key, Anchor(number=0, hash=GENESIS))
        chosen = choose(connection, Asked(letter=ID))
        records = [msgspec.json.decode(text, type=Record) for text in connection.execute(select(evidence.c.record)).scalars()]
    assert sorted((record.letter, record.sender) for record in records) == sorted((ID, sender) for sender in SENDERS)
    assert chosen is not None and chosen.shown == 3


def test_the_inbox_tells_senders_apart_and_notes_each_once(node):
    first, other = said_by("water"), said_by("gas")
    with node.database.unit() as connection:
        heard = Inbox(connection)
        assert heard.first_times([(first, b"1")], now=NOW) == {("water", ID): ID}
        assert heard.first_times([(first, b"1"), (other, b"2")], now=NOW) == {("gas", ID): f"{ID}{OF}gas"}
        assert heard.first_times([(other, b"2"), (first, b"1")], now=NOW) == {}
        assert heard.park(other, b"2", reason="no", now=NOW) is None
        assert heard.park(said_by("pool"), b"3", reason="no", now=NOW) == f"{ID}{OF}pool"
        assert from_bytes(heard.parked(f"{ID}{OF}pool")).sender == "pool"


def test_nobody_can_take_the_name_another_s_letter_would_have(node):
    with pytest.raises(Invalid, match="not an envelope"):
        from_bytes(to_bytes(msgspec.structs.replace(said_by("gas"), id=f"{ID}{OF}water")))
    come(node, said_by("gas"), said_by("water"))
    assert accounts(node) == 2


def test_parked_letters_of_one_id_are_taken_in_or_given_up_each_by_its_own_name(node):
    come(node, said_by("water", version=99), said_by("gas", version=99), said_by("marketing"))
    names = [row["id"] for row in intake.parked_in(node)]
    assert sorted(names) == [ID, f"{ID}{OF}gas"] and accounts(node) == 1
    intake.discard_now(node, ID, by="ann")
    with node.database.unit() as connection:
        connection.execute(inbox.update().where(inbox.c.id == f"{ID}{OF}gas").values(bytes=to_bytes(said_by("gas"))))
    intake.replay_now(node, f"{ID}{OF}gas", by="ann")
    assert accounts(node) == 2 and intake.parked_in(node) == []
    with pytest.raises(NotFound):
        intake.replay_now(node, ID, by="ann")
    with node.database.snapshot() as connection:
        rows = connection.execute(select(evidence.c.letter, evidence.c.direction).order_by(evidence.c.number)).all()
    assert tuple(rows[-1]) == (f"{ID}{OF}gas", "replayed")


def test_what_is_passed_on_is_another_s_where_it_began_with_another():
    route = Route(phrase="p", receiver=SystemId("bank"), receiver_party=PartyId("bank"))
    hops = [(said_by("pool", through=(Step(system=begun, letter=ID),))) for begun in ("water", "gas", "water")]
    letters = [Letter(delivery_of(hop), hop, status_of("A1"), ()) for hop in hops]
    ids = [next(passed_on(letter, [route], system=SystemId("metering"), at=NOW)).id for letter in letters]
    assert ids[0] == ids[2] != ids[1]


def test_a_letter_s_id_is_no_way_to_a_file(node):
    wild = msgspec.structs.replace(said_by("water"), id="../../../tmp/x")
    causes = []
    for letter in (wild, said_by("water"), said_by("gas")):
        with node.database.unit() as connection:
            causes.append(node.work("listener", node.context(connection), letter=letter).cause)
    assert len(set(causes)) == 3 and all(len(cause) == 32 and cause.isalnum() for cause in causes)
