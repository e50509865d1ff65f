"""What is not in the plan is refused by the broker; each refusal stands beside something that the same user may do."""

import asyncio
import itertools
from pathlib import Path

import nats
import pytest
from nacl.signing import SigningKey
from nats.errors import Error as NatsError

from exchange.broker.harness import City, Probe, running_city
from exchange.plan.cases import CONTRACT
from metropool.plan.load import load_contract
from metropool.plan.schema import Letter
from metropool.plan.subjects import subject_of

MESSAGES = tuple(load_contract(CONTRACT).content.messages)


def own_letters(city: City, system: str) -> list[str]:
    return sorted(subject_of(letter) for letter in city.compiled.letters if letter.sender == system)


async def still_welcome(city: City, probe: Probe, system: str) -> None:
    """The control beside refusals: the same connection gets a receipt for a letter that is listed."""
    receipt = await probe.say(own_letters(city, system)[0])
    assert receipt["seq"] >= 1


def test_every_listed_letter_is_acknowledged_and_lands_in_the_inbox_of_its_receiver(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            probes = {system: await city.probe(system) for system in city.compiled.nodes()}
            for letter in sorted(city.compiled.letters):
                receipt = await probes[letter.sender].say(subject_of(letter), repr(letter).encode())
                assert receipt["stream"] == f"inbox_{letter.receiver}"
            for system, probe in probes.items():
                expected = {
                    (subject_of(letter), repr(letter).encode()) for letter in city.compiled.letters if letter.receiver == system
                }
                heard = await probe.hear(f"inbox_{system}", limit=len(expected) + 1)
                assert set(heard) == expected
                assert len(heard) == len(expected)
                assert await city.stored(system) == 0

    asyncio.run(run())


def test_every_unlisted_letter_is_refused(tmp_path: Path) -> None:
    async def run() -> int:
        async with running_city(tmp_path) as city:
            nodes, refused = city.compiled.nodes(), 0
            for sender in nodes:
                probe = await city.probe(sender)
                unlisted = {
                    subject_of(letter)
                    for letter in itertools.starmap(Letter, itertools.product([sender], MESSAGES, nodes))
                    if letter not in city.compiled.letters
                }
                for subject in unlisted:
                    await probe.client.publish(subject, b"probe", reply=f"reply.{sender}.probe")
                await probe.settle()
                assert {subject for _, subject in probe.refused} == unlisted
                refused += len(unlisted)
                await still_welcome(city, probe, sender)
            assert sum([await city.stored(system) for system in nodes]) == len(nodes)
            return refused

    refused = asyncio.run(run())
    assert refused == 7 * 7 * len(MESSAGES) - 39


def test_a_letter_under_another_name_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            for forger in city.compiled.nodes():
                probe = await city.probe(forger)
                of_others = {subject_of(letter) for letter in city.compiled.letters if letter.sender != forger}
                other_instance = {subject.replace(f".{forger}.main", f".{forger}.two") for subject in own_letters(city, forger)}
                for subject in sorted(of_others | other_instance):
                    assert await probe.try_publish(subject), f"{forger} could publish {subject}"
                await still_welcome(city, probe, forger)
            assert sum([await city.stored(system) for system in city.compiled.nodes()]) == len(city.compiled.nodes())

    asyncio.run(run())


def peeks(me: str, other: str) -> list[str]:
    """Subjects of the broker's own interface that would show or change what is not one's own."""
    return [
        f"$JS.API.CONSUMER.MSG.NEXT.inbox_{other}.main",
        f"$JS.API.CONSUMER.MSG.NEXT.inbox_{me}.other",
        f"$JS.API.STREAM.INFO.inbox_{other}",
        f"$JS.API.STREAM.INFO.log_{other}",
        f"$JS.API.STREAM.PURGE.log_{me}",
        f"$JS.API.STREAM.MSG.GET.log_{me}",
        f"$JS.API.STREAM.MSG.GET.inbox_{other}",
        f"$JS.API.STREAM.MSG.GET.inbox_{me}",
        f"$JS.API.DIRECT.GET.inbox_{other}",
        f"$JS.API.CONSUMER.CREATE.inbox_{other}.main",
        f"$JS.API.CONSUMER.CREATE.inbox_{me}.other",
        f"$JS.API.CONSUMER.DELETE.inbox_{other}.main",
        f"$JS.API.STREAM.CREATE.inbox_{other}",
        f"$JS.API.STREAM.UPDATE.inbox_{me}",
        f"$JS.API.STREAM.DELETE.inbox_{other}",
        f"$JS.API.STREAM.PURGE.inbox_{me}",
        f"$JS.ACK.inbox_{other}.main.1.1.1.1.0",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.LIST",
        "$JS.API.INFO",
        "$SYS.REQ.SERVER.PING",
        "$SYS.REQ.ACCOUNT.PING.SUBSZ",
        f"log.{other}.part",
        f"frontend.{other}.do.read",
        f"reply.{other}.answer",
    ]


def listens(me: str, other: str) -> list[str]:
    """Subscriptions that would hear what is not meant for one."""
    own = [f"{me}.>", "reply.>", "reply.*.>", "$JS.>", "$SYS.>", "_R_.>", "_INBOX.>", ">", "*", "*.>", "*.main.>", "$JS.API.>"]
    return [*own, f"{other}.>", f"{other}.main.water_bills.*.main", f"reply.{other}.>", f"log.{other}.>", f"frontend.{other}.>"]


def test_peeking_at_others_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            for me, other in itertools.permutations(city.compiled.nodes(), 2):
                probe = await city.probe(me)
                for subject in peeks(me, other):
                    assert await probe.try_publish(subject), f"{me} could publish {subject}"
                assert await probe.try_publish(f"$JS.API.STREAM.INFO.inbox_{me}")
                for subject in listens(me, other):
                    assert await probe.try_subscribe(subject), f"{me} could subscribe to {subject}"
                assert not await probe.try_subscribe(f"reply.{me}.mine")
                await still_welcome(city, probe, me)

    asyncio.run(run())


def test_a_receipt_cannot_be_turned_into_a_letter(tmp_path: Path) -> None:
    """The receipt goes to whatever subject the sender names; it must not reach an inbox under a name that is not the sender's."""

    async def run() -> None:
        async with running_city(tmp_path) as city:
            water = await city.probe("water_system")
            (letter, *_) = own_letters(city, "water_system")
            forged = "smart_use_platform.main.gas_bills.gas_system.main"
            assert not await water.try_publish(letter, reply=forged)
            await water.say(letter)
            platform = await city.probe("smart_use_platform")
            heard = await platform.hear("inbox_smart_use_platform", limit=9)
            assert [subject for subject, _ in heard] == [letter, letter]

    asyncio.run(run())


class TestFrontEnd:
    """The one process in the access zone: it may write the log and talk with its own core, nothing else."""

    def test_writes_the_log_and_the_core_reads_it(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city:
                front = await city.probe("metering-frontend", account="metering")
                core = await city.probe("metering")
                receipt = await front.say("log.metering.0", b"batch")
                assert (receipt["stream"], receipt["seq"]) == ("log_metering", 1)
                assert await core.hear("log_metering", limit=2) == [("log.metering.0", b"batch")]
                assert await city.stored("metering", "log") == 0

        asyncio.run(run())

    def test_core_and_front_end_ask_each_other(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city:
                front = await city.probe("metering-frontend", account="metering")
                core = await city.probe("metering")
                for asker, answerer, subject in [
                    (core, front, "frontend.metering.do.read"),
                    (front, core, "frontend.metering.ask.archive"),
                ]:
                    questions = await answerer.client.subscribe(subject)
                    await answerer.settle()
                    answer = asyncio.create_task(asker.client.request(subject, b"?", timeout=5))
                    await (await questions.next_msg(timeout=5)).respond(b"!")
                    assert (await answer).data == b"!"

        asyncio.run(run())

    def test_may_neither_write_letters_nor_read_streams(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city:
                front = await city.probe("metering-frontend", account="metering")
                for subject in [
                    *own_letters(city, "metering"),
                    *peeks("metering", "marketing"),
                    "$JS.API.CONSUMER.MSG.NEXT.inbox_metering.main",
                    "$JS.API.CONSUMER.MSG.NEXT.log_metering.main",
                    "$JS.API.STREAM.INFO.log_metering",
                    "metering.main.switch_requests.marketing.main",
                    "frontend.metering.do.disconnect",
                    "reply.metering.x",
                ]:
                    assert await front.try_publish(subject), f"the front end could publish {subject}"
                for subject in ["metering.>", "reply.metering.>", "log.metering.>", "frontend.metering.ask.>", ">"]:
                    assert await front.try_subscribe(subject), f"the front end could subscribe to {subject}"
                assert (await front.say("log.metering.0"))["seq"] == 1

        asyncio.run(run())

    def test_cannot_make_the_core_write_a_letter(self, tmp_path: Path) -> None:
        """A question that says "answer to this letter's subject" is answered nowhere."""

        async def run() -> None:
            async with running_city(tmp_path) as city:
                front = await city.probe("metering-frontend", account="metering")
                core = await city.probe("metering")
                questions = await core.client.subscribe("frontend.metering.ask.archive")
                await core.settle()
                forged = "metering.main.switch_requests.marketing.main"
                await front.client.publish("frontend.metering.ask.archive", b"?", reply=forged)
                await (await questions.next_msg(timeout=5)).respond(b"cut them off")
                await core.settle()
                assert core.refused == [("publish", forged)]
                assert await city.stored("metering") == 0

        asyncio.run(run())


def test_provisioning_users_may_not_say_or_hear_anything(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            probe = await city.probe("marketing-provision", account="marketing")
            for subject in [*own_letters(city, "marketing"), *peeks("marketing", "metering")]:
                if subject not in ("$JS.API.STREAM.UPDATE.inbox_marketing",):
                    assert await probe.try_publish(subject), subject
            for subject in listens("marketing", "metering"):
                assert await probe.try_subscribe(subject), subject
            assert await city.stored("marketing") == 0

    asyncio.run(run())


class TestLogin:
    def test_without_a_key_of_the_plan_nobody_gets_in(self, tmp_path: Path) -> None:
        import nkeys

        stranger = nkeys.encode_seed(bytes(SigningKey.generate()), nkeys.PREFIX_BYTE_USER).decode()

        async def run() -> None:
            async with running_city(tmp_path) as city:
                for options in ({}, {"nkeys_seed_str": stranger}, {"user": "metering", "password": "metering"}):
                    with pytest.raises((NatsError, TimeoutError)):  # nobody is at the gateways' door, which is asked
                        client = await nats.connect(city.server.url, allow_reconnect=False, connect_timeout=2, **options)
                        await client.flush(timeout=2)  # a door shut in its face in silence is no error to it yet
                await city.probe("metering")

        asyncio.run(run())

    def test_keys_are_kept_by_system_for_their_owner_alone(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city:
                users = {user.name: user.kept_by for user in city.compiled.broker.users}
                for user, account in users.items():
                    key = tmp_path / account / "keys" / f"{user}.nk"
                    assert key.stat().st_mode & 0o777 == 0o600
                seeds = {(tmp_path / account / "keys" / f"{user}.nk").read_text() for user, account in users.items()}
                assert len(seeds) == len(users)
                config = (tmp_path / "broker" / "nats.conf").read_text()
                assert not [seed for seed in seeds if seed.strip() in config]

        asyncio.run(run())
