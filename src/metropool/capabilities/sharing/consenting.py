"""Consents of residents: given, withdrawn, told to whom the plan lists."""

from datetime import UTC, datetime

from metropool.access.consents import Consent, consent_id
from metropool.capabilities.sharing.ports import SharingWork
from metropool.core.errors import Invalid
from metropool.exchange.messages import ConsentChanged, ConsentPurpose, ConsentState


def change_consent(
    *, work: SharingWork, account: str, receiver: str, message: str, purpose: ConsentPurpose, state: ConsentState, by: str
) -> Consent:
    """Give or withdraw a consent; what waits for its receiver is looked at again before it is sent.

    Raises:
        Conflict: It says so already.
    """
    made = work.consents.change(account=account, receiver=receiver, message=message, purpose=purpose, state=state, by=by)
    changed = ConsentChanged(
        consent=made.consent,
        number=made.number,
        account=account,
        receiver=receiver,
        message=message,
        purpose=purpose,
        state=state,
        changed_at=datetime.fromtimestamp(made.changed_at, UTC),
        changed_by=by,
    )
    work.tell(changed, key=f"{made.consent}/{made.number}")
    work.changed(f"consents@{account}")
    return made


def take_consent(*, work: SharingWork, message: ConsentChanged) -> None:
    """Keep a version of a consent that outside software of the residents tells.

    Raises:
        Invalid: Its id is not of what it is about.
    """
    if message.consent != consent_id(message.account, message.receiver, message.message, message.purpose):
        raise Invalid(f"{message.consent[:64]} is not the consent of {message.account[:64]} to {message.receiver[:64]}")
    kept = {name: getattr(message, name) for name in message.__struct_fields__ if name != "changed_at"}
    if work.consents.note(Consent(**kept, changed_at=int(message.changed_at.timestamp()))):
        work.changed(f"consents@{message.account}")
