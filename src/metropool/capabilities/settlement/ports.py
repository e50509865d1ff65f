"""What settlement needs from outside; the unit of work and the channel adapters satisfy these."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from metropool.capabilities.settlement.model import MandateNotice, PaymentNotice
from metropool.core.identifiers import IdSource, PartyId
from metropool.core.money import Fen
from metropool.exchange.messages import Message
from metropool.facts.registry import Registry


class Entries(Protocol):
    """The host's ledger, as settlement posts to it."""

    def post(self, *, key: str, legs: Sequence[tuple[str, Fen]]) -> bool:
        """Post one entry whose legs (account, fen) sum to zero; False when the key was posted before."""
        ...


class Dues(Protocol):
    """What is due, combined bills, orders, notices, parts and refunds: the capability's own tables."""

    def add_due(self, row: Mapping[str, Any]) -> bool: ...
    def dues(self, **equal: object) -> list[Mapping[str, Any]]: ...
    def pay_due(self, bill_number: str, amount_fen: Fen) -> None: ...
    def waiting_periods(self) -> list[Mapping[str, Any]]: ...
    def issue(self, row: Mapping[str, Any], bill_numbers: Sequence[str]) -> None: ...
    def next_number(self, period: str) -> str: ...
    def combined_bills(self, **equal: object) -> list[Mapping[str, Any]]: ...
    def add_order(self, row: Mapping[str, Any]) -> None: ...
    def orders(self, **equal: object) -> list[Mapping[str, Any]]: ...
    def change_order(self, order: str, **values: object) -> None: ...
    def note_notice(self, *, channel: str, reference: str, order: str, outcome: str, now: datetime) -> bool: ...
    def add_parts(self, rows: Sequence[Mapping[str, Any]]) -> None: ...
    def parts_of(self, order: str) -> list[Mapping[str, Any]]: ...
    def credit(self, combined_account: str) -> Fen: ...
    def add_credit(self, combined_account: str, amount_fen: Fen) -> None: ...
    def accounts_with_credit_due(self, *, day: date, limit: int) -> list[str]: ...
    def add_mandate(self, row: Mapping[str, Any]) -> None: ...
    def mandates(self, **equal: object) -> list[Mapping[str, Any]]: ...
    def change_mandate(self, mandate: str, **values: object) -> None: ...
    def add_refund(self, row: Mapping[str, Any]) -> None: ...
    def refunds(self, **equal: object) -> list[Mapping[str, Any]]: ...
    def change_refund(self, refund: str, **values: object) -> None: ...
    def add_question(self, row: Mapping[str, Any]) -> None: ...
    def questions(self, **equal: object) -> list[Mapping[str, Any]]: ...


class SettlementWork(Protocol):
    """One unit of work of settlement."""

    now: datetime
    party: PartyId
    registry: Registry
    ledger: Entries
    dues: Dues

    @property
    def ids(self) -> IdSource: ...
    def tell(self, message: Message, *, key: str, to: str | None = None) -> None: ...
    def changed(self, topic: str) -> None: ...


class Channel(Protocol):
    """A payment channel (支付渠道), an outside party with its own key."""

    @property
    def name(self) -> str: ...

    async def create_order(self, *, order: str, amount_fen: Fen, title: str, return_url: str, notify_url: str) -> str:
        """Tell the channel of an order, with the title its payer reads; returns the address the payer is sent to.

        A repeat gives the same address.

        Raises:
            Unavailable: No answer, or one whose signature is not the channel's.
        """
        ...

    async def query_order(self, *, order: str) -> PaymentNotice | None:
        """What the channel says of an order, or None while it is open."""
        ...

    async def refund(self, *, refund: str, order: str, amount_fen: Fen, reason: str) -> None:
        """Have money go back; a repeat has no second effect.

        Raises:
            Conflict: More than was paid.
            Unavailable: Not done, or nobody knows; ask again.
        """
        ...

    async def create_mandate(self, *, mandate: str, limit_fen: Fen, title: str, return_url: str, notify_url: str) -> str:
        """Tell the channel of a mandate; returns the address where the payer signs it. A repeat gives the same address.

        Raises:
            Unavailable: No answer, or one whose signature is not the channel's.
        """
        ...

    async def query_mandate(self, *, mandate: str) -> MandateNotice | None:
        """What the channel says of a mandate, or None while nobody has decided."""
        ...

    async def revoke_mandate(self, *, mandate: str) -> None:
        """Have a mandate end; a repeat has no other effect.

        Raises:
            Unavailable: Not done, or nobody knows; ask again.
        """
        ...

    async def charge(self, *, order: str, amount_fen: Fen, mandate: str, title: str, return_url: str, notify_url: str) -> None:
        """Have an order paid under a mandate; the notice comes like any other. The same order is taken once.

        Raises:
            Conflict: The channel refused: no mandate, or more than it allows. Nothing was taken.
            Unavailable: Nobody knows; ask again with the same order.
        """
        ...

    def read_mandate_notice(self, *, path: str, timestamp: str, signature: str, body: bytes) -> MandateNotice:
        """Believe a notice about a mandate only when the channel signed it for us; ``Invalid`` otherwise."""
        ...

    def read_notice(self, *, path: str, timestamp: str, signature: str, body: bytes) -> PaymentNotice:
        """Believe a notice only when the channel signed it for us; ``Invalid`` otherwise."""
        ...
