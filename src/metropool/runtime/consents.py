"""What the contract lets households agree to, as the pages offer it."""

from metropool.plan.compiled import Compiled
from metropool.portal.desks.books.consents import Offered
from metropool.portal.schemas.basics import Text


def offers_of(compiled: Compiled) -> list[Offered]:
    """Every party and message that needs consent, and whether the running plan joins them."""
    ways = [way for by_kind in compiled.routes.values() for routes in by_kind.values() for way in routes if way.needs_consent]
    connected = {(way.receiver_party, way.phrase) for way in ways}
    parties, messages = compiled.whole.parties, compiled.whole.messages
    return [
        Offered(
            receiver=party,
            receiver_name=Text(zh=parties[party].zh, en=parties[party].en),
            message=message,
            message_name=Text(zh=messages[message].zh, en=messages[message].en),
            is_connected=(party, message) in connected,
        )
        for party, message in compiled.consents
    ]
