"""What the first resident of a demo agreed to before its history begins, so that there is something to see where a plan needs it."""

from datetime import datetime

from metropool.access.consents import GIVEN, Consent, consent_id
from metropool.runtime.node import Node

PURPOSE = "home_services"


def agree(node: Node, *, account: str, login: str, at: datetime) -> None:
    """Let a household agree to whatever the plan's rows need its consent for, at an instant in the past."""
    asked = {(way.receiver_party, way.phrase) for ways in node.routes.values() for way in ways if way.needs_consent}

    def note(work: object) -> None:
        for party, message in sorted(asked):
            work.consents.note(  # type: ignore[attr-defined]
                Consent(
                    consent=consent_id(account, party, message, PURPOSE),
                    number=1,
                    account=account,
                    receiver=party,
                    message=message,
                    purpose=PURPOSE,
                    state=GIVEN,
                    changed_at=int(at.timestamp()),
                    changed_by=login,
                )
            )

    node.write_now("sharing", note)
