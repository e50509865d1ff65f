"""The broker's doors, with each user's own key: letters that are not listed, other names, other inboxes, other answers."""

from collections.abc import Iterator, Sequence
from typing import Any

import nkeys
from nacl.signing import SigningKey

from metropool.core.clock import Instant
from metropool.exchange.envelope import Envelope, digest, to_bytes
from metropool.plan.broker import provisioner_of
from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter
from metropool.plan.subjects import beat_of, subject_of
from metropool.runtime.broker import seed_of
from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.probes.subjects import drawn, listens, other_names, own_name, peeks
from metropool.runtime.conformance.probes.table import lets
from metropool.runtime.conformance.probes.users import Prober, at_door, lets_in
from metropool.runtime.conformance.town.brokers import Brokers

BATCH = 20
"""So many refusals, at most, stand beside one of the same kind that is let through on the same connection."""
SAID, ASKED, HEARD = 7_500, 3_000, 1_500
"""So many of what users must not say, ask or hear are tried in all, as many of each: a run takes no longer where systems are many."""
MARK = b"probe: this is no letter"


async def probe_broker(brokers: Brokers, *, compiled: Compiled, now: Instant, seed: int) -> Probed:
    """Try what is not listed, as every user of the broker; what of it is drawn from a seed."""
    probed = Probed()
    for user in compiled.broker.users:
        salt = f"{seed} {user.name}"
        said, asked, heard = (most // len(compiled.broker.users) for most in (SAID, ASKED, HEARD))
        async with at_door(brokers, user=user) as prober:
            await _letters(prober, compiled, probed, most=said, salt=salt)
            await _peeks(prober, compiled, probed, most=asked, salt=salt)
            await _listens(prober, compiled, probed, most=heard, salt=salt)
            await _forged(prober, compiled, probed, now=now)
    await _strangers(brokers, compiled=compiled, probed=probed)
    return probed


async def _letters(prober: Prober, compiled: Compiled, probed: Probed, *, most: int, salt: str) -> None:
    """Every letter there could be, under one's own name and under others', but those one may say."""
    own = [letter for letter in sorted(compiled.letters) if letter.sender == prober.user.name]
    mine = {subject_of(letter) for letter in own} | {beat_of(letter.sender, letter.receiver) for letter in own}
    unlisted = {*own_name(prober.user, compiled), *other_names(prober.user, compiled)} - mine
    subjects = drawn(unlisted, most=most, salt=salt)
    for number, batch in enumerate(_batches(subjects)):
        probed.refusals("publish", batch, await prober.publish(batch, MARK), who=prober.user.name)
        if own:
            await _say(prober, own[number % len(own)], probed)
        else:
            probed.control("publish", prober.user.name, passed=await _answered(prober))


def _batches(subjects: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (subjects[start : start + BATCH] for start in range(0, len(subjects), BATCH))


async def _say(prober: Prober, letter: Letter, probed: Probed) -> None:
    """A listed letter with nothing in it: the broker lets it through, its receiver sets it aside."""
    data = MARK + str(len(probed.letters)).encode()
    receipt = await prober.ask(subject_of(letter), data)
    passed = receipt is not None and receipt.get("stream") == f"inbox_{letter.receiver}"
    probed.control("publish", subject_of(letter), passed=passed)
    probed.letters.append((letter.receiver, digest(data)))


async def _answered(prober: Prober) -> bool:
    """Whether a user that says no letters gets an answer to what it may ask, or may hear what is for it alone."""
    account, may = prober.user.account, prober.user.publish
    if prober.user.name == provisioner_of(account) and lets(may, f"$JS.API.STREAM.INFO.inbox_{account}"):
        return await prober.ask(f"$JS.API.STREAM.INFO.inbox_{account}") is not None
    if lets(may, f"frontend.{account}.ask.book"):
        return bool((await prober.client.request(f"frontend.{account}.ask.book", b"", timeout=30.0)).data)
    return await _welcome(prober)


async def _welcome(prober: Prober) -> bool:
    """Whether a user may hear what is answered to it, or answer others where it never asks."""
    own = f"reply.{prober.user.name}.control"
    if lets(prober.user.subscribe, own):
        return await prober.subscribe([own]) == {own}
    return lets(prober.user.publish, own) and await prober.publish([own], b"") == {own}


async def _peeks(prober: Prober, compiled: Compiled, probed: Probed, *, most: int, salt: str) -> None:
    """What would show or change what is not one's own, or what one's own user has no business with."""
    wanted = {subject for other in compiled.nodes() for subject in peeks(prober.user.account, str(other))}
    unlisted = (subject for subject in wanted if not lets(prober.user.publish, subject))
    for batch in _batches(drawn(unlisted, most=most, salt=salt)):
        probed.refusals("request", batch, await prober.publish(batch, b""), who=prober.user.name)
        probed.control("request", prober.user.name, passed=await _asks_own(prober))


async def _asks_own(prober: Prober) -> bool:
    """Whether a user gets an answer about its own inbox, or to what else it may ask."""
    account = prober.user.account
    if prober.user.name != account:
        return await _answered(prober)
    inbox = prober.client.new_inbox()
    heard = await prober.client.subscribe(inbox)
    await prober.client.publish(f"$JS.API.CONSUMER.MSG.NEXT.inbox_{account}.main", b'{"batch": 0, "no_wait": true}', reply=inbox)
    answer = await heard.next_msg(timeout=30.0)
    return (answer.headers or {}).get("Status") in ("400", "404", "408") or bool(answer.data)


async def _listens(prober: Prober, compiled: Compiled, probed: Probed, *, most: int, salt: str) -> None:
    """Subscriptions that would hear what is meant for others."""
    wanted = {subject for other in compiled.nodes() for subject in listens(prober.user.account, str(other))}
    subjects = drawn((subject for subject in wanted if subject not in prober.user.subscribe), most=most, salt=salt)
    for batch in _batches(subjects):
        probed.refusals("subscribe", batch, await prober.subscribe(batch), who=prober.user.name)
        probed.control("subscribe", prober.user.name, passed=await _welcome(prober))


async def _forged(prober: Prober, compiled: Compiled, probed: Probed, *, now: Instant) -> None:
    """Envelopes that name another sender, receiver or phrase than the way they go by: let through here, set aside by the receiver."""
    for letter in (each for each in sorted(compiled.letters) if each.sender == prober.user.name):
        for forged in _forgeries(letter, compiled):
            data = to_bytes(_envelope(forged, at=now, number=len(probed.forged)))
            if await prober.ask(subject_of(letter), data):
                probed.forged.append((letter.receiver, digest(data)))


def _forgeries(letter: Letter, compiled: Compiled) -> Iterator[Letter]:
    other = next((str(name) for name in compiled.nodes() if name not in (letter.sender, letter.receiver)), "nobody")
    yield Letter(other, letter.message, letter.receiver)
    yield Letter(letter.sender, letter.message, other)


def _envelope(letter: Letter, *, at: Instant, number: int) -> Envelope:
    return Envelope(
        id=f"forged-{number}-{letter.sender}",
        phrase=letter.message,
        kind="BillsIssued",
        version=1,
        sender=letter.sender,
        receiver=letter.receiver,
        at=at,
        body=b"",
    )


async def _strangers(brokers: Brokers, *, compiled: Compiled, probed: Probed) -> None:
    """Who has no key of a user of the plan, or says to be one without it."""
    for account in map(str, compiled.nodes()):
        own = seed_of(brokers.settings.home, account=account, user=account)
        drawn: str = nkeys.encode_seed(bytes(SigningKey.generate()), nkeys.PREFIX_BYTE_USER).decode()
        public = nkeys.from_seed(own.encode()).public_key.decode()
        shown: dict[str, dict[str, Any]] = {
            "nothing": {},
            "key": {"nkeys_seed_str": drawn},
            "name": {"user": account, "password": account},
            "token": {"token": public},
        }
        leaked = [what for what, credentials in shown.items() if await lets_in(brokers, account, **credentials)]
        probed.refusals("log in", shown, leaked, who=account)
        probed.control("log in", account, passed=await lets_in(brokers, account, nkeys_seed_str=own))
