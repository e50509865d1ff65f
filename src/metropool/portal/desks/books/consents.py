"""The desk of what residents agree to, and of who looked at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from metropool.access.consents import Consent, consent_id
from metropool.capabilities.sharing.consenting import change_consent
from metropool.core.errors import Fault, Invalid
from metropool.exchange.messages import ConsentPurpose
from metropool.portal.desks.books.view_words import provision_words
from metropool.portal.desks.paging import page_of
from metropool.portal.desks.words import Parties, name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import consents as schema
from metropool.portal.schemas.basics import Page, Text


@dataclass(frozen=True)
class Offered:
    """What the contract lets a household agree to.

    Attributes:
        receiver: Party; ``message``: phrase.
        is_connected: A system of the party may hear it in the running plan.
    """

    receiver: str
    receiver_name: Text
    message: str
    message_name: Text
    is_connected: bool


class ConsentsDesk:
    """Consents and the records of what was given, in one unit of work.

    Args:
        work: The unit of work of sharing.
        offers: What may be agreed to.
    """

    def __init__(self, work: Any, offers: Sequence[Offered]) -> None:
        self._work = work
        self._offers = offers

    def consents(self, *, account: str) -> schema.Consents:
        """Everything the household may agree to, and what it did."""
        versions = self._work.consents.of_account(account)
        offers = [_offer(account, offer, purpose, versions) for offer in self._offers for purpose in get_args(ConsentPurpose)]
        return schema.Consents(offers=offers)

    def change(self, *, account: str, given: schema.ConsentChange, by: str) -> schema.Consents:
        """Operation: agree, or withdraw it.

        Raises:
            Invalid: The contract offers nothing of the kind.
            Conflict: It is so already.
        """
        if not any((one.receiver, one.message) == (given.receiver, given.message) for one in self._offers):
            raise Invalid("nothing of the kind is offered", faults=[Fault("receiver", "fault.literal_error")])
        change_consent(work=self._work, account=account, by=by, **given.model_dump())
        return self.consents(account=account)

    def accesses(self, *, account: str, asked: Asked) -> Page[schema.AccessRow]:
        """Who looked, the newest first."""
        parties = Parties(self._work.registry, others={offer.receiver: offer.receiver_name for offer in self._offers})
        rows = [
            schema.AccessRow.model_validate(provision_words(one, parties)) for one in self._work.provisions.of_subjects([account])
        ]
        return page_of(rows, asked, as_of=self._work.now)


def _offer(account: str, offer: Offered, purpose: ConsentPurpose, versions: Sequence[Consent]) -> schema.ConsentOffer:
    wanted = consent_id(account, offer.receiver, offer.message, purpose)
    history = [_version(one) for one in versions if one.consent == wanted]
    return schema.ConsentOffer(
        receiver=offer.receiver,
        receiver_name=offer.receiver_name,
        message=offer.message,
        message_text=offer.message_name,
        purpose=purpose,
        purpose_text=name("purposes", purpose),
        is_connected=offer.is_connected,
        state=history[0].state if history else None,
        history=history,
    )


def _version(version: Consent) -> schema.ConsentVersion:
    return schema.ConsentVersion.model_validate(
        {
            "state": version.state,
            "state_text": name("consent_states", version.state),
            "changed_at": datetime.fromtimestamp(version.changed_at, UTC),
            "changed_by": version.changed_by,
        }
    )
