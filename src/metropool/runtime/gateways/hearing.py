"""What gateways say, on its way into a node's books: as letters, each once in effect, with their evidence."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from metropool.capabilities.admission.operations import note_heard
from metropool.capabilities.points.model import WaitingUsage
from metropool.capabilities.points.operations import note_receipts
from metropool.core.errors import Invalid
from metropool.core.identifiers import SystemId, derived_id
from metropool.exchange.envelope import Envelope, seal
from metropool.exchange.evidence import Spoken
from metropool.exchange.gateways import read_receipts, read_said
from metropool.exchange.messages import HouseholdUsageTold
from metropool.exchange.ports import Delivery
from metropool.plan.gateways import RECEIPTS
from metropool.runtime.gateways.attesting import told_to_home
from metropool.runtime.gateways.link import GatewayLink
from metropool.runtime.lasting import MISSING, lasting
from metropool.runtime.letters import Letter, why_not
from metropool.runtime.node import Node
from metropool.runtime.pause import pause

log = structlog.get_logger()
BATCH = 200
WAIT_S = 2.0
NO_ROOM_S = 1.0


class Hearing:
    """Takes in what gateways say to one node.

    Args:
        node: Whose books.
        link: Its link to the gateways.
        kinds: Message to its class.
        per: What there is one of them for, where the node vouches for them; empty where another does.
    """

    def __init__(self, node: Node, link: GatewayLink, *, kinds: Mapping[str, str], per: str = "") -> None:
        self._node = node
        self._link = link
        self._kinds = kinds
        self._per = per
        self._usage = next((message for message, kind in kinds.items() if kind == HouseholdUsageTold.__name__), "")

    async def run(self) -> None:
        """Take in, for ever; what cannot be understood is parked with its reason, and what it came with is taken in all the same."""
        await lasting(self._hear_all, system=self._node.system, name="gateways")

    async def _hear_all(self) -> None:
        while True:
            if await self._node.has_room():
                await self.step(await self._link.fetch(limit=BATCH, wait_s=WAIT_S))
            else:
                await pause(NO_ROOM_S)

    async def step(self, heard: Sequence[tuple[str, Delivery]]) -> None:
        """Take in what came together, under one commit where all of it can be."""
        letters = [letter for name, delivery in heard if (letter := await self._read(name, delivery))]
        try:
            await self._node.take_in(letters)
        except Exception:  # whatever stopped one of them stops that one alone, below
            for letter in letters:
                await self._take_in_alone(letter)
        for name, delivery in heard:
            if delivery.phrase == RECEIPTS:
                await self._note_receipts(name, delivery)

    async def _read(self, name: str, delivery: Delivery) -> Letter | None:
        if delivery.phrase == RECEIPTS:
            return None
        try:
            return self._letter(name, delivery)
        except Exception as fault:  # nothing is needed to read it but itself
            await self._node.park(delivery, self._unreadable(name, delivery), why_not(fault, delivery, self._node.system))
            return None

    def _letter(self, name: str, delivery: Delivery) -> Letter:
        kind = self._kinds.get(delivery.phrase, "")
        number, message = read_said(delivery.data, kind=kind, place=name)
        envelope = seal(
            message=message,
            key=f"{name}/{number}",
            phrase=delivery.phrase,
            sender=SystemId(delivery.sender),
            receiver=self._node.system,
            at=self._node.clock.now(),
        )
        return Letter(delivery, envelope, message, self._node.taking(type(message)))

    def _unreadable(self, name: str, delivery: Delivery) -> Envelope:
        """What stands for bytes that are nothing."""
        return Envelope(
            id=derived_id(delivery.sender, name, delivery.phrase, str(delivery.position)),
            phrase=delivery.phrase,
            kind=self._kinds.get(delivery.phrase, "?"),
            version=0,
            sender=delivery.sender,
            receiver=self._node.system,
            at=self._node.clock.now(),
            body=delivery.data,
        )

    async def _take_in_alone(self, letter: Letter) -> None:
        try:
            await self._node.take_in([letter])
        except MISSING as reason:
            log.warning("taken in later", phrase=letter.delivery.phrase, reason=str(reason))
            await letter.delivery.later(min(2.0 ** min(letter.delivery.attempt, 6), 60.0))
        except Exception as fault:  # somebody's gateway must not stop a system
            await self._node.park(letter.delivery, letter.envelope, why_not(fault, letter.delivery, self._node.system))

    async def _note_receipts(self, name: str, delivery: Delivery) -> None:
        try:
            received = read_receipts(delivery.data).received
        except Invalid as reason:
            log.warning("receipts not understood", gateway=name, reason=str(reason))
        else:
            if self._per:
                await self._node.write("admission", lambda work: note_heard(work=work, per=self._per, name=name))
            if self._usage:
                await self._node.write("points", partial(_note, name, received, self._usage, delivery.sender))
        await delivery.done()


def _note(name: str, received: Sequence[str], phrase: str, gateways: str, work: Any) -> None:
    """Note receipts, with evidence of what they are for."""
    work.attest(*(_told(row, phrase, gateways) for row in note_receipts(work=work, place=name, received=received)))


def _told(row: WaitingUsage, phrase: str, gateways: str) -> Spoken:
    return told_to_home(
        HouseholdUsageTold, phrase=phrase, key=row.id, gateways=gateways, data=row.told, outcome="receipted", rows=1
    )
