"""What the first resident of a demo agreed to before its history begins, so that there is something to see where a plan needs it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from metropool.access.consents import GIVEN, Consent, consent_id
from metropool.runtime.demo.logins import FIRST_LOGIN
from metropool.runtime.enrol import households
from metropool.runtime.node import Node

PURPOSE = "home_services"


def agree(node: Node, city: Mapping[str, Any], *, at: datetime) -> None:
    """Let the first household agree to whatever the plan's rows need its consent for, at an instant in the past."""
    account = min(households(city).values())
    asked = {(way.receiver_party, way.phrase) for ways in node.routes.values() for way in ways if way.needs_consent}

    def note(work: Any) -> None:
        for party, message in sorted(asked):
            work.consents.note(
                Consent(
                    consent=consent_id(account, party, message, PURPOSE),
                    number=1,
                    account=account,
                    receiver=party,
                    message=message,
                    purpose=PURPOSE,
                    state=GIVEN,
                    changed_at=int(at.timestamp()),
                    changed_by=FIRST_LOGIN,
                )
            )

    node.write_now("sharing", note)
