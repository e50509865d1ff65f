"""Consents of residents (授权同意): versions, never overwritten; the newest of each says whether it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, insert, select
from sqlalchemy.sql.selectable import Subquery

from metropool.access.tables import consent
from metropool.core.errors import Conflict
from metropool.core.identifiers import derived_id
from metropool.storage.units import UnitContext

GIVEN, WITHDRAWN = "given", "withdrawn"


@dataclass(frozen=True)
class Consent:
    """One version of a consent of one household.

    Attributes:
        consent: Id: the same for one account, receiver, phrase and purpose.
        number: Counts its versions from 1.
        account: Combined account of the household.
        receiver: Party that may have the data while ``state`` is ``given``.
        message: Phrase of what it may have.
        changed_at: Unix seconds.
        changed_by: Login of who said so.
    """

    consent: str
    number: int
    account: str
    receiver: str
    message: str
    purpose: str
    state: str
    changed_at: int
    changed_by: str


class Consents:
    """The consents one system holds, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection: Connection = context.connection
        self._now_s = int(context.now.timestamp())

    def change(self, *, account: str, receiver: str, message: str, purpose: str, state: str, by: str) -> Consent:
        """Add the next version.

        Raises:
            Conflict: It says so already.
        """
        known = self.newest(consent_id(account, receiver, message, purpose))
        if (known.state if known else WITHDRAWN) == state:
            raise Conflict(f"the consent of {account} to {receiver} is {state} already", key="access.consent_same")
        made = Consent(
            consent=consent_id(account, receiver, message, purpose),
            number=known.number + 1 if known else 1,
            account=account,
            receiver=receiver,
            message=message,
            purpose=purpose,
            state=state,
            changed_at=self._now_s,
            changed_by=by,
        )
        self.note(made)
        return made

    def note(self, told: Consent) -> bool:
        """Keep a version as it was told; False when there is one of that number or a higher one."""
        known = self.newest(told.consent)
        if known is not None and known.number >= told.number:
            return False
        self._connection.execute(insert(consent).values(**vars(told)))
        return True

    def newest(self, consent_id: str) -> Consent | None:
        """The newest version of a consent; None where there never was one."""
        query = select(consent).where(consent.c.consent == consent_id).order_by(consent.c.number.desc()).limit(1)
        row = self._connection.execute(query).mappings().first()
        return Consent(**row) if row else None

    def of_account(self, account: str) -> list[Consent]:
        """Every version of a household's consents, the newest first."""
        query = select(consent).where(consent.c.account == account).order_by(consent.c.changed_at.desc(), consent.c.number.desc())
        return [Consent(**row) for row in self._connection.execute(query).mappings()]

    def live(self, *, receiver: str, message: str, accounts: Sequence[str] | None = None) -> dict[str, Consent]:
        """Households that agree now to a party's having a message, each with the consent of those that hold that was given first."""
        c, newest = consent.c, _newest()
        query = (
            select(consent)
            .join(newest, and_(newest.c.consent == c.consent, newest.c.number == c.number))
            .where(c.receiver == receiver, c.message == message, c.state == GIVEN)
            .order_by(c.changed_at.desc(), c.number.desc())
        )
        if accounts is not None:
            query = query.where(c.account.in_(list(accounts)))
        return {row["account"]: Consent(**row) for row in self._connection.execute(query).mappings()}


def consent_id(account: str, receiver: str, message: str, purpose: str) -> str:
    """The id of what one household may agree to."""
    return derived_id("consent", account, receiver, message, purpose)


def _newest() -> Subquery:
    c = consent.c
    return select(c.consent, func.max(c.number).label("number")).group_by(c.consent).subquery()
